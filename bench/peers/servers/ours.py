"""Our own server."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from peers.processes import Failed, Group, Pin, free_port, wait_for_port
from peers.servers.base import Running, Tools

STREAMS = "streams-without-limit.json"


@dataclass(frozen=True)
class Shardcast:
    label: str
    # Beyond one shard, and as many HLS segments as the peers keep.
    settings: Mapping[str, str] = field(default_factory=dict)

    def start(self, tools: Tools, folder: Path, pin: Pin, environment: Mapping[str, str]) -> Running:
        shutil.copytree(tools.data, folder / "data")
        streams = json.loads((tools.data / STREAMS).read_text())
        rtmp, http, api = free_port(), free_port(), free_port()
        settings = {
            "RTMP_PORT": str(rtmp),
            "HTTP_PORT": str(http),
            "STREAMING_PORT": str(api),
            "BIND": "127.0.0.1",
            "PUBLIC_HOST": "127.0.0.1",
            "DATA_DIR": str(folder / "data"),
            "LOG_DIR": str(folder / "logs"),
            "MEDIA_DIR": str(folder / "media"),
            "RECORDING_PATH": str(folder / "recordings"),
            "LOG_LEVEL": "warn",
            "SHARDS": "1",
            "HLS_WINDOW": "6",
            "SHUTDOWN_TIMEOUT": "1",
            # All load comes from one address; these two let it.
            "MAX_CONN_PER_IP": "0",
            "THROTTLE_EXEMPT": "loopback",
            **self.settings,
            **environment,
        }
        group = Group("shardcast", [str(tools.shardcast), "serve"], pin, folder, settings)
        for port in (rtmp, http, api):
            wait_for_port(group, port)
        return Running(
            group,
            rtmp,
            http,
            publish=f"rtmp://127.0.0.1:{rtmp}/live/{{key}}",
            keys=tuple(stream["streamKey"] for stream in streams),
            names=tuple(stream["id"] for stream in streams),
            play={
                "rtmp": f"rtmp://127.0.0.1:{rtmp}/live/{{name}}",
                "flv": f"http://127.0.0.1:{http}/live/{{name}}.flv",
                "hls": f"http://127.0.0.1:{http}/live/{{name}}/index.m3u8",
                "ll-hls": f"http://127.0.0.1:{http}/live/{{name}}/index.m3u8",
            },
            metrics=f"http://127.0.0.1:{api}/metrics",
        )


def prepare_data(shardcast: Path, folder: Path, count: int) -> Path:
    """A DATA_DIR with `count` streams, made once and kept. Raises Failed."""
    known = folder / STREAMS
    if known.exists() and len(json.loads(known.read_text())) >= count:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    streams = []
    for index in range(count):
        command = [str(shardcast), "stream", "add", f"bench {index}", "--max-viewers", "0", "--json"]
        command += ["--data-dir", str(folder)]
        made = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if made.returncode != 0:
            raise Failed(f"shardcast stream add: {made.stderr.strip()}")
        streams.append(json.loads(made.stdout))
    known.write_text(json.dumps(streams))
    return folder

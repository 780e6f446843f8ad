"""node-media-server, versions 2 and 4: one thread of Node each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from peers.processes import Group, Pin, free_port, wait_for_port
from peers.servers.base import Running, Tools, plain_names

STREAMS = 1000


@dataclass(frozen=True)
class NodeMediaServer:
    label: str
    version: int
    # Only version 2 makes HLS, by an ffmpeg that copies.
    hls: bool = False

    def start(self, tools: Tools, folder: Path, pin: Pin, environment: Mapping[str, str]) -> Running:
        rtmp, http = free_port(), free_port()
        settings = {
            "NODE_PATH": str(tools.nms[self.version]),
            "RTMP_PORT": str(rtmp),
            "HTTP_PORT": str(http),
            "FOLDER": str(folder),
            "FFMPEG": tools.ffmpeg if self.hls else "",
        }
        start = Path(__file__).with_name(f"nms{self.version}.js")
        group = Group(f"nms{self.version}", ["node", str(start)], pin, folder, settings)
        for port in (rtmp, http):
            wait_for_port(group, port)
        play = {
            "rtmp": f"rtmp://127.0.0.1:{rtmp}/live/{{name}}",
            "flv": f"http://127.0.0.1:{http}/live/{{name}}.flv",
        }
        if self.hls:
            play["hls"] = f"http://127.0.0.1:{http}/live/{{name}}/index.m3u8"
        names = plain_names(STREAMS)
        publish = f"rtmp://127.0.0.1:{rtmp}/live/{{key}}"
        return Running(group, rtmp, http, publish, names, names, play)

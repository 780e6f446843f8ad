"""Debian's nginx with its RTMP module: one worker, defaults but for what is written here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from peers.processes import Group, Pin, free_port, wait_for_port
from peers.servers.base import Running, Tools, plain_names

STREAMS = 1000
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Nginx:
    label: str
    # Makes HLS of what is published, 6 segments of 2 s as our own server here.
    hls: bool = False

    def start(self, tools: Tools, folder: Path, pin: Pin, environment: Mapping[str, str]) -> Running:
        rtmp, http = free_port(), free_port()
        for name in ("hls", "static"):
            (folder / name).mkdir()
        (folder / "nginx.conf").write_text(self._configuration(tools, folder, rtmp, http))
        command = [str(tools.nginx), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
        group = Group("nginx", command, pin, folder)
        for port in (rtmp, http):
            wait_for_port(group, port)
        play = {"rtmp": f"rtmp://127.0.0.1:{rtmp}/live/{{name}}"}
        if self.hls:
            play["hls"] = f"http://127.0.0.1:{http}/hls/{{name}}.m3u8"
        names = plain_names(STREAMS)
        publish = f"rtmp://127.0.0.1:{rtmp}/live/{{key}}"
        return Running(group, rtmp, http, publish, names, names, play, static=folder / "static")

    def _configuration(self, tools: Tools, folder: Path, rtmp: int, http: int) -> str:
        hls = f"hls on; hls_path {folder}/hls; hls_fragment 2s; hls_playlist_length 12s;" if self.hls else ""
        temporary = "\n  ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
        return f"""\
load_module {tools.rtmp_module};
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log stderr error;
{_user()}
events {{ worker_connections 8192; }}
rtmp {{
  access_log off;
  server {{
    listen 127.0.0.1:{rtmp};
    application live {{ live on; {hls} }}
  }}
}}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
  {temporary}
  server {{
    listen 127.0.0.1:{http} backlog=4096;
    root {folder};
  }}
}}
"""


def _user() -> str:
    """Root's worker would become www-data, which may not read the folder of the run."""
    return "user root;" if os.geteuid() == 0 else ""

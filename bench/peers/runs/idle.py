"""HTTP viewers that asked once and keep their connection."""

import socket
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from peers import hls
from peers.options import Options
from peers.processes import Failed, Group
from peers.runs.stage import AROUND_SECONDS, Outcome, Stage, check, keys_file, server_usage
from peers.servers.base import Running, Server

SETTLE_SECONDS = 2.0
CONNECTS_PER_SECOND = 500


@dataclass(frozen=True)
class Idle:
    """Each fetches one playlist, or one small file from a server without a stream, and then does nothing."""

    def seconds(self, options: Options, count: int) -> float:
        return AROUND_SECONDS + 7.0 + count / CONNECTS_PER_SECOND + SETTLE_SECONDS

    def measure(self, stage: Stage, server: Server, count: int) -> Outcome:
        with stage.serving(server) as (running, folder):
            url = self._address(stage, running, folder)
            viewers: list[socket.socket] = []
            try:
                for _ in range(count):
                    viewers.append(_ask(url))
                    time.sleep(1 / CONNECTS_PER_SECOND)
                time.sleep(SETTLE_SECONDS)
                seen = server_usage(running)
                closed = sum(1 for viewer in viewers if _is_closed(viewer))
            finally:
                for viewer in viewers:
                    viewer.close()
            if closed:
                raise Failed(f"{closed} of {count} idle connections were closed")
            return Outcome({
                "rss_kib": float(seen.rss_kib),
                "rss_mib": seen.rss_kib / 1024,
                "memfd_kib": float(seen.memfd_kib),
                "descriptors": float(seen.descriptors),
            })

    def _address(self, stage: Stage, running: Running, folder: Path) -> str:
        if running.static:
            (running.static / "small.txt").write_text("x" * 500)
            return f"http://127.0.0.1:{running.http_port}/static/small.txt"
        loader = stage.loader()
        keys = keys_file(running, folder, 0, 1)
        command = loader.publish_command(running.publish, stage.small, 1, keys, 600)
        publisher = Group("publisher", command, loader.pin, folder)
        url = running.url("hls")
        hls.wait_until_ready(url)
        check(publisher)
        # The media playlist, as a viewer who stays asks for it.
        where, body = hls.get(url)
        return where.rpartition("/")[0] + "/" + hls.uris(body.decode())[0]


def _ask(url: str) -> socket.socket:
    """A connection whose one answer has been read to its end. Raises Failed."""
    parts = urlsplit(url)
    viewer = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80), timeout=5.0)
    try:
        viewer.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        head, length, body = b"", -1, b""
        while length < 0 or len(body) < length:
            data = viewer.recv(65536)
            if not data:
                raise Failed("the server closed a connection before its answer was complete")
            head += data
            if length < 0 and b"\r\n\r\n" in head:
                top, _, body = head.partition(b"\r\n\r\n")
                length = _length(top)
            elif length >= 0:
                body += data
    except OSError as error:
        viewer.close()
        raise Failed(f"an idle viewer got no answer: {error}") from None
    return viewer


def _length(head: bytes) -> int:
    lines = head.decode(errors="replace").lower().split("\r\n")
    if " 200" not in lines[0]:
        raise Failed(f"an idle viewer was refused: {lines[0]}")
    return next((int(line.split(":")[1]) for line in lines if line.startswith("content-length:")), 0)


def _is_closed(viewer: socket.socket) -> bool:
    viewer.setblocking(False)
    try:
        return viewer.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True

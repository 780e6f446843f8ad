"""Just enough of an HLS client to see whether a stream can be played, and where its segments lie."""

import time
import urllib.request
from urllib.parse import urljoin

from peers.processes import Failed

# What a viewer's player waits for before it begins.
READY_SEGMENTS = 3


def get(url: str, timeout: float = 2.0) -> tuple[str, bytes]:
    """The address after redirects, and the body. Raises OSError."""
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.geturl(), answer.read()


def segments(url: str) -> list[str]:
    """The complete segments of a stream's first variant, oldest first. Raises OSError."""
    where, body = get(url)
    text = body.decode(errors="replace")
    if "#EXT-X-STREAM-INF" in text:
        where, body = get(urljoin(where, uris(text)[0]))
        text = body.decode(errors="replace")
    return [urljoin(where, uri) for uri in uris(text)]


def uris(playlist: str) -> list[str]:
    """The URIs that stand on lines of their own."""
    lines = (line.strip() for line in playlist.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def ready(url: str, wanted: int = 1) -> bool:
    try:
        return len(segments(url)) >= wanted
    except (OSError, IndexError):
        return False


def wait_until_ready(url: str, limit: float = 30.0) -> None:
    """Raises Failed."""
    deadline = time.monotonic() + limit
    while not ready(url, READY_SEGMENTS):
        if time.monotonic() > deadline:
            raise Failed(f"no {READY_SEGMENTS} segments within {limit:.0f} s")
        time.sleep(0.25)

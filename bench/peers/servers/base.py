"""What every server is to the bench."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from peers.processes import Group, Pin


@dataclass(frozen=True)
class Tools:
    """Where the programs lie that `run.sh` installed and built."""

    shardcast: Path
    nginx: Path
    rtmp_module: Path
    nms: Mapping[int, Path]
    ffmpeg: str
    # A DATA_DIR of ours with streams in it; each run gets a copy.
    data: Path


@dataclass(frozen=True)
class Running:
    """A server that accepts connections."""

    group: Group
    rtmp_port: int
    http_port: int
    # Where publishers go, with {key} in it.
    publish: str
    keys: tuple[str, ...]
    # The names that viewers use, in the order of the keys.
    names: tuple[str, ...]
    # URLs by protocol, with {name} in them.
    play: Mapping[str, str]
    # Our own server's figures, in the Prometheus text form.
    metrics: str | None = None
    # A folder that it serves as it is.
    static: Path | None = None

    def url(self, protocol: str, stream: int = 0) -> str:
        return self.play[protocol].format(name=self.names[stream])

    def stop(self) -> None:
        self.group.stop()


class Server(Protocol):
    """A server with its settings."""

    @property
    def label(self) -> str:
        """Its name in tables."""
        ...

    def start(self, tools: Tools, folder: Path, pin: Pin, environment: Mapping[str, str]) -> Running:
        """Starts it in an empty folder and waits until it accepts; only our own takes an `environment`.

        Raises Failed.
        """
        ...


def plain_names(count: int) -> tuple[str, ...]:
    """Names of streams for servers that take any."""
    return tuple(f"s{index}" for index in range(count))

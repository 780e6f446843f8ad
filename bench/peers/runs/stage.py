"""What every run stands on: the programs, the sources, the cores, and a folder that is gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from peers import proc, processes
from peers.load import Loader
from peers.options import Options
from peers.processes import Failed, Group, Pin
from peers.servers.base import Running, Server, Tools

# How long a publisher sends before players come: a whole group of pictures and a little.
LEAD_SECONDS = 3.0
# Starting and ending a server.
AROUND_SECONDS = 2.0


@dataclass(frozen=True)
class Stage:
    options: Options
    tools: Tools
    film: Path
    small: Path
    # Where the folders of runs are made.
    folder: Path
    server_core: int
    load_core: int
    realtime: bool

    def loader(self, pinned: bool = True) -> Loader:
        return Loader(self.tools.shardcast, self.pin(self.load_core if pinned else None), self.options.seconds)

    def pin(self, core: int | None) -> Pin:
        return Pin(core, self.realtime)

    @contextmanager
    def serving(
        self, server: Server, environment: Mapping[str, str] | None = None, pinned: bool = True
    ) -> Iterator[tuple[Running, Path]]:
        """A fresh server and the folder of its run."""
        with self.scratch() as folder:
            pin = self.pin(self.server_core if pinned else None)
            yield server.start(self.tools, folder, pin, environment or {}), folder

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for one run; it goes, and with it all processes of the bench."""
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        try:
            yield folder
        finally:
            processes.stop_all()
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Outcome:
    """The figures of a run by short names, and what they were taken from."""

    values: Mapping[str, float]
    raw: Mapping[str, Any] = field(default_factory=dict)


class Kind(Protocol):
    """A kind of run with its settings."""

    def seconds(self, options: Options, count: int) -> float:
        """About how long one run takes."""
        ...

    def measure(self, stage: Stage, server: Server, count: int) -> Outcome:
        """Raises Failed."""
        ...


def keys_file(running: Running, folder: Path, begin: int, count: int) -> Path:
    """The keys of `count` streams for the load runner. Raises Failed when there are not so many."""
    keys = running.keys[begin : begin + count]
    if len(keys) < count:
        raise Failed(f"only {len(running.keys)} streams are prepared")
    file = folder / f"keys-{begin}-{count}"
    file.write_text("\n".join(keys) + "\n")
    return file


def check(group: Group) -> None:
    """Raises Failed when a process that ought to run has ended."""
    if group.ended():
        raise Failed(f"{group.name} ended with {group.exit_code()}: {group.last_words()}")


def server_usage(running: Running) -> proc.Usage:
    """Raises Failed when nothing of the server is left."""
    check(running.group)
    return proc.usage(running.group.pids())

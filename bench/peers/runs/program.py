"""A program of its own that measures something and prints one JSON object."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from peers.options import Options
from peers.processes import Failed, Group
from peers.runs.stage import Outcome, Stage
from peers.servers.base import Server

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Program:
    """`command` runs in the repository's root and pins itself; every number in its object is a figure.

    `{count}`, `{seconds}` and `{target}` (where builds are) in it are filled in. A figure's name is its path:
    `{"loops": {"monoio": 1.2}}` gives `loops.monoio`.
    """

    command: tuple[str, ...]
    minutes: float

    def seconds(self, options: Options, count: int) -> float:
        return self.minutes * 60

    def measure(self, stage: Stage, server: Server, count: int) -> Outcome:
        with stage.scratch() as folder:
            known = {"count": count, "seconds": f"{stage.options.seconds:g}", "target": stage.folder.parent}
            line = ["env", f"--chdir={REPOSITORY}", *(word.format(**known) for word in self.command)]
            group = Group("program", line, stage.pin(None), folder)
            code = group.wait(self.minutes * 60 * 3)
            if code != 0:
                raise Failed(f"{self.command[0]} ended with {code}: {group.last_words()}")
            return read(group.out.read_text(errors="replace"))


def read(text: str) -> Outcome:
    """Raises Failed when the text is not one JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Failed(f"not one JSON object: {text[:100]!r}")
    return Outcome(dict(_numbers("", found)), found)


def _numbers(name: str, what: object) -> Iterator[tuple[str, float]]:
    if isinstance(what, dict):
        for key, inner in what.items():
            yield from _numbers(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(what, int | float):
        yield name, float(what)

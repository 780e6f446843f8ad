"""What the runs gave, and questions to it: medians over rounds, and figures of one round put in relation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from peers.stats import middle


@dataclass(frozen=True)
class Run:
    """One server in one case with one count, once. `problem`: why it says nothing; it counts nowhere then."""

    case: str
    server: str
    count: int
    round: int
    values: Mapping[str, float] = field(default_factory=dict)
    problem: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Round:
    """The good runs of one round, which followed each other closely and can be compared."""

    runs: Mapping[tuple[str, str, int], Run]

    def value(self, case: str, server: str, count: int, key: str) -> float | None:
        run = self.runs.get((case, server, count))
        return run.values.get(key) if run else None


Figure = Callable[[Round], float | None]


@dataclass
class Results:
    """Grows while the campaign runs."""

    runs: list[Run] = field(default_factory=list)

    def rounds(self) -> list[Round]:
        numbers = sorted({run.round for run in self.runs})
        good = [run for run in self.runs if run.problem is None]
        return [
            Round({(run.case, run.server, run.count): run for run in good if run.round == number})
            for number in numbers
        ]

    def median(self, figure: Figure) -> float | None:
        """The median over the rounds in which the figure was measured."""
        return middle(figure(one) for one in self.rounds())

    def failed(self) -> list[Run]:
        return [run for run in self.runs if run.problem is not None]

    def counts(self, case: str) -> list[int]:
        return sorted({run.count for run in self.runs if run.case == case})

    def servers(self, case: str) -> list[str]:
        """In the order in which they were first run in."""
        return list(dict.fromkeys(run.server for run in self.runs if run.case == case))


def value(case: str, server: str, count: int, key: str) -> Figure:
    return lambda one: one.value(case, server, count, key)


def ratio(above: Figure, below: Figure) -> Figure:
    """None where either is missing or the divisor is 0."""

    def figure(one: Round) -> float | None:
        top, bottom = above(one), below(one)
        return None if top is None or not bottom else top / bottom

    return figure


def step(case: str, server: str, few: int, many: int, key: str) -> Figure:
    """What one more costs: the difference of two counts, per one."""

    def figure(one: Round) -> float | None:
        low, high = one.value(case, server, few, key), one.value(case, server, many, key)
        return None if low is None or high is None else (high - low) / (many - few)

    return figure


def total(*figures: Figure) -> Figure:
    """The sum; None where one is missing."""

    def figure(one: Round) -> float | None:
        parts = [part(one) for part in figures]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    return figure


def scaled(factor: float, inner: Figure) -> Figure:
    def figure(one: Round) -> float | None:
        found = inner(one)
        return None if found is None else factor * found

    return figure

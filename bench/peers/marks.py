"""Marks: what a figure has to be, and whether it is."""

from dataclasses import dataclass

from peers.results import Figure, Results


@dataclass(frozen=True)
class Mark:
    """`limit` is the most, or with `least` the least, that the figure may be; `goal` is hoped for beyond it."""

    text: str
    figure: Figure
    limit: float
    unit: str = ""
    goal: float | None = None
    least: bool = False

    def judge(self, results: Results) -> "Verdict":
        seen = results.median(self.figure)
        if seen is None:
            return Verdict(self, None, "not measured")
        if not self._holds(seen, self.limit):
            return Verdict(self, seen, "missed")
        if self.goal is not None and self._holds(seen, self.goal):
            return Verdict(self, seen, "met, and the goal")
        return Verdict(self, seen, "met")

    def _holds(self, seen: float, bound: float) -> bool:
        return seen >= bound if self.least else seen <= bound


@dataclass(frozen=True)
class Verdict:
    mark: Mark
    seen: float | None
    word: str

    def figure(self) -> str:
        return "-" if self.seen is None else f"{number(self.seen)}{self.mark.unit}"

    def wanted(self) -> str:
        word = "at least" if self.mark.least else "at most"
        goal = "" if self.mark.goal is None else f" (goal {self.mark.goal:g}{self.mark.unit})"
        return f"{word} {self.mark.limit:g}{self.mark.unit}{goal}"


def number(value: float) -> str:
    """Three digits that mean something, without powers of ten."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 1:
        return f"{value:.2f}"
    return f"{value:.3f}" if size >= 0.1 else f"{value:.4f}".rstrip("0").rstrip(".")

"""Results as rows of text: the same for the terminal and the page."""

from dataclasses import dataclass

from peers.campaign import chosen
from peers.cases import CASES, Case
from peers.columns import COLUMNS
from peers.marks import Verdict, number
from peers.options import Options
from peers.results import Results, ratio, value
from peers.runs.program import Program
from peers.servers.catalogue import OURS, label
from peers.stats import middle


@dataclass(frozen=True)
class Table:
    title: str
    headings: list[str]
    rows: list[list[str]]
    # Words stand left, numbers right.
    words: tuple[int, ...] = (1,)

    def text(self) -> str:
        widths = [max(len(row[at]) for row in [self.headings, *self.rows]) for at in range(len(self.headings))]

        def line(cells: list[str]) -> str:
            padded = (
                cell.ljust(width) if at in self.words else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
            )
            return "  ".join(padded).rstrip()

        return "\n".join([self.title, line(self.headings), *map(line, self.rows)])


def cases_with_runs(results: Results) -> list[Case]:
    names = {run.case for run in results.runs}
    return [case for case in CASES if case.name in names]


def of_program(case: Case, results: Results) -> Table:
    """All figures of a program of its own, in the order in which it names them."""
    runs = [run for run in results.runs if run.case == case.name]
    names = dict.fromkeys(key for run in runs for key in run.values)
    median = {key: middle(run.values.get(key) for run in runs if run.problem is None) for key in names}
    return Table(f"({case.letter}) {case.title}", ["median", "figure"], [[_cell(seen), key] for key, seen in median.items()])


def of_case(case: Case, results: Results) -> Table:
    """A row for each count and server: medians, and our CPU as a multiple of that of the row's server."""
    if isinstance(case.kind, Program):
        return of_program(case, results)
    servers = results.servers(case.name)
    ours = [name for name in servers if name in OURS] if case.compare else []
    ours = ours if len(ours) < len(servers) else []
    reads = [COLUMNS[key] for key in case.reads]
    headings = [case.unit, "server", COLUMNS["cpu"].heading, *(f"{label(name)} / it" for name in ours)]
    headings += [*(column.heading for column in reads), "rounds"]
    rows = []
    for count in results.counts(case.name):
        for server in servers:
            runs = [run for run in results.runs if (run.case, run.server, run.count) == (case.name, server, count)]
            if not runs:
                continue
            cells = [str(count), label(server), _cell(results.median(COLUMNS["cpu"].figure(case.name, server, count)))]
            for mine in ours:
                both = [value(case.name, name, count, case.compare) for name in (mine, server)]
                cells.append("" if server in OURS else _cell(results.median(ratio(both[0], both[1])), "x"))
            cells += [_cell(results.median(column.figure(case.name, server, count))) for column in reads]
            cells.append(f"{sum(run.problem is None for run in runs)} of {len(runs)}")
            rows.append(cells)
    return Table(f"({case.letter}) {case.title}", headings, rows)


def verdicts(results: Results, options: Options) -> list[Verdict]:
    """Of the chosen cases' marks."""
    return [mark.judge(results) for case in chosen(CASES, options) for mark in case.marks]


def of_marks(judged: list[Verdict]) -> Table:
    rows = [[one.word, one.figure(), one.wanted(), one.mark.text] for one in judged]
    return Table("Marks", ["result", "figure", "wanted", "mark"], rows, words=(0, 2, 3))


def of_failures(results: Results) -> Table:
    rows = [
        [str(run.round), f"{run.case}, {run.count}, {label(run.server)}", run.problem or ""] for run in results.failed()
    ]
    return Table("Runs that failed, and count in no median", ["round", "run", "why"], rows, words=(1, 2))


def _cell(value: float | None, unit: str = "") -> str:
    return "-" if value is None else number(value) + unit

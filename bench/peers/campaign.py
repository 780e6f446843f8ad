"""Which runs there are, in which order, and running them."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from peers import proc
from peers.cases import Case
from peers.options import BadOption, Options
from peers.processes import Failed
from peers.results import Results, Run
from peers.runs.stage import Stage
from peers.servers.catalogue import SERVERS, label

# Starting Python's side of a run, ending processes, removing files.
OVERHEAD_SECONDS = 1.5


@dataclass(frozen=True)
class Step:
    """One run to do."""

    round: int
    case: Case
    count: int
    server: str

    def seconds(self, options: Options) -> float:
        return OVERHEAD_SECONDS + (self.case.kind.seconds(options, self.count) if self.case.kind else 0.0)


def chosen(cases: Sequence[Case], options: Options) -> list[Case]:
    """Those that CASES names by letter or by name; all without CASES. Raises BadOption for an unknown one."""
    for word in options.cases:
        if not any(word in (case.letter, case.name) for case in cases):
            known = ", ".join(f"{case.letter} ({case.name})" for case in cases)
            raise BadOption(f"CASES: there is no case {word!r}; there are {known}")
    return [case for case in cases if not options.cases or {case.letter, case.name} & set(options.cases)]


def plan(cases: Iterable[Case], options: Options) -> list[Step]:
    """Servers that are compared follow each other; every second round has them in the opposite order."""
    steps = []
    for number in range(1, options.rounds + 1):
        for case in cases:
            if case.kind is None or (case.once and number > 1):
                continue
            servers = case.servers if number % 2 else case.servers[::-1]
            counts = options.players if options.players and case.scales else case.counts
            steps += [Step(number, case, count, server) for count in counts for server in servers]
    return steps


def duration(steps: Iterable[Step], options: Options) -> float:
    """About how many seconds the steps take."""
    return sum(step.seconds(options) for step in steps)


def run(stage: Stage, steps: Sequence[Step], results: Results, say: Callable[[str], None], kept: Callable[[], None]) -> None:
    """Does the steps one after the other; a run that fails is noted and the next one follows. `kept` is called after each."""
    for at, one in enumerate(steps):
        left = duration(steps[at:], stage.options) / 60
        say(
            f"[{at + 1}/{len(steps)}, about {left:.0f} min left] round {one.round}, case {one.case.letter} "
            f"({one.case.name}), {one.count} {one.case.unit}, {label(one.server)}"
        )
        found = _run(stage, one)
        results.runs.append(found)
        say("    " + (f"FAILED: {found.problem}" if found.problem else _told(found)))
        kept()


def _run(stage: Stage, one: Step) -> Run:
    assert one.case.kind is not None
    times, used, begin = proc.machine_times(), proc.own_seconds(), time.monotonic()
    try:
        outcome = one.case.kind.measure(stage, SERVERS[one.server], one.count)
    except (Failed, OSError) as problem:
        return Run(one.case.name, one.server, one.count, one.round, problem=str(problem) or repr(problem))
    passed = time.monotonic() - begin
    busy = proc.busy_share(times, proc.machine_times(), proc.cores())
    others = max(0.0, busy - (proc.own_seconds() - used) / passed)
    values = {**outcome.values, "others": others}
    return Run(one.case.name, one.server, one.count, one.round, values, None, outcome.raw)


def _told(run: Run) -> str:
    names = ("cpu", "p50", "p99", "part_p99", "login_p99", "requests", "refused", "first_p50", "rss_mib", "mb_per_cpu_second", "lost", "slow", "load_cpu", "others")
    return "  ".join(f"{name} {run.values[name]:.4g}" for name in names if name in run.values)

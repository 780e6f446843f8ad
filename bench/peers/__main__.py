"""`python3 -m peers`, started by run.sh: runs the chosen cases, or with --report shows the last results again."""

import argparse
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from peers import campaign, machine, processes, report, sources
from peers.campaign import Step
from peers.cases import CASES
from peers.options import BadOption, Options
from peers.processes import Failed
from peers.results import Results
from peers.runs.stage import Stage
from peers.servers.base import Tools
from peers.servers.ours import prepare_data

REPOSITORY = Path(__file__).resolve().parents[2]
HISTORY = REPOSITORY / "bench" / "history" / "measurements.jsonl"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m peers", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where programs, sources and results are kept")
    parser.add_argument("--shardcast", type=Path, help="our server's binary")
    parser.add_argument("--report", action="store_true", help="only show the results that are there")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    lock = (folder / "lock").open("w")
    try:
        options = Options.read()
        if arguments.report:
            heading, results = report.load(folder)
            cases = options.cases or tuple(heading["options"]["cases"])
            report.tell(folder, heading, results, replace(options, cases=cases))
            return 0
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        steps = campaign.plan(campaign.chosen(CASES, options), options)
        return _run(folder, arguments.shardcast.resolve(), options, steps)
    except BlockingIOError:
        print("bench: another bench runs, and both would measure each other", file=sys.stderr)
        return 1
    except (BadOption, Failed) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2 if isinstance(problem, BadOption) else 1
    finally:
        processes.stop_all()


def _run(folder: Path, shardcast: Path, options: Options, steps: Sequence[Step]) -> int:
    for name in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(name, _leave)
    refused = processes.realtime_allowed() if options.realtime else "switched off by REALTIME=0"
    minutes = campaign.duration(steps, options) / 60
    print(f"{len(steps)} runs in {options.rounds} round(s): about {minutes:.0f} minutes.")
    print("Real-time priority: " + (f"no ({refused})." if refused else "round robin, for servers and load."))
    stage = _stage(folder, shardcast, options, steps, refused is None)
    results = Results()
    heading = _heading(stage, refused)
    campaign.run(stage, steps, results, _say, lambda: report.keep(folder, _close(heading, results), results))
    report.tell(folder, _close(heading, results), results, options)
    if options.record:
        report.record(HISTORY, _close(heading, results), results, options)
    return 0


def _stage(folder: Path, shardcast: Path, options: Options, steps: Sequence[Step], realtime: bool) -> Stage:
    """Raises Failed when something is missing."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise Failed("two cores are needed: one for the server, one for the load")
    ffmpeg = shutil.which("ffmpeg")
    if not ffmpeg:
        raise Failed("ffmpeg is missing: start this by bench/run.sh")
    for left in folder.glob("run-*"):
        shutil.rmtree(left, ignore_errors=True)
    print("Making streams and sources, unless they are there...", flush=True)
    debian = folder / "debian"
    tools = Tools(
        shardcast=shardcast,
        nginx=debian / "usr/sbin/nginx",
        rtmp_module=debian / "usr/lib/nginx/modules/ngx_rtmp_module.so",
        nms={major: folder / f"nms-{major}" / "node_modules" for major in (2, 4)},
        ffmpeg=ffmpeg,
        data=prepare_data(shardcast, folder / "data", _streams(steps)),
    )
    film, small = sources.film(ffmpeg, folder), sources.small(ffmpeg, folder)
    return Stage(options, tools, film, small, folder, allowed[0], allowed[1], realtime)


def _streams(steps: Sequence[Step]) -> int:
    """As many streams as the largest run publishes."""
    return max([50, *(step.count for step in steps if step.case.unit == "publishers")])


def _heading(stage: Stage, refused: str | None) -> dict[str, Any]:
    return {
        **machine.commit(REPOSITORY),
        "date": machine.now(),
        "machine": machine.machine(),
        "versions": machine.versions(stage.tools),
        "conditions": {
            "server core": stage.server_core,
            "load core": stage.load_core,
            "real time": "round robin" if refused is None else f"no: {refused}",
            "load average at start": round(os.getloadavg()[0], 2),
        },
        "options": asdict(stage.options),
    }


def _close(heading: dict[str, Any], results: Results) -> dict[str, Any]:
    """With what the other processes of the machine did meanwhile."""
    others = sorted(run.values["others"] for run in results.runs if "others" in run.values)
    if not others:
        return heading
    seen = {"cores busy with others, median": round(others[len(others) // 2], 2), "worst": round(others[-1], 2)}
    return {**heading, "conditions": {**heading["conditions"], **seen}}


def _say(text: str) -> None:
    print(text, flush=True)


def _leave(number: int, _frame: object) -> None:
    processes.stop_all()
    print("\nbench: stopped; bench/run.sh --report shows the runs so far", file=sys.stderr)
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())

"""One line of JSON for each measurement that is kept."""

import json
from pathlib import Path
from typing import Any

from peers.marks import Verdict
from peers.results import Results, value

# Significant digits that are kept.
DIGITS = 5


def medians(results: Results) -> dict[str, Any]:
    """By case, server and count: the median of every figure."""
    found: dict[str, Any] = {}
    for run in results.runs:
        place = found.setdefault(run.case, {}).setdefault(run.server, {}).setdefault(str(run.count), {})
        for key in run.values:
            seen = results.median(value(run.case, run.server, run.count, key))
            if seen is not None:
                place[key] = float(f"{seen:.{DIGITS}g}")
    return found


def line(heading: dict[str, Any], results: Results, judged: list[Verdict]) -> dict[str, Any]:
    """`heading` says what was measured when and where."""
    marks = [{"mark": one.mark.text, "wanted": one.wanted(), "seen": one.seen, "result": one.word} for one in judged]
    return {**heading, "failed_runs": len(results.failed()), "medians": medians(results), "marks": marks}


def append(file: Path, entry: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        out.write(json.dumps(entry, separators=(",", ":")) + "\n")

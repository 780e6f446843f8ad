"""What a campaign leaves: a JSON file, the page, and the tables on the terminal."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from peers import history, page, table
from peers.options import Options
from peers.results import Results, Run

RESULTS = "results.json"
REPORT = "report.html"


def keep(folder: Path, heading: dict[str, Any], results: Results) -> None:
    """All runs with their summaries, so that the page can be made again."""
    part = folder / f"{RESULTS}.part"
    part.write_text(json.dumps({**heading, "runs": [asdict(run) for run in results.runs]}))
    part.rename(folder / RESULTS)


def load(folder: Path) -> tuple[dict[str, Any], Results]:
    kept = json.loads((folder / RESULTS).read_text())
    runs = [Run(**run) for run in kept.pop("runs")]
    return kept, Results(runs)


def tell(folder: Path, heading: dict[str, Any], results: Results, options: Options) -> None:
    """Prints the tables and writes the page."""
    judged = table.verdicts(results, options)
    for case in table.cases_with_runs(results):
        print("\n" + table.of_case(case, results).text())
    if results.failed():
        print("\n" + table.of_failures(results).text())
    print("\n" + table.of_marks(judged).text())
    (folder / REPORT).write_text(page.page(heading, results, judged))
    print(f"\n{folder / REPORT}\n{folder / RESULTS}")


def record(file: Path, heading: dict[str, Any], results: Results, options: Options) -> None:
    """Appends the medians to the history."""
    history.append(file, history.line(heading, results, table.verdicts(results, options)))
    print(f"recorded in {file}")

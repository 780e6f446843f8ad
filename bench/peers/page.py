"""The report: one HTML file that needs nothing else."""

from html import escape
from pathlib import Path
from typing import Any

from peers import plots, table
from peers.cases import Case
from peers.marks import Verdict
from peers.plots import Line
from peers.results import Results, value
from peers.servers.catalogue import label
from peers.table import Table

STYLE = Path(__file__).with_name("page.css")
PERCENTILES = (("p50", "50 %"), ("p90", "90 %"), ("p99", "99 %"), ("p999", "99.9 %"), ("max", "worst"))
# Of a soak: the plot's title, its series with their colours, and the factor from the unit of the samples.
SERIES = (
    ("MiB", (("rss_kib", "ours"), ("memfd_kib", "nginx"), ("log_kib", "nms2")), 1 / 1024),
    ("descriptors", (("descriptors", "ours"),), 1.0),
)
# Latencies below this are drawn at it: the axis is logarithmic.
LEAST_MS = 0.01


def page(heading: dict[str, Any], results: Results, judged: list[Verdict]) -> str:
    """`heading` says what was measured when, where and how."""
    parts = ["<h1>Bench</h1>", _conditions(heading), _marks(judged)]
    if results.failed():
        parts.append(_table(table.of_failures(results)))
    for case in table.cases_with_runs(results):
        pictures = _cost(case, results) + _latency(case, results) + _growth(case, results)
        parts.append(_table(table.of_case(case, results), pictures))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bench</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE.read_text()}</style></head><body>{''.join(parts)}</body></html>"
    )


def _conditions(heading: dict[str, Any]) -> str:
    rows = []
    for name, what in heading.items():
        shown = ", ".join(f"{key}: {one}" for key, one in what.items()) if isinstance(what, dict) else str(what)
        rows.append(f"<dt>{escape(name)}</dt><dd>{escape(shown)}</dd>")
    return f"<dl>{''.join(rows)}</dl>"


def _marks(judged: list[Verdict]) -> str:
    rows = []
    for one in judged:
        style = "met" if one.word.startswith("met") else "missed" if one.word == "missed" else "unknown"
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in (one.mark.text, one.figure(), one.wanted()))
        rows.append(f'<tr>{cells}<td class="{style}">{escape(one.word)}</td></tr>')
    head = "<thead><tr><th>mark</th><th>figure</th><th>wanted</th><th>result</th></tr></thead>"
    body = f"<tbody>{''.join(rows)}</tbody>"
    return f'<h2>Marks</h2><div class="wide"><table class="marks">{head}{body}</table></div>'


def _table(one: Table, pictures: str = "") -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in one.headings)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in one.rows)
    drawn = f'<div class="plots">{pictures}</div>' if pictures else ""
    return (
        f'<h2>{escape(one.title)}</h2>{drawn}<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cost(case: Case, results: Results) -> str:
    """CPU against the number of viewers or publishers."""
    counts = results.counts(case.name)
    lines = []
    for server in results.servers(case.name):
        points = [(count, results.median(value(case.name, server, count, "cpu"))) for count in counts]
        lines.append(Line(label(server), server, [(float(count), cpu) for count, cpu in points if cpu is not None]))
    highest = [cpu for line in lines for _, cpu in line.points]
    if len(counts) < 2 or not highest or max(highest) <= 0:
        return ""
    x, y = plots.linear(case.unit, max(counts)), plots.linear("server CPU, seconds a second", max(highest))
    return _figure("Cost", plots.plot(f"CPU of {case.title}", x, y, lines))


def _latency(case: Case, results: Results) -> str:
    """Percentiles at the greatest count that was measured."""
    counts = results.counts(case.name)
    lines = []
    for server in results.servers(case.name):
        found = [results.median(value(case.name, server, counts[-1], key)) for key, _ in PERCENTILES]
        points = [(float(at), max(LEAST_MS, ms)) for at, ms in enumerate(found) if ms is not None]
        if len(points) > 2:
            lines.append(Line(label(server), server, points))
    if not lines:
        return ""
    values = [ms for line in lines for _, ms in line.points]
    x = plots.steps("share of pictures in hand within", [name for _, name in PERCENTILES])
    title = f"Latency, {counts[-1]} {case.unit}"
    return _figure(title, plots.plot(title, x, plots.decades("milliseconds", values), lines))


def _growth(case: Case, results: Results) -> str:
    """What a soak sampled, over its time."""
    series = next((run.raw["series"] for run in results.runs if run.case == case.name and "series" in run.raw), None)
    if not series:
        return ""
    drawn = []
    for title, names, scale in SERIES:
        lines = [
            Line(name.removesuffix("_kib"), style, [(at / 60, value * scale) for at, value in series.get(name, ())])
            for name, style in names
        ]
        highest = [value for line in lines for _, value in line.points]
        if highest and max(highest) > 0:
            x = plots.linear("minutes", max(at for line in lines for at, _ in line.points))
            drawn.append(_figure(title, plots.plot(title, x, plots.linear(title, max(highest)), lines)))
    return "".join(drawn)


def _figure(title: str, drawn: str) -> str:
    return f"<figure><figcaption>{escape(title)}</figcaption>{drawn}</figure>"

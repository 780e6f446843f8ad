"""Bytes of one segment as fast as one connection pool takes them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peers import hls, proc
from peers.options import Options
from peers.processes import Failed, Group
from peers.runs.stage import AROUND_SECONDS, Outcome, Stage, check, keys_file, server_usage
from peers.servers.base import Running, Server

CONNECTIONS = 32
SCRIPT = Path(__file__).with_name("wrk.lua")
# The segment of our own server's last run, for the peer that serves it from a file.
KEPT = "segment.m4s"


@dataclass(frozen=True)
class Raw:
    """One segment of the film over `CONNECTIONS` kept-alive connections. The count is 1: the one segment."""

    def seconds(self, options: Options, count: int) -> float:
        return AROUND_SECONDS + 5.0 + options.seconds

    def measure(self, stage: Stage, server: Server, count: int) -> Outcome:
        # A window long enough that the segment stays.
        with stage.serving(server, {"HLS_WINDOW": "60"}) as (running, folder):
            url = self._from_file(stage, running) if running.static else self._live(stage, running, folder)
            loader = stage.loader()
            command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{loader.seconds:.0f}s", "-s", str(SCRIPT), url]
            before, own = server_usage(running), proc.own_seconds()
            group = Group("wrk", command, loader.pin, folder)
            group.wait(loader.seconds + 30)
            cpu = server_usage(running).cpu_seconds - before.cpu_seconds
            outcome = _read_out(_summary(group), cpu)
            return Outcome({**outcome.values, "load_cpu": (proc.own_seconds() - own) / loader.seconds}, outcome.raw)

    def _live(self, stage: Stage, running: Running, folder: Path) -> str:
        loader = stage.loader()
        keys = keys_file(running, folder, 0, 1)
        command = loader.publish_command(running.publish, stage.film, 1, keys, loader.seconds + 120)
        publisher = Group("publisher", command, loader.pin, folder)
        hls.wait_until_ready(running.url("hls"))
        check(publisher)
        url = hls.segments(running.url("hls"))[0]
        (stage.folder / KEPT).write_bytes(hls.get(url)[1])
        return url

    def _from_file(self, stage: Stage, running: Running) -> str:
        kept = stage.folder / KEPT
        if not kept.exists() or not running.static:
            raise Failed("there is no segment yet: our own server has to run first")
        (running.static / KEPT).write_bytes(kept.read_bytes())
        return f"http://127.0.0.1:{running.http_port}/static/{KEPT}"


def _summary(group: Group) -> dict[str, Any]:
    """The line that the script prints. Raises Failed."""
    for line in group.out.read_text(errors="replace").splitlines():
        if line.startswith("{"):
            return dict(json.loads(line))
    raise Failed(f"wrk gave no summary: {group.last_words()}")


def _read_out(summary: dict[str, Any], cpu: float) -> Outcome:
    seconds = summary["duration_us"] / 1e6
    if summary["errors"] or not summary["bytes"] or not seconds or not cpu:
        raise Failed(f"wrk: {summary['errors']} errors, {summary['bytes']} bytes")
    megabytes = summary["bytes"] / 1e6
    values = {
        "cpu": cpu / seconds,
        "mb_per_second": megabytes / seconds,
        "mb_per_cpu_second": megabytes / cpu,
        "requests_per_second": summary["requests"] / seconds,
        "p50": summary["p50_us"] / 1000,
        "p99": summary["p99_us"] / 1000,
    }
    return Outcome(values, summary)

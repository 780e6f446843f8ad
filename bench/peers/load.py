"""The load runner: its command lines, and what is read out of its summary."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peers.processes import Failed, Group, Pin

PER_SECOND = 250
WARMUP = 2.5


@dataclass(frozen=True)
class Loader:
    """Where and for how long the load runner runs."""

    shardcast: Path
    pin: Pin
    seconds: float

    def play_command(self, url: str, protocol: str, players: int, watch: Sequence[int], extra: Sequence[str] = ()) -> list[str]:
        line = [str(self.shardcast), "load", "play", url, "--players", str(players), "--runtime", "epoll"]
        if "hls" in protocol:
            line += ["--ll", "on" if protocol == "ll-hls" else "off"]
        line += ["--per-second", str(PER_SECOND), "--warmup", str(WARMUP), "--duration", f"{self.seconds:g}"]
        return [*line, *extra, "--json", "--watch-pid", ",".join(map(str, watch))]

    def publish_command(
        self, url: str, source: Path, streams: int, keys: Path, duration: float, watch: Sequence[int] = ()
    ) -> list[str]:
        line = [str(self.shardcast), "load", "publish", url, "--runtime", "epoll", "--source", str(source), "--streams", str(streams)]
        line += ["--per-second", str(PER_SECOND), "--warmup", str(WARMUP), "--duration", f"{duration:g}"]
        line += ["--keys-file", str(keys), "--json"]
        return line + (["--watch-pid", ",".join(map(str, watch))] if watch else [])

    def measure(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        tick: Callable[[float], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Runs it to its end. Raises Failed when it fails or its figures cannot be believed."""
        group = Group(name, command, self.pin, folder, environment)
        try:
            group.wait(self.seconds + 120, tick)
            text = group.out.read_text(errors="replace")
            try:
                summary = json.loads(text)
            except ValueError:
                raise Failed(f"the load runner gave no summary: {group.last_words()}") from None
        finally:
            group.stop(grace=1.0)
        reason = problem(summary)
        if reason:
            raise Failed(reason)
        return dict(summary)


def problem(summary: Mapping[str, Any]) -> str | None:
    """Why a summary says nothing about the server; a server that loses viewers is a result, not a problem."""
    connections = summary["connections"]
    if summary["self"]["bottleneck"]:
        return f"the load was its own bottleneck ({summary['self']['cpu_share']:.2f} of its core)"
    if connections["connected"] == 0:
        reasons = ", ".join(f"{text} ({count})" for text, count in connections["reasons"].items())
        return f"nobody was let in: {reasons or 'no reason told'}"
    if summary.get("watched") is None:
        return "the server's processes were not there to be watched"
    return None


def read_out(summary: Mapping[str, Any], count: int) -> dict[str, float]:
    """The figures of a summary by the short names that cases use. What was not measured is left out."""
    watched, players, frames = summary["watched"], summary.get("players") or {}, summary.get("frames") or {}
    cpu = watched["cpu_seconds"] / summary["window_seconds"]
    values = {
        "cpu": cpu,
        "cpu_ms_each": cpu * 1000 / count,
        "rss_kib": watched["rss_kib"],
        "rss_mib": watched["rss_kib"] / 1024,
        "memfd_kib": watched["memfd_kib"],
        "memory_kib": watched["rss_kib"] + watched["memfd_kib"],
        "descriptors": watched["descriptors"],
        "descriptor_growth": watched["descriptors"] - watched["descriptors_start"],
        "mbit": summary["mbit_per_second"],
        "refused": summary["connections"]["refused"] + summary["connections"]["failed"],
        "lost": summary["connections"]["lost"],
        "load_cpu": summary["self"]["cpu_share"],
        **{name: players[name] for name in ("slow", "stalls", "without_a_frame") if name in players},
        **{f"frames_{name}": frames[name] for name in ("lost", "doubled", "reordered") if name in frames},
        **_percentiles("", summary.get("latency_ms")),
        **_percentiles("first_", summary.get("first_frame_ms")),
        **_percentiles("connect_", summary.get("connect_ms")),
    }
    if http := summary.get("http"):
        values |= {"http_errors": http["errors"], **_percentiles("part_", http.get("part_in_hand_ms"))}
    if publish := summary.get("publish"):
        values |= _percentiles("go_ahead_", publish.get("go_ahead_ms")) | _percentiles("late_", publish.get("late_ms"))
        values["publishing"] = publish["publishing"]
        values["rejected"] = publish["rejected"]
    if api := summary.get("api"):
        values |= _percentiles("login_", api.get("login_ms"))
        values |= {"requests": api["requests"] / summary["window_seconds"], "logins": api["logins"] / summary["window_seconds"]}
    return {name: float(value) for name, value in values.items()}


def _percentiles(prefix: str, shape: Mapping[str, float] | None) -> dict[str, float]:
    if not shape or not shape["count"]:
        return {}
    return {prefix + name: shape[name] for name in ("p50", "p90", "p99", "p999", "max")}

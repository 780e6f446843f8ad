"""Publishers without viewers."""

from dataclasses import dataclass

from peers import hls
from peers.exposition import Exposition
from peers.load import PER_SECOND, WARMUP, read_out
from peers.options import Options
from peers.runs.stage import AROUND_SECONDS, Outcome, Stage, check, keys_file, server_usage
from peers.servers.base import Running, Server


@dataclass(frozen=True)
class Publish:
    """`count` publishers of 500 kbit/s each."""

    def seconds(self, options: Options, count: int) -> float:
        return AROUND_SECONDS + count / PER_SECOND + WARMUP + options.seconds

    def measure(self, stage: Stage, server: Server, count: int) -> Outcome:
        with stage.serving(server) as (running, folder):
            loader = stage.loader()
            keys = keys_file(running, folder, 0, count)
            command = loader.publish_command(
                running.publish, stage.small, count, keys, loader.seconds, running.group.pids()
            )
            watch = _Watch(running, count, WARMUP + loader.seconds * 0.8)
            summary = loader.measure("publishers", command, folder, watch.tick)
            check(running.group)
            return Outcome({**read_out(summary, count), **watch.values}, summary)


class _Watch:
    """Looks once, near the end of the window: can the last stream be played, and what media does our own server hold?"""

    def __init__(self, running: Running, count: int, at: float) -> None:
        self._running, self._last, self._at = running, count - 1, at
        self.values: dict[str, float] = {}

    def tick(self, passed: float) -> None:
        if passed < self._at or self.values:
            return
        if "hls" in self._running.play:
            self.values["hls_ready"] = float(hls.ready(self._running.url("hls", self._last)))
        if self._running.metrics:
            figures = Exposition.fetch(self._running.metrics)
            # Taken at the same moment as the gauges: segments grow while one looks.
            seen = server_usage(self._running)
            held = (figures.total("log_bytes") + figures.total("memfd_bytes")) / 1024
            self.values["memfd_kib"] = float(seen.memfd_kib)
            self.values["beyond_kib"] = seen.rss_kib + seen.memfd_kib - held

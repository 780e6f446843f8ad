"""Hours in small: publishers and viewers come and go, and nothing may grow."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from peers.exposition import Exposition
from peers.options import Options
from peers.processes import Failed, Group
from peers.runs.stage import AROUND_SECONDS, Outcome, Stage, keys_file, server_usage
from peers.servers.base import Running, Server
from peers.stats import middle, settled, slope

SAMPLE_SECONDS = 10.0
# Segments of a stream that has ended are kept for a minute, and so is what may still be on its way.
SETTLE_SECONDS = 180.0
# Publishers of one lane come together and go together; the lanes differ in length, so that their
# ends fall everywhere.
LANES = ((10, 23.0), (10, 37.0), (20, 61.0))
VIEWERS = 50
VIEWER_SECONDS = 19.0


@dataclass
class Lane:
    """A command that is started again whenever it has ended."""

    start: Callable[[], Group]
    group: Group | None = None
    times: int = 0
    failures: int = 0
    why: str = ""

    def keep_going(self) -> None:
        if self.group and not self.group.ended():
            return
        if self.group:
            if self.group.exit_code() != 0:
                self.failures += 1
                self.why = self.group.last_words()
            self.group.stop()
        self.group = self.start()
        self.times += 1


@dataclass
class Samples:
    """(seconds, value) of everything that may not grow."""

    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, at: float, **values: float) -> None:
        for name, value in values.items():
            self.series.setdefault(name, []).append((at, float(value)))

    def values(self) -> dict[str, float]:
        """For each, after it has settled: its median, its slope per hour, and what it grew by, as a share of the median."""
        found: dict[str, float] = {}
        for name, points in self.series.items():
            steady = settled(points, least=SETTLE_SECONDS)
            level = middle(value for _, value in steady)
            per_second = slope(steady)
            if level is None or per_second is None:
                continue
            growth = per_second * (steady[-1][0] - steady[0][0])
            found |= {name: level, f"{name}_per_hour": per_second * 3600}
            found[f"{name}_growth"] = growth / level if level else growth
        return found


@dataclass(frozen=True)
class Soak:
    """The count is the number of publishers of all lanes."""

    def seconds(self, options: Options, count: int) -> float:
        return AROUND_SECONDS + options.soak_minutes * 60

    def measure(self, stage: Stage, server: Server, count: int) -> Outcome:
        with stage.serving(server) as (running, folder):
            lanes = self._lanes(stage, running, folder)
            samples = Samples()
            begin = time.monotonic()
            while (passed := time.monotonic() - begin) < stage.options.soak_minutes * 60:
                for lane in lanes:
                    lane.keep_going()
                if passed >= SAMPLE_SECONDS * len(samples.series.get("rss_kib", ())):
                    self._sample(running, samples, passed)
                time.sleep(0.5)
            used = server_usage(running).cpu_seconds
            values = samples.values()
        values["cpu"] = used / (stage.options.soak_minutes * 60)
        if "rss_kib" in values:
            values["rss_mib"] = values["rss_kib"] / 1024
        values["comings"] = float(sum(lane.times for lane in lanes))
        values["failures"] = float(sum(lane.failures for lane in lanes))
        if values["failures"] > values["comings"] / 2:
            raise Failed(f"{values['failures']:.0f} of {values['comings']:.0f} publishers and players failed")
        return Outcome(values, {"series": samples.series, "failures": [lane.why for lane in lanes if lane.why]})

    def _lanes(self, stage: Stage, running: Running, folder: Path) -> list[Lane]:
        loader = stage.loader()

        def lane(number: int, first: int, streams: int, lasting: float) -> Lane:
            keys = keys_file(running, folder, first, streams)
            command = loader.publish_command(running.publish, stage.small, streams, keys, lasting)
            return Lane(partial(Group, f"lane{number}", command, loader.pin, folder))

        first, lanes = 0, []
        for number, (streams, lasting) in enumerate(LANES):
            lanes.append(lane(number, first, streams, lasting))
            first += streams
        # One stream stays, and viewers come to it.
        lanes.append(lane(len(LANES), first, 1, stage.options.soak_minutes * 60 + 60))
        short = replace(loader, seconds=VIEWER_SECONDS)
        for protocol in ("rtmp", "hls"):
            url = running.url(protocol, first)
            command = short.play_command(url, protocol, VIEWERS, running.group.pids())
            lanes.append(Lane(partial(Group, f"viewers-{protocol}", command, loader.pin, folder)))
        return lanes

    def _sample(self, running: Running, samples: Samples, passed: float) -> None:
        seen = server_usage(running)
        samples.add(passed, rss_kib=seen.rss_kib, memfd_kib=seen.memfd_kib, descriptors=seen.descriptors)
        if running.metrics:
            samples.add(passed, log_kib=Exposition.fetch(running.metrics).total("log_bytes") / 1024)

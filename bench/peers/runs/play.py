"""Players of one stream."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from peers import hls, proc
from peers.exposition import Exposition, heartbeat_p99_ms
from peers.load import PER_SECOND, WARMUP, read_out
from peers.options import Options
from peers.processes import Group
from peers.runs.stage import AROUND_SECONDS, LEAD_SECONDS, Outcome, Stage, check, keys_file
from peers.servers.base import Running, Server

# Until a playlist with three segments of 2 s is there.
HLS_LEAD_SECONDS = 7.0
# How often the queues of the kernel are added up, in seconds; it is work for a thousand sockets.
QUEUES_EVERY = 3


@dataclass(frozen=True)
class Play:
    """`count` players by `protocol`; `arguments` go to the load runner as they are."""

    protocol: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    # Whether server and load have a core each; else they share all.
    pinned: bool = True
    # Whether to read what waits in the kernel for viewers that do not fetch it.
    queues: bool = False

    def seconds(self, options: Options, count: int) -> float:
        lead = HLS_LEAD_SECONDS if "hls" in self.protocol else LEAD_SECONDS
        return AROUND_SECONDS + lead + count / PER_SECOND + WARMUP + options.seconds

    def measure(self, stage: Stage, server: Server, count: int) -> Outcome:
        with stage.serving(server, self.environment, self.pinned) as (running, folder):
            loader = stage.loader(self.pinned)
            keys = keys_file(running, folder, 0, 1)
            lasting = self.seconds(stage.options, count) + 120
            publisher = Group(
                "publisher",
                loader.publish_command(running.publish, stage.film, 1, keys, lasting),
                loader.pin,
                folder,
            )
            url = running.url(self.protocol)
            self._wait(publisher, url)
            watch = _Watch(running, running.http_port if url.startswith("http") else running.rtmp_port, self.queues)
            command = loader.play_command(url, self.protocol, count, running.group.pids(), self.arguments)
            summary = loader.measure("players", command, folder, watch.tick)
            check(publisher)
            check(running.group)
            return Outcome({**read_out(summary, count), **watch.values()}, summary)

    def _wait(self, publisher: Group, url: str) -> None:
        if "hls" in self.protocol:
            hls.wait_until_ready(url)
        else:
            time.sleep(LEAD_SECONDS)
        check(publisher)


class _Watch:
    """What the load runner cannot see."""

    def __init__(self, running: Running, port: int, queues: bool) -> None:
        self._running, self._port, self._queues = running, port, queues
        self._begin = time.monotonic()
        self._before = Exposition.fetch(running.metrics) if running.metrics else None
        self._queued = 0

    def tick(self, passed: float) -> None:
        if self._queues and int(passed) % QUEUES_EVERY == QUEUES_EVERY - 1:
            self._queued = max(self._queued, proc.queued_bytes(self._port))

    def values(self) -> dict[str, float]:
        values: dict[str, float] = {}
        if self._queues:
            values["queued_kib"] = self._queued / 1024
        if self._before and self._running.metrics:
            after = Exposition.fetch(self._running.metrics)
            values |= heartbeat_p99_ms(self._before, after, time.monotonic() - self._begin)
        return values

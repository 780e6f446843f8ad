"""Our own server's figures, from its Prometheus page."""

import re
import urllib.request
from dataclasses import dataclass

from peers.stats import percentile_bound

# One beat of a shard's loop each so many seconds.
BEAT_SECONDS = 0.020
# Stands for "later than the greatest bound that the server counts".
FAR_MS = 1000.0
LINE = re.compile(r"shardcast_(\w+)\{([^}]*)\} (\S+)")
LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Exposition:
    """Samples by name, labels without their order."""

    samples: dict[tuple[str, frozenset[tuple[str, str]]], float]

    @staticmethod
    def fetch(url: str) -> "Exposition":
        """Raises OSError."""
        with urllib.request.urlopen(url, timeout=2.0) as answer:
            return Exposition.parse(answer.read().decode())

    @staticmethod
    def parse(text: str) -> "Exposition":
        return Exposition({
            (name, frozenset(LABEL.findall(labels))): float(value) for name, labels, value in LINE.findall(text)
        })

    def total(self, name: str) -> float:
        """The sum over all shards."""
        return sum(value for (known, _), value in self.samples.items() if known == name)

    def late_beats(self) -> dict[str, dict[float, float]]:
        """By shard: how many beats came later than each bound in milliseconds."""
        found: dict[str, dict[float, float]] = {}
        for (name, labels), value in self.samples.items():
            if name == "late_beats_total":
                of = dict(labels)
                found.setdefault(of["shard"], {})[float(of["over_ms"])] = value
        return found


def heartbeat_p99_ms(before: Exposition, after: Exposition, seconds: float) -> dict[str, float]:
    """By shard, the bound that 99 % of its heartbeats between the two were within, as figures of a run.

    Beyond the greatest bound it is `FAR_MS`.
    """
    late_before, late_after = before.late_beats(), after.late_beats()
    values = {}
    for shard, bounds in late_after.items():
        earlier = late_before.get(shard, {})
        above = {bound: count - earlier.get(bound, 0.0) for bound, count in bounds.items()}
        bound = percentile_bound(seconds / BEAT_SECONDS, above)
        values[f"beat_p99_{shard}"] = FAR_MS if bound is None else bound
    return values

"""What figures are called in tables, and how they are taken from those of a run."""

from dataclasses import dataclass

from peers.results import Figure, scaled, value


@dataclass(frozen=True)
class Column:
    heading: str
    key: str
    factor: float = 1.0

    def figure(self, case: str, server: str, count: int) -> Figure:
        return scaled(self.factor, value(case, server, count, self.key))


COLUMNS = {
    "cpu": Column("CPU s/s", "cpu"),
    "cpu_share": Column("CPU s/s", "cpu_share"),
    "delivered": Column("delivered", "delivered"),
    "p50": Column("p50 ms", "p50"),
    "p99": Column("p99 ms", "p99"),
    "p999": Column("p99.9 ms", "p999"),
    "login_p50": Column("log-in p50 ms", "login_p50"),
    "login_p99": Column("log-in p99 ms", "login_p99"),
    "requests": Column("requests/s", "requests"),
    "refused": Column("refused", "refused"),
    "part_p50": Column("part p50 ms", "part_p50"),
    "part_p99": Column("part p99 ms", "part_p99"),
    "first_p50": Column("first p50 ms", "first_p50"),
    "first_p99": Column("first p99 ms", "first_p99"),
    "go_ahead_p50": Column("go-ahead ms", "go_ahead_p50"),
    "late_p99": Column("late p99 ms", "late_p99"),
    "rss_mib": Column("RSS MiB", "rss_mib"),
    "memfd_mib": Column("memfd MiB", "memfd_kib", 1 / 1024),
    "queued_mib": Column("in kernel MiB", "queued_kib", 1 / 1024),
    "beyond_mib": Column("beyond media MiB", "beyond_kib", 1 / 1024),
    "cpu_ms_each": Column("CPU ms/s each", "cpu_ms_each"),
    "mb_per_cpu_second": Column("MB/CPU s", "mb_per_cpu_second"),
    "mb_per_second": Column("MB/s", "mb_per_second"),
    "requests_per_second": Column("requests/s", "requests_per_second"),
    "load_cpu": Column("load's CPU", "load_cpu"),
    "hls_ready": Column("HLS ready", "hls_ready"),
    "descriptors": Column("descriptors", "descriptors"),
    "descriptor_growth": Column("descriptors +", "descriptor_growth"),
    "lost": Column("lost", "lost"),
    "slow": Column("slow", "slow"),
    "stalls": Column("stalls", "stalls"),
    "without_a_frame": Column("no picture", "without_a_frame"),
    "frames_lost": Column("frames lost", "frames_lost"),
    "http_errors": Column("HTTP errors", "http_errors"),
    "beat_p99_0": Column("beat p99 ms, shard 0", "beat_p99_0"),
    "beat_p99_1": Column("shard 1", "beat_p99_1"),
    "rss_kib_per_hour": Column("RSS KiB/h", "rss_kib_per_hour"),
    "memfd_kib_per_hour": Column("memfd KiB/h", "memfd_kib_per_hour"),
    "descriptors_per_hour": Column("descriptors/h", "descriptors_per_hour"),
    "comings": Column("comings", "comings"),
    "failures": Column("failed", "failures"),
}

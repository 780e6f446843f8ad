"""The cases: who is measured how, what is read out, and the marks that the figures have to meet."""

from dataclasses import dataclass

from peers.marks import Mark
from peers.results import Figure, ratio, scaled, step, total, value
from peers.runs.api import Api
from peers.runs.idle import Idle
from peers.runs.play import Play
from peers.runs.program import Program
from peers.runs.publish import Publish
from peers.runs.raw import Raw
from peers.runs.soak import Soak
from peers.runs.stage import Kind


@dataclass(frozen=True)
class Case:
    """`letter` chooses it (CASES=a,b); several cases may share one. Without a kind it reads other cases' runs."""

    letter: str
    name: str
    title: str
    kind: Kind | None = None
    # Names of the catalogue, in the order in which the first round runs them.
    servers: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    # What the counts count.
    unit: str = "players"
    # Columns of the tables beside CPU and its ratios; see columns.py.
    reads: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    # The figure whose ratio, ours to theirs, stands in the tables.
    compare: str = "cpu"
    # Whether PLAYERS replaces the counts.
    scales: bool = True
    # Whether one round is enough.
    once: bool = False


def rtmp(server: str, count: int, key: str) -> Figure:
    return value("rtmp", server, count, key)


def flv(server: str, count: int, key: str) -> Figure:
    return value("flv", server, count, key)


# One second of the film, in KiB: the kernel's send buffer of a viewer is capped at it.
SECOND_KIB = 324
TROUBLE = ("lost", "slow", "stalls", "without_a_frame")
PLAYING = ("p50", "p99", "first_p50", "first_p99", "rss_mib", *TROUBLE)

# The fan-out loop on several runtimes; the first is what ours is measured against.
RUNTIMES = ("bare", "monoio-uring", "monoio-epoll", "glommio", "tokio")


def loop(runtime: str) -> Case:
    command = "{target}/runtimes/release/runtimes serve --server-cpu 0 --client-cpu 1 --seconds {seconds} --connections {count}"
    marks = (
        Mark("RTMP 1000, GATHER_MS=0: CPU of the bare loop's",
             ratio(rtmp("ours-now", 1000, "cpu"), value("bare", "itself", 1000, "cpu_share")), 1.15, "x"),
    )
    return Case(
        "h", runtime, f"The fan-out loop, {runtime}", Program((*command.split(), "--runtime", runtime), 0.4),
        ("itself",), (1000,), "connections", ("cpu_share", "delivered"), marks if runtime == "bare" else (), compare="",
    )


CASES = (
    Case(
        "a", "rtmp", "RTMP players of one 2.65 Mbit/s stream", Play("rtmp"),
        ("ours", "ours-now", "nginx", "nms2", "nms4"), (1, 100, 500, 1000, 2000), reads=PLAYING,
        marks=(
            Mark("RTMP 1000, GATHER_MS=0: CPU of nginx-rtmp's",
                 ratio(rtmp("ours-now", 1000, "cpu"), rtmp("nginx", 1000, "cpu")), 0.50, "x"),
            Mark("RTMP 1000, GATHER_MS=0: p50 of nginx-rtmp's",
                 ratio(rtmp("ours-now", 1000, "p50"), rtmp("nginx", 1000, "p50")), 1.0, "x"),
            Mark("RTMP 1000: CPU of NMS 2.7.4's",
                 ratio(rtmp("ours", 1000, "cpu"), rtmp("nms2", 1000, "cpu")), 0.90, "x", goal=0.75),
            Mark("RTMP 1000: p50", rtmp("ours", 1000, "p50"), 35, " ms"),
            Mark("RTMP 2000: viewers lost or slow, and frames lost",
                 total(*(rtmp("ours", 2000, key) for key in ("lost", "slow", "frames_lost"))), 0),
            Mark("RTMP 2000: CPU of each viewer, of that at 1000",
                 ratio(rtmp("ours", 2000, "cpu_ms_each"), rtmp("ours", 1000, "cpu_ms_each")), 1.0, "x"),
        ),
    ),
    Case(
        "b", "flv", "HTTP-FLV players of the same stream", Play("flv"),
        ("ours", "ours-now", "nms2", "nms4"), (1, 100, 500, 1000, 2000), reads=PLAYING,
        marks=(
            Mark("HTTP-FLV 1000: CPU of our RTMP's",
                 ratio(flv("ours", 1000, "cpu"), rtmp("ours", 1000, "cpu")), 1.05, "x"),
            Mark("HTTP-FLV 1000, GATHER_MS=0: CPU of our RTMP's",
                 ratio(flv("ours-now", 1000, "cpu"), rtmp("ours-now", 1000, "cpu")), 1.05, "x"),
        ),
    ),
    Case(
        "c", "hls", "HLS players, 2 s segments, 6 in the playlist", Play("hls"),
        ("ours", "nginx-hls", "nms2-hls"), (1, 100, 500, 1000),
        reads=("p50", "p99", "first_p50", "rss_mib", "slow", "stalls", "http_errors"),
        marks=(
            Mark("HLS 1000: CPU of nginx's",
                 ratio(value("hls", "ours", 1000, "cpu"), value("hls", "nginx-hls", 1000, "cpu")), 1.5, "x", goal=1.0),
        ),
    ),
    Case(
        "c", "ll-hls", "LL-HLS players, 250 ms parts, blocking reload", Play("ll-hls"),
        ("ours",), (100, 500, 1000),
        reads=("p50", "p99", "part_p50", "part_p99", "first_p50", "rss_mib", "stalls", "http_errors"),
        marks=(
            Mark("LL-HLS 1000: stalls", value("ll-hls", "ours", 1000, "stalls"), 0),
            Mark("LL-HLS 1000: p99 of a part in hand after its completion",
                 value("ll-hls", "ours", 1000, "part_p99"), 100, " ms"),
            Mark("LL-HLS 1000: CPU of our HLS's",
                 ratio(value("ll-hls", "ours", 1000, "cpu"), value("hls", "ours", 1000, "cpu")), 3.0, "x"),
        ),
    ),
    Case(
        "c", "raw", "Bytes of one segment, over 32 connections", Raw(), ("ours", "nginx"), (1,), "segments",
        reads=("mb_per_cpu_second", "mb_per_second", "requests_per_second", "load_cpu"),
        compare="mb_per_cpu_second", scales=False,
        marks=(
            Mark("segment bytes of a CPU second: of nginx sendfile's",
                 ratio(value("raw", "ours", 1, "mb_per_cpu_second"), value("raw", "nginx", 1, "mb_per_cpu_second")),
                 0.85, "x", goal=0.95, least=True),
        ),
    ),
    Case(
        "d", "publish", "Publishers of 500 kbit/s, no viewers", Publish(),
        ("ours", "nginx-hls", "nginx", "nms2", "nms4"), (20, 100, 200, 500), "publishers",
        reads=("cpu_ms_each", "rss_mib", "memfd_mib", "beyond_mib", "descriptor_growth", "hls_ready",
               "go_ahead_p50", "late_p99", "lost"),
        marks=(
            Mark("200 publishers, HLS ready in both: CPU of nginx-rtmp's",
                 ratio(value("publish", "ours", 200, "cpu"), value("publish", "nginx-hls", 200, "cpu")), 1.2, "x"),
            Mark("200 publishers: the last stream's playlist can be played (1)",
                 value("publish", "ours", 200, "hls_ready"), 1, least=True),
            Mark("a publisher's memory beyond the media held (200 against 20)",
                 step("publish", "ours", 20, 200, "beyond_kib"), 64, " KiB"),
            Mark("200 publishers: descriptors more at the window's end",
                 value("publish", "ours", 200, "descriptor_growth"), 0),
        ),
    ),
    Case(
        "e", "idle", "Idle HTTP viewers, each on its kept connection", Idle(), ("ours", "nginx"), (200, 2000), "viewers",
        reads=("rss_mib", "descriptors"), compare="",
        marks=(
            Mark("an idle HTTP viewer (2000 against 200)", step("idle", "ours", 200, 2000, "rss_kib"), 4, " KiB"),
            Mark("an RTMP viewer, from case a (1000 against 100)", step("rtmp", "ours", 100, 1000, "rss_kib"), 8, " KiB"),
        ),
    ),
    Case(
        "f", "first-frame", "First picture after connecting, from cases a and b",
        marks=(
            Mark("RTMP 500: first picture, p50", rtmp("ours", 500, "first_p50"), 5, " ms"),
            Mark("RTMP 500: first picture, p99", rtmp("ours", 500, "first_p99"), 50, " ms"),
            Mark("HTTP-FLV 500: first picture, p50", flv("ours", 500, "first_p50"), 5, " ms"),
            Mark("HTTP-FLV 500: first picture, p99", flv("ours", 500, "first_p99"), 50, " ms"),
        ),
    ),
    Case(
        "g", "clean", "RTMP players that all read", Play("rtmp", queues=True), ("ours", "nginx"), (1000,),
        reads=("p50", "p99", "rss_mib", "queued_mib", "frames_lost", *TROUBLE),
    ),
    Case(
        "g", "bad-readers", "The same, but 20 % never read and 10 % read at half speed",
        Play("rtmp", ("--frozen", "20%", "--slow", "10%", "--slow-rate", "0.5"), queues=True), ("ours", "nginx"), (1000,),
        reads=("p50", "p99", "rss_mib", "queued_mib", "frames_lost", *TROUBLE),
        marks=(
            Mark("200 frozen, 100 slow: frames lost by the other 700", value("bad-readers", "ours", 1000, "frames_lost"), 0),
            Mark("200 frozen, 100 slow: p99 of the others, of a clean run's",
                 ratio(value("bad-readers", "ours", 1000, "p99"), value("clean", "ours", 1000, "p99")), 1.5, "x"),
            Mark("200 frozen, 100 slow: waiting in the kernel, a second for each of them and 64 KiB for the others",
                 scaled(1 / 1024, value("bad-readers", "ours", 1000, "queued_kib")),
                 (300 * SECOND_KIB + 700 * 64) // 1024, " MiB"),
            Mark("200 frozen, 100 slow: resident memory, of a clean run's",
                 ratio(value("bad-readers", "ours", 1000, "rss_kib"), value("clean", "ours", 1000, "rss_kib")), 1.1, "x"),
        ),
    ),
    *map(loop, RUNTIMES),
    Case(
        "j", "shards", "RTMP players, cores shared by server and load", Play("rtmp", pinned=False),
        ("ours-1", "ours-2"), (1000,), reads=("p50", "p99", "beat_p99_0", "beat_p99_1", "rss_mib", "lost"),
        marks=(
            Mark("2 shards: CPU of a viewer, of that with 1",
                 ratio(value("shards", "ours-2", 1000, "cpu"), value("shards", "ours-1", 1000, "cpu")), 1.05, "x"),
        ),
    ),
    Case(
        "l", "api", "500 API requests and 5 log-ins a second beside publishers of 500 kbit/s", Api(500, 5), ("ours",), (100,),
        "publishers", reads=("p50", "p99", "p999", "login_p50", "login_p99", "requests", "refused", "rss_mib"), scales=False,
        marks=(
            Mark("API, 500 requests/s beside 100 publishers and 5 log-ins/s: p99", value("api", "ours", 100, "p99"), 20, " ms"),
            Mark("log-in, meanwhile: p99", value("api", "ours", 100, "login_p99"), 250, " ms"),
            Mark("API requests refused or failed, meanwhile", value("api", "ours", 100, "refused"), 0),
        ),
    ),
    Case(
        "k", "soak", "Publishers and viewers that come and go", Soak(), ("ours",), (40,), "publishers", scales=False, once=True,
        reads=("rss_mib", "rss_kib_per_hour", "memfd_kib_per_hour", "descriptors", "descriptors_per_hour", "comings", "failures"),
        marks=tuple(
            Mark(f"soak: growth of {what} once settled", value("soak", "ours", 40, f"{key}_growth"), 0.05)
            for what, key in (("resident memory", "rss_kib"), ("memory files", "memfd_kib"), ("descriptors", "descriptors"))
        ),
    ),
)

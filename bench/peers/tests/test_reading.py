"""What is read out of the load runner, of playlists and of our server's figures."""

import json
import unittest
from pathlib import Path
from typing import Any

from peers import hls, load
from peers.exposition import FAR_MS, Exposition, heartbeat_p99_ms
from peers.options import BadOption, Options
from peers.processes import Failed
from peers.runs import program

EXAMPLE: dict[str, Any] = json.loads(Path(__file__).with_name("example.json").read_text())


class Summaries(unittest.TestCase):
    def test_figures_have_short_names(self) -> None:
        values = load.read_out(EXAMPLE, 1000)
        wanted = {
            "cpu": 0.25, "cpu_ms_each": 0.25, "p50": 20.5, "first_p99": 9.0, "rss_mib": 20.0, "memory_kib": 23380.0,
            "lost": 2.0, "slow": 1.0, "stalls": 3.0, "frames_lost": 4.0, "descriptor_growth": 1.0, "load_cpu": 0.4,
        }
        self.assertEqual({name: values[name] for name in wanted}, wanted)

    def test_what_was_not_measured_is_left_out(self) -> None:
        values = load.read_out({**EXAMPLE, "latency_ms": None}, 1000)
        self.assertFalse({"p50", "part_p99", "go_ahead_p50", "http_errors"} & set(values))

    def test_a_server_that_loses_viewers_is_a_result(self) -> None:
        self.assertIsNone(load.problem(EXAMPLE))

    def test_a_load_that_was_its_own_bottleneck_says_nothing(self) -> None:
        reason = load.problem({**EXAMPLE, "self": {"cpu_seconds": 9.5, "cpu_share": 0.95, "bottleneck": True}})
        self.assertIn("bottleneck", reason or "")

    def test_a_run_without_viewers_or_server_says_nothing(self) -> None:
        nobody = {**EXAMPLE["connections"], "connected": 0, "reasons": {"connection refused": 3}}
        self.assertIn("connection refused (3)", load.problem({**EXAMPLE, "connections": nobody}) or "")
        self.assertIsNotNone(load.problem({**EXAMPLE, "watched": None}))


class Playlists(unittest.TestCase):
    def test_uris_are_the_lines_that_are_no_tags(self) -> None:
        playlist = '#EXTM3U\n#EXT-X-MAP:URI="i.mp4"\n#EXT-X-PART:URI="p.m4s"\n#EXTINF:2,\ns1.m4s\n\n#EXTINF:2,\ns2.m4s\r\n'
        self.assertEqual(hls.uris(playlist), ["s1.m4s", "s2.m4s"])


class Expositions(unittest.TestCase):
    def page(self, late: tuple[int, int]) -> Exposition:
        lines = [
            "# TYPE shardcast_log_bytes gauge",
            'shardcast_log_bytes{shard="0"} 100',
            'shardcast_log_bytes{shard="1"} 20',
            *(f'shardcast_late_beats_total{{shard="0",over_ms="{ms}"}} {count}' for ms, count in zip((1, 50), late, strict=True)),
        ]
        return Exposition.parse("\n".join(lines))

    def test_totals_are_over_all_shards(self) -> None:
        self.assertEqual(self.page((0, 0)).total("log_bytes"), 120.0)

    def test_the_heartbeat_is_that_between_two_looks(self) -> None:
        # 10 s are 500 beats, of which 5 may be later.
        early = self.page((400, 100))
        self.assertEqual(heartbeat_p99_ms(early, self.page((405, 100)), 10.0), {"beat_p99_0": 1.0})
        self.assertEqual(heartbeat_p99_ms(early, self.page((450, 105)), 10.0), {"beat_p99_0": 50.0})
        self.assertEqual(heartbeat_p99_ms(early, self.page((450, 106)), 10.0), {"beat_p99_0": FAR_MS})


class Programs(unittest.TestCase):
    def test_numbers_are_named_by_their_path(self) -> None:
        outcome = program.read('{"loops": {"monoio": 1.5, "name": "x"}, "players": 100}')
        self.assertEqual(outcome.values, {"loops.monoio": 1.5, "players": 100.0})

    def test_anything_but_one_object_is_a_failure(self) -> None:
        for text in ("", "[1]", "built in 3 s\n{}"):
            with self.assertRaises(Failed):
                program.read(text)


class Environment(unittest.TestCase):
    def test_without_variables_the_defaults_hold(self) -> None:
        self.assertEqual(Options.read({}), Options())
        self.assertEqual(Options.read({"SECONDS": "0"}).seconds, 10.0)

    def test_variables_choose(self) -> None:
        options = Options.read({"ROUNDS": "5", "CASES": "a, hls", "PLAYERS": "20,100", "SECONDS": "3", "RECORD": "1"})
        self.assertEqual((options.rounds, options.cases, options.players), (5, ("a", "hls"), (20, 100)))
        self.assertTrue(options.seconds == 3.0 and options.record)

    def test_a_bad_value_is_named(self) -> None:
        for bad in ({"ROUNDS": "0"}, {"PLAYERS": "many"}, {"SOAK_MINUTES": "-1"}, {"SECONDS": "x"}):
            with self.assertRaisesRegex(BadOption, next(iter(bad))):
                Options.read(bad)


if __name__ == "__main__":
    unittest.main()

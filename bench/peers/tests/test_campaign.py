"""The plan, the processes, the tables and the page."""

import json
import os
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

from peers import campaign, history, page, plots, proc, processes, report, table
from peers.cases import CASES
from peers.columns import COLUMNS
from peers.options import BadOption, Options
from peers.processes import Group, Pin
from peers.results import Results, Run
from peers.servers.catalogue import SERVERS

HEADING = {"commit": "abc", "machine": {"cpu": "<x>", "cores": 2}}


def sample() -> Results:
    """Two rounds of RTMP at two counts, ours at half of nginx's cost, and one run that failed."""
    runs = []
    for number in (1, 2):
        for count in (100, 1000):
            for server, cpu in (("ours-now", 0.0004), ("nginx", 0.0008)):
                values = {"cpu": cpu * count * number, "p50": 4.0, "p90": 8.0, "p99": 16.0, "p999": 20.0, "max": 30.0}
                runs.append(Run("rtmp", server, count, number, values))
    runs.append(Run("rtmp", "nms2", 100, 1, problem="ended at its start"))
    return Results(runs)


class Plans(unittest.TestCase):
    def test_every_case_names_known_servers_and_columns(self) -> None:
        for case in CASES:
            self.assertLessEqual(set(case.servers), set(SERVERS), case.name)
            self.assertLessEqual(set(case.reads), set(COLUMNS), case.name)
        self.assertEqual(len({case.name for case in CASES}), len(CASES))

    def test_every_second_round_turns_the_servers_round(self) -> None:
        options = Options(rounds=2, cases=("rtmp",), players=(20,))
        steps = campaign.plan(campaign.chosen(CASES, options), options)
        first, second = ([one.server for one in steps if one.round == number] for number in (1, 2))
        self.assertEqual(first, second[::-1])
        self.assertEqual({one.count for one in steps}, {20})

    def test_the_soak_is_run_once_and_takes_its_time(self) -> None:
        options = Options(rounds=3, cases=("k",), soak_minutes=30)
        steps = campaign.plan(campaign.chosen(CASES, options), options)
        self.assertEqual(len(steps), 1)
        self.assertAlmostEqual(campaign.duration(steps, options) / 60, 30, delta=1)

    def test_an_unknown_case_is_named(self) -> None:
        with self.assertRaisesRegex(BadOption, "'z'"):
            campaign.chosen(CASES, Options(cases=("z",)))


class Processes(unittest.TestCase):
    def test_a_group_ends_with_all_that_it_started(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            script = "trap '' TERM; sleep 60 & sleep 60 & wait; sleep 60"
            group = Group("stubborn", ["bash", "-c", script], Pin(None, False), Path(folder))
            deadline = time.monotonic() + 10
            while len(group.pids()) < 3 and time.monotonic() < deadline:
                time.sleep(0.01)
            started = group.pids()
            self.assertEqual(len(started), 3)
            self.assertGreater(proc.usage(started).rss_kib, 0)
            group.stop(grace=0.05)
            self.assertEqual(group.pids(), [])
            self.assertEqual(proc.usage(started).rss_kib, 0)

    def test_memory_files_are_counted_by_their_blocks(self) -> None:
        before = proc.usage([os.getpid()]).memfd_kib
        file = os.memfd_create("bench")
        try:
            os.write(file, b"x" * 65536)
            self.assertEqual(proc.usage([os.getpid()]).memfd_kib - before, 64)
        finally:
            os.close(file)

    def test_a_free_port_accepts_nobody(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            group = Group("gone", ["false"], Pin(None, False), Path(folder))
            with self.assertRaisesRegex(processes.Failed, "gone ended at its start"):
                processes.wait_for_port(group, processes.free_port())
            group.stop()


class Reports(unittest.TestCase):
    def test_the_table_shows_our_share_of_each_peers_cost(self) -> None:
        case = next(case for case in CASES if case.name == "rtmp")
        text = table.of_case(case, sample()).text()
        row = next(line for line in text.splitlines() if line.split()[:2] == ["1000", "nginx-rtmp"])
        self.assertEqual(row.split()[2:4], ["1.20", "0.500x"])
        self.assertIn("2 of 2", row)
        self.assertIn("0 of 1", text)

    def test_the_page_is_well_formed_and_escapes(self) -> None:
        results = sample()
        made = page.page(HEADING, results, table.verdicts(results, Options()))
        body = made[made.index("<body>") : made.index("</html>")]
        found = xml.fromstring(body)
        self.assertEqual(len(found.findall(".//svg")), 2)
        self.assertIn("&lt;x&gt;", made)
        self.assertIn("ended at its start", made)

    def test_results_can_be_kept_and_read_again(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            report.keep(Path(name), HEADING, sample())
            heading, results = report.load(Path(name))
        self.assertEqual(heading, HEADING)
        self.assertEqual(results.runs, sample().runs)

    def test_the_history_gets_one_line_of_medians_and_marks(self) -> None:
        results = sample()
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "history" / "measurements.jsonl"
            for _ in range(2):
                history.append(file, history.line(HEADING, results, table.verdicts(results, Options())))
            lines = file.read_text().splitlines()
        self.assertEqual(len(lines), 2)
        kept = json.loads(lines[0])
        self.assertAlmostEqual(kept["medians"]["rtmp"]["nginx"]["1000"]["cpu"], 1.2)
        self.assertEqual((kept["failed_runs"], kept["commit"]), (1, "abc"))
        self.assertEqual(kept["marks"][0]["result"], "met")

    def test_labels_keep_their_distance_and_stay_inside(self) -> None:
        moved = plots.spread([10.0, 12.0, 98.0, 99.0], 16, 100)
        self.assertTrue(all(low + 16 <= high for low, high in zip(moved, moved[1:], strict=False)))
        self.assertLessEqual(moved[-1], 100)

    def test_axes_end_on_round_numbers(self) -> None:
        self.assertEqual([text for _, text in plots.linear("x", 0.87).ticks], ["0", "0.2", "0.4", "0.6", "0.8", "1"])
        self.assertEqual([text for _, text in plots.decades("ms", [0.3, 112.0]).ticks], ["0.1", "1", "10", "100", "1000"])


if __name__ == "__main__":
    unittest.main()

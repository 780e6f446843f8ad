"""Medians, slopes, ratios of one round, marks."""

import unittest

from peers.marks import Mark, number
from peers.results import Results, Run, ratio, scaled, step, total, value
from peers.stats import middle, percentile_bound, settled, slope


def results(*cpus: tuple[int, str, int, float]) -> Results:
    """Runs of case `c` from (round, server, count, cpu)."""
    return Results([Run("c", server, count, number, {"cpu": cpu}) for number, server, count, cpu in cpus])


class Statistics(unittest.TestCase):
    def test_the_median_passes_over_what_was_not_measured(self) -> None:
        self.assertEqual(middle([3.0, None, 1.0, 2.0]), 2.0)
        self.assertIsNone(middle([None]))

    def test_the_slope_is_not_moved_by_an_outlier(self) -> None:
        points = [(float(at), 2.0 * at) for at in range(20)]
        points[7] = (7.0, 900.0)
        self.assertAlmostEqual(slope(points) or 0.0, 2.0)
        self.assertIsNone(slope([(1.0, 1.0), (1.0, 2.0)]))

    def test_settling_leaves_the_first_quarter_of_the_time_out(self) -> None:
        points = [(float(at), 0.0) for at in range(0, 101, 10)]
        self.assertEqual([at for at, _ in settled(points)][0], 30.0)
        self.assertEqual([at for at, _ in settled(points, least=95.0)], [100.0])
        self.assertEqual(settled([]), [])

    def test_a_percentile_is_the_least_bound_that_holds(self) -> None:
        above = {1.0: 400.0, 5.0: 11.0, 20.0: 9.0, 50.0: 0.0}
        self.assertEqual(percentile_bound(1000.0, above), 20.0)
        self.assertIsNone(percentile_bound(1000.0, {50.0: 11.0}))
        self.assertIsNone(percentile_bound(0.0, above))


class Figures(unittest.TestCase):
    def test_ratios_pair_the_runs_of_a_round(self) -> None:
        seen = results((1, "a", 10, 1.0), (1, "b", 10, 2.0), (2, "a", 10, 8.0), (2, "b", 10, 10.0), (3, "a", 10, 3.0))
        figure = ratio(value("c", "a", 10, "cpu"), value("c", "b", 10, "cpu"))
        self.assertAlmostEqual(seen.median(figure) or 0.0, (0.5 + 0.8) / 2)

    def test_failed_runs_count_nowhere(self) -> None:
        seen = results((1, "a", 10, 1.0), (2, "a", 10, 3.0))
        seen.runs.append(Run("c", "a", 10, 3, {"cpu": 99.0}, "the load was its own bottleneck"))
        self.assertEqual(seen.median(value("c", "a", 10, "cpu")), 2.0)
        self.assertEqual(len(seen.failed()), 1)

    def test_a_step_is_what_one_more_costs(self) -> None:
        seen = results((1, "a", 100, 10.0), (1, "a", 1000, 100.0))
        self.assertAlmostEqual(seen.median(step("c", "a", 100, 1000, "cpu")) or 0.0, 0.1)

    def test_sums_need_all_their_parts(self) -> None:
        seen = results((1, "a", 1, 2.0))
        there, missing = value("c", "a", 1, "cpu"), value("c", "a", 1, "lost")
        self.assertEqual(seen.median(total(there, scaled(3.0, there))), 8.0)
        self.assertIsNone(seen.median(total(there, missing)))


class Marks(unittest.TestCase):
    def judge(self, cpu: float, **more: float | bool) -> str:
        mark = Mark("cpu", value("c", "a", 1, "cpu"), 1.0, **more)  # type: ignore[arg-type]
        return mark.judge(results((1, "a", 1, cpu))).word

    def test_a_mark_is_met_at_its_limit(self) -> None:
        self.assertEqual([self.judge(cpu) for cpu in (0.5, 1.0, 1.01)], ["met", "met", "missed"])
        self.assertEqual([self.judge(cpu, least=True) for cpu in (0.5, 1.0)], ["missed", "met"])

    def test_a_goal_is_told_apart(self) -> None:
        self.assertEqual(self.judge(0.4, goal=0.5), "met, and the goal")
        self.assertEqual(self.judge(0.6, goal=0.5), "met")

    def test_without_its_runs_a_mark_is_not_measured(self) -> None:
        verdict = Mark("cpu", value("c", "a", 1, "cpu"), 1.0, "x", goal=0.5).judge(Results())
        self.assertEqual((verdict.word, verdict.figure()), ("not measured", "-"))
        self.assertEqual(verdict.wanted(), "at most 1x (goal 0.5x)")

    def test_numbers_have_three_digits(self) -> None:
        shown = [number(one) for one in (0, 1234.5, 12.34, 1.234, 0.1234, 0.01234, 0.00004)]
        self.assertEqual(shown, ["0", "1234", "12.3", "1.23", "0.123", "0.0123", "0"])


if __name__ == "__main__":
    unittest.main()

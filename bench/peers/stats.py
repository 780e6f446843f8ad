"""The little arithmetic that the bench needs."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median


def middle(values: Iterable[float | None]) -> float | None:
    """The median of what was measured; None when nothing was."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """The median slope between all pairs of points (Theil and Sen), which a few outliers do not move.

    Points are (x, y); the result is in y per x. None with fewer than two different x.
    """
    slopes = [
        (late[1] - early[1]) / (late[0] - early[0])
        for at, early in enumerate(points)
        for late in points[at + 1 :]
        if late[0] != early[0]
    ]
    return middle(slopes)


def settled(
    points: Sequence[tuple[float, float]], share: float = 0.25, least: float = 0.0
) -> list[tuple[float, float]]:
    """The points after the first `share` of the time, or `least` if that is longer: caches and windows fill until then."""
    if not points:
        return []
    begin = points[0][0] + max(least, (points[-1][0] - points[0][0]) * share)
    return [point for point in points if point[0] >= begin]


def percentile_bound(total: float, above: Mapping[float, float], share: float = 0.99) -> float | None:
    """The least bound that `share` of all observations stay below.

    `above` gives for each bound how many observations were at or over it. None when even the
    greatest bound is passed by more, or nothing was observed.
    """
    if total <= 0:
        return None
    fitting = [bound for bound, count in above.items() if count <= total * (1 - share)]
    return min(fitting) if fitting else None

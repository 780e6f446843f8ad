"""Line plots as inline SVG, coloured by the page's style sheet so that they are readable in light and dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 58, 170, 16, 44
# The least distance of two labels at the lines' ends.
LABEL_STEP = 16
# Lines of more points than this are drawn without dots.
DOTS = 12


@dataclass(frozen=True)
class Line:
    """`style` is the class that gives the colour; points are (x, y)."""

    label: str
    style: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """Ticks are (value, text); `low` and `high` bound the plot, in logarithms with `log`."""

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    log: bool = False

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one."""
        if self.log:
            value, low, high = (math.log10(max(one, 1e-9)) for one in (value, self.low, self.high))
        else:
            low, high = self.low, self.high
        return (value - low) / (high - low) if high > low else 0.0


def linear(title: str, most: float) -> Axis:
    """From 0 to the next round number."""
    step = _round_step(most / 5)
    count = max(1, math.ceil(most / step - 1e-9))
    return Axis(title, 0.0, step * count, [(step * at, f"{step * at:g}") for at in range(count + 1)])


def decades(title: str, values: Sequence[float]) -> Axis:
    """Powers of ten around the values, which are positive."""
    low = math.floor(math.log10(min(values)))
    high = max(low + 1, math.ceil(math.log10(max(values))))
    return Axis(title, 10.0**low, 10.0**high, [(10.0**at, f"{10.0**at:g}") for at in range(low, high + 1)], log=True)


def steps(title: str, names: Sequence[str]) -> Axis:
    """Names at equal distances, at 0, 1, 2 ..."""
    return Axis(title, 0.0, max(1.0, len(names) - 1.0), [(float(at), name) for at, name in enumerate(names)])


def _round_step(least: float) -> float:
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= least * (1 - 1e-9))


def plot(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> str:
    """The picture; `title` is for those who cannot see it."""
    lines = [line for line in lines if line.points]
    body = [*_grid(x, y), *(_line(x, y, line) for line in lines), *_labels(x, y, lines)]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">' + "".join(body) + "</svg>"
    )


def _at(x: Axis, y: Axis, point: tuple[float, float]) -> tuple[float, float]:
    across = LEFT + x.place(point[0]) * (WIDTH - LEFT - RIGHT)
    down = HEIGHT - BOTTOM - y.place(point[1]) * (HEIGHT - TOP - BOTTOM)
    return round(across, 1), round(down, 1)


def _grid(x: Axis, y: Axis) -> list[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    drawn = []
    for value, text in y.ticks:
        down = _at(x, y, (x.low, value))[1]
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{down}" y2="{down}"/>')
        drawn.append(f'<text class="tick" x="{LEFT - 8}" y="{down + 4}" text-anchor="end">{escape(text)}</text>')
    for value, text in x.ticks:
        across = _at(x, y, (value, y.low))[0]
        drawn.append(f'<text class="tick" x="{across}" y="{bottom + 18}" text-anchor="middle">{escape(text)}</text>')
    middle = (TOP + bottom) / 2
    across = (LEFT + right) / 2
    drawn.append(f'<text class="axis" x="{across}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x.title)}</text>')
    turned = f'transform="rotate(-90 14 {middle})"'
    drawn.append(f'<text class="axis" x="14" y="{middle}" text-anchor="middle" {turned}>{escape(y.title)}</text>')
    return drawn


def _line(x: Axis, y: Axis, line: Line) -> str:
    places = [_at(x, y, point) for point in line.points]
    path = " ".join(f"{across},{down}" for across, down in places)
    dots = "" if len(places) > DOTS else "".join(
        f'<circle cx="{across}" cy="{down}" r="3.5"><title>{escape(line.label)}: {point[1]:.4g}</title></circle>'
        for (across, down), point in zip(places, line.points, strict=True)
    )
    return f'<g class="line {escape(line.style)}"><polyline points="{path}"/>{dots}</g>'


def _labels(x: Axis, y: Axis, lines: Sequence[Line]) -> list[str]:
    """At the lines' right ends, moved apart where they would cover each other."""
    ends = sorted(((*_at(x, y, line.points[-1]), line) for line in lines), key=lambda end: end[1])
    wanted = spread([down for _, down, _ in ends], LABEL_STEP, HEIGHT - BOTTOM)
    drawn = []
    for (across, down, line), place in zip(ends, wanted, strict=True):
        begin = WIDTH - RIGHT + 14
        lead = f'<path class="lead" d="M{across + 5} {down}L{begin - 3} {place}"/>'
        drawn.append(f'<g class="line {escape(line.style)}">{lead}</g>')
        drawn.append(f'<text class="label" x="{begin}" y="{place + 4}">{escape(line.label)}</text>')
    return drawn


def spread(places: Sequence[float], step: float, most: float) -> list[float]:
    """Ascending places, moved so that neighbours are `step` apart and none is beyond `most`."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + step) if moved else place)
    limit = most
    for at in range(len(moved) - 1, -1, -1):
        moved[at] = min(moved[at], limit)
        limit = moved[at] - step
    return moved

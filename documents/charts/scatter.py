"""Points in four named quarters, each with its name beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from documents.charts.bars import GAP, Piece, assembled
from documents.charts.drawing import LINE_HEIGHT, TEXT_SIZE, WIDTH, Anchor, Drawing, Label, Style, dot, line, width_of
from documents.charts.lines import axes
from documents.charts.scales import Scale
from domain.surveys.report.charts import Axis, Quadrants, ScatterChart
from domain.surveys.report.wording import ReportLanguage

HEIGHT = 340.0
RADIUS = 4.5
MOST_STEPS = 6
"""A name may stand so many lines away from its point."""
MARGIN = 0.08
"""Room around the points as a share of their range, so that none lies on the frame."""


@dataclass(frozen=True, slots=True)
class Box:
    """Paper that is taken."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def draw_scatter(chart: ScatterChart, language: ReportLanguage) -> Drawing:
    """The drawing of a scatter chart in four quarters."""
    left, right = width_of("−100") + GAP, WIDTH - GAP
    top, bottom = 1.5 * LINE_HEIGHT, 1.5 * LINE_HEIGHT + HEIGHT
    across = _scale([*(p.x.value for p in chart.points), chart.quadrants.x.value], left, right, chart.x)
    up = _scale([*(p.y.value for p in chart.points), chart.quadrants.y.value], bottom, top, chart.y)
    quarters = list(_quarter_titles(chart.quadrants, across, up, language))
    places = [(across.place(p.x.value), up.place(p.y.value)) for p in chart.points]
    names = [point.label.said(language) for point in chart.points]
    pieces: list[Piece] = [
        Label(0, TEXT_SIZE, chart.y.title.said(language), Style.SCALE),
        *axes(across, up),
        line(across.place(chart.quadrants.x.value), top, across.place(chart.quadrants.x.value), bottom, Style.MARK),
        line(left, up.place(chart.quadrants.y.value), right, up.place(chart.quadrants.y.value), Style.MARK),
        *quarters,
        *(dot(x, y, Style.DOT, RADIUS) for x, y in places),
        *_names(names, places, Box(left, top, right, bottom), [*map(_box_of, quarters), *map(_around, places)]),
        Label((left + right) / 2, bottom + 2.6 * LINE_HEIGHT, chart.x.title.said(language), Style.SCALE, "middle"),
    ]
    return assembled(pieces, bottom + 3.1 * LINE_HEIGHT)


def _scale(values: Sequence[float], start: float, end: float, axis: Axis) -> Scale:
    room = MARGIN * (max(values) - min(values))
    low = min(values) - (room if axis.minimum is None else 0)
    high = max(values) + (room if axis.maximum is None else 0)
    return Scale.over([low, high], start, end, axis.minimum, axis.maximum)


def _quarter_titles(quadrants: Quadrants, across: Scale, up: Scale, language: ReportLanguage) -> Iterator[Label]:
    high, low = up.end + LINE_HEIGHT, up.start - GAP
    left, right = across.start + GAP, across.end - GAP
    yield Label(left, high, quadrants.top_left.said(language), Style.MARK_LABEL)
    yield Label(right, high, quadrants.top_right.said(language), Style.MARK_LABEL, "end")
    yield Label(left, low, quadrants.bottom_left.said(language), Style.MARK_LABEL)
    yield Label(right, low, quadrants.bottom_right.said(language), Style.MARK_LABEL, "end")


def _names(
    names: Sequence[str], places: Sequence[tuple[float, float]], frame: Box, taken: list[Box]
) -> Iterator[Label]:
    """Each name at the first place around its point where it covers nothing; at the last one if there is none."""
    for name, (x, y) in zip(names, places, strict=True):
        found = next((label for label in _around_point(name, x, y) if _is_free(_box_of(label), frame, taken)), None)
        label = found or Label(x + RADIUS + 3, y + 0.35 * TEXT_SIZE, name)
        taken.append(_box_of(label))
        yield label


def _around_point(name: str, x: float, y: float) -> Iterator[Label]:
    level, aside = y + 0.35 * TEXT_SIZE, RADIUS + 3
    yield Label(x + aside, level, name)
    yield Label(x - aside, level, name, anchor="end")
    for step in range(MOST_STEPS):
        for line_of_text in (y - aside - TEXT_SIZE * step, y + aside + TEXT_SIZE * (step + 0.8)):
            yield Label(x, line_of_text, name, anchor="middle")
            yield Label(x, line_of_text, name)
            yield Label(x, line_of_text, name, anchor="end")


def _is_free(box: Box, frame: Box, taken: Sequence[Box]) -> bool:
    across = box.left >= frame.left and box.right <= frame.right
    within = across and box.top >= frame.top and box.bottom <= frame.bottom
    return within and not any(box.overlaps(other) for other in taken)


def _box_of(label: Label) -> Box:
    width = width_of(label.text)
    shift: dict[Anchor, float] = {"start": 0.0, "middle": 0.5, "end": 1.0}
    left = label.x - shift[label.anchor] * width
    return Box(left, label.y - 0.8 * TEXT_SIZE, left + width, label.y + 0.25 * TEXT_SIZE)


def _around(place: tuple[float, float]) -> Box:
    x, y = place
    return Box(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS)

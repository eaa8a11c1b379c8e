"""A line over a horizontal axis, with the band of its intervals and named places."""

from collections.abc import Iterator

from documents.charts.bars import GAP, STANDING_HEIGHT, Piece, assembled
from documents.charts.drawing import (
    LINE_HEIGHT,
    TEXT_SIZE,
    WIDTH,
    Drawing,
    Label,
    Style,
    dot,
    line,
    polygon,
    polyline,
    width_of,
)
from documents.charts.scales import Scale
from domain.surveys.report.charts import LineChart, LinePoint
from domain.surveys.report.wording import ReportLanguage

MOST_DOTS = 25
"""A line of more points is drawn without dots."""


def draw_line(chart: LineChart, language: ReportLanguage) -> Drawing:
    """The drawing of a line chart."""
    left, right = width_of("−100") + GAP, WIDTH - 3 * GAP
    top = LINE_HEIGHT * (2.5 + len(chart.marks))
    bottom = top + STANDING_HEIGHT
    values = [each.value for point in chart.points for each in (point.value, point.low, point.high) if each is not None]
    across = Scale.over([point.x.value for point in chart.points], left, right, chart.over.minimum, chart.over.maximum)
    up = Scale.over(values, bottom, top, chart.measure.minimum, chart.measure.maximum)
    pieces: list[Piece] = [
        Label(0, TEXT_SIZE, chart.measure.title.said(language), Style.SCALE),
        *_axes(chart, across, up, language),
        *_band(chart.points, across, up),
        polyline(((across.place(p.x.value), up.place(p.value.value)) for p in chart.points), Style.LINE),
        *_dots(chart.points, across, up),
        *_marks(chart, across, top, bottom, language),
        Label((left + right) / 2, bottom + 2.6 * LINE_HEIGHT, chart.over.title.said(language), Style.SCALE, "middle"),
    ]
    return assembled(pieces, bottom + 3.1 * LINE_HEIGHT)


MOST_NAMES = 6
"""How many of the names of points stand under the axis."""


def _axes(chart: LineChart, across: Scale, up: Scale, language: ReportLanguage) -> Iterator[Piece]:
    """As `axes`; where points have names, some of these stand under the horizontal axis."""
    named = [point for point in chart.points if point.label is not None]
    if not named:
        yield from axes(across, up)
        return
    yield from _grid(across, up)
    every = -(-len(named) // MOST_NAMES)
    for point in named[::every]:
        place = across.place(point.x.value)
        assert point.label is not None  # noqa: S101  those that have one
        yield line(place, up.start, place, up.start + GAP / 2, Style.AXIS)
        yield Label(place, up.start + 1.3 * LINE_HEIGHT, point.label.said(language), Style.SCALE, "middle")


def axes(across: Scale, up: Scale) -> Iterator[Piece]:
    """Grid lines of the vertical scale, the horizontal axis and the numbers of both."""
    yield from _grid(across, up)
    for place, text in across.ticks():
        yield line(place, up.start, place, up.start + GAP / 2, Style.AXIS)
        yield Label(place, up.start + 1.3 * LINE_HEIGHT, text, Style.SCALE, "middle")


def _grid(across: Scale, up: Scale) -> Iterator[Piece]:
    for place, text in up.ticks():
        yield line(across.start, place, across.end, place, Style.GRID)
        yield Label(across.start - GAP, place + 0.35 * TEXT_SIZE, text, Style.SCALE, "end")
    yield line(across.start, up.start, across.end, up.start, Style.AXIS)


def _band(points: tuple[LinePoint, ...], across: Scale, up: Scale) -> Iterator[Piece]:
    bounded = [(across.place(p.x.value), p.low.value, p.high.value) for p in points if p.low and p.high]
    if len(bounded) > 1:
        lower = [(x, up.place(low)) for x, low, _ in bounded]
        upper = [(x, up.place(high)) for x, _, high in reversed(bounded)]
        yield polygon([*lower, *upper], Style.BAND)


def _dots(points: tuple[LinePoint, ...], across: Scale, up: Scale) -> Iterator[Piece]:
    if len(points) <= MOST_DOTS:
        yield from (dot(across.place(p.x.value), up.place(p.value.value), Style.DOT) for p in points)


def _marks(chart: LineChart, across: Scale, top: float, bottom: float, language: ReportLanguage) -> Iterator[Piece]:
    """From left to right and downwards, so that no line runs through the name of another."""
    for number, mark in enumerate(sorted(chart.marks, key=lambda mark: mark.x.value), start=1):
        place = across.place(mark.x.value)
        height = top - LINE_HEIGHT * (len(chart.marks) - number + 0.5)
        text = mark.label.said(language)
        if all(point.label is None for point in chart.points):
            text = f"{text} {mark.x.said(language)}"
        yield line(place, height + GAP / 2, place, bottom, Style.MARK)
        yield Label(min(place, WIDTH - width_of(text)), height, text, Style.MARK_LABEL)

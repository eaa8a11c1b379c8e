"""Bars that lie or stand, with whiskers for their intervals and a line for the value to compare them with."""

from collections.abc import Iterator, Sequence

from documents.charts.drawing import (
    LINE_HEIGHT,
    TEXT_SIZE,
    WIDTH,
    Drawing,
    Label,
    Shape,
    Style,
    line,
    rectangle,
    width_of,
    wrapped,
)
from documents.charts.scales import Scale
from domain.surveys.report.cells import Number
from domain.surveys.report.charts import Bar, BarChart
from domain.surveys.report.wording import ReportLanguage

ROW = 40.0
THICKNESS = 18.0
STANDING_HEIGHT = 220.0
WIDEST_NAMES = 0.4 * WIDTH
GAP = 8.0
SERIF = 4.0
"""Half the width of the end of a whisker."""

Piece = Shape | Label


def draw_bars(chart: BarChart, language: ReportLanguage) -> Drawing:
    """The drawing of a bar chart, lying or standing."""
    return _lying(chart, language) if chart.lying else _standing(chart, language)


def _lying(chart: BarChart, language: ReportLanguage) -> Drawing:
    names = [wrapped(bar.label.said(language), WIDEST_NAMES) for bar in chart.bars]
    left = max(width_of(text) for lines in names for text in lines) + GAP
    top = 1.5 * LINE_HEIGHT if chart.reference else GAP
    bottom = top + ROW * len(chart.bars)
    scale = Scale.over(_values(chart), left, WIDTH - _room_for_value(chart, language), *_ends(chart))
    pieces: list[Piece] = list(_ground(scale, top, bottom))
    for number, (bar, lines) in enumerate(zip(chart.bars, names, strict=True)):
        middle = top + ROW * (number + 0.5)
        pieces += _name_lines(lines, left - GAP, middle)
        pieces += _lying_bar(bar, scale, middle, language)
    pieces += _reference(chart, scale, top, bottom, language)
    title = Label((scale.start + scale.end) / 2, bottom + 2.4 * LINE_HEIGHT, chart.measure.title.said(language))
    pieces.append(Label(title.x, title.y, title.text, Style.SCALE, "middle"))
    return assembled(pieces, bottom + 2.9 * LINE_HEIGHT)


def _ground(scale: Scale, top: float, bottom: float) -> Iterator[Piece]:
    for place, text in scale.ticks():
        yield line(place, top, place, bottom, Style.GRID)
        yield Label(place, bottom + 1.2 * LINE_HEIGHT, text, Style.SCALE, "middle")


def _name_lines(lines: Sequence[str], right: float, middle: float) -> Iterator[Label]:
    first = middle + 0.35 * TEXT_SIZE - LINE_HEIGHT * (len(lines) - 1) / 2
    for number, text in enumerate(lines):
        yield Label(right, first + LINE_HEIGHT * number, text, anchor="end")


def _lying_bar(bar: Bar, scale: Scale, middle: float, language: ReportLanguage) -> Iterator[Piece]:
    if bar.value is None:
        return
    start, end = sorted((scale.place(_foot(scale)), scale.place(bar.value.value)))
    yield rectangle(start, middle - THICKNESS / 2, end - start, THICKNESS, Style.BAR)
    if bar.low is not None and bar.high is not None:
        low, high = scale.place(bar.low.value), scale.place(bar.high.value)
        yield line(low, middle, high, middle, Style.WHISKER)
        yield from (line(x, middle - SERIF, x, middle + SERIF, Style.WHISKER) for x in (low, high))
    yield Label(WIDTH, middle + 0.35 * TEXT_SIZE, bar.value.said(language), anchor="end")


def _reference(chart: BarChart, scale: Scale, top: float, bottom: float, language: ReportLanguage) -> Iterator[Piece]:
    if chart.reference is None or chart.reference.value is None:
        return
    place = scale.place(chart.reference.value.value)
    text = f"{chart.reference.label.said(language)} {chart.reference.value.said(language)}"
    yield line(place, top - GAP / 2, place, bottom, Style.MARK)
    yield Label(min(place, WIDTH - width_of(text)), top - GAP, text, Style.MARK_LABEL)


def _standing(chart: BarChart, language: ReportLanguage) -> Drawing:
    left, right = width_of("−100") + GAP, WIDTH - GAP
    top, bottom = 1.5 * LINE_HEIGHT, 1.5 * LINE_HEIGHT + STANDING_HEIGHT
    scale = Scale.over(_values(chart), bottom, top, *_ends(chart))
    pitch = (right - left) / len(chart.bars)
    pieces: list[Piece] = [Label(0, TEXT_SIZE, chart.measure.title.said(language), Style.SCALE)]
    for place, text in scale.ticks():
        pieces.append(line(left, place, right, place, Style.GRID))
        pieces.append(Label(left - GAP, place + 0.35 * TEXT_SIZE, text, Style.SCALE, "end"))
    for number, bar in enumerate(chart.bars):
        pieces += _standing_bar(bar, scale, left + pitch * (number + 0.5), pitch, language)
    return assembled(pieces, bottom + 3.5 * LINE_HEIGHT)


def _standing_bar(bar: Bar, scale: Scale, middle: float, pitch: float, language: ReportLanguage) -> Iterator[Piece]:
    below = max(scale.start, scale.end)
    for number, text in enumerate(wrapped(bar.label.said(language), pitch - GAP)):
        yield Label(middle, below + LINE_HEIGHT * (number + 1.2), text, anchor="middle")
    if bar.value is None:
        return
    upper, lower = sorted((scale.place(_foot(scale)), scale.place(bar.value.value)))
    thickness = min(0.5 * pitch, 3 * THICKNESS)
    yield rectangle(middle - thickness / 2, upper, thickness, lower - upper, Style.BAR)
    if bar.low is not None and bar.high is not None:
        low, high = scale.place(bar.low.value), scale.place(bar.high.value)
        yield line(middle, low, middle, high, Style.WHISKER)
        yield from (line(middle - SERIF, y, middle + SERIF, y, Style.WHISKER) for y in (low, high))
        upper = min(upper, high)
    yield Label(middle, upper - GAP / 2, bar.value.said(language), anchor="middle")


def assembled(pieces: Sequence[Piece], height: float) -> Drawing:
    """Shapes and labels sorted apart, in their order."""
    shapes = tuple(piece for piece in pieces if isinstance(piece, Shape))
    return Drawing(WIDTH, height, shapes, tuple(piece for piece in pieces if isinstance(piece, Label)))


def _foot(scale: Scale) -> float:
    """Where bars begin: at 0 if the scale has it."""
    return min(max(0.0, scale.low), scale.high)


def _values(chart: BarChart) -> list[float]:
    bars = chart.bars if chart.reference is None else (*chart.bars, chart.reference)
    found = [each.value for bar in bars for each in (bar.value, bar.low, bar.high) if isinstance(each, Number)]
    return [0.0, *found] if chart.measure.minimum is None else found or [chart.measure.minimum]


def _ends(chart: BarChart) -> tuple[float | None, float | None]:
    return chart.measure.minimum, chart.measure.maximum


def _room_for_value(chart: BarChart, language: ReportLanguage) -> float:
    texts = [bar.value.said(language) for bar in chart.bars if bar.value is not None]
    return max(map(width_of, texts), default=0.0) + 2 * GAP

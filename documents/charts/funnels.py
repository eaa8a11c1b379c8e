"""A funnel: bars around one middle that shrink from stage to stage."""

from documents.charts.bars import GAP, ROW, WIDEST_NAMES, Piece, assembled
from documents.charts.drawing import LINE_HEIGHT, TEXT_SIZE, WIDTH, Drawing, Label, Style, rectangle, width_of, wrapped
from domain.surveys.report.cells import said
from domain.surveys.report.charts import FunnelChart
from domain.surveys.report.wording import ReportLanguage


def draw_funnel(chart: FunnelChart, language: ReportLanguage) -> Drawing:
    """The drawing of a funnel chart."""
    names = [wrapped(stage.label.said(language), WIDEST_NAMES) for stage in chart.stages]
    figures = [f"{stage.count.said(language)} ({said(stage.share, language)})" for stage in chart.stages]
    left = max(width_of(text) for lines in names for text in lines) + 2 * GAP
    right = WIDTH - max(map(width_of, figures)) - 2 * GAP
    widest = max(*(stage.count.value for stage in chart.stages), 1.0)
    pieces: list[Piece] = []
    for number, (stage, lines, figure) in enumerate(zip(chart.stages, names, figures, strict=True)):
        middle = ROW * (number + 0.5)
        width = (right - left) * stage.count.value / widest
        pieces.append(rectangle((left + right - width) / 2, middle - 0.4 * ROW, width, 0.8 * ROW, Style.BAR))
        first = middle + 0.35 * TEXT_SIZE - LINE_HEIGHT * (len(lines) - 1) / 2
        pieces += (Label(0, first + LINE_HEIGHT * line, text) for line, text in enumerate(lines))
        pieces.append(Label(WIDTH, middle + 0.35 * TEXT_SIZE, figure, anchor="end"))
    return assembled(pieces, ROW * len(chart.stages))

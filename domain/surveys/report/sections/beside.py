"""The figures that stand beside the index: net promoter score, overall satisfaction rate, effort."""

from collections.abc import Iterator

from domain.surveys.questionnaire import Role
from domain.surveys.report.cells import Number, Percent
from domain.surveys.report.charts import Axis, Bar, BarChart
from domain.surveys.report.document import Block, KeyFigure, Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.findings.beside import BesideFinding
from domain.surveys.report.sections.pieces import level_of_confidence, paragraph, percent, points, row, text
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording, phrase
from domain.surveys.secondary import NetPromoterScore

NAMES = {Role.NET_PROMOTER: "nps", Role.SATISFACTION: "csat", Role.EFFORT: "ces"}


def beside_the_index(evaluation: Evaluation) -> Section:
    """Each figure with its interval, and what the net promoter score is made of."""
    return Section(id="beside", title=phrase("beside.title"), blocks=tuple(_blocks(evaluation)))


def key_figure(found: BesideFinding, confidence: Percent) -> KeyFigure:
    """The figure for the first page."""
    value, low, high = _cells(found)
    note = None
    if low is not None and high is not None:
        note = phrase("report.interval_note", confidence=confidence, low=low, high=high)
    return KeyFigure(label=_name(found), figure=value, note=note)


def _blocks(evaluation: Evaluation) -> Iterator[Block]:
    yield paragraph("beside.intro")
    yield Table(
        title=phrase("beside.table"),
        columns=(
            phrase("beside.figure"),
            phrase("beside.value"),
            phrase("report.low"),
            phrase("report.high"),
            phrase("report.respondents"),
        ),
        rows=tuple(_row(found) for found in evaluation.beside),
        note=phrase("report.limits_note", confidence=level_of_confidence(evaluation)),
    )
    for found in evaluation.beside:
        if found.net is not None and found.net.promoters is not None:
            yield _promoters(found.net)


def _row(found: BesideFinding) -> Row:
    return row(text(_name(found)), *_cells(found), Number.count(found.score.respondents))


def _cells(found: BesideFinding) -> tuple[Number | Percent | None, ...]:
    """Value, low and high: a satisfaction rate in percent, a net promoter score signed, effort in codes."""
    score = found.score
    ends = (score.interval.low, score.interval.high) if score.interval is not None else (None, None)
    figures = (score.value, *ends)
    match found.role:
        case Role.SATISFACTION:
            return tuple(None if each is None else percent(each / 100) for each in figures)
        case Role.NET_PROMOTER:
            return tuple(Number.of(each, signed=True) for each in figures)
        case _:
            return tuple(Number.of(each, 2) for each in figures)


def _name(found: BesideFinding) -> Wording:
    return phrase(f"beside.{NAMES[found.role]}")


def _promoters(net: NetPromoterScore) -> BarChart:
    shares = {name: points(getattr(net, name)) for name in ("promoters", "passives", "detractors")}
    return BarChart(
        title=phrase("beside.shares"),
        description=phrase("beside.shares_description", **shares),
        lying=False,
        category=phrase("beside.group"),
        measure=Axis(title=phrase("beside.share"), minimum=0, maximum=100),
        bars=tuple(Bar(label=phrase(f"beside.{name}"), value=share) for name, share in shares.items()),
    )

"""What complaints are about and what they cost, and how partners compare."""

from collections.abc import Iterator

from domain.analysis.findings import Figures, PartnerStanding, Ranking
from domain.analysis.sections.pieces import CASES, DIMENSIONS, HIGH, LOW, SHARE, are_shown, few_note, named, vital_few
from domain.analysis.suppression import FEWEST_SHOWN
from domain.surveys.report.cells import Number, Percent, Text
from domain.surveys.report.charts import Axis, Bar, BarChart
from domain.surveys.report.document import Block, KeyFigure, KeyFigures, Paragraph
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording

MOST_BARS = 15
_PAID = Wording(zh="赔付金额", en="Redress paid")


def rankings_blocks(figures: Figures, withhold: bool) -> Iterator[Block]:
    """Each dimension from its most frequent value down."""
    if not figures.rankings:
        yield Paragraph(text=Wording(zh="本期没有投诉。", en="There were no complaints in this period."))
    for ranking in figures.rankings:
        shown = are_shown(ranking.groups, withhold)
        yield _bars(ranking, shown)
        yield Paragraph(text=vital_few(ranking))


def _bars(ranking: Ranking, shown: tuple[bool, ...]) -> BarChart:
    rows = list(zip(ranking.groups, shown, strict=True))[:MOST_BARS]
    withheld = not all(visible for _, visible in rows)
    left_out = len(ranking.groups) - len(rows)
    notes = [few_note()] if withheld else []
    if left_out:
        notes.append(Wording(zh=f"另有 {left_out} 类未列出。", en=f"{left_out} more are not listed."))
    return BarChart(
        title=DIMENSIONS[ranking.dimension],
        description=Wording(
            zh="各类投诉的件数，由多到少。", en="The number of complaints of each kind, the most frequent first."
        ),
        category=DIMENSIONS[ranking.dimension],
        measure=Axis(title=CASES, minimum=0),
        bars=tuple(
            Bar(
                label=named(ranking.dimension, group.label),
                value=Number.count(group.cases) if visible else None,
            )
            for group, visible in rows
        ),
        note=Wording(zh="".join(n.zh for n in notes), en=" ".join(n.en for n in notes)) if notes else None,
    )


def costs_blocks(figures: Figures, withhold: bool) -> Iterator[Block]:
    """Each dimension by the redress that was paid."""
    if not figures.costs:
        yield Paragraph(text=Wording(zh="本期投诉没有赔付。", en="No redress was paid for these complaints."))
        return
    yield KeyFigures(figures=(KeyFigure(label=_PAID, figure=Number.of(figures.money, 2)),))
    for ranking in figures.costs:
        shown = are_shown(ranking.groups, withhold)
        rows = list(zip(ranking.groups, shown, strict=True))[:MOST_BARS]
        yield Table(
            title=DIMENSIONS[ranking.dimension],
            columns=(DIMENSIONS[ranking.dimension], _PAID, SHARE, Wording(zh="累计", en="Cumulative"), CASES),
            rows=tuple(
                Row(
                    cells=(
                        Text(text=named(ranking.dimension, group.label)),
                        Number.of(group.cost, 2) if visible else None,
                        Percent.of(group.share) if visible else None,
                        Percent.of(group.cumulated) if all(shown) else None,
                        Number.count(group.cases) if visible else None,
                    )
                )
                for group, visible in rows
            ),
            note=None if all(shown) else few_note(),
        )
        yield Paragraph(text=vital_few(ranking))


def partners_block(figures: Figures, withhold: bool) -> Block:
    """Broken promises a case, by partner, with funnel limits."""
    if not figures.partners:
        return Paragraph(
            text=Wording(
                zh="不足两家合作伙伴，或没有逾期承诺，无可比较。",
                en="Fewer than two partners, or no broken promise: nothing to compare.",
            )
        )
    return Table(
        title=Wording(zh="每件投诉的逾期承诺数（漏斗图界限）", en="Broken promises a case, with funnel limits"),
        columns=(
            DIMENSIONS["partner"],
            CASES,
            Wording(zh="每件逾期", en="Broken a case"),
            LOW,
            HIGH,
            Wording(zh="收缩估计", en="Shrunk"),
            Wording(zh="校正 p 值", en="Adjusted p"),
        ),
        rows=tuple(_standing(each, hidden=withhold and each.cases < FEWEST_SHOWN) for each in figures.partners),
        note=few_note() if withhold else None,
    )


def _standing(each: PartnerStanding, *, hidden: bool) -> Row:
    figures = (each.rate, each.low, each.high, each.shrunken, each.adjusted_p_value)
    cells = [None if hidden else Number.of(figure, 3) for figure in figures]
    return Row(cells=(Text.verbatim(each.label), None if hidden else Number.count(each.cases), *cells))

"""Results by indicator: the index on both scale maps, the leaves as bars, and the whole tree as a table."""

from collections.abc import Iterator, Mapping

from domain.surveys.indicators import Indicator, ScaleMap
from domain.surveys.report.cells import Cell, Number, Percent, Text
from domain.surveys.report.charts import Bar, BarChart
from domain.surveys.report.document import Block, KeyFigure, KeyFigures, Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.findings.tree import TreeFindings
from domain.surveys.report.sections.pieces import (
    bar,
    level_of_confidence,
    paragraph,
    percent,
    points,
    priority_name,
    row,
    score_axis,
    score_cells,
    text,
    warnings,
)
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording, phrase
from domain.surveys.tree_index import IndicatorScore, on_scale_map


def tree_results(evaluation: Evaluation, found: TreeFindings) -> Section:
    """What the indicator tree says."""
    return Section(id="tree", title=phrase("tree.title"), blocks=tuple(_blocks(evaluation, found)))


def _blocks(evaluation: Evaluation, found: TreeFindings) -> Iterator[Block]:
    yield KeyFigures(
        figures=tuple(
            KeyFigure(label=phrase("tree.scale_name", scale_map=scale_map), figure=Number.of(value))
            for scale_map, value in _by_scale_map(found).items()
        )
    )
    if len(found.index.by_scale_map) > 1:
        yield paragraph("tree.scales")
    if any(each.is_leaf and each.score.value is not None for each in found.index.indicators):
        yield _leaves(evaluation, found)
    yield _table(evaluation, found)


def _by_scale_map(found: TreeFindings) -> dict[ScaleMap, float | None]:
    """The index on every scale map, that of the tree first; withheld it is none."""
    return {found.index.scale_map: found.index.index.value, **found.index.by_scale_map}


def _leaves(evaluation: Evaluation, found: TreeFindings) -> BarChart:
    leaves = [each for each in found.index.indicators if each.is_leaf]
    names = {leaf.id: priority_name(evaluation.subject, leaf.id) for leaf in leaves}
    shown = sorted((leaf for leaf in leaves if leaf.score.value is not None), key=lambda leaf: leaf.score.value or 0.0)
    lowest, highest = shown[0], shown[-1]
    return BarChart(
        title=phrase("tree.chart"),
        description=phrase(
            "tree.chart_description",
            count=str(len(leaves)),
            lowest=names[lowest.id],
            low=points(lowest.score.value or 0.0),
            highest=names[highest.id],
            high=points(highest.score.value or 0.0),
        ),
        category=phrase("tree.indicator"),
        measure=score_axis(),
        bars=tuple(bar(names[leaf.id], leaf.score) for leaf in leaves),
        reference=Bar(label=phrase("one_page.index"), value=Number.of(found.index.index.value)),
        note=phrase("report.limits_note", confidence=level_of_confidence(evaluation)),
    )


def _table(evaluation: Evaluation, found: TreeFindings) -> Table:
    own, *others = _by_scale_map(found)
    titles = {path: Wording.of(node.title) for path, _, node in found.tree.nodes()}
    nodes = {path: node for path, _, node in found.tree.nodes()}
    note = phrase("tree.satisfied_note", codes=str(evaluation.subject.satisfied))
    caution = warnings({titles[each.path]: each.score for each in found.index.indicators})
    return Table(
        title=phrase("tree.table"),
        columns=(
            phrase("tree.indicator"),
            phrase("tree.weight"),
            phrase("tree.score_on", scale_map=own),
            phrase("report.low"),
            phrase("report.high"),
            *(phrase("tree.score_on", scale_map=scale_map) for scale_map in others),
            phrase("tree.satisfied"),
            phrase("report.respondents"),
        ),
        rows=tuple(_row(each, nodes, found, others) for each in found.index.indicators),
        note=Wording(zh=note.zh + caution.zh, en=f"{note.en} {caution.en}".strip()),
    )


def _row(each: IndicatorScore, nodes: Mapping[str, Indicator], found: TreeFindings, others: list[ScaleMap]) -> Row:
    value = each.score.value
    on_others: list[Number | None] = [
        None if value is None else points(on_scale_map(value, found.index.scale_map, wanted)) for wanted in others
    ]
    cells: tuple[Cell | None, ...] = (
        text(Wording.of(nodes[each.path].title)),
        percent(each.global_weight),
        *score_cells(each.score),
        *on_others,
        _satisfied(each, found),
        Number.count(each.score.respondents),
    )
    return row(*cells, level=each.path.count("/"))


def _satisfied(each: IndicatorScore, found: TreeFindings) -> Percent | Text | None:
    rate = found.satisfied.get(each.id)
    return None if rate is None or rate.value is None else percent(rate.value / 100)

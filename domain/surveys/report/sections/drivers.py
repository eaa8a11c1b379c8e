"""What drives satisfaction: importance against performance, and the weights that the answers themselves suggest."""

from collections.abc import Iterator

from domain.surveys.comparison.importance_performance import Quadrant
from domain.surveys.indicator_weights.importance import DerivedImportance
from domain.surveys.report.cells import Number
from domain.surveys.report.charts import Axis, Quadrants, ScatterChart, ScatterPoint
from domain.surveys.report.document import Block, Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.findings.matrix import Matrix
from domain.surveys.report.findings.tree import TreeFindings
from domain.surveys.report.sections.pieces import construct_name, paragraph, percent, points, priority_name, row, text
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import Wording, listed, phrase


def drivers(evaluation: Evaluation, matrix: Matrix) -> Section:
    """The matrix of the published index, and derived importance where there is one."""
    return Section(id="drivers", title=phrase("drivers.title"), blocks=tuple(_blocks(evaluation, matrix)))


def _blocks(evaluation: Evaluation, matrix: Matrix) -> Iterator[Block]:
    yield paragraph("drivers.intro")
    names = {each.name: _name(evaluation, each.name) for each in matrix.placed}
    yield _chart(evaluation, matrix, names)
    yield _stability(matrix, names)
    if evaluation.tree is not None and evaluation.tree.derived is not None:
        yield _derived(evaluation, evaluation.tree, evaluation.tree.derived)


def _name(evaluation: Evaluation, identifier: str) -> Wording:
    if evaluation.is_by_tree:
        return priority_name(evaluation.subject, identifier)
    return construct_name(evaluation.subject, identifier)


def _chart(evaluation: Evaluation, matrix: Matrix, names: dict[str, Wording]) -> ScatterChart:
    first = tuple(names[each.name] for each in matrix.placed if each.quadrant is Quadrant.CONCENTRATE_HERE)
    importance = "drivers.importance_weight" if evaluation.is_by_tree else "drivers.importance_effect"
    return ScatterChart(
        title=phrase("drivers.chart"),
        description=phrase("drivers.description", first=listed(first) if first else phrase("drivers.nothing")),
        category=phrase("tree.indicator"),
        x=Axis(title=phrase("drivers.performance")),
        y=Axis(title=phrase(importance), minimum=0 if evaluation.is_by_tree else None),
        points=tuple(
            ScatterPoint(label=names[each.name], x=points(each.performance), y=_importance(evaluation, each.importance))
            for each in matrix.placed
        ),
        quadrants=Quadrants(
            x=points(matrix.crosshair.performance),
            y=_importance(evaluation, matrix.crosshair.importance),
            top_left=_quadrant(Quadrant.CONCENTRATE_HERE),
            top_right=_quadrant(Quadrant.KEEP_UP),
            bottom_left=_quadrant(Quadrant.LOW_PRIORITY),
            bottom_right=_quadrant(Quadrant.POSSIBLE_OVERKILL),
        ),
    )


def _importance(evaluation: Evaluation, importance: float) -> Number:
    """A weight of the tree in percent, an effect of the model in points."""
    return points(100 * importance) if evaluation.is_by_tree else points(importance, 3)


def _quadrant(quadrant: Quadrant) -> Wording:
    return phrase(f"drivers.{quadrant}")


def _stability(matrix: Matrix, names: dict[str, Wording]) -> Table:
    return Table(
        title=phrase("drivers.stability"),
        columns=(phrase("tree.indicator"), phrase("drivers.quadrant"), phrase("drivers.probability")),
        rows=tuple(
            row(text(names[each.name]), text(_quadrant(each.quadrant)), percent(each.probability, 0))
            for each in matrix.placed
        ),
    )


def _derived(evaluation: Evaluation, found: TreeFindings, derived: DerivedImportance) -> Table:
    leaves = {leaf.question: leaf.id for leaf in found.tree.leaves()}
    weights = found.tree.leaf_weights()
    figures = zip(derived.names, derived.weights, derived.coefficients, derived.variance_inflation, strict=True)
    return Table(
        title=phrase("drivers.derived"),
        columns=(
            phrase("tree.indicator"),
            phrase("drivers.derived_weight"),
            phrase("drivers.derived_share"),
            phrase("drivers.coefficient"),
            phrase("structure.inflation"),
        ),
        rows=tuple(
            row(
                text(priority_name(evaluation.subject, leaves[name])),
                percent(weights[leaves[name]]),
                percent(share),
                points(coefficient, 3),
                points(inflation, 2),
            )
            for name, share, coefficient, inflation in figures
        ),
        note=phrase("drivers.derived_note", explained=percent(derived.r_squared), rows=Number.count(derived.rows)),
    )

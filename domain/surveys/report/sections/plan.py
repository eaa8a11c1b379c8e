"""The improvement plan: what to improve by how much, what the index is expected to gain, and who answers for it."""

from domain.surveys.report.cells import Number, Text
from domain.surveys.report.document import Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.findings.priorities import Priority, to_fix
from domain.surveys.report.sections.pieces import paragraph, points, priority_name, row, text
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import phrase

MOST_PLANNED = 5


def improvement_plan(evaluation: Evaluation) -> Section:
    """The costliest first; the owner is written in by hand."""
    planned = to_fix(evaluation.priorities, MOST_PLANNED)
    if not planned:
        return Section(id="plan", title=phrase("plan.title"), blocks=(paragraph("plan.nothing"),))
    table = Table(
        title=phrase("plan.table"),
        columns=(
            phrase("one_page.what"),
            phrase("plan.now"),
            phrase("plan.planned"),
            phrase("one_page.effect"),
            phrase("plan.gain"),
            phrase("plan.owner"),
        ),
        rows=tuple(_row(evaluation, each) for each in planned),
    )
    return Section(id="plan", title=phrase("plan.title"), blocks=(paragraph("plan.intro"), table))


def _row(evaluation: Evaluation, each: Priority) -> Row:
    return row(
        text(priority_name(evaluation.subject, each.id)),
        points(each.score),
        Number(value=each.planned, decimals=1, signed=True),
        points(each.effect, 3),
        Number(value=each.expected_gain, decimals=2, signed=True),
        Text.verbatim(""),
    )

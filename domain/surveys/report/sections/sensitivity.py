"""How much the index depends on choices: the weights of the tree, the inner scheme of the model."""

from collections.abc import Iterator

from domain.surveys.indicator_weights.combination import IndexSensitivity
from domain.surveys.report.document import Block, Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.findings.structure import StructureFindings
from domain.surveys.report.sections.pieces import paragraph, percent, points, priority_name, row, text
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import phrase


def sensitivity(evaluation: Evaluation) -> Section:
    """For the tree and for the model, where there is one."""
    return Section(id="sensitivity", title=phrase("sensitivity.title"), blocks=tuple(_blocks(evaluation)))


def _blocks(evaluation: Evaluation) -> Iterator[Block]:
    if evaluation.tree is not None:
        yield from _weights(evaluation, evaluation.tree.sensitivity)
    if evaluation.structure is not None:
        yield _schemes(evaluation.structure)


def _weights(evaluation: Evaluation, found: IndexSensitivity | None) -> Iterator[Block]:
    if found is None:
        yield paragraph("sensitivity.no_range")
        return
    yield paragraph(
        "sensitivity.range",
        share=percent(found.perturbation, 0),
        low=points(found.lowest, 2),
        high=points(found.highest, 2),
    )
    yield Table(
        title=phrase("sensitivity.alone"),
        columns=(phrase("tree.indicator"), phrase("report.low"), phrase("report.high")),
        rows=tuple(
            row(text(priority_name(evaluation.subject, name)), points(low, 2), points(high, 2))
            for name, low, high in zip(found.names, found.low, found.high, strict=True)
        ),
    )


def _schemes(found: StructureFindings) -> Table:
    return Table(
        title=phrase("sensitivity.schemes"),
        columns=(phrase("sensitivity.scheme"), phrase("sensitivity.index")),
        rows=tuple(
            row(text(phrase(f"sensitivity.{scheme}")), points(index, 2)) for scheme, index in found.schemes.items()
        ),
    )

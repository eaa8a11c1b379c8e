"""The report of an evaluated survey: which sections it has and in which order."""

from collections.abc import Iterator

from domain.surveys.definition import IndexMethod
from domain.surveys.report.cells import Number
from domain.surveys.report.document import Provenance, Report, Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.sections.beside import beside_the_index
from domain.surveys.report.sections.care import data_quality
from domain.surveys.report.sections.drivers import drivers
from domain.surveys.report.sections.loyalty import loyalty
from domain.surveys.report.sections.method import method
from domain.surveys.report.sections.one_page import one_page
from domain.surveys.report.sections.plan import improvement_plan
from domain.surveys.report.sections.reproducibility import reproducibility
from domain.surveys.report.sections.segments import segments
from domain.surveys.report.sections.sensitivity import sensitivity
from domain.surveys.report.sections.structure import structural_model
from domain.surveys.report.sections.tree import tree_results
from domain.surveys.report.wording import phrase


def write_report(
    evaluation: Evaluation, *, inputs: dict[str, str], definitions: dict[str, str], program: str
) -> Report:
    """The report in both languages.

    `inputs` and `definitions` are SHA-256 digests by name; `program` says what computed the numbers.
    """
    provenance = Provenance(
        inputs=inputs,
        definitions=definitions,
        method=IndexMethod.WEIGHTED_TREE if evaluation.is_by_tree else IndexMethod.PATH_MODEL,
        confidence=evaluation.subject.options.confidence,
        seed=evaluation.seed,
        replicates=evaluation.replicates,
        program=program,
    )
    return Report(
        id=evaluation.subject.id,
        title=phrase("report.title", subject=evaluation.subject.title),
        subtitle=phrase("report.subtitle", count=Number.count(evaluation.responses.count)),
        provenance=provenance,
        sections=tuple(_sections(evaluation, provenance)),
    )


def _sections(evaluation: Evaluation, provenance: Provenance) -> Iterator[Section]:
    """Sections without content are left out."""
    yield one_page(evaluation)
    yield method(evaluation)
    if evaluation.tree is not None:
        yield tree_results(evaluation, evaluation.tree)
    if evaluation.structure is not None:
        yield structural_model(evaluation, evaluation.structure)
    if evaluation.segments:
        yield segments(evaluation)
    if evaluation.published.matrix is not None:
        yield drivers(evaluation, evaluation.published.matrix)
    if evaluation.beside:
        yield beside_the_index(evaluation)
    if evaluation.loyalty is not None:
        yield loyalty(evaluation.loyalty)
    yield data_quality(evaluation)
    yield sensitivity(evaluation)
    yield improvement_plan(evaluation)
    yield reproducibility(provenance)

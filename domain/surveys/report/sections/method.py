"""Purpose and method: what was measured, how the numbers came about, how sure they are, who was reached."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from domain.surveys.dispositions import Disposition
from domain.surveys.outcome_rates import outcome_rates
from domain.surveys.report.cells import NOT_SHOWN, Number, Percent
from domain.surveys.report.charts import FunnelChart, Stage
from domain.surveys.report.document import Block, Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.sections.pieces import construct_name, level_of_confidence, paragraph, row, text
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import Wording, phrase

STAGES: Mapping[str, frozenset[Disposition]] = {
    "drawn": frozenset(Disposition),
    "contacted": frozenset({Disposition.COMPLETE, Disposition.PARTIAL, Disposition.REFUSED, Disposition.OTHER}),
    "answered": frozenset({Disposition.COMPLETE, Disposition.PARTIAL}),
    "completed": frozenset({Disposition.COMPLETE}),
}

RATES: Mapping[str, str] = {"rr": "response", "coop": "cooperation", "ref": "refusal", "con": "contact"}
NUMBERS = range(1, 7)


def method(evaluation: Evaluation) -> Section:
    """The second section."""
    return Section(id="method", title=phrase("method.title"), blocks=tuple(_blocks(evaluation)))


def _blocks(evaluation: Evaluation) -> Iterator[Block]:
    yield paragraph("method.purpose")
    yield from _methods(evaluation)
    yield from _sample(evaluation)
    yield from _errors(evaluation)
    if evaluation.circumstances.dispositions:
        yield _funnel(evaluation.circumstances.dispositions)
        yield _rates(evaluation.circumstances.dispositions)


def _methods(evaluation: Evaluation) -> Iterator[Block]:
    subject = evaluation.subject
    if subject.tree is not None:
        yield paragraph("method.tree", scale_map=subject.tree.scale_map)
    if subject.model is not None:
        items, constructs = (str(len(each)) for each in (subject.model.items, subject.model.constructs))
        yield paragraph("method.structure", items=items, constructs=constructs)
    if evaluation.is_by_tree:
        yield paragraph("method.published", source=phrase("method.source_tree"))
    elif subject.index_construct is not None:
        construct = construct_name(subject, subject.index_construct)
        yield paragraph("method.published", source=phrase("method.source_structure", construct=construct))


def _sample(evaluation: Evaluation) -> Iterator[Block]:
    responses = evaluation.responses
    count, strata, units = (
        Number.count(number) for number in (responses.count, responses.strata, responses.sampling_units)
    )
    if responses.strata == 1 and responses.sampling_units == responses.design.rows:
        yield paragraph("method.sample_simple", count=count)
    else:
        yield paragraph("method.sample", count=count, strata=strata, units=units)
    if responses.is_weighted:
        yield paragraph("method.weighted", effective=Number(value=responses.effective_count, decimals=0))
    else:
        yield paragraph("method.unweighted")


def _errors(evaluation: Evaluation) -> Iterator[Block]:
    confidence = level_of_confidence(evaluation)
    if evaluation.tree is not None:
        yield paragraph("method.taylor", confidence=confidence)
    if evaluation.structure is not None and evaluation.structure.bootstrap is not None:
        replicates = Number.count(evaluation.replicates)
        yield paragraph("method.bootstrap", replicates=replicates, confidence=confidence)
    elif evaluation.structure is not None:
        yield paragraph("method.no_bootstrap")


def _funnel(dispositions: Mapping[Disposition, int]) -> FunnelChart:
    counts = {name: sum(dispositions.get(each, 0) for each in within) for name, within in STAGES.items()}
    return FunnelChart(
        title=phrase("method.funnel"),
        description=phrase(
            "method.funnel_description", **{name: Number.count(count) for name, count in counts.items()}
        ),
        stages=tuple(Stage.of(phrase(f"method.{name}"), count, counts["drawn"]) for name, count in counts.items()),
    )


def _rates(dispositions: Mapping[Disposition, int]) -> Table:
    rates = asdict(outcome_rates(dict(dispositions)))
    e = Percent.of(rates["estimated_eligibility"])
    return Table(
        title=phrase("method.rates"),
        columns=(phrase("method.rate"), *(Wording.verbatim(str(number)) for number in NUMBERS)),
        rows=tuple(
            row(text(phrase(f"method.{name}")), *(Percent.of(rates.get(f"{kind}{number}")) for number in NUMBERS))
            for kind, name in RATES.items()
        ),
        note=phrase("method.rates_note", e=e or NOT_SHOWN),
    )

"""The responses behind a report as one flat table: answers, attributes, weight, stratum, unit and flags, all labelled.

Owns which columns there are and what they are called; `documents.answers.raw_data` writes them to files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from domain.surveys.questionnaire import Rating
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.wording import Wording, phrase

Column = NDArray[Any]


@dataclass(frozen=True, slots=True)
class DataColumn:
    """n cells under a name: numbers (missing is not a number) or labels; `labels` say what single codes mean."""

    name: str
    label: Wording
    cells: Column
    labels: Mapping[int, Wording] = field(default_factory=dict)


def raw_data(evaluation: Evaluation, ids: Column | None = None) -> tuple[DataColumn, ...]:
    """Every response that was computed on, a row each, in their order; `ids` (n,) name them where they are known.

    A column of flags is there for each flag that could be judged: 1 where it is raised. Nothing is left out: a flag
    asks for a look and deletes nothing.
    """
    return tuple(_columns(evaluation, ids))


def _columns(evaluation: Evaluation, ids: Column | None) -> Iterator[DataColumn]:
    if ids is not None:
        yield DataColumn("response", phrase("raw.response"), ids)
    responses = evaluation.responses
    for name, codes in responses.codes.items():
        question = evaluation.subject.questions.get(name)
        labels = question.labels if isinstance(question, Rating) else {}
        named = {code: Wording.of(label) for code, label in sorted(labels.items())}
        yield DataColumn(name, evaluation.subject.name_of(name), codes, named)
    for name, labelled in responses.labels.items():
        yield DataColumn(name, Wording.verbatim(name), labelled)
    yield from _design_columns(evaluation)
    yield from _flag_columns(evaluation)


def _design_columns(evaluation: Evaluation) -> Iterator[DataColumn]:
    """The weight, and of the first stage of sampling what it has: strata if several, units if rows share them."""
    design = evaluation.responses.design
    yield DataColumn("amends_weight", phrase("raw.weight"), design.weights)
    stage = design.stages[0]
    if len(stage.units_in_stratum) > 1:
        yield DataColumn(
            "amends_stratum", phrase("raw.stratum"), stage.stratum_names[stage.stratum_of_unit[stage.unit]]
        )
    if len(stage.stratum_of_unit) < design.rows:
        yield DataColumn("amends_unit", phrase("raw.unit"), stage.unit)


def _flag_columns(evaluation: Evaluation) -> Iterator[DataColumn]:
    quality = evaluation.care.quality
    if quality is None:
        return
    meanings = {0: phrase("raw.no"), 1: phrase("raw.yes")}
    for kind, raised in quality.flags.items():
        yield DataColumn(f"flag_{kind}", phrase(f"care.{kind}"), raised.astype(float), meanings)
    yield DataColumn("flag_careless", phrase("raw.careless"), quality.careless.astype(float), meanings)

"""From the contacts and answers of a wave to its index: weights by the survey's plan, design, evaluation.

Owns how rows of the field become what `report.evaluation` computes on, and the digest of all that went in.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.branching import Answer
from domain.surveys.definition import SurveyDefinition
from domain.surveys.dispositions import RESPONDED, Disposition
from domain.surveys.outcome_rates import outcome_rates
from domain.surveys.report.evaluation import Circumstances, Evaluation, evaluate
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.subject import Subject
from domain.surveys.tree_index import Score
from domain.surveys.variance.design import LonelyUnits, StageColumns, SurveyDesign
from domain.surveys.variance.intervals import Interval
from domain.surveys.waves.wave import Result
from domain.surveys.weighting.steps import SampledUnits, weigh

SEED = 1
"""Of the bootstrap, always the same: the same answers give the same report."""


@dataclass(frozen=True, slots=True)
class SampledStratum:
    """A stratum of the frame: its units, and those that were taken, released ones among them."""

    units: int
    taken: int


@dataclass(frozen=True, slots=True)
class SampledContact:
    """A unit of the sample and what became of it; answers by question, none where there are none.

    `version` is that of the instrument that it was invited to.
    """

    number: int
    stratum: str
    disposition: Disposition
    attributes: Mapping[str, str]
    answers: Mapping[str, Answer] | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class WaveSample:
    """The whole sample of a wave; contacts in the order of their numbers."""

    strata: Mapping[str, SampledStratum]
    contacts: Sequence[SampledContact]

    def counts(self) -> dict[Disposition, int]:
        """How many contacts have each disposition; they sum to the sample."""
        counted = Counter(contact.disposition for contact in self.contacts)
        return {disposition: counted[disposition] for disposition in Disposition}


@dataclass(frozen=True, slots=True)
class WeighedWave:
    """The responses of a wave with their final weights, and the numbers of their contacts."""

    responses: Responses
    numbers: tuple[int, ...]


def weigh_wave(definition: SurveyDefinition, sample: WaveSample) -> WeighedWave:
    """Weight the answers by the plan of the survey; the design is stratified, with the populations of its strata.

    Refuses with SurveyProblem what `weigh` refuses: nobody who responded, margins that do not fit.
    """
    contacts = sample.contacts
    inclusion = [sample.strata[each.stratum].taken / sample.strata[each.stratum].units for each in contacts]
    weighted = weigh(
        SampledUnits(
            inclusion=np.array(inclusion),
            dispositions=np.array([contact.disposition for contact in contacts]),
            attributes=_attributes(definition, contacts),
        ),
        definition.weighting,
    )
    rows = [contacts[row] for row in weighted.rows]
    population = [max(sample.strata[row.stratum].units, 1) for row in rows]
    stage = StageColumns(strata=np.array([row.stratum for row in rows]), population=np.array(population))
    design = SurveyDesign.of(weighted.weights, (stage,), LonelyUnits.ADJUST, weighted.calibration)
    subject = subject_of(definition)
    questions = [*subject.ratings(), *subject.standing_beside()]
    responses = Responses(
        codes={name: _codes(name, rows) for name in questions},
        labels={
            name: np.array([row.attributes[name] for row in rows])
            for name in definition.report.segments
            if all(row.attributes.get(name) for row in rows)
        },
        design=design,
    )
    return WeighedWave(responses, tuple(row.number for row in rows))


def evaluate_wave(
    definition: SurveyDefinition,
    sample: WaveSample,
    weighed: WeighedWave,
    replicates: int,
    previous: Result | None = None,
) -> Evaluation:
    """All findings of a wave; rates come from the dispositions of the whole sample, the change from the wave before."""
    circumstances = Circumstances(
        previous=None if previous is None else _score_of(previous), dispositions=sample.counts()
    )
    return evaluate(
        subject_of(definition), weighed.responses, replicates=replicates, seed=SEED, circumstances=circumstances
    )


def result_of(evaluation: Evaluation, sample: WaveSample, inputs_sha256: str) -> Result:
    """The numbers that the ledger keeps."""
    index = evaluation.index
    interval = index.interval
    return Result(
        inputs_sha256=inputs_sha256,
        respondents=evaluation.responses.count,
        index=index.value,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        response_rate=outcome_rates(sample.counts()).rr1,
        standard_error=index.standard_error,
    )


def _score_of(result: Result) -> Score:
    """The index that a wave came to, as a score to compare with."""
    interval = None if result.low is None or result.high is None else Interval(result.low, result.high)
    return Score(result.respondents, result.index, result.standard_error, interval)


def subject_of(definition: SurveyDefinition) -> Subject:
    """What of the survey is computed and reported."""
    return Subject.of(
        definition if definition.indicators is not None else None, definition if definition.model is not None else None
    )


def inputs_digest(definition_sha256: str, sample: WaveSample) -> str:
    """SHA-256 of the definition and of every contact with its answers: the same inputs give the same report."""
    digest = hashlib.sha256(definition_sha256.encode())
    for name, stratum in sorted(sample.strata.items()):
        digest.update(_line(name, stratum.units, stratum.taken))
    for contact in sample.contacts:
        digest.update(_line(contact.number, contact.stratum, contact.disposition, contact.attributes, contact.answers))
    return digest.hexdigest()


def _line(*parts: Any) -> bytes:
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=dict).encode() + b"\n"


def _codes(question: str, rows: Sequence[SampledContact]) -> FloatArray:
    """Codes of a rating, missing being not a number: skipped, not asked, don't know, not applicable."""
    answers = ((row.answers or {}).get(question) for row in rows)
    return np.array([float(each) if isinstance(each, int | float) else np.nan for each in answers])


def _attributes(definition: SurveyDefinition, contacts: Sequence[SampledContact]) -> dict[str, Any]:
    needed = dict.fromkeys([*definition.weighting.classes, *definition.weighting.margins])
    return {name: np.array([contact.attributes.get(name, "") for contact in contacts]) for name in needed}


def has_answered(contact: SampledContact) -> bool:
    """Whether the contact counts among the respondents."""
    return contact.disposition in RESPONDED

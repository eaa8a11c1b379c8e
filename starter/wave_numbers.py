"""The numbers of a wave while it runs and afterwards: index so far, rates, counts, and the data behind them."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from domain.surveys.definition import IndexMethod, SurveyDefinition
from domain.surveys.dispositions import Disposition
from domain.surveys.errors import SurveyProblem
from domain.surveys.outcome_rates import outcome_rates
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.raw_data import raw_data
from domain.surveys.report.wording import ReportLanguage
from domain.surveys.waves.results import WaveSample, WeighedWave, evaluate_wave, has_answered, weigh_wave
from domain.surveys.waves.revision import in_one_instrument
from domain.surveys.waves.wave import Wave
from starter.problems import Problem
from storage.fieldwork import counts_by, quota_counts
from storage.pool import Pool
from storage.surveys import Surveys
from storage.wave_results import WaveResults


class IndicatorNumber(BaseModel):
    """The score of an indicator, none where it is withheld."""

    id: str
    path: str
    title: dict[str, str]
    is_leaf: bool
    weight: float
    score: float | None
    low: float | None
    high: float | None
    respondents: int


class QuotaNumber(BaseModel):
    """A quota cell: how many interviews it takes, how many are complete, and how many are under way and held."""

    attribute: str
    category: str
    most: int
    complete: int
    held: int


class Numbers(BaseModel):
    """What a wave has come to so far; counts of contacts sum to the sample at every moment."""

    model_config = ConfigDict(frozen=True)

    reference: str
    status: str
    is_final: bool
    sample: int
    respondents: int
    index: float | None = Field(description="none until five have answered")
    low: float | None
    high: float | None
    confidence: float
    rates: dict[str, float | None] = Field(description="by their AAPOR names")
    dispositions: dict[str, int]
    by_stratum: dict[str, dict[str, int]]
    by_channel: dict[str, dict[str, int]]
    quotas: tuple[QuotaNumber, ...]
    indicators: tuple[IndicatorNumber, ...]


class WaveNumbers:
    """Computes the numbers of waves from the answers that there are."""

    def __init__(self, pool: Pool, surveys: Surveys, results: WaveResults) -> None:
        self._pool = pool
        self._surveys = surveys
        self._results = results

    async def so_far(self, wave: Wave) -> Numbers:
        """The numbers now; a path model has its interval in the report only."""
        definition = await self._surveys.definition(wave.survey, wave.version)
        sample = await self._sample(wave)
        evaluation = await self._evaluated(definition, sample)
        counts = sample.counts()
        kept = wave.result
        index = None if evaluation is None else evaluation.index
        interval = None if index is None else index.interval
        return Numbers(
            reference=wave.reference,
            status=wave.status,
            is_final=kept is not None,
            sample=len(sample.contacts),
            respondents=sum(has_answered(contact) for contact in sample.contacts),
            index=kept.index if kept else None if index is None else index.value,
            low=kept.low if kept else None if interval is None else interval.low,
            high=kept.high if kept else None if interval is None else interval.high,
            confidence=definition.report.confidence,
            rates=asdict(outcome_rates(counts)),
            dispositions=_by_name(counts),
            by_stratum={part: _by_name(each) for part, each in (await self._counts(wave, "stratum")).items()},
            by_channel={part: _by_name(each) for part, each in (await self._counts(wave, "channel")).items()},
            quotas=await self._quotas(wave, definition),
            indicators=tuple(_indicators(definition, evaluation)),
        )

    async def evaluated(self, wave: Wave) -> tuple[Evaluation, WeighedWave]:
        """The evaluation with its responses. Raises `Problem` 409 where nobody has answered."""
        definition = await self._surveys.definition(wave.survey, wave.version)
        sample = await self._sample(wave)
        if not any(map(has_answered, sample.contacts)):
            raise Problem(409, "no_answers", "nobody has answered yet")

        def compute() -> tuple[Evaluation, WeighedWave]:
            weighed = weigh_wave(definition, sample)
            return evaluate_wave(definition, sample, weighed, replicates=0), weighed

        return await asyncio.to_thread(compute)

    async def _sample(self, wave: Wave) -> WaveSample:
        """The whole sample, its answers under the names of the wave's version."""
        sample = await self._results.sample(wave.reference)
        first = min((each.version for each in sample.contacts), default=wave.version)
        versions = range(min(first, wave.version), wave.version + 1)
        definitions = {each: await self._surveys.definition(wave.survey, each) for each in versions}
        return in_one_instrument(sample, definitions, wave.version)

    async def _evaluated(self, definition: SurveyDefinition, sample: WaveSample) -> Evaluation | None:
        if definition.index.method is IndexMethod.NONE or not any(map(has_answered, sample.contacts)):
            return None
        try:
            return await asyncio.to_thread(
                lambda: evaluate_wave(definition, sample, weigh_wave(definition, sample), replicates=0)
            )
        except SurveyProblem:
            return None  # too few answers so far for what the survey computes

    async def _quotas(self, wave: Wave, definition: SurveyDefinition) -> tuple[QuotaNumber, ...]:
        quotas = definition.fieldwork.quotas
        if not quotas:
            return ()
        counts = await quota_counts(self._pool, wave.reference, datetime.now(UTC))
        cells = [(each, counts.get((each.attribute, each.category), (0, 0))) for each in quotas]
        return tuple(
            QuotaNumber(attribute=each.attribute, category=each.category, most=each.most, complete=complete, held=held)
            for each, (complete, held) in cells
        )

    async def _counts(self, wave: Wave, column: str) -> Mapping[str, Mapping[Disposition, int]]:
        return await counts_by(self._pool, wave.reference, column)


async def raw_data_file(
    numbers: WaveNumbers, wave: Wave, kind: Literal["csv", "sav"], language: ReportLanguage
) -> bytes:
    """The responses as a file for other programs, under the numbers of their contacts."""
    from documents.answers.raw_data import DataFormat, write_raw_data

    evaluation, weighed = await numbers.evaluated(wave)
    columns = raw_data(evaluation, np.array([f"{wave.reference}/{number}" for number in weighed.numbers]))
    return await asyncio.to_thread(write_raw_data, columns, DataFormat(kind), language)


def _indicators(definition: SurveyDefinition, evaluation: Evaluation | None) -> list[IndicatorNumber]:
    if evaluation is None or evaluation.tree is None or definition.indicators is None:
        return []
    titles = {node.id: node.title for _, _, node in definition.indicators.nodes()}
    return [
        IndicatorNumber(
            id=each.id,
            path=each.path,
            title=titles[each.id],
            is_leaf=each.is_leaf,
            weight=each.global_weight,
            score=each.score.value,
            low=None if each.score.interval is None else each.score.interval.low,
            high=None if each.score.interval is None else each.score.interval.high,
            respondents=each.score.respondents,
        )
        for each in evaluation.tree.index.indicators
    ]


def _by_name(counts: Mapping[Disposition, int]) -> dict[str, int]:
    return {str(disposition): count for disposition, count in counts.items()}

"""What a closed wave comes to: its answers are weighted and frozen, its index computed, its report written."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.survey_ports import Definitions, WaveResults
from contracts.names import COMPUTE_WAVE, REPORT_WAVE
from contracts.waves import WaveOrder, WavePage
from domain.surveys.definition import SurveyDefinition
from domain.surveys.errors import SurveyProblem
from domain.surveys.report.writing import write_report
from domain.surveys.waves.results import WaveSample, evaluate_wave, inputs_digest, result_of, weigh_wave
from domain.surveys.waves.revision import in_one_instrument
from domain.surveys.waves.wave import Result, Wave

REPLICATES = 1_000


class WaveComputer:
    """Computes in a thread of its own, so that the worker goes on."""

    def __init__(self, definitions: Definitions, results: WaveResults, now: Callable[[], datetime]) -> None:
        self._definitions = definitions
        self._results = results
        self._now = now

    @activity.defn(name=COMPUTE_WAVE)
    async def compute_wave(self, order: WaveOrder) -> WavePage:
        """Weight the answers, keep the weights with the digest of all that went in, and give the index."""
        definition = await self._definitions.definition(order.survey, order.version)
        sample = await self._sample(order)
        try:
            result, weights = await asyncio.to_thread(_computed, definition, sample)
        except SurveyProblem:
            raise _refused("the answers cannot be computed on", "not_computable") from None
        await self._results.freeze(order.reference, weights, result.inputs_sha256, self._now())
        return WavePage(count=result.respondents, result=result)

    @activity.defn(name=REPORT_WAVE)
    async def report_wave(self, order: WaveOrder) -> WavePage:
        """Write the report of the frozen answers; the same answers give the same report."""
        definition = await self._definitions.definition(order.survey, order.version)
        sample = await self._sample(order)
        try:
            before = await self._comparable(order, definition)
            report = await asyncio.to_thread(_reported, definition, sample, order.reference, before)
        except SurveyProblem:
            raise _refused("the report cannot be written", "not_computable") from None
        digest = hashlib.sha256(json.dumps(report, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
        await self._results.keep_report(order.reference, report, digest)
        return WavePage(report_sha256=digest)

    async def _comparable(self, order: WaveOrder, definition: SurveyDefinition) -> Wave | None:
        """The wave before, where its index is on the same scale."""
        before = await self._results.before(order.reference)
        if before is None:
            return None
        former = await self._definitions.definition(before.survey, before.version)
        return before if _scale_of(former) == _scale_of(definition) else None

    async def _sample(self, order: WaveOrder) -> WaveSample:
        """The whole sample, its answers under the names of the wave's version."""
        sample = await self._results.sample(order.reference)
        first = min((each.version for each in sample.contacts), default=order.version)
        versions = range(min(first, order.version), order.version + 1)
        definitions = {each: await self._definitions.definition(order.survey, each) for each in versions}
        return in_one_instrument(sample, definitions, order.version)


def _computed(definition: SurveyDefinition, sample: WaveSample) -> tuple[Result, dict[int, float]]:
    weighed = weigh_wave(definition, sample)
    evaluation = evaluate_wave(definition, sample, weighed, REPLICATES)
    result = result_of(evaluation, sample, inputs_digest(_definition_digest(definition), sample))
    return result, dict(zip(weighed.numbers, weighed.responses.design.weights.tolist(), strict=True))


def _reported(definition: SurveyDefinition, sample: WaveSample, reference: str, before: Wave | None) -> dict[str, Any]:
    previous = None if before is None else before.result
    evaluation = evaluate_wave(definition, sample, weigh_wave(definition, sample), REPLICATES, previous)
    digest = _definition_digest(definition)
    inputs = {} if before is None or previous is None else {before.reference: previous.inputs_sha256}
    report = write_report(
        evaluation,
        inputs={reference: inputs_digest(digest, sample)} | inputs,
        definitions={f"{definition.id}@{definition.version}": digest},
        program=f"amends {version('amends')}",
    )
    return report.model_dump(mode="json")


def _scale_of(definition: SurveyDefinition) -> tuple[object, object]:
    """What two indices must have in common to be subtracted."""
    return definition.index.method, None if definition.indicators is None else definition.indicators.scale_map


def _definition_digest(definition: SurveyDefinition) -> str:
    text = json.dumps(definition.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _refused(message: str, code: str) -> ApplicationError:
    return ApplicationError(message, activity.info().attempt, type=code, non_retryable=True)

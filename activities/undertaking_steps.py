"""The steps of undertakings: computing an analysis, proposing improvements, checking effects, linking cases, studies.

Each may be repeated after a crash: what it keeps and opens has a key, and what it computes is the same again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TypeVar

import numpy as np
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ports import CaseCommands, CaseUnavailable, Refusal
from activities.undertaking_letters import UndertakingLetters
from activities.undertaking_ports import AnalysisDesk, CustomerValues, Observations, OpenCases, Texts, WaveIndices
from contracts.names import CARRY_OUT_UNDERTAKING_STEP
from contracts.undertakings import UndertakingOrder, UndertakingOutcome
from domain.analysis.effect import Verdict, check_effect, check_index, overall
from domain.analysis.figures import compute_figures
from domain.analysis.observation import Narratives
from domain.analysis.report import report_of
from domain.complaints.commands import LinkIncident, Submission
from domain.surveys.comparison.defection import Defection, loss_by_class, plan_interviews
from domain.surveys.comparison.key_customers import classify_by_value
from domain.undertakings import analysis_run, defection_study, improvement, improvement_facts, incident
from domain.undertakings.defection_report import figures_of_study, report_of_study
from domain.undertakings.envelope import SYSTEM, Command
from domain.undertakings.kinds import AnyUndertaking

PAGE = 100
TEXTS_AT_ONCE = 500

_Kind = TypeVar("_Kind")


class UndertakingSteps:
    """Carries out what undertakings order."""

    def __init__(
        self,
        *,
        observations: Observations,
        desk: AnalysisDesk,
        open_cases: OpenCases,
        commands: CaseCommands,
        values: CustomerValues,
        indices: WaveIndices,
        letters: UndertakingLetters,
        texts: Texts,
        zone: str,
    ) -> None:
        self._texts = texts
        self._indices = indices
        self._letters = letters
        self._observations = observations
        self._desk = desk
        self._open_cases = open_cases
        self._commands = commands
        self._values = values
        self._zone = zone

    @activity.defn(name=CARRY_OUT_UNDERTAKING_STEP)
    async def carry_out_undertaking_step(self, order: UndertakingOrder) -> UndertakingOutcome:
        """Carry out a step of whatever kind; a failure names its cause and may be tried again."""
        steps: Mapping[str, Callable[[UndertakingOrder], Awaitable[Command]]] = {
            analysis_run.COMPUTE: self._compute,
            analysis_run.PROPOSE: self._propose,
            improvement.CHECK_EFFECT: self._check_effect,
            **dict.fromkeys(improvement.LETTERS, self._write),
            incident.LINK_CASES: self._link_cases,
            defection_study.SELECT: self._select,
            defection_study.REPORT: self._report_study,
        }
        result = await steps[order.step.kind](order)
        return UndertakingOutcome.model_validate({"result": result})

    async def _compute(self, order: UndertakingOrder) -> analysis_run.Computed:
        """Observe, compute and lay out, in a thread of its own: a large period takes a while."""
        run = _as(analysis_run.AnalysisRun, order.undertaking)
        observed = await self._observations.observe(run.period)
        activity.heartbeat("observed")
        narratives = await self._narratives(run.period)
        figures = await asyncio.to_thread(
            lambda: compute_figures(observed, tuple(map(str, run.group_by)), narratives=narratives)
        )
        activity.heartbeat("computed")
        report = await asyncio.to_thread(report_of, figures)
        kept = await self._desk.keep(
            run, figures.model_dump(mode="json"), report.model_dump(mode="json"), figures.inputs_sha256
        )
        return analysis_run.Computed(step=order.step.key, inputs_sha256=figures.inputs_sha256, report_sha256=kept)

    async def _narratives(self, period: analysis_run.Period) -> Narratives:
        """A sample of what customers wrote, opened in the worker and never kept."""
        total, items = await self._observations.narratives(period)
        opened: list[str] = []
        for start in range(0, len(items), TEXTS_AT_ONCE):
            page = items[start : start + TEXTS_AT_ONCE]
            found = await self._texts.open_texts(page)
            opened += [found[item] for item in page if item in found]
            activity.heartbeat(start)
        return Narratives(total, tuple(opened))

    async def _propose(self, order: UndertakingOrder) -> analysis_run.ImprovementsProposed:
        run = _as(analysis_run.AnalysisRun, order.undertaking)
        references = [
            await self._desk.propose(measure, number, source=run.reference, by=run.signed_off_by or SYSTEM)
            for number, measure in enumerate(run.measures, start=1)
        ]
        return analysis_run.ImprovementsProposed(step=order.step.key, references=tuple(references))

    async def _check_effect(self, order: UndertakingOrder) -> improvement_facts.EffectChecked:
        """Complaints of the target in as many days before and after the measure, and the index if a survey is named."""
        made = _as(improvement.Improvement, order.undertaking)
        if made.began_at is None or made.done_at is None:
            raise _final("the measure is not carried out", "not_done")
        days = max(1, min(made.window_days, (order.now - made.done_at).days))
        span = timedelta(days=days)
        before = await self._counts(made, made.began_at - span, made.began_at)
        after = await self._counts(made, made.done_at, made.done_at + span)
        found = check_effect(sum(before), days, sum(after), days, dispersion=_dispersion(before, days))
        survey = await self._index(made.survey, made.began_at, made.done_at) if made.survey else None
        on_index = None if made.survey is None else Verdict.TOO_EARLY if survey is None else survey.verdict
        return improvement_facts.EffectChecked(
            step=order.step.key,
            days=days,
            before=sum(before),
            after=sum(after),
            ratio=found.ratio,
            low=found.low,
            high=found.high,
            survey=survey,
            verdict=overall(found.verdict, on_index),
        )

    async def _index(self, survey: str, began: datetime, done: datetime) -> improvement_facts.SurveyEffect | None:
        """What the next wave says against the last one before; none until there are both."""
        before, after = await self._indices.around(survey, began, done)
        if before is None or after is None:
            return None
        told = [(each.index, each.low, each.high) for each in (before, after)]
        return improvement_facts.SurveyEffect(
            before_wave=before.wave,
            before=before.index,
            after_wave=after.wave,
            after=after.index,
            verdict=check_index(told[0], told[1]),
        )

    async def _write(self, order: UndertakingOrder) -> improvement_facts.LetterSent:
        return await self._letters.send(_as(improvement.Improvement, order.undertaking), order)

    async def _counts(self, made: improvement.Improvement, begin: datetime, end: datetime) -> list[int]:
        target = made.target.model_dump(exclude_none=True)
        found: Sequence[tuple[date, int]] = await self._observations.complaints_between(target, begin, end, self._zone)
        return [count for _, count in found]

    async def _link_cases(self, order: UndertakingOrder) -> incident.CasesLinked:
        """Link page by page; a case that refuses is left alone, one that does not answer makes the step come again."""
        found = _as(incident.Incident, order.undertaking)
        target = found.target.model_dump(exclude_none=True)
        linked, after = 0, ""
        while True:
            page = await self._open_cases.open_cases(target, found.since, after, PAGE)
            for reference, sequence in page:
                linked += await self._link(reference, found.reference, order.step.key, sequence)
                activity.heartbeat(reference)
            if len(page) < PAGE:
                return incident.CasesLinked(step=order.step.key, count=linked)
            after = page[-1][0]

    async def _link(self, reference: str, found: str, step: str, as_of: int) -> bool:
        submission = Submission(
            id=f"link-{found}-{step}", actor="system", command=LinkIncident(incident=found), as_of=as_of
        )
        try:
            await self._commands.give(reference, submission)
        except Refusal:
            return False
        except CaseUnavailable:
            raise _failure("a case does not answer", "case_unavailable") from None
        return True

    async def _select(self, order: UndertakingOrder) -> defection_study.Selected:
        """Draw whom managers talk to: the likelier, the more they were worth. The same study draws the same."""
        study = _as(defection_study.DefectionStudy, order.undertaking)
        found = await self._values.defectors()
        if found.study is None:
            raise _final("no customer has the attributes value_before and value_now", "no_values")
        counts = found.study.counts
        if counts[Defection.FULL] + counts[Defection.PARTIAL] == 0:
            raise _final("nobody left", "nobody_left")
        chance = np.random.default_rng([defection_study.STUDY_SEED, int(study.reference.rpartition("-")[2])])
        plan = plan_interviews(found.study, found.value_before, chance, study.size)
        classes = classify_by_value(found.value_before)
        return defection_study.Selected(
            step=order.step.key,
            customers=found.study.customers,
            left_fully=counts[Defection.FULL],
            left_partly=counts[Defection.PARTIAL],
            satisfied_but_left=found.study.satisfied_but_left,
            unusable=found.unusable,
            by_class=tuple(defection_study.ClassLoss(**asdict(loss)) for loss in loss_by_class(found.study, classes)),
            drawn=tuple(
                defection_study.DrawnCustomer(
                    customer=found.customers[row],
                    value_class=classes[row],
                    left=found.study.kinds[row],
                    was_satisfied=found.was_satisfied[row],
                )
                for row in plan.rows
            ),
        )

    async def _report_study(self, order: UndertakingOrder) -> defection_study.StudyReported:
        study = _as(defection_study.DefectionStudy, order.undertaking)
        figures = figures_of_study(study)
        report = report_of_study(study, figures)
        kept = await self._desk.keep(
            study, figures.model_dump(mode="json"), report.model_dump(mode="json"), figures.inputs_sha256
        )
        return defection_study.StudyReported(step=order.step.key, report_sha256=kept)


def _dispersion(counts: Sequence[int], days: int) -> float:
    """Variance over mean of the daily counts, at least 1; days without complaints are no rows."""
    daily = np.array([*counts, *[0] * (days - len(counts))], dtype=np.float64)
    return max(1.0, float(daily.var(ddof=1) / daily.mean())) if days > 1 and daily.sum() > 0 else 1.0


def _as(kind: type[_Kind], undertaking: AnyUndertaking) -> _Kind:
    if not isinstance(undertaking, kind):
        raise _final("a step of another kind", "wrong_kind")
    return undertaking


def _failure(message: str, code: str) -> ApplicationError:
    return ApplicationError(message, activity.info().attempt, type=code)


def _final(message: str, code: str) -> ApplicationError:
    return ApplicationError(message, activity.info().attempt, type=code, non_retryable=True)

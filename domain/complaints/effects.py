"""What a fact sets off: the clocks that it starts or settles and the steps that must be carried out.

Run once, when the fact is recorded; the result stands in the fact.
"""

from datetime import datetime

from domain.calendar import Calendar
from domain.complaints import facts as f
from domain.complaints.case import Case
from domain.complaints.clocks import Clock, cancelled, clocks_started, met
from domain.complaints.policy import Anchor, Policy
from domain.complaints.steps import Step, step_key
from domain.complaints.terms import ClockKind, StepKind, StepState, Way

_ANSWER_SETTLES = (ClockKind.ACKNOWLEDGE, ClockKind.FINAL_RESPONSE)
"""An answer that reached the customer tells them too that the complaint arrived."""


def clocks_of(
    case: Case | None, fact: f.AnyFact, at: datetime, policy: Policy, calendar: Calendar
) -> tuple[Clock, ...]:
    """The clocks that the fact starts, meets or cancels."""
    match fact:
        case f.Received(intake=intake):
            return clocks_started(Anchor.RECEIVED, intake.received_at, 1, policy, calendar)
        case f.Reopened(attempt=attempt) | f.Appealed(attempt=attempt):
            return clocks_started(Anchor.REOPENED, at, attempt, policy, calendar)
    if case is None:
        return ()
    match fact:
        case f.Acknowledged():
            return met(case.clocks, (ClockKind.ACKNOWLEDGE,), at)
        case f.Responded() | f.Explained():
            return met(case.clocks, _ANSWER_SETTLES, at)
        case f.Withdrawn() | f.Closed():
            return cancelled(case.clocks)
    return fact.clocks


def steps_of(case: Case | None, fact: f.AnyFact, policy: Policy) -> tuple[Step, ...]:
    """The steps that the fact plans, and those that it ends."""
    match fact:
        case f.Received(intake=intake) if _owes_a_notice(intake.channel, intake.reachable_by, policy):
            return (Step(key=step_key(StepKind.ACKNOWLEDGEMENT, 1), kind=StepKind.ACKNOWLEDGEMENT, way=Way.EMAIL),)
    if case is None:
        return ()
    match fact:
        case f.AcknowledgementOrdered():
            return (_planned(case, StepKind.ACKNOWLEDGEMENT),)
        case f.ExplanationApproved(letter=letter):
            return (_planned(case, StepKind.EXPLANATION_LETTER, letter),)
        case f.ResponseApproved(way=Way.EMAIL, letter=letter):
            return (_planned(case, StepKind.RESPONSE_LETTER, letter),)
        case f.Corrected(new_text=str() as text, field=field):
            return (_planned(case, StepKind.IDENTITY_CORRECTION, text, detail=field),)
        case f.Withdrawn():
            messages = (step for step in case.parked if step.is_message)
            return tuple(step.model_copy(update={"state": StepState.DROPPED}) for step in messages)
    return fact.steps


def _owes_a_notice(channel: str, reachable_by: tuple[Way, ...], policy: Policy) -> bool:
    return channel not in set(policy.told_at_intake) and Way.EMAIL in reachable_by


def _planned(case: Case, kind: StepKind, text: str | None = None, detail: str | None = None) -> Step:
    way = None if kind is StepKind.IDENTITY_CORRECTION else Way.EMAIL
    return Step(key=case.next_step_key(kind), kind=kind, way=way, text=text, detail=detail)

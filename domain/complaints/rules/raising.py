"""Bringing a case higher: escalation, stage two, external bodies."""

from collections.abc import Iterator

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.rules.given import given
from domain.complaints.situation import Situation
from domain.ruling import Refused

Facts = Iterator[f.AnyFact]


def level_is_higher(situation: Situation) -> None:
    command = situation.command
    if isinstance(command, c.Escalate) and command.level <= situation.case.escalation_level:
        raise Refused("not_higher", f"the case is at level {situation.case.escalation_level} already")


def escalation_is_open(situation: Situation) -> None:
    if not situation.case.escalation_is_open:
        raise Refused("nothing_escalated", "no escalation waits to be acknowledged")


def stage_one_is_over(situation: Situation) -> None:
    case, policy = situation.case, situation.circumstances.policy
    if case.stage != 1:
        raise Refused("already_stage_two", "the case has been in stage two")
    if policy is not None and not policy.stage_two:
        raise Refused("no_stage_two", f"the policy {policy.pin} knows no second stage")


def escalate(situation: Situation) -> Facts:
    command = given(situation, c.Escalate)
    yield f.Escalated(level=command.level, cause="person", reason=command.reason)


def acknowledge_escalation(situation: Situation) -> Facts:
    yield f.EscalationAcknowledged(level=situation.case.escalation_level)


def to_stage_two(situation: Situation) -> Facts:
    reason = given(situation, c.ToStageTwo).reason
    yield f.ToStageTwo(reason=reason, attempt=situation.case.attempt + 1)


def refer_external(situation: Situation) -> Facts:
    command = given(situation, c.ReferExternal)
    yield f.ReferredExternal(body=command.body, their_reference=command.their_reference)


def record_external_outcome(situation: Situation) -> Facts:
    command = given(situation, c.RecordExternalOutcome)
    yield f.ExternalOutcome(decision=command.decision, remedies=command.remedies)
    yield f.Closed()

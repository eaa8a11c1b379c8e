"""Waiting and telling the customer so: holds, extensions, updates."""

from collections.abc import Iterator
from datetime import datetime

from domain.access import Role
from domain.calendar import due
from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.clocks import Clock, taken_over
from domain.complaints.holds import Hold
from domain.complaints.policy import Duty, ExtensionRule
from domain.complaints.rules.given import given
from domain.complaints.situation import Situation
from domain.complaints.terms import ORDERED
from domain.ruling import Refused

Facts = Iterator[f.AnyFact]


def hold_is_allowed(situation: Situation) -> None:
    """One hold a kind, only kinds that the policy names, no longer than it allows."""
    command, known = situation.command, situation.circumstances
    if not isinstance(command, c.Hold):
        return
    if situation.case.hold(command.kind) is not None:
        raise Refused("already_held", f"the case is held for {command.kind} already")
    if command.until <= situation.now:
        raise Refused("hold_in_the_past", "a hold ends in the future")
    if known.policy is None or known.calendar is None:
        return
    rule = known.policy.hold_rule(command.kind)
    if rule is None:
        raise Refused("hold_not_allowed", f"the policy {known.policy.pin} knows no hold for {command.kind}")
    latest = due(situation.now, rule.longest, known.calendar).at
    if command.until > latest:
        raise Refused("hold_too_long", f"a hold for {command.kind} ends by {latest.isoformat()} at the latest")


def is_held(situation: Situation) -> None:
    command = situation.command
    kinds = [hold.kind for hold in situation.case.holds]
    if not kinds or (isinstance(command, c.Resume) and command.kind not in kinds):
        raise Refused("not_held", "the case is not held for that")


def hold(situation: Situation) -> Facts:
    command = given(situation, c.Hold)
    terms = command.model_dump(exclude={"command"})
    yield f.Held(hold=Hold(**terms, since=situation.now, remind_at=_reminder(situation, command)))


def _reminder(situation: Situation, command: c.Hold) -> datetime | None:
    """When the policy has whom we wait for reminded, if the hold lasts that long."""
    policy, calendar = situation.circumstances.policy, situation.circumstances.calendar
    rule = policy.hold_rule(command.kind) if policy else None
    if rule is None or rule.remind_after is None or calendar is None:
        return None
    at = due(situation.now, rule.remind_after, calendar).at
    return at if at < command.until else None


def resume(situation: Situation) -> Facts:
    yield f.Resumed(kind=given(situation, c.Resume).kind)


def extension_is_allowed(situation: Situation) -> None:
    """Before the due time, beyond it, within the policy's limit, and one at a time."""
    command, case, known = situation.command, situation.case, situation.circumstances
    if not isinstance(command, c.Extend):
        return
    clock = case.running(command.clock)
    if clock is None or clock.due_at <= situation.now:
        raise Refused("clock_not_running", f"no clock {command.clock} runs that could be extended")
    if command.until <= clock.due_at:
        raise Refused("not_an_extension", f"the clock is due at {clock.due_at.isoformat()} already")
    if case.extension is not None:
        raise Refused("extension_under_way", "an extension is under way already")
    calendar = known.calendar_of(clock)
    if known.policy is None or calendar is None:
        return
    rule = _extension_rule(situation, clock)
    if rule is None:
        raise Refused("extension_not_allowed", f"the policy {known.policy.pin} does not extend {command.clock}")
    latest = due(taken_over(clock.first_due_at, rule.longest), rule.longest, calendar).at
    if command.until > latest:
        raise Refused("extension_too_long", f"the clock can be extended to {latest.isoformat()} at the latest")


def extension_is_asked_for(situation: Situation) -> None:
    command, extension = situation.command, situation.case.extension
    if extension is None or extension.is_approved:
        raise Refused("no_extension_asked", "no extension waits for approval")
    if isinstance(command, c.ApproveExtension) and command.clock is not extension.clock:
        raise Refused("no_extension_asked", f"the extension that waits is for {extension.clock}")


def approver_is_another(situation: Situation) -> None:
    extension, policy = situation.case.extension, situation.circumstances.policy
    enforced = policy is not None and policy.separation_of_duties is Duty.ENFORCE
    if enforced and extension is not None and extension.asked_by == situation.actor:
        raise Refused("own_request", "another person than the one who asked approves")


def extend(situation: Situation) -> Facts:
    command = given(situation, c.Extend)
    clock = situation.case.running(command.clock)
    if clock is None:
        raise Refused("clock_not_running", f"no clock {command.clock} runs that could be extended")
    terms = command.model_dump(exclude={"command"}) | {"attempt": clock.attempt}
    if _needs_approval(situation, clock):
        yield f.ExtensionRequested(**terms)
        return
    yield f.ExtensionApproved(**terms)
    if command.way not in ORDERED:
        yield f.Extended(clock=command.clock, attempt=clock.attempt, until=command.until)


def approve_extension(situation: Situation) -> Facts:
    extension = situation.case.extension
    if extension is None:
        raise Refused("no_extension_asked", "no extension waits for approval")
    yield f.ExtensionApproved(**extension.model_dump(exclude={"asked_by", "is_approved"}))
    if extension.way not in ORDERED:
        yield f.Extended(clock=extension.clock, attempt=extension.attempt, until=extension.until)


def update_customer(situation: Situation) -> Facts:
    command = given(situation, c.UpdateCustomer)
    if command.way in ORDERED:
        yield f.UpdateOrdered(**command.model_dump(exclude={"command"}))
    else:
        yield f.CustomerUpdated(way=command.way, letter=command.letter)


def _extension_rule(situation: Situation, clock: Clock) -> ExtensionRule | None:
    policy, category = situation.circumstances.policy, situation.case.intake.category
    return policy.extension_rule(clock.kind, clock.anchor, category) if policy else None


def _needs_approval(situation: Situation, clock: Clock) -> bool:
    rule = _extension_rule(situation, clock)
    person = (situation.circumstances.staff or {}).get(situation.actor)
    return rule is not None and rule.needs_approval and (person is None or Role.SUPERVISOR not in person.roles)

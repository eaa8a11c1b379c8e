"""The decider: whether a command is lawful, and which facts it makes.

Which commands there are and when they are lawful stands in `law`; what has come due by itself in `overdue`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.access import Person, may
from domain.calendar import Calendar, due
from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.case import Case
from domain.complaints.effects import Law, clocks_of, owes_a_notice, steps_of
from domain.complaints.evolve import evolve
from domain.complaints.intake import HIGHEST_SEVERITY, Intake
from domain.complaints.law import RULES
from domain.complaints.overdue import next_overdue
from domain.complaints.policy import Policy
from domain.complaints.situation import CUSTOMER, SYSTEM, Circumstances, Situation
from domain.complaints.terms import Way
from domain.ruling import Refused


def decide_intake(intake: Intake, submission_id: str, circumstances: Circumstances) -> tuple[f.Entry, ...]:
    """The first entries of a case: it was received, and perhaps acknowledged in the conversation itself.

    A complaint that is logged after a due time begins with that breach.
    """
    policy, calendar = _rules_known(circumstances)
    recorder = Recorder(intake.reference, 1, None, policy, calendar, {})
    if intake.is_emergency:
        intake = intake.model_copy(update={"severity": HIGHEST_SEVERITY})

    def record(fact: f.AnyFact) -> f.Entry:
        return recorder.record(fact, circumstances.now, intake.taken_by, submission_id)

    entries = [record(f.Received(intake=intake, policy=policy.pin))]
    if intake.is_emergency:
        entries.append(record(f.Escalated(level=policy.emergency_level, cause="emergency")))
    entries += recorder.record_overdue(circumstances.now, submission_id)
    if _was_told(intake, policy):
        entries.append(record(f.Acknowledged(way=Way(intake.channel))))
    return tuple(entries)


def decide_import(fact: f.Imported, submission_id: str, circumstances: Circumstances) -> tuple[f.Entry, ...]:
    """The first entries of a case from another system. No notice is sent; an open one has its clocks from receipt."""
    recorder = Recorder(fact.intake.reference, 1, None, *_rules_known(circumstances), {})
    entries = [recorder.record(fact, circumstances.now, fact.intake.taken_by, submission_id)]
    if fact.is_closed:
        return tuple(entries)
    if fact.intake.is_emergency:
        level = recorder.policy.emergency_level
        danger = f.Escalated(level=level, cause="emergency")
        entries.append(recorder.record(danger, circumstances.now, fact.intake.taken_by, submission_id))
    return (*entries, *recorder.record_overdue(circumstances.now, submission_id))


def _was_told(intake: Intake, policy: Policy) -> bool:
    """In the conversation; or by the receipt that our form shows, where no notice can follow it."""
    by_receipt = intake.taken_by == CUSTOMER and intake.channel == Way.WEB and not owes_a_notice(intake, policy)
    return by_receipt or intake.channel in policy.told_at_intake


def decide(case: Case, submission: c.Submission, circumstances: Circumstances) -> tuple[f.Entry, ...]:
    """The facts that a command makes, in order, clocks and steps included.

    Promises that ran out before this moment are broken first, so that what comes late never counts as kept. Raises
    `Refused` with the guard's name; then nothing has happened.
    """
    now, circumstances = circumstances.now, circumstances.under(case.policy)
    recorder = Recorder(case.reference, case.epoch, case, *_rules_known(circumstances), circumstances.pinned)
    overdue = recorder.record_overdue(now, submission.id)
    situation = Situation(recorder.case or case, submission.actor, submission.command, circumstances)
    _check(situation, type(submission.command))
    if isinstance(submission.command, c.ChangePolicy):
        recorder.policy, recorder.calendar = _rules_changed_to(circumstances)
    happened = RULES[type(submission.command)].act(situation)
    made = [recorder.record(fact, now, submission.actor, submission.id) for fact in happened]
    return (*overdue, *made, *recorder.record_overdue(now, submission.id))


def check(case: Case, submission: c.Submission, circumstances: Circumstances) -> None:
    """Raise `Refused` when the command is not lawful now; what the circumstances do not know is not checked."""
    _check(Situation(case, submission.actor, submission.command, circumstances), type(submission.command))


def allowed_commands(case: Case, person: Person, circumstances: Circumstances) -> tuple[str, ...]:
    """The commands that this person could give now, as far as it can be said without their bodies."""
    situation = Situation(case, person.id, None, circumstances)
    return tuple(name for name, kind in c.PERSONS_COMMANDS.items() if may(person, name) and _is_lawful(situation, kind))


def _is_lawful(situation: Situation, kind: type[c.Command]) -> bool:
    try:
        _check(situation, kind)
    except Refused:
        return False
    return True


def _check(situation: Situation, kind: type[c.Command]) -> None:
    rule = RULES[kind]
    if situation.case.status not in rule.lawful_from:
        name = kind.model_fields["command"].default
        lawful = ", ".join(sorted(rule.lawful_from))
        raise Refused("not_lawful_now", f"{name} is lawful in {lawful}; the case is {situation.case.status}")
    for guard in rule.guards:
        guard(situation)


def _rules_known(circumstances: Circumstances) -> tuple[Policy, Calendar]:
    if circumstances.policy is None or circumstances.calendar is None:
        raise ValueError("facts are made only where the policy and its calendar are known")
    return circumstances.policy, circumstances.calendar


def _rules_changed_to(circumstances: Circumstances) -> tuple[Policy, Calendar]:
    if circumstances.other is None:
        raise ValueError("a policy is changed only where the other one and its calendar are known")
    return circumstances.other


@dataclass(slots=True)
class Recorder:
    """Puts facts in their places, each with the effects that it has on the case as it then is."""

    reference: str
    epoch: int
    case: Case | None
    policy: Policy
    calendar: Calendar
    pinned: Mapping[str, Calendar]

    def record(self, fact: f.AnyFact, at: datetime, actor: str, submission_id: str) -> f.Entry:
        entry = f.Entry(
            reference=self.reference,
            epoch=self.epoch,
            sequence=1 if self.case is None else self.case.sequence + 1,
            at=at,
            actor=actor,
            command_id=submission_id,
            fact=self._complete(fact, at),
        )
        self.case = evolve(self.case, entry)
        return entry

    def record_overdue(self, now: datetime, submission_id: str) -> list[f.Entry]:
        """Record what has come due, the earliest first, until nothing is."""
        entries: list[f.Entry] = []
        while self.case is not None and (facts := next_overdue(self.case, now)):
            entries += [self.record(fact, now, SYSTEM, submission_id) for fact in facts]
        return entries

    def _complete(self, fact: f.AnyFact, at: datetime) -> f.AnyFact:
        clocks = clocks_of(self.case, fact, Law(at, self.policy, self.calendar, self.pinned))
        further = self._windows(at) if isinstance(fact, f.Closed | f.Aborted) else {}
        if isinstance(fact, f.PolicyChanged):
            further = {"due_after": {clock.key: clock.due_at for clock in clocks if clock.is_open}}
        return fact.model_copy(update={"clocks": clocks, "steps": steps_of(self.case, fact, self.policy), **further})

    def _windows(self, at: datetime) -> dict[str, Any]:
        """Until when the ended case can be taken up again, computed once like every due time."""
        upheld = self.case is not None and self.case.was_upheld
        name, span = (
            ("reopen_until", self.policy.reopen_window) if upheld else ("appeal_until", self.policy.appeal_window)
        )
        return {name: due(at, span, self.calendar).at}

"""The decider: whether a command is lawful, and which facts it makes.

`RULES` is the whole law of the case in one table: from which statuses a command is lawful, which guards it must pass,
what it makes happen. The list of allowed commands, the recording activity, the importer, the simulator and the
property tests all read this table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from domain.access import Person, may
from domain.calendar import Calendar, due
from domain.complaints import acts, guards
from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.case import Case
from domain.complaints.effects import clocks_of, steps_of
from domain.complaints.evolve import evolve
from domain.complaints.intake import Intake
from domain.complaints.policy import Policy
from domain.complaints.situation import SYSTEM, Circumstances, Refused, Situation
from domain.complaints.terms import ENDED, Status, Way

ANY = frozenset(Status)
OPEN = ANY - ENDED
UNASSESSED = frozenset({Status.RECEIVED, Status.ASSESSING})


@dataclass(frozen=True, slots=True)
class Rule:
    """When a command is lawful and what it makes happen."""

    lawful_from: frozenset[Status]
    act: Callable[[Situation], Iterator[f.AnyFact]]
    guards: tuple[Callable[[Situation], None], ...] = ()


RULES: dict[type[c.Command], Rule] = {
    c.Acknowledge: Rule(
        UNASSESSED,
        acts.acknowledge,
        (guards.not_acknowledged_yet, guards.no_notice_under_way, guards.customer_is_reachable),
    ),
    c.Assess: Rule(UNASSESSED, acts.assess, (guards.assessed_by_another, guards.not_a_duplicate_of_itself)),
    c.Explain: Rule(
        frozenset({Status.EXPLAINING}), acts.explain, (guards.no_letter_under_way, guards.customer_is_reachable)
    ),
    c.Appeal: Rule(
        frozenset({Status.CLOSED, Status.DUPLICATE, Status.TRANSFERRED}),
        acts.appeal,
        (guards.was_explained, guards.not_appealed_before, guards.inside_the_appeal_window),
    ),
    c.Assign: Rule(
        frozenset({Status.ACCEPTED, Status.ASSIGNED, Status.INVESTIGATING}),
        acts.assign,
        (guards.handler_is_eligible,),
    ),
    c.Claim: Rule(frozenset({Status.ACCEPTED}), acts.claim),
    c.StartInvestigation: Rule(frozenset({Status.ASSIGNED}), acts.start_investigation, (guards.actor_is_the_handler,)),
    c.Respond: Rule(
        frozenset({Status.INVESTIGATING}),
        acts.respond,
        (guards.actor_is_the_handler, guards.no_letter_under_way, guards.customer_is_reachable),
    ),
    c.Close: Rule(frozenset({Status.RESPONDED}), acts.close),
    c.Note: Rule(ANY, acts.note),
    c.Correct: Rule(ANY, acts.correct, (guards.something_changes,)),
    c.Withdraw: Rule(OPEN, acts.withdraw),
    c.Reopen: Rule(
        frozenset({Status.RESPONDED, Status.CLOSED}),
        acts.reopen,
        (guards.was_answered, guards.inside_the_reopen_window),
    ),
    c.RetryStep: Rule(ANY, acts.retry_step, (guards.step_is_parked,)),
    c.SkipStep: Rule(ANY, acts.skip_step, (guards.step_is_parked,)),
    c.Tick: Rule(ANY, acts.tick),
    c.StepDone: Rule(ANY, acts.step_done),
    c.StepFailed: Rule(ANY, acts.step_failed),
}


def decide_intake(intake: Intake, submission_id: str, circumstances: Circumstances) -> tuple[f.Entry, ...]:
    """The first entries of a case: it was received, and perhaps acknowledged in the conversation itself.

    A complaint that is logged after a due time begins with that breach.
    """
    policy, calendar = _rules_known(circumstances)
    recorder = _Recorder(intake.reference, 1, None, policy, calendar)

    def record(fact: f.AnyFact) -> f.Entry:
        return recorder.record(fact, circumstances.now, intake.taken_by, submission_id)

    received = record(f.Received(intake=intake, policy=policy.pin))
    told = [f.Acknowledged(way=Way(intake.channel))] if intake.channel in policy.told_at_intake else []
    overdue = acts.breaches(evolve(None, received), circumstances.now)
    return (received, *map(record, chain(overdue, told)))


def decide(case: Case, submission: c.Submission, circumstances: Circumstances) -> tuple[f.Entry, ...]:
    """The facts that a command makes, in order, clocks and steps included.

    Promises that ran out before this moment are broken first, so that what comes late never counts as kept. Raises
    `Refused` with the guard's name; then nothing has happened.
    """
    check(case, submission, circumstances)
    policy, calendar = _rules_known(circumstances)
    situation = Situation(case, submission.actor, submission.command, circumstances)
    recorder = _Recorder(case.reference, case.epoch, case, policy, calendar)
    happened = chain(acts.breaches(case, circumstances.now), RULES[type(submission.command)].act(situation))
    return tuple(recorder.record(fact, circumstances.now, submission.actor, submission.id) for fact in happened)


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


@dataclass(slots=True)
class _Recorder:
    """Puts facts in their places, each with the effects that it has on the case as it then is."""

    reference: str
    epoch: int
    case: Case | None
    policy: Policy
    calendar: Calendar

    def record(self, fact: f.AnyFact, at: datetime, actor: str, submission_id: str) -> f.Entry:
        entry = f.Entry(
            reference=self.reference,
            epoch=self.epoch,
            sequence=1 if self.case is None else self.case.sequence + 1,
            at=at,
            actor=SYSTEM if isinstance(fact, f.ClockBreached) else actor,
            command_id=submission_id,
            fact=self._complete(fact, at),
        )
        self.case = evolve(self.case, entry)
        return entry

    def _complete(self, fact: f.AnyFact, at: datetime) -> f.AnyFact:
        windows = self._windows(at) if isinstance(fact, f.Closed) else {}
        clocks = clocks_of(self.case, fact, at, self.policy, self.calendar)
        return fact.model_copy(update={"clocks": clocks, "steps": steps_of(self.case, fact, self.policy), **windows})

    def _windows(self, at: datetime) -> dict[str, datetime]:
        """Until when the ended case can be taken up again, computed once like every due time."""
        upheld = self.case is not None and self.case.was_upheld
        name, span = (
            ("reopen_until", self.policy.reopen_window) if upheld else ("appeal_until", self.policy.appeal_window)
        )
        return {name: due(at, span, self.calendar).at}

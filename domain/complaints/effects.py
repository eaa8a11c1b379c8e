"""What a fact sets off: the clocks that it starts, settles, stops or moves, and the steps that must be carried out.

Run once, when the fact is recorded; the result stands in the fact.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.calendar import Calendar
from domain.complaints import facts as f
from domain.complaints.case import Case
from domain.complaints.clocks import Clock, cancelled, clocks_started, met, rules_of, start
from domain.complaints.intake import Intake
from domain.complaints.policy import Anchor, ClockRule, Policy
from domain.complaints.redress import Redress
from domain.complaints.returned import SETTLED_BY_AN_ANSWER, promised_again
from domain.complaints.shipped import newest_template
from domain.complaints.steps import Step, step_key
from domain.complaints.terms import (
    CONTACT_FOR,
    ORDERED,
    UNANSWERED,
    UPHELD,
    ClockKind,
    ClockState,
    HoldKind,
    Reached,
    RedressState,
    StepKind,
    StepState,
    Way,
)

_OWED_AFTER_THE_END = frozenset({ClockKind.REDRESS_PAID, ClockKind.PENALTY_PAID})


@dataclass(frozen=True, slots=True)
class Law:
    """The rules that hold at a moment: clocks start in the newest calendar, and go on in the one that they pinned."""

    at: datetime
    policy: Policy
    calendar: Calendar
    pinned: Mapping[str, Calendar] = field(default_factory=dict)
    is_due_time: bool = False

    def calendar_of(self, clock: Clock) -> Calendar:
        """The version that the clock counts in (decision 9); one that is not at hand is a defect."""
        return self.calendar if clock.calendar == self.calendar.pin else self.pinned[clock.calendar]

    def at_due_time(self, due_at: datetime) -> "Law":
        """The rules for what takes over where a clock ran out, however late that was noticed."""
        return replace(self, at=due_at, is_due_time=True)


def clocks_of(case: Case | None, fact: f.AnyFact, law: Law) -> tuple[Clock, ...]:
    """The clocks that the fact starts, meets, pauses, moves or cancels, as they then are."""
    if isinstance(fact, f.Imported) and fact.is_closed:
        return ()
    if isinstance(fact, f.Received | f.Imported):
        return clocks_started(Anchor.RECEIVED, fact.intake.received_at, fact.intake, law.policy, law.calendar)
    return fact.clocks if case is None else (*fact.clocks, *_clocks_of(case, fact, law))


def _clocks_of(case: Case, fact: f.AnyFact, law: Law) -> tuple[Clock, ...]:  # noqa: C901, PLR0912  one line a fact
    at = law.at
    match fact:
        case f.Acknowledged():
            is_anew = _awaits_its_first_answer(case) and not any(_runs_since_the_notice(c) for c in case.clocks)
            started = _started(case, Anchor.ACKNOWLEDGED, law) if is_anew else ()
            return (*met(case.clocks, (ClockKind.ACKNOWLEDGE,), at), *started)
        case f.Assessed(decision=decision):
            anchor = Anchor.ACCEPTED if decision in UPHELD else Anchor.ASSESSED_INVALID
            return (*met(case.clocks, (ClockKind.ASSESS,), at), *_started(case, anchor, law))
        case f.Explained():
            return met(case.clocks, SETTLED_BY_AN_ANSWER, at)
        case f.Responded():
            started = _started(case, Anchor.RESPONDED, law)
            return (
                *met(case.clocks, SETTLED_BY_AN_ANSWER, at),
                *(c for c in started if c.kind is not ClockKind.CALLBACK),
            )
        case f.CallbackDue():
            return tuple(c for c in _started(case, Anchor.RESPONDED, law) if c.kind is ClockKind.CALLBACK)
        case f.Visited(visit=visit) if visit.result not in {Reached.REACHED, Reached.REFUSED}:
            return ()
        case f.Visited() | f.CallbackSpent():
            return met(case.clocks, (ClockKind.CALLBACK,), at)
        case f.CustomerUpdated():
            settled = met(case.clocks, (ClockKind.PERIODIC_UPDATE, ClockKind.FIRST_RESPONSE), at)
            return (*settled, *(_started(case, Anchor.PREVIOUS_UPDATE, law) if case.status in UNANSWERED else ()))
        case f.Reopened() | f.Appealed():
            return (*_callback_given_up(case), *_started(case, Anchor.REOPENED, law))
        case f.ToStageTwo():
            return (*_callback_given_up(case), *_started(case, Anchor.STAGE_TWO, law))
        case f.ReferredExternal():
            return cancelled(case.clocks, keep=_OWED_AFTER_THE_END)
        case f.Held(hold=hold):
            stopped = tuple(c.paused(at) for c in case.running_clocks if hold.kind in c.paused_by)
            return (*stopped, *(() if case.holds else _started(case, Anchor.HELD, law)))
        case f.Resumed(kind=kind):
            return tuple(_resumed(case, kind, law))
        case f.Extended(clock=kind, attempt=number, until=until):
            return tuple(c.extended_to(until) for c in _numbered(case, number) if c.kind is kind and c.is_open)
        case f.PartnerAsked(request=request):
            return _started(case, Anchor.SENT_TO_PARTNER, law, request.number)
        case f.PartnerReplied(request=request):
            return met(_numbered(case, request.number), (ClockKind.PARTNER_REPLY,), at)
        case f.RedressChanged(redress=redress) if redress.state is RedressState.APPROVED:
            return _money_owed(case, redress, law)
        case f.RedressChanged(redress=redress) if redress.state is RedressState.PAID:
            kind = ClockKind.PENALTY_PAID if redress.is_penalty else ClockKind.REDRESS_PAID
            return met(_numbered(case, redress.number), (kind,), at)
        case f.ClockBreached(kind=ClockKind.PERIODIC_UPDATE, due_at=due_at):
            return _started(case, Anchor.PREVIOUS_UPDATE, law.at_due_time(due_at))
        case f.PolicyChanged():
            return tuple(_under_the_new_policy(case, law))
        case f.StepBounced(step=step, reopens=True):
            return tuple(promised_again(case, step, law.at, law.calendar))
        case f.Withdrawn() | f.Closed() | f.Aborted():
            return tuple(_at_the_end(case, law))
        case _:
            return ()


def steps_of(case: Case | None, fact: f.AnyFact, policy: Policy) -> tuple[Step, ...]:  # noqa: C901, PLR0912  one line a fact
    """The steps that the fact plans, and those that it ends."""
    match fact:
        case f.Received(intake=intake) if owes_a_notice(intake, policy):
            return (_first_notice(intake, policy),)
    if case is None:
        return ()
    match fact:
        case f.AcknowledgementOrdered(way=way):
            return (_planned(case, StepKind.ACKNOWLEDGEMENT, way),)
        case f.ExplanationApproved(letter=letter, way=way):
            return (_planned(case, StepKind.EXPLANATION_LETTER, way, letter),)
        case f.ResponseApproved(way=way, letter=letter, summary=summary) if way in ORDERED:
            kind = StepKind.SUMMARY_LETTER if summary else StepKind.RESPONSE_LETTER
            return (_planned(case, kind, way, letter),)
        case f.UpdateOrdered(letter=letter, way=way, holding=holding):
            return (_planned(case, StepKind.HOLDING_LETTER if holding else StepKind.UPDATE_LETTER, way, letter),)
        case f.ExtensionApproved(way=way, letter=letter, clock=clock, attempt=number) if way in ORDERED:
            return (_planned(case, StepKind.EXTENSION_LETTER, way, letter, detail=f"{clock}.{number}"),)
        case f.CallbackSpent():
            return _announced(case, StepKind.CALLBACK_LETTER, policy)
        case f.ReferredExternal():
            return _announced(case, StepKind.REFERRAL_LETTER, policy)
        case f.HoldReminded(kind=HoldKind.CUSTOMER):
            return _announced(case, StepKind.REMINDER_LETTER, policy)
        case f.PartnerAsked(request=request, way=Way.EMAIL):
            return (_planned(case, StepKind.PARTNER_REQUEST, Way.EMAIL, request.question, detail=request.partner),)
        case f.Escalated(cause=cause) if policy.tell_staff_of_escalations:
            return (_planned(case, StepKind.ESCALATION_NOTICE, Way.EMAIL, detail=cause),)
        case f.Corrected(new_text=str() as text, field=field):
            return (_planned(case, StepKind.IDENTITY_CORRECTION, None, text, detail=field),)
        case f.StepRerouted(step=key, way=way) if (step := case.step(key)) is not None:
            replaced = step.model_copy(update={"state": StepState.REPLACED})
            return (replaced, _planned(case, step.kind, way, step.text, detail=step.detail))
        case f.Withdrawn() | f.Aborted():
            messages = (step for step in case.steps if step.is_message and step.is_at_rest)
            return tuple(step.model_copy(update={"state": StepState.DROPPED, "not_before": None}) for step in messages)
    return fact.steps


def _started(case: Case, anchor: Anchor, law: Law, number: int | None = None) -> tuple[Clock, ...]:
    """The clocks that start at the anchor; one that a hold stops stands still."""
    started = clocks_started(
        anchor,
        law.at,
        case.intake,
        law.policy,
        law.calendar,
        case.clocks,
        number=number,
        takes_over=law.is_due_time,
    )
    return tuple(_as_held(case, clock) for clock in started)


def _as_held(case: Case, clock: Clock) -> Clock:
    """A fresh clock, standing still since its start or the first hold that stops it."""
    since = [hold.since for hold in case.holds if hold.kind in clock.paused_by]
    return clock.paused(max(clock.started_at, min(since))) if since else clock


def _awaits_its_first_answer(case: Case) -> bool:
    return case.status in UNANSWERED and case.responded_at is None


def _runs_since_the_notice(clock: Clock) -> bool:
    return clock.anchor is Anchor.ACKNOWLEDGED and clock.is_open


def _numbered(case: Case, number: int) -> tuple[Clock, ...]:
    return tuple(clock for clock in case.clocks if clock.attempt == number)


def _callback_given_up(case: Case) -> tuple[Clock, ...]:
    """Nobody asks whether the customer is content with an answer that is being looked into again."""
    return cancelled(clock for clock in case.clocks if clock.kind is ClockKind.CALLBACK)


def _money_owed(case: Case, redress: Redress, law: Law) -> tuple[Clock, ...]:
    """A penalty is owed from the broken promise on, whenever that was noticed."""
    broken = case.clock(redress.penalty_for) if redress.penalty_for is not None else None
    if broken is None:
        return _started(case, Anchor.CONSENT, law, redress.number)
    return _started(case, Anchor.BREACH, law.at_due_time(broken.due_at), redress.number)


def _resumed(case: Case, kind: HoldKind, law: Law) -> Iterator[Clock]:
    """Clocks that no other hold keeps still go on; a hold that ran out ended when it said, whenever noticed."""
    hold = case.hold(kind)
    ended = law.at if hold is None else min(hold.until, law.at)
    others = {other.kind for other in case.holds if other.kind is not kind}
    for clock in case.clocks:
        if clock.state is ClockState.PAUSED and not others.intersection(clock.paused_by):
            yield clock.resumed(ended, law.calendar_of(clock))
        elif clock.anchor is Anchor.HELD and clock.is_open and not others:
            yield clock.cancelled()


def _at_the_end(case: Case, law: Law) -> Iterator[Clock]:
    """Nothing is promised any more but money; holds end with the case, and do not put off what is owed."""
    yield from cancelled(case.clocks, keep=_OWED_AFTER_THE_END)
    for clock in case.clocks:
        if clock.state is ClockState.PAUSED and clock.kind in _OWED_AFTER_THE_END:
            yield clock.resumed(law.at, law.calendar_of(clock))


def _under_the_new_policy(case: Case, law: Law) -> Iterator[Clock]:
    """Open clocks as the new policy has them, from the moments they started; what it does not know is cancelled."""
    kept: set[ClockKind] = set()
    for clock in case.clocks:
        rule = next((r for r in rules_of(clock.anchor, case.intake, law.policy) if r.kind is clock.kind), None)
        if clock.is_open and rule is not None:
            kept.add(clock.kind)
            yield _recomputed(clock, rule, case, law)
        elif clock.is_open:
            yield clock.cancelled()
    if _awaits_its_first_answer(case):
        yield from (clock for clock in _promised_anew(case, law) if clock.kind not in kept | _decided(case))


def _recomputed(clock: Clock, rule: ClockRule, case: Case, law: Law) -> Clock:
    """The clock under another rule; what it stood still is not lost, and it stands still now if that rule says so."""
    fresh = _as_held(case, start(rule, clock.started_at, clock.attempt, law.calendar, clock.pauses))
    if clock.paused_at is None:
        return fresh
    stopped = fresh.paused(clock.paused_at)
    return stopped if fresh.state is ClockState.PAUSED else stopped.resumed(law.at, law.calendar)


def _promised_anew(case: Case, law: Law) -> Iterator[Clock]:
    """What the policy promises from the moments that the case has passed on the way to its first answer."""
    moments = {
        Anchor.RECEIVED: case.intake.received_at,
        Anchor.ACKNOWLEDGED: case.acknowledged_at,
        Anchor.PREVIOUS_UPDATE: case.updated_at,
    }
    for anchor, at in moments.items():
        if at is not None:
            yield from _started(case, anchor, replace(law, at=at))


def _decided(case: Case) -> set[ClockKind]:
    """The promises of a first answer that were kept or broken, under whatever policy."""
    kinds = {clock.kind for clock in case.clocks if clock.state in {ClockState.MET, ClockState.BREACHED}}
    for kind, settled in (
        (ClockKind.ACKNOWLEDGE, case.acknowledged_at),
        (ClockKind.ASSESS, case.decision),
        (ClockKind.FIRST_RESPONSE, case.updated_at),
    ):
        if settled is not None:
            kinds.add(kind)
    return kinds


def _announced(case: Case, kind: StepKind, policy: Policy) -> tuple[Step, ...]:
    """A letter without words of its own, to who can be reached; one that is under way already says the same."""
    under_way = any(step.kind is kind for step in case.unfinished_steps)
    way = _automatic_way(case.intake, policy)
    return () if under_way or way is None else (_planned(case, kind, way),)


def owes_a_notice(intake: Intake, policy: Policy) -> bool:
    """Whether a notice tells the customer that the complaint arrived; who takes it says so in a conversation."""
    return intake.channel not in set(policy.told_at_intake) and _automatic_way(intake, policy) is not None


def _automatic_way(intake: Intake, policy: Policy) -> Way | None:
    """The first way of the policy's that the customer left contact data for."""
    return next((way for way in policy.automatic_ways if CONTACT_FOR.get(way, way) in intake.reachable_by), None)


def _first_notice(intake: Intake, policy: Policy) -> Step:
    kind = StepKind.ACKNOWLEDGEMENT
    return _written(Step(key=step_key(kind, 1), kind=kind, way=_automatic_way(intake, policy)), intake.language)


def _planned(
    case: Case, kind: StepKind, way: Way | None, text: str | None = None, *, detail: str | None = None
) -> Step:
    step = Step(key=case.next_step_key(kind), kind=kind, way=way, text=text, detail=detail)
    return _written(step, case.intake.language)


def _written(step: Step, language: str) -> Step:
    """The step as it begins, with today's template for it: a later release still writes it with this one."""
    template = newest_template(step.kind, language, step.way) if step.way is not None else None
    return step.model_copy(update={"state": step.begins_as, "template": template})

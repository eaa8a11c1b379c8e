"""What a case is after a fact. Total: every fact that was recorded applies, whatever today's rules would say."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar, assert_never

from domain.complaints import facts as f
from domain.complaints.callback import Callback
from domain.complaints.case import REMEMBERED_COMMANDS, Case
from domain.complaints.clocks import Clock
from domain.complaints.extension import Extension
from domain.complaints.partner_requests import PartnerRequest
from domain.complaints.redress import Redress
from domain.complaints.situation import SYSTEM
from domain.complaints.steps import Step
from domain.complaints.terms import ANSWERS, UPDATES, UPHELD, ClockKind, Correctable, Decision, Status, StepKind, Way

_ENDS_AS = {
    Decision.DUPLICATE: Status.DUPLICATE,
    Decision.NOT_OURS: Status.TRANSFERRED,
    Decision.SERVICE_REQUEST: Status.TRANSFERRED,
}
"""How a case ends that was not taken up; an invalid one is simply closed."""

_NOT_ENDED = {"ended_at": None, "reopen_until": None, "appeal_until": None}
_REACHED_AT = {Correctable.EMAIL: Way.EMAIL, Correctable.PHONE: Way.PHONE, Correctable.ADDRESS: Way.POST}


_SideFact = (
    f.AcknowledgementOrdered
    | f.NobodyEligible
    | f.Noted
    | f.Held
    | f.Resumed
    | f.ExtensionRequested
    | f.ExtensionApproved
    | f.Extended
    | f.UpdateOrdered
    | f.CustomerUpdated
    | f.Escalated
    | f.EscalationAcknowledged
    | f.CallbackDue
    | f.CallbackPlanned
    | f.Visited
    | f.CallbackSpent
    | f.ToStageTwo
    | f.ReferredExternal
    | f.ExternalOutcome
    | f.PartnerAsked
    | f.PartnerReplied
    | f.RedressChanged
    | f.Merged
    | f.Unmerged
    | f.IncidentLinked
    | f.IncidentUnlinked
    | f.PolicyChanged
    | f.ClocksRecalculated
    | f.Attached
    | f.ClockWarned
    | f.ClockBreached
    | f.StepFailed
    | f.StepDone
    | f.StepRetried
    | f.StepAmended
    | f.StepDeferred
    | f.StepReleased
    | f.StepRerouted
    | f.CallTried
    | f.CallTold
    | f.HoldReminded
)


def fold(entries: Iterable[f.Entry], case: Case | None = None) -> Case:
    """The case that its ledger makes, from the beginning or from a state already folded."""
    for entry in entries:
        case = evolve(case, entry)
    if case is None:
        raise ValueError("a case has at least one fact")
    return case


def evolve(case: Case | None, entry: f.Entry) -> Case:
    """The case after one more fact."""
    if case is None:
        return _opened(entry)
    if entry.sequence != case.sequence + 1:
        raise ValueError(f"fact {entry.sequence} does not follow {case.sequence} of {case.reference}")
    return _without_moot_extension(
        case.changed(
            **_changes(case, entry),
            sequence=entry.sequence,
            epoch=entry.epoch,
            clocks=_replaced(case.clocks, entry.fact.clocks),
            steps=_replaced(case.steps, entry.fact.steps),
            recent_commands=(*case.recent_commands, (entry.command_id, entry.sequence))[-REMEMBERED_COMMANDS:],
        )
    )


def _without_moot_extension(case: Case) -> Case:
    """An extension goes with its clock: met, breached or cancelled, there is nothing left to extend."""
    clock = case.clock(case.extension.clock_key) if case.extension is not None else None
    return case if case.extension is None or (clock and clock.is_open) else case.changed(extension=None)


def _opened(entry: f.Entry) -> Case:
    fact = entry.fact
    if not isinstance(fact, f.Received | f.Imported):
        raise TypeError(f"a ledger begins with complaint.received or complaint.imported, not with {fact.type}")
    return Case(
        reference=entry.reference,
        epoch=entry.epoch,
        sequence=entry.sequence,
        **_taken_over(fact) if isinstance(fact, f.Imported) else {"status": Status.RECEIVED},
        intake=fact.intake,
        policy=fact.policy,
        clocks=fact.clocks,
        steps=fact.steps,
        recent_commands=((entry.command_id, entry.sequence),),
    )


def _taken_over(fact: f.Imported) -> dict[str, Any]:
    status = Status.CLOSED if fact.is_closed else Status.RECEIVED
    return {"status": status, "ended_at": fact.ended_at, "imported_from": fact.source, "legacy": fact.legacy}


def _changes(case: Case, entry: f.Entry) -> dict[str, Any]:  # noqa: C901, PLR0912  one line a fact
    match entry.fact:
        case f.Acknowledged():
            return {"acknowledged_at": case.acknowledged_at or entry.at}
        case f.Assessed() as fact:
            return _assessed(fact, entry.actor)
        case f.ExplanationApproved(letter=letter):
            return {"letter": letter}
        case f.Explained(letter=letter):
            return {"letter": letter, "responded_at": entry.at}
        case f.Appealed(attempt=attempt):
            return {"status": Status.ASSESSING, "appealed": True, "attempt": attempt, **_NOT_ENDED}
        case f.Assigned(handler=handler, team=team):
            status = Status.STAGE_TWO if case.status is Status.STAGE_TWO else Status.ASSIGNED
            return {"status": status, "handler": handler, "team": team}
        case f.InvestigationStarted():
            return {"status": Status.INVESTIGATING}
        case f.ResponseApproved() as fact:
            return {
                "status": Status.RESPONDING,
                "letter": fact.letter,
                "outcome": fact.outcome,
                "cause": fact.cause,
                "remedies": fact.remedies,
            }
        case f.Responded():
            return {"status": Status.RESPONDED, "responded_at": entry.at, "callback": Callback()}
        case f.Closed() | f.Aborted() as fact:
            status = _end_of(case) if isinstance(fact, f.Closed) else Status.CLOSED
            windows = {"reopen_until": fact.reopen_until, "appeal_until": fact.appeal_until}
            return {"status": status, "ended_at": entry.at, "holds": (), **windows}
        case f.Withdrawn():
            return {"status": Status.WITHDRAWN, "ended_at": entry.at, "holds": ()}
        case f.Reopened(attempt=attempt):
            status = Status.ASSIGNED if case.handler else Status.ACCEPTED
            return {"status": status, "attempt": attempt, **_NOT_ENDED}
        case f.Corrected() as fact:
            return _corrected(case, fact)
        case f.StepSkipped() as fact:
            return _skipped(case, fact)
        case f.StepBounced() as fact:
            return _bounced(case, fact) if fact.reopens else {}
        case f.Received() | f.Imported():
            raise ValueError("a case is received once")
        case other:
            return _side_changes(case, other, entry.actor, entry.at)


def _side_changes(case: Case, fact: _SideFact, actor: str, at: datetime) -> dict[str, Any]:  # noqa: C901, PLR0912  one line a fact
    """What changes beside the main line of the lifecycle."""
    match fact:
        case f.Held(hold=hold):
            return {"holds": (*case.holds, hold)}
        case f.HoldReminded(kind=kind):
            reminded = (h.model_copy(update={"remind_at": None}) if h.kind is kind else h for h in case.holds)
            return {"holds": tuple(reminded)}
        case f.Resumed(kind=kind):
            return {"holds": tuple(hold for hold in case.holds if hold.kind is not kind)}
        case f.ExtensionRequested() | f.ExtensionApproved():
            approved = isinstance(fact, f.ExtensionApproved)
            asked_by = case.extension.asked_by if approved and case.extension else actor
            terms = fact.model_dump(include={"clock", "attempt", "until", "way", "letter"})
            return {"extension": Extension(**terms, asked_by=asked_by, is_approved=approved)}
        case f.Extended():
            return {"extension": None}
        case f.Escalated(level=level):
            return {"escalation_level": level, "escalation_is_open": True}
        case f.NobodyEligible():
            return {"escalation_is_open": True}
        case f.EscalationAcknowledged():
            return {"escalation_is_open": False}
        case f.CallbackDue():
            return {"status": Status.CALLBACK}
        case f.CallbackPlanned() as planned:
            plan = planned.model_dump(include={"window_from", "window_to", "caller"})
            return {"status": Status.CALLBACK, "callback": case.callback.model_copy(update=plan)}
        case f.Visited(visit=visit):
            visits = (*case.callback.visits, visit)
            return {"status": Status.CALLBACK, "callback": Callback(visits=visits)}
        case f.CallbackSpent():
            return {"status": Status.RESPONDED}
        case f.ToStageTwo(attempt=attempt):
            fresh = {"handler": None, "team": None, "stage": 2, "stage_one_handler": case.handler}
            return {"status": Status.STAGE_TWO, "attempt": attempt, **fresh, **_NOT_ENDED}
        case f.ReferredExternal(body=body):
            return {"status": Status.EXTERNAL, "referred_to": body, **_NOT_ENDED}
        case f.ExternalOutcome(remedies=remedies):
            return {"remedies": tuple(dict.fromkeys((*case.remedies, *remedies)))}
        case f.PartnerAsked(request=request) | f.PartnerReplied(request=request):
            return {"partner_requests": numbered(case.partner_requests, request)}
        case f.RedressChanged(redress=redress):
            return {"redress": numbered(case.redress, redress)}
        case f.Merged(into=into):
            return {"merged_into": into}
        case f.Unmerged():
            return {"merged_into": None}
        case f.IncidentLinked(incident=incident):
            return {"incident": incident}
        case f.IncidentUnlinked():
            return {"incident": None}
        case f.PolicyChanged(new=new):
            return {"policy": new}
        case f.CustomerUpdated():
            return {"updated_at": at}
        case f.Attached(file=file):
            return {"files": (*case.files, file)}
        case (
            f.AcknowledgementOrdered()
            | f.Noted()
            | f.ClocksRecalculated()
            | f.UpdateOrdered()
            | f.ClockWarned()
            | f.ClockBreached()
            | f.StepFailed()
            | f.StepDone()
            | f.StepRetried()
            | f.StepAmended()
            | f.StepDeferred()
            | f.StepReleased()
            | f.StepRerouted()
            | f.CallTried()
            | f.CallTold()
        ):
            return {}
        case unknown:
            assert_never(unknown)


_Numbered = TypeVar("_Numbered", Redress, PartnerRequest)


def numbered(present: tuple[_Numbered, ...], changed: _Numbered) -> tuple[_Numbered, ...]:
    """The list with one of its numbers changed, or a new one behind."""
    by_number: dict[int, _Numbered] = {item.number: item for item in present}
    return tuple((by_number | {changed.number: changed}).values())


def _assessed(fact: f.Assessed, assessor: str) -> dict[str, Any]:
    return {
        "status": Status.ACCEPTED if fact.decision in UPHELD else Status.EXPLAINING,
        "decision": fact.decision,
        "ground": fact.ground,
        "duplicate_of": fact.duplicate_of,
        "assessed_by": assessor,
    }


def _end_of(case: Case) -> Status:
    return _ENDS_AS.get(case.decision, Status.CLOSED) if case.decision else Status.CLOSED


def _corrected(case: Case, fact: f.Corrected) -> dict[str, Any]:
    way = _REACHED_AT.get(fact.field)
    if way is not None and way not in case.intake.reachable_by:
        reachable_by = (*case.intake.reachable_by, way)
        return {"intake": case.intake.model_copy(update={"reachable_by": reachable_by})}
    if fact.new_code is None:
        return {}
    value = int(fact.new_code) if fact.field is Correctable.SEVERITY else fact.new_code
    return {"intake": case.intake.model_copy(update={str(fact.field): value})}


def _skipped(case: Case, fact: f.StepSkipped) -> dict[str, Any]:
    """What was given up with a letter: the answer is open again, the extension does not take effect."""
    step = case.step(fact.step)
    if step is None:
        return {}
    if case.extension is not None and step.text == case.extension.letter:
        return {"extension": None}
    gave_up_the_answer = step.kind in ANSWERS and case.status is Status.RESPONDING
    return {"status": Status.INVESTIGATING} if gave_up_the_answer else {}


def _bounced(case: Case, fact: f.StepBounced) -> dict[str, Any]:
    """What the case believed because the letter had been taken is not so; it stands where it stood before."""
    step = case.step(fact.step)
    if step is None:
        return {}
    if step.kind is StepKind.ACKNOWLEDGEMENT:
        return {"acknowledged_at": None}
    if step.kind in UPDATES:
        return {"updated_at": None}
    if step.kind is StepKind.EXTENSION_LETTER:
        return {"extension": _extension_again(case, step)}
    status = Status.EXPLAINING if step.kind is StepKind.EXPLANATION_LETTER else Status.RESPONDING
    return {"status": status, "responded_at": None, "callback": Callback(), **_NOT_ENDED}


def _extension_again(case: Case, step: Step) -> Extension | None:
    """The extension that the customer has not heard of after all; it takes effect when the letter arrives."""
    clock = case.clock(step.detail) if step.detail else None
    if clock is None or step.text is None or step.way is None:
        return None
    return Extension(
        clock=ClockKind(clock.kind),
        attempt=clock.attempt,
        until=clock.due_at,
        way=step.way,
        letter=step.text,
        asked_by=SYSTEM,
        is_approved=True,
    )


_Keyed = TypeVar("_Keyed", Clock, Step)


def _replaced(present: tuple[_Keyed, ...], changed: tuple[_Keyed, ...]) -> tuple[_Keyed, ...]:
    """Those of before, the changed ones in their places and the new ones behind."""
    by_key = {item.key: item for item in present} | {item.key: item for item in changed}
    return tuple(by_key.values())

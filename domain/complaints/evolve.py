"""What a case is after a fact. Total: every fact that was recorded applies, whatever today's rules would say."""

from collections.abc import Iterable
from typing import Any, TypeVar, assert_never

from domain.complaints import facts as f
from domain.complaints.case import REMEMBERED_COMMANDS, Case
from domain.complaints.clocks import Clock
from domain.complaints.steps import Step
from domain.complaints.terms import UPHELD, Correctable, Decision, Status, StepKind, Way

_ENDS_AS = {
    Decision.DUPLICATE: Status.DUPLICATE,
    Decision.NOT_OURS: Status.TRANSFERRED,
    Decision.SERVICE_REQUEST: Status.TRANSFERRED,
}
"""How a case ends that was not taken up; an invalid one is simply closed."""

_NOT_ENDED = {"ended_at": None, "reopen_until": None, "appeal_until": None}
_REACHED_AT = {Correctable.EMAIL: Way.EMAIL, Correctable.PHONE: Way.PHONE, Correctable.ADDRESS: Way.POST}


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
    return case.changed(
        **_changes(case, entry),
        sequence=entry.sequence,
        epoch=entry.epoch,
        clocks=_replaced(case.clocks, entry.fact.clocks),
        steps=_replaced(case.steps, entry.fact.steps),
        recent_commands=(*case.recent_commands, (entry.command_id, entry.sequence))[-REMEMBERED_COMMANDS:],
    )


def _opened(entry: f.Entry) -> Case:
    fact = entry.fact
    if not isinstance(fact, f.Received):
        raise TypeError(f"a ledger begins with complaint.received, not with {fact.type}")
    return Case(
        reference=entry.reference,
        epoch=entry.epoch,
        sequence=entry.sequence,
        status=Status.RECEIVED,
        intake=fact.intake,
        policy=fact.policy,
        clocks=fact.clocks,
        steps=fact.steps,
        recent_commands=((entry.command_id, entry.sequence),),
    )


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
            return {"status": Status.ASSIGNED, "handler": handler, "team": team}
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
            return {"status": Status.RESPONDED, "responded_at": entry.at}
        case f.Closed() as fact:
            windows = {"reopen_until": fact.reopen_until, "appeal_until": fact.appeal_until}
            return {"status": _end_of(case), "ended_at": entry.at, **windows}
        case f.Withdrawn():
            return {"status": Status.WITHDRAWN, "ended_at": entry.at}
        case f.Reopened(attempt=attempt):
            status = Status.ASSIGNED if case.handler else Status.ACCEPTED
            return {"status": status, "attempt": attempt, **_NOT_ENDED}
        case f.Corrected() as fact:
            return _corrected(case, fact)
        case f.StepSkipped() as fact:
            return _skipped(case, fact)
        case f.Received():
            raise ValueError("a case is received once")
        case (
            f.AcknowledgementOrdered() | f.Noted() | f.ClockBreached() | f.StepFailed() | f.StepDone() | f.StepRetried()
        ):
            return {}
        case unknown:
            assert_never(unknown)


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
    step = case.step(fact.step)
    gave_up_the_answer = step is not None and step.kind is StepKind.RESPONSE_LETTER
    return {"status": Status.INVESTIGATING} if gave_up_the_answer and case.status is Status.RESPONDING else {}


_Keyed = TypeVar("_Keyed", Clock, Step)


def _replaced(present: tuple[_Keyed, ...], changed: tuple[_Keyed, ...]) -> tuple[_Keyed, ...]:
    """Those of before, the changed ones in their places and the new ones behind."""
    by_key = {item.key: item for item in present} | {item.key: item for item in changed}
    return tuple(by_key.values())

"""What becomes of steps: they take effect, fail, wait, come back."""

from collections.abc import Iterator

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.acts import step_of
from domain.complaints.case import Case
from domain.complaints.guards import is_reachable_by
from domain.complaints.rules import calling_back
from domain.complaints.rules.given import given
from domain.complaints.situation import Situation
from domain.complaints.steps import Step
from domain.complaints.terms import (
    ANSWERS,
    ENDED,
    SENT,
    TO_OTHERS,
    UNANSWERED,
    UPDATES,
    Reached,
    Status,
    StepKind,
    StepState,
    Way,
)
from domain.ruling import Refused

Facts = Iterator[f.AnyFact]
_NEVER_REACHED = {Reached.WRONG_NUMBER, Reached.REFUSED}
"""What makes another call useless."""


def waits_to_be_posted(situation: Situation) -> None:
    _waits_for_a_person(situation, Way.POST, "not_to_be_posted")


def waits_for_a_call(situation: Situation) -> None:
    _waits_for_a_person(situation, Way.CALL, "no_call_asked")


def was_sent(situation: Situation) -> None:
    """Only what a channel took can come back; a second report of the same bounce finds it parked."""
    command = situation.command
    step = situation.case.step(command.step) if isinstance(command, c.StepBounced) else None
    if step is None or step.way not in SENT or step.state is not StepState.DONE:
        raise Refused("not_sent", "no channel took such a message, or it came back already")


def goes_to_somebody(situation: Situation) -> None:
    """Only messages have quiet hours; a correction put off would keep back every letter behind it."""
    command = situation.command
    step = situation.case.step(command.step) if isinstance(command, c.StepDeferred) else None
    if step is not None and not step.is_message:
        raise Refused("not_a_message", f"{step.key} disturbs nobody; it is not put off")


def mark_posted(situation: Situation) -> Facts:
    command = given(situation, c.MarkPosted)
    yield from _took_effect(situation, step_of(situation, command.item), command.tracking)


def record_call(situation: Situation) -> Facts:
    command = given(situation, c.RecordCall)
    step = step_of(situation, command.item)
    if command.result is Reached.REACHED:
        yield f.CallTold(step=step.key, text=command.text)
        yield from _took_effect(situation, step, None)
        return
    tried = step.model_copy(update={"rounds": step.rounds + 1})
    yield f.CallTried(step=step.key, result=command.result, text=command.text, steps=(tried,))
    if command.result in _NEVER_REACHED:
        yield from _failed(situation, step, f"call_{command.result}", tried.rounds, is_final=True)


def step_done(situation: Situation) -> Facts:
    command = given(situation, c.StepDone)
    yield from _took_effect(situation, _running(situation, command.step), command.evidence)


def step_failed(situation: Situation) -> Facts:
    command = given(situation, c.StepFailed)
    step = _running(situation, command.step)
    yield from _failed(situation, step, command.error, command.attempts, is_final=command.is_final)


def step_deferred(situation: Situation) -> Facts:
    command = given(situation, c.StepDeferred)
    step = _running(situation, command.step)
    waiting = step.model_copy(
        update={"state": StepState.DEFERRED, "not_before": command.until, "rounds": step.rounds + 1}
    )
    yield f.StepDeferred(step=step.key, until=command.until, steps=(waiting,))


def step_bounced(situation: Situation) -> Facts:
    """What rests on the message is undone; one that means nothing any more waits for nobody."""
    command = given(situation, c.StepBounced)
    step = step_of(situation, command.step)
    reopens = rests_on(situation.case, step)
    state = StepState.PARKED if _is_owed(situation.case, step, reopens=reopens) else StepState.DROPPED
    returned = step.model_copy(update={"state": state, "error": command.error, "bounces": step.bounces + 1})
    yield f.StepBounced(step=step.key, error=command.error, reopens=reopens, steps=(returned,))
    if state is StepState.PARKED:
        yield from _by_another_way(situation, step)


def rests_on(case: Case, step: Step) -> bool:
    """Whether the case stands where it does because this message reached the customer."""
    at = step.done_at
    if step.kind is StepKind.ACKNOWLEDGEMENT:
        return case.acknowledged_at == at and case.status in UNANSWERED and case.responded_at is None
    if step.kind in UPDATES:
        return case.updated_at == at and case.status in UNANSWERED
    if step.kind is StepKind.EXTENSION_LETTER:
        clock = case.clock(step.detail) if step.detail else None
        return clock is not None and clock.is_open and clock.extended and case.extension is None
    if case.responded_at != at or case.letter != step.text:
        return False
    if step.kind is StepKind.EXPLANATION_LETTER:
        return case.status in ENDED - {Status.WITHDRAWN}
    was_told = any(visit.result is Reached.REACHED for visit in case.callback.visits)
    rests = case.status in {Status.RESPONDED, Status.CALLBACK, Status.CLOSED}
    return step.kind in ANSWERS and rests and not was_told


def _is_owed(case: Case, step: Step, *, reopens: bool) -> bool:
    """Whether what came back should reach somebody all the same: a newer letter of its kind says it anew."""
    if case.status is Status.WITHDRAWN or step.kind in TO_OTHERS:
        return case.status is not Status.WITHDRAWN
    later = case.steps[case.steps.index(step) + 1 :]
    if any(other.kind is step.kind and (other.is_unfinished or other.state is StepState.DONE) for other in later):
        return False
    return reopens or step.kind not in _SETTLING


_SETTLING = ANSWERS | UPDATES | {StepKind.ACKNOWLEDGEMENT, StepKind.EXPLANATION_LETTER, StepKind.EXTENSION_LETTER}
"""Kinds on which a promise rests."""


def _took_effect(situation: Situation, step: Step, evidence: str | None) -> Facts:
    done = step.model_copy(
        update={
            "state": StepState.DONE,
            "rounds": step.rounds + 1,
            "evidence": evidence,
            "done_at": situation.now,
            "error": None,
        }
    )
    yield f.StepDone(step=step.key, evidence=evidence, steps=(done,))
    yield from _reached_the_customer(situation, step)


def _failed(situation: Situation, step: Step, error: str, attempts: int, *, is_final: bool) -> Facts:
    is_of_no_use = step.is_message and situation.case.status is Status.WITHDRAWN
    state = StepState.DROPPED if is_of_no_use else StepState.PARKED
    failed = step.model_copy(update={"state": state, "rounds": step.rounds + 1, "error": error})
    yield f.StepFailed(step=step.key, error=error, attempts=attempts, steps=(failed,))
    if is_final and not is_of_no_use:
        yield from _by_another_way(situation, step)


def _by_another_way(situation: Situation, step: Step) -> Facts:
    """The next way that the policy allows, the customer can be reached by, and that was not tried with this message."""
    case, policy = situation.case, situation.circumstances.policy
    if policy is None or not step.is_message or step.kind in TO_OTHERS:
        return
    tried = {other.way for other in case.steps if other.kind is step.kind and other.text == step.text}
    for way in policy.other_ways:
        if way not in tried and is_reachable_by(case, way):
            yield f.StepRerouted(step=step.key, way=way)
            return


def _reached_the_customer(situation: Situation, step: Step) -> Facts:
    """What it means for the case that this step took effect; a letter that came too late means nothing any more."""
    case = situation.case
    way = step.way or Way.EMAIL
    if step.kind is StepKind.ACKNOWLEDGEMENT and case.acknowledged_at is None:
        yield f.Acknowledged(way=way)
    elif step.kind is StepKind.EXPLANATION_LETTER and case.status is Status.EXPLAINING and step.text is not None:
        yield f.Explained(way=way, letter=step.text)
        yield f.Closed()
    elif step.kind in ANSWERS and case.status is Status.RESPONDING:
        yield f.Responded(way=way)
        yield from calling_back.owed(situation)
    elif step.kind in UPDATES and step.text is not None:
        yield f.CustomerUpdated(way=way, letter=step.text)
    elif step.kind is StepKind.EXTENSION_LETTER:
        yield from _extended_in_time(case, step)


def _extended_in_time(case: Case, step: Step) -> Facts:
    """The extension holds, unless the customer was told after the old date: then the clock has breached."""
    extension = case.extension
    if extension is not None and extension.letter == step.text:
        yield f.Extended(clock=extension.clock, attempt=extension.attempt, until=extension.until)


def _waits_for_a_person(situation: Situation, way: Way, guard: str) -> None:
    command = situation.command
    waiting = [step.key for step in situation.case.steps_in(StepState.WAITING) if step.way is way]
    if not waiting or (isinstance(command, c.MarkPosted | c.RecordCall) and command.item not in waiting):
        raise Refused(guard, f"what waits by {way}: {', '.join(waiting) or 'nothing'}")


def _running(situation: Situation, key: str) -> Step:
    step = step_of(situation, key)
    if step.state is not StepState.RUNNING:
        raise Refused("step_not_running", f"{key} is {step.state}; its outcome is known")
    return step

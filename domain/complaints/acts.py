"""What each command makes happen, once its guards have let it pass: the bare facts.

`effects` adds the clocks and steps. An act with an e-mail orders a letter; told by any other way, it has happened.
"""

from collections.abc import Iterator
from typing import TypeVar

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.assignment import choose
from domain.complaints.case import Case
from domain.complaints.guards import current_code
from domain.complaints.rules import calling_back
from domain.complaints.situation import Refused, Situation
from domain.complaints.steps import Step
from domain.complaints.terms import Status, StepKind, StepState, Way

_Kind = TypeVar("_Kind", bound=c.Command)
Facts = Iterator[f.AnyFact]


def acknowledge(situation: Situation) -> Facts:
    command = _command(situation, c.Acknowledge)
    yield f.AcknowledgementOrdered() if command.way is Way.EMAIL else f.Acknowledged(way=command.way)


def assess(situation: Situation) -> Facts:
    command = _command(situation, c.Assess)
    yield f.Assessed(**command.model_dump(exclude={"command"}))


def explain(situation: Situation) -> Facts:
    command = _command(situation, c.Explain)
    if command.way is Way.EMAIL:
        yield f.ExplanationApproved(letter=command.letter)
        return
    yield f.Explained(way=command.way, letter=command.letter)
    yield f.Closed()


def appeal(situation: Situation) -> Facts:
    yield f.Appealed(reason=_command(situation, c.Appeal).reason, attempt=situation.case.attempt + 1)


def assign(situation: Situation) -> Facts:
    command = _command(situation, c.Assign)
    if command.handler is not None:
        yield f.Assigned(handler=command.handler, team=_team(situation, command.handler), reason=command.reason)
        return
    choice = choose(situation.circumstances.candidates or (), situation.case, situation.now, command.team)
    if choice.chosen is None:
        yield f.NobodyEligible(passed_over=choice.passed_over)
        return
    yield f.Assigned(
        handler=choice.chosen.id,
        team=choice.chosen.team,
        reason=command.reason,
        passed_over=choice.passed_over,
    )


def claim(situation: Situation) -> Facts:
    yield f.Assigned(handler=situation.actor, team=_team(situation, situation.actor), reason=None)


def start_investigation(_: Situation) -> Facts:
    yield f.InvestigationStarted()


def respond(situation: Situation) -> Facts:
    command = _command(situation, c.Respond)
    yield f.ResponseApproved(**command.model_dump(exclude={"command"}))
    if command.way is not Way.EMAIL:
        yield f.Responded(way=command.way)
        yield from calling_back.owed(situation)


def close(_: Situation) -> Facts:
    yield f.Closed()


def note(situation: Situation) -> Facts:
    yield f.Noted(text=_command(situation, c.Note).text)


def correct(situation: Situation) -> Facts:
    command = _command(situation, c.Correct)
    yield f.Corrected(
        field=command.field,
        old_code=None if command.code is None else current_code(situation, command.field),
        new_code=command.code,
        new_text=command.text,
        reason=command.reason,
    )


def withdraw(situation: Situation) -> Facts:
    command = _command(situation, c.Withdraw)
    yield f.Withdrawn(reason=command.reason, confirmed_by=command.confirmed_by)


def reopen(situation: Situation) -> Facts:
    yield f.Reopened(reason=_command(situation, c.Reopen).reason, attempt=situation.case.attempt + 1)


def retry_step(situation: Situation) -> Facts:
    command = _command(situation, c.RetryStep)
    step = _step(situation, command.step)
    again = step.model_copy(update={"state": StepState.RUNNING, "error": None, "not_before": None})
    yield f.StepRetried(step=step.key, reason=command.reason, steps=(again,))


def amend_step(situation: Situation) -> Facts:
    command = _command(situation, c.AmendStep)
    step = _step(situation, command.step)
    changed = {name: value for name, value in command.changes.items() if getattr(step, name) != value}
    if not changed:
        raise Refused("nothing_changes", f"{step.key} is so already; retry it")
    another_effect = changed.keys() - {"not_before"}
    again = {"state": StepState.RUNNING, "error": None, "version": step.version + bool(another_effect)}
    amended = step.model_copy(update={"not_before": None, **changed, **again})
    yield f.StepAmended(step=step.key, reason=command.reason, changed=tuple(sorted(changed)), steps=(amended,))


def skip_step(situation: Situation) -> Facts:
    command = _command(situation, c.SkipStep)
    step = _step(situation, command.step)
    skipped = step.model_copy(update={"state": StepState.SKIPPED})
    yield f.StepSkipped(step=step.key, reason=command.reason, steps=(skipped,))


def tick(_: Situation) -> Facts:
    """Nothing by itself: what has come due happens before any command."""
    yield from ()


def step_done(situation: Situation) -> Facts:
    command = _command(situation, c.StepDone)
    step = _running(situation, command.step)
    done = step.model_copy(update={"state": StepState.DONE, "rounds": step.rounds + 1})
    yield f.StepDone(step=step.key, evidence=command.evidence, steps=(done,))
    yield from _reached_the_customer(situation, step)


def step_failed(situation: Situation) -> Facts:
    command = _command(situation, c.StepFailed)
    step = _running(situation, command.step)
    is_of_no_use = step.is_message and situation.case.status is Status.WITHDRAWN
    state = StepState.DROPPED if is_of_no_use else StepState.PARKED
    failed = step.model_copy(update={"state": state, "rounds": step.rounds + 1, "error": command.error})
    yield f.StepFailed(step=step.key, error=command.error, attempts=command.attempts, steps=(failed,))


def _reached_the_customer(situation: Situation, step: Step) -> Facts:
    """What it means for the case that this step took effect; a letter that came too late means nothing any more."""
    case = situation.case
    way = step.way or Way.EMAIL
    if step.kind is StepKind.ACKNOWLEDGEMENT and case.acknowledged_at is None:
        yield f.Acknowledged(way=way)
    elif step.kind is StepKind.EXPLANATION_LETTER and case.status is Status.EXPLAINING and step.text is not None:
        yield f.Explained(way=way, letter=step.text)
        yield f.Closed()
    elif step.kind is StepKind.RESPONSE_LETTER and case.status is Status.RESPONDING:
        yield f.Responded(way=way)
        yield from calling_back.owed(situation)
    elif step.kind is StepKind.UPDATE_LETTER and step.text is not None:
        yield f.CustomerUpdated(way=way, letter=step.text)
    elif step.kind is StepKind.EXTENSION_LETTER:
        yield from _extended_in_time(case, step)


def _extended_in_time(case: Case, step: Step) -> Facts:
    """The extension holds, unless the customer was told after the old date: then the clock has breached."""
    extension = case.extension
    if extension is not None and extension.letter == step.text:
        yield f.Extended(clock=extension.clock, attempt=extension.attempt, until=extension.until)


def abort(situation: Situation) -> Facts:
    yield f.Aborted(reason=_command(situation, c.Abort).reason)


def _command(situation: Situation, kind: type[_Kind]) -> _Kind:
    if not isinstance(situation.command, kind):
        raise TypeError(f"{kind.__name__} expected, not {type(situation.command).__name__}")
    return situation.command


def _team(situation: Situation, person: str) -> str | None:
    staff = situation.circumstances.staff or {}
    return staff[person].team if person in staff else None


def _step(situation: Situation, key: str) -> Step:
    step = situation.case.step(key)
    if step is None:
        raise Refused("unknown_step", f"this case has no step {key}")
    return step


def _running(situation: Situation, key: str) -> Step:
    step = _step(situation, key)
    if step.state is not StepState.RUNNING:
        raise Refused("step_not_running", f"{key} is {step.state}; its outcome is known")
    return step

"""What each command makes happen, once its guards have let it pass: the bare facts.

`effects` adds the clocks and steps. An act by a way that we carry out orders a letter; told otherwise, it has happened.
What becomes of steps is in `rules.delivering`.
"""

from collections.abc import Iterator
from typing import TypeVar

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.assignment import choose
from domain.complaints.guards import current_code
from domain.complaints.rules import calling_back
from domain.complaints.situation import Situation
from domain.complaints.steps import Step
from domain.complaints.terms import ORDERED, StepState
from domain.ruling import Refused

_Kind = TypeVar("_Kind", bound=c.Command)
Facts = Iterator[f.AnyFact]


def acknowledge(situation: Situation) -> Facts:
    command = _command(situation, c.Acknowledge)
    ordered = command.way in ORDERED
    yield f.AcknowledgementOrdered(way=command.way) if ordered else f.Acknowledged(way=command.way)


def assess(situation: Situation) -> Facts:
    command = _command(situation, c.Assess)
    yield f.Assessed(**command.model_dump(exclude={"command"}))


def explain(situation: Situation) -> Facts:
    command = _command(situation, c.Explain)
    if command.way in ORDERED:
        yield f.ExplanationApproved(letter=command.letter, way=command.way)
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
    if command.way not in ORDERED:
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
    step = step_of(situation, command.step)
    again = step.model_copy(update={"state": step.begins_as, "error": None, "not_before": None})
    yield f.StepRetried(step=step.key, reason=command.reason, steps=(again,))


def skip_step(situation: Situation) -> Facts:
    command = _command(situation, c.SkipStep)
    step = step_of(situation, command.step)
    skipped = step.model_copy(update={"state": StepState.SKIPPED, "not_before": None})
    yield f.StepSkipped(step=step.key, reason=command.reason, steps=(skipped,))


def tick(_: Situation) -> Facts:
    """Nothing by itself: what has come due happens before any command."""
    yield from ()


def abort(situation: Situation) -> Facts:
    yield f.Aborted(reason=_command(situation, c.Abort).reason)


def _command(situation: Situation, kind: type[_Kind]) -> _Kind:
    if not isinstance(situation.command, kind):
        raise TypeError(f"{kind.__name__} expected, not {type(situation.command).__name__}")
    return situation.command


def _team(situation: Situation, person: str) -> str | None:
    staff = situation.circumstances.staff or {}
    return staff[person].team if person in staff else None


def step_of(situation: Situation, key: str) -> Step:
    step = situation.case.step(key)
    if step is None:
        raise Refused("unknown_step", f"this case has no step {key}")
    return step

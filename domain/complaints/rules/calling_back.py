"""Calling the customer back (回访): who calls, when, how, and what follows from what the customer says."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from domain.calendar import next_opening
from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.callback import Visit, is_selected
from domain.complaints.policy import Policy
from domain.complaints.rules.given import given
from domain.complaints.situation import Situation
from domain.complaints.terms import Reached, Solved, Way
from domain.ruling import Refused

Facts = Iterator[f.AnyFact]


def caller_is_not_the_handler(situation: Situation) -> None:
    """Who handled the case does not ask whether it was handled well."""
    _is_another(situation, situation.actor)


def planned_caller_is_not_the_handler(situation: Situation) -> None:
    command = situation.command
    if isinstance(command, c.PlanCallback) and command.caller is not None:
        _is_another(situation, command.caller)


def window_is_ahead(situation: Situation) -> None:
    """Still to come, and in the hours in which there is somebody to call."""
    command, calendar = situation.command, situation.circumstances.calendar
    if not isinstance(command, c.PlanCallback):
        return
    if command.window_to <= situation.now:
        raise Refused("window_over", "the window lies in the past")
    if calendar is not None and next_opening(max(command.window_from, situation.now), calendar) >= command.window_to:
        raise Refused("closed_then", f"nobody works in that window by the calendar {calendar.id}")


def attempts_are_on_different_days(situation: Situation) -> None:
    calendar, visits = situation.circumstances.calendar, situation.case.callback.visits
    if calendar is None or not visits:
        return
    zone = ZoneInfo(calendar.zone)
    if visits[-1].at.astimezone(zone).date() == situation.now.astimezone(zone).date():
        raise Refused("same_day", "the customer was tried today already; attempts are on different days")


def another_way_is_tried(situation: Situation) -> None:
    """After some failures by one way, another one."""
    command, policy, callback = situation.command, situation.circumstances.policy, situation.case.callback
    if not isinstance(command, c.RecordVisit) or policy is None or not callback.visits:
        return
    ways = {visit.way for visit in callback.visits}
    if callback.failed_attempts >= policy.callback.other_way_after and ways == {command.way}:
        raise Refused("try_another_way", f"after {callback.failed_attempts} attempts by {command.way}, try another way")


def plan_callback(situation: Situation) -> Facts:
    yield f.CallbackPlanned(**given(situation, c.PlanCallback).model_dump(exclude={"command"}))


def record_visit(situation: Situation) -> Facts:
    """Settled closes the case in the same breath; not settled reopens it, and the second time goes to stage two.

    Who does not want to be asked is left in peace; who could not be reached gets a letter.
    """
    command, case = given(situation, c.RecordVisit), situation.case
    visit = Visit(
        attempt=len(case.callback.visits) + 1,
        at=situation.now,
        caller=situation.actor,
        **command.model_dump(exclude={"command"}),
    )
    yield f.Visited(visit=visit)
    if visit.result is Reached.REACHED:
        yield from _settled(situation, visit)
    elif visit.result is Reached.REFUSED:
        yield f.Closed()
    elif visit.attempt >= _policy(situation).callback.attempts:
        yield f.CallbackSpent()
        yield f.Closed()


def confirm(situation: Situation) -> Facts:
    """Who says by the own page that it is settled need not be called back."""
    command, case = given(situation, c.Confirm), situation.case
    said = command.model_dump(include={"satisfaction", "reason"})
    yield f.Visited(
        visit=Visit(
            attempt=len(case.callback.visits) + 1,
            at=situation.now,
            way=Way.WEB,
            caller=situation.actor,
            result=Reached.REACHED,
            solved=Solved.YES,
            **said,
        )
    )
    yield f.Closed()


def owed(situation: Situation) -> Facts:
    """After an answer: a call back, if the policy selects this case."""
    case = situation.case
    if is_selected(case.reference, case.attempt, _policy(situation).callback):
        yield f.CallbackDue()


def _settled(situation: Situation, visit: Visit) -> Facts:
    case = situation.case
    if visit.found_it_settled:
        yield f.Closed()
    elif case.attempt > 1 and case.stage == 1 and _policy(situation).stage_two:
        yield f.ToStageTwo(reason=visit.reason, attempt=case.attempt + 1)
    else:
        yield f.Reopened(reason=visit.reason, attempt=case.attempt + 1)


def _is_another(situation: Situation, caller: str) -> None:
    policy = situation.circumstances.policy
    if policy is not None and policy.callback.by_another and caller == situation.case.handler:
        raise Refused("handler_calls", "another person than the handler calls back")


def _policy(situation: Situation) -> Policy:
    policy = situation.circumstances.policy
    if policy is None:
        raise ValueError("facts are made only where the policy is known")
    return policy

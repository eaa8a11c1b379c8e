"""Counting running clocks again in another version of their calendar, by order and case by case (decision 17)."""

from collections.abc import Iterator

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.calendar_upkeep import Move, moves
from domain.complaints.rules.given import given
from domain.complaints.situation import Situation
from domain.ruling import Refused

Facts = Iterator[f.AnyFact]


def some_clock_moves(situation: Situation) -> None:
    """An order that was carried out, or that changes nothing, leaves no trace in the case."""
    command, calendar = situation.command, situation.circumstances.renewed
    if not any(clock.is_open for clock in situation.case.clocks):
        raise Refused("nothing_moves", "no clock of this case runs")
    if not isinstance(command, c.RecalculateClocks) or calendar is None:
        return
    if calendar.pin != command.calendar:
        raise Refused("calendar_not_at_hand", f"the case counts again in {calendar.pin} at the same time")
    if not _moves(situation):
        raise Refused("nothing_moves", f"no running clock of this case would be due at another time in {calendar.pin}")


def recalculate_clocks(situation: Situation) -> Facts:
    command, found = given(situation, c.RecalculateClocks), _moves(situation)
    yield f.ClocksRecalculated(
        calendar=command.calendar,
        reason=command.reason,
        due_before={move.clock.key: move.clock.due_at for move in found},
        due_after={move.clock.key: move.due.at for move in found},
        clocks=tuple(move.clock.recalculated(move.due) for move in found),
    )


def _moves(situation: Situation) -> list[Move]:
    """What moves, but for due times that would lie in the past."""
    case, calendar = situation.case, situation.circumstances.renewed
    if calendar is None:
        return []
    found = moves(((case.reference, clock) for clock in case.clocks), calendar)
    return [move for move in found if not move.comes_too_late(situation.now)]

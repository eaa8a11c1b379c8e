"""Which running clocks a version of a calendar would move: looked for a page of open cases at a time."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import Calendar
from domain.complaints.calendar_upkeep import Move, moves
from storage.calendars import Calendars


@dataclass(frozen=True, slots=True)
class FoundMoves:
    """The moves, those due first in front; not complete where there are too many open cases to look at."""

    moves: tuple[Move, ...]
    is_complete: bool

    def references(self, now: datetime, most: int) -> tuple[str, ...]:
        """The cases in which a clock can be moved, each once, at most so many."""
        movable = (move.reference for move in self.moves if not move.comes_too_late(now))
        return tuple(dict.fromkeys(movable))[:most]


async def find_moves(stored: Calendars, calendar: Calendar, most_pages: int) -> FoundMoves:
    """What the version would move, computed beside other work. Raises CalendarError for a clock without an end."""
    found: list[Move] = []
    pages = 0
    async for page in stored.running_clocks(calendar.id):
        found += await asyncio.to_thread(moves, page, calendar)
        pages += 1
        if pages == most_pages:
            break
    return FoundMoves(tuple(found), is_complete=pages < most_pages)

"""The answer to "why this time?": a due time told in plain words from its trail.

Decides what is said and in which order; the words are `wording`'s. It says "counted from", not "received", because a
clock may begin at another anchor than receipt.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from domain.calendar.due_time import Due, Reason, TrailDay
from domain.calendar.spans import MICROSECONDS, OPEN_TIME, Unit
from domain.calendar.wording import Chinese, DayRange, English, Wording
from domain.privacy import Language

_CLOSINGS = frozenset({Reason.CLOSED, Reason.NO_OPENING_HOURS})
_WORDINGS: dict[Language, Wording] = {Language.ZH: Chinese(), Language.EN: English()}


def explain(due: Due, language: Language) -> str:
    """The sentences that lead from the start to the due time, in Chinese or English."""
    story = _Story(due, language)
    return story.words.between_sentences.join(
        [story.beginning(), *story.count(), *story.left_out(), story.end(), *story.reservation()]
    )


def wording_of(language: Language) -> Wording:
    """The words of a language."""
    return _WORDINGS[language]


class _Story:
    """One due time in one language, with what its trail says about it."""

    def __init__(self, due: Due, language: Language) -> None:
        self.words = _WORDINGS[language]
        self._language = language
        self._due = due
        self._zone = ZoneInfo(due.calendar.zone)
        self._trail = due.trail
        self._counted = [day for day in self._trail if day.counted]
        self._counts_time = due.span.unit in MICROSECONDS

    def beginning(self) -> str:
        return self.words.counted_from(self._due.start.astimezone(self._zone))

    def count(self) -> list[str]:
        """What was counted."""
        if not self._counts_time:
            return self._days_counted()
        if self._due.span.unit in OPEN_TIME:
            return [self.words.time_counted(self._due.span, _parts(self._counted))]
        return [self.words.round_the_clock(self._due.span)]

    def left_out(self) -> list[str]:
        """What was not counted, if there is anything: weekdays without hours, holidays, holds."""
        closings = _runs(self._trail, _CLOSINGS)
        weekdays = sorted({day.day.weekday() for run in closings if not self._names(run) for day in run})
        holidays = [
            self.words.named(self.words.days(_range(run)), self._names(run)) for run in closings if self._names(run)
        ]
        held = self._holds() if self._counts_time else self._held_days()
        return [self.words.not_counted(weekdays, holidays, held)] if weekdays or holidays or held else []

    def end(self) -> str:
        if self._counts_time or self._due.span.unit is Unit.CLOSE_OF_BUSINESS:
            return self.words.due_at(self._due.at.astimezone(self._zone))
        return self.words.due_at_end_of(self._trail[-1].day, self._due.calendar.zone)

    def reservation(self) -> list[str]:
        known = (self._due.calendar.known_from, self._due.calendar.horizon)
        return [self.words.provisional(known)] if self._due.provisional else []

    def _days_counted(self) -> list[str]:
        start_day = next(day.day for day in self._trail if day.reason is Reason.RECEIVED)
        made_up = [day for day in self._counted if day.reason is Reason.MAKE_UP_DAY]
        make_up_days = [self.words.day(day.day) for day in made_up]
        sentences = [
            self.words.start_day_rule(start_day, out_of_hours=self._trail[0].reason is Reason.OUT_OF_HOURS),
            self.words.days_counted(self._due.span, _range(self._counted), make_up_days, self._names(made_up)),
        ]
        last = self._counted[-1].day
        if self._due.span.unit is Unit.MONTHS and not self._due.holds and start_day.day > last.day:
            sentences.append(self.words.month_clamped(last))
        return sentences

    def _held_days(self) -> list[str]:
        return [self.words.days(_range(run)) for run in _runs(self._trail, frozenset({Reason.HELD}))]

    def _holds(self) -> list[str]:
        moments = (
            (hold.start.astimezone(self._zone), hold.end.astimezone(self._zone))
            for hold in sorted(self._due.holds, key=lambda hold: hold.start)
            if hold.end > self._due.start and hold.start < self._due.at
        )
        return [self.words.period(start, end) for start, end in moments]

    def _names(self, run: Sequence[TrailDay]) -> list[str]:
        """The names of the holidays in a run of days, each once."""
        return list(dict.fromkeys(day.name.text(self._language) for day in run if day.name))


def _parts(counted: Sequence[TrailDay]) -> list[tuple[timedelta, DayRange]]:
    """The counted days with their times; many are told as the first, those between and the last."""
    told = [[day] for day in counted] if len(counted) <= 4 else [counted[:1], counted[1:-1], counted[-1:]]
    return [(sum((day.time for day in days if day.time), timedelta()), _range(days)) for days in told]


def _runs(trail: Sequence[TrailDay], reasons: frozenset[Reason]) -> list[list[TrailDay]]:
    """The stretches of consecutive days that have one of these reasons."""
    return [list(run) for alike, run in groupby(trail, key=lambda day: day.reason in reasons) if alike]


def _range(days: Sequence[TrailDay]) -> tuple[date, date]:
    return days[0].day, days[-1].day

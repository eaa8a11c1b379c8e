"""The words in which a due time is explained, in English and in Chinese; what is said is decided in `explanation`."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar, Protocol

from domain.calendar.spans import Span, Unit

DayRange = tuple[date, date]


class Wording(Protocol):
    """The sentences and phrases of one language; moments are local, with their zone."""

    @property
    def between_sentences(self) -> str: ...
    def day(self, day: date) -> str: ...
    def moment(self, at: datetime) -> str: ...
    def days(self, days: DayRange) -> str: ...
    def named(self, phrase: str, names: Sequence[str]) -> str: ...
    def period(self, start: datetime, end: datetime) -> str: ...
    def counted_from(self, start: datetime) -> str: ...
    def start_day_rule(self, day: date, *, out_of_hours: bool) -> str: ...
    def days_counted(self, span: Span, days: DayRange, make_up_days: Sequence[str], names: Sequence[str]) -> str: ...
    def month_clamped(self, last: date) -> str: ...
    def round_the_clock(self, span: Span) -> str: ...
    def time_counted(self, span: Span, parts: Sequence[tuple[timedelta, DayRange]]) -> str: ...
    def not_counted(self, weekdays: Sequence[int], closed: Sequence[str], held: Sequence[str]) -> str: ...
    def due_at_end_of(self, day: date, zone: str) -> str: ...
    def due_at(self, at: datetime) -> str: ...
    def provisional(self, known: DayRange) -> str: ...


class English:
    """Plain English."""

    between_sentences = " "
    _UNITS: ClassVar = {
        Unit.SECONDS: ("second", " of opening time"),
        Unit.MINUTES: ("minute", " of opening time"),
        Unit.HOURS: ("hour", " of opening time"),
        Unit.ELAPSED_MINUTES: ("minute", ""),
        Unit.ELAPSED_HOURS: ("hour", ""),
        Unit.CALENDAR_DAYS: ("calendar day", ""),
        Unit.WORKING_DAYS: ("working day", ""),
        Unit.WEEKS: ("week", ""),
        Unit.MONTHS: ("month", ""),
        Unit.CLOSE_OF_BUSINESS: ("working day", ", to the close of business"),
    }
    _WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    _MONTHS = (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    )

    def day(self, day: date) -> str:
        return f"{self._WEEKDAYS[day.weekday()]} {self._date(day)}"

    def days(self, days: DayRange) -> str:
        first, last = days
        if first == last:
            return self._date(last)
        if first.year != last.year:
            return f"{self._date(first)} to {self._date(last)}"
        month = "" if first.month == last.month else f" {self._MONTHS[first.month - 1]}"
        return f"{first.day}{month} to {self._date(last)}"

    def named(self, phrase: str, names: Sequence[str]) -> str:
        return f"{phrase} ({', '.join(names)})"

    def period(self, start: datetime, end: datetime) -> str:
        return f"from {self._date(start)}, {_clock(start)}, to {self._date(end)}, {_clock(end)}"

    def counted_from(self, start: datetime) -> str:
        return f"Counted from {self.moment(start)}."

    def start_day_rule(self, day: date, *, out_of_hours: bool) -> str:
        if out_of_hours:
            return f"That is out of hours and counts as {self.day(day)}; that day does not count."
        return "That day does not count."

    def days_counted(self, span: Span, days: DayRange, make_up_days: Sequence[str], names: Sequence[str]) -> str:
        included = f", with {self.named(', '.join(make_up_days), names)}" if make_up_days else ""
        return f"{self._span(span)}: {self.days(days)}{included}."

    def month_clamped(self, last: date) -> str:
        return f"The month has no such day, so it ends on its last, {last.day} {self._MONTHS[last.month - 1]}."

    def round_the_clock(self, span: Span) -> str:
        return f"{self._span(span)} round the clock, nights, weekends and holidays included."

    def time_counted(self, span: Span, parts: Sequence[tuple[timedelta, DayRange]]) -> str:
        listed = ", ".join(f"{_duration(time, ' h', ' min', ' s', ' ')} on {self.days(days)}" for time, days in parts)
        return f"{self._span(span)}: {listed}."

    def not_counted(self, weekdays: Sequence[int], closed: Sequence[str], held: Sequence[str]) -> str:
        usual = [" and ".join(f"{self._WEEKDAYS[weekday]}s" for weekday in weekdays)] if weekdays else []
        on_hold = [f"on hold {', '.join(held)}"] if held else []
        return f"Not counted: {'; '.join([*usual, *closed, *on_hold])}."

    def due_at_end_of(self, day: date, zone: str) -> str:
        return f"Due at the end of {self.day(day)} ({zone})."

    def due_at(self, at: datetime) -> str:
        return f"Due {self.moment(at)}."

    def provisional(self, known: DayRange) -> str:
        return f"Provisional: holidays and make-up days are known only for {self.days(known)}."

    def _span(self, span: Span) -> str:
        unit, kind = self._UNITS[span.unit]
        return f"{span.amount} {unit}{'' if span.amount == 1 else 's'}{kind}"

    def moment(self, at: datetime) -> str:
        return f"{self.day(at)}, {_clock(at)} ({at.tzinfo})"

    def _date(self, day: date) -> str:
        return f"{day.day} {self._MONTHS[day.month - 1]} {day.year}"


class Chinese:
    """Plain Chinese."""

    between_sentences = ""
    _UNITS: ClassVar = {
        Unit.SECONDS: "秒（工作时间）",
        Unit.MINUTES: "分钟（工作时间）",
        Unit.HOURS: "小时（工作时间）",
        Unit.ELAPSED_MINUTES: "分钟",
        Unit.ELAPSED_HOURS: "小时",
        Unit.CALENDAR_DAYS: "个自然日",
        Unit.WORKING_DAYS: "个工作日",
        Unit.WEEKS: "周",
        Unit.MONTHS: "个月",
        Unit.CLOSE_OF_BUSINESS: "个工作日（至当日下班）",
    }
    _WEEKDAYS = "一二三四五六日"

    def day(self, day: date) -> str:
        return f"{self._date(day)}（星期{self._WEEKDAYS[day.weekday()]}）"

    def days(self, days: DayRange) -> str:
        first, last = days
        if first == last:
            return self._date(first)
        if first.year != last.year:
            return f"{self._date(first)}至{self._date(last)}"
        month = "" if first.month == last.month else f"{last.month}月"
        return f"{self._date(first)}至{month}{last.day}日"

    def named(self, phrase: str, names: Sequence[str]) -> str:
        return f"{phrase}（{'、'.join(names)}）"

    def period(self, start: datetime, end: datetime) -> str:
        return f"{self._date(start)}{_clock(start)}至{self._date(end)}{_clock(end)}"

    def counted_from(self, start: datetime) -> str:
        return f"自{self.moment(start)}起算。"

    def start_day_rule(self, day: date, *, out_of_hours: bool) -> str:
        if out_of_hours:
            return f"该时刻不在工作时间内，视为{self.day(day)}；当日不计入。"
        return "当日不计入。"

    def days_counted(self, span: Span, days: DayRange, make_up_days: Sequence[str], names: Sequence[str]) -> str:
        included = f"，含{self.named('、'.join(make_up_days), names)}" if make_up_days else ""
        return f"{self._span(span)}：{self.days(days)}{included}。"

    def month_clamped(self, last: date) -> str:
        return f"到期月无对应日，以月末日{last.month}月{last.day}日为最后一日。"

    def round_the_clock(self, span: Span) -> str:
        return f"{self._span(span)}，昼夜连续计算，含周末和节假日。"

    def time_counted(self, span: Span, parts: Sequence[tuple[timedelta, DayRange]]) -> str:
        listed = "，".join(f"{self.days(days)} {_duration(time, '小时', '分', '秒', '')}" for time, days in parts)
        return f"{self._span(span)}：{listed}。"

    def not_counted(self, weekdays: Sequence[int], closed: Sequence[str], held: Sequence[str]) -> str:
        usual = ["、".join(f"星期{self._WEEKDAYS[weekday]}" for weekday in weekdays)] if weekdays else []
        on_hold = [f"暂停计时的{'、'.join(held)}"] if held else []
        return f"不计入：{'；'.join([*usual, *closed, *on_hold])}。"

    def due_at_end_of(self, day: date, zone: str) -> str:
        return f"到期：{self.day(day)}24:00（{zone}）。"

    def due_at(self, at: datetime) -> str:
        return f"到期：{self.moment(at)}。"

    def provisional(self, known: DayRange) -> str:
        return f"暂定：节假日和调休安排仅已知{self.days(known)}。"

    def _span(self, span: Span) -> str:
        return f"{span.amount}{self._UNITS[span.unit]}"

    def moment(self, at: datetime) -> str:
        return f"{self.day(at)}{_clock(at)}（{at.tzinfo}）"

    def _date(self, day: date) -> str:
        return f"{day.year}年{day.month}月{day.day}日"


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _duration(time: timedelta, hours: str, minutes: str, seconds: str, between: str) -> str:
    """Hours, minutes and seconds, those that are not nought; less than a second is shown as none."""
    whole_minutes, rest = divmod(int(time.total_seconds()), 60)
    amounts = ((whole_minutes // 60, hours), (whole_minutes % 60, minutes), (rest, seconds))
    return between.join(f"{amount}{unit}" for amount, unit in amounts if amount) or f"0{seconds}"

"""1,000,000 due times in the calendars that come with Amends, beside a loop that walks from day to day.

Seconds are processor time, so that other work on the machine matters little.

Run: python -m benchmarks.due_times
"""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

from benchmarks.servers import conditions
from domain.calendar import Calendar, Span, Unit, due
from domain.complaints import shipped

COMPUTATIONS, WALKED = 1_000_000, 20_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES_OF_A_YEAR = 365 * 24 * 60
SPANS = (
    Span(amount=4, unit=Unit.HOURS),
    Span(amount=90, unit=Unit.MINUTES),
    Span(amount=24, unit=Unit.ELAPSED_HOURS),
    Span(amount=2, unit=Unit.WORKING_DAYS),
    Span(amount=5, unit=Unit.WORKING_DAYS),
    Span(amount=20, unit=Unit.WORKING_DAYS),
    Span(amount=15, unit=Unit.CALENDAR_DAYS),
    Span(amount=8, unit=Unit.WEEKS),
    Span(amount=1, unit=Unit.CLOSE_OF_BUSINESS),
)

Question = tuple[datetime, Span, Calendar]


def main() -> None:
    print(conditions())
    calendars = tuple(shipped.calendars("Asia/Shanghai"))
    questions = list(drawn(calendars, COMPUTATIONS))
    for calendar in calendars:  # each lays out its years once, as a process that lives does
        due(BEGIN, SPANS[3], calendar)
    ours, answers = timed(lambda start, span, calendar: due(start, span, calendar).at, questions)
    walked, expected = timed(by_walking, questions[:WALKED])
    differing = sum(answer != other for answer, other in zip(answers, expected, strict=False))
    if differing:
        raise SystemExit(f"{differing} due times differ from the loop's")
    per_walk, per_look = walked / WALKED, ours / COMPUTATIONS
    print(f"{COMPUTATIONS:,} due times in {len(calendars)} calendars, {len(SPANS)} spans")
    print(f"  this project   {ours:8.2f} s   {per_look * 1e6:6.1f} µs each")
    print(f"  day by day     {per_walk * COMPUTATIONS:8.2f} s   {per_walk * 1e6:6.1f} µs each (scaled from {WALKED:,})")
    print(f"  ratio          {per_walk / per_look:8.1f} ×   the same due times")


def drawn(calendars: Sequence[Calendar], count: int) -> list[Question]:
    chance = random.Random(1)
    return [
        (
            BEGIN + timedelta(minutes=chance.randrange(MINUTES_OF_A_YEAR)),
            chance.choice(SPANS),
            chance.choice(calendars),
        )
        for _ in range(count)
    ]


def timed(
    answer: Callable[[datetime, Span, Calendar], datetime], questions: Sequence[Question]
) -> tuple[float, list[datetime]]:
    begin = process_time()
    answers = [answer(*question) for question in questions]
    return process_time() - begin, answers


def by_walking(start: datetime, span: Span, calendar: Calendar) -> datetime:
    """The same by a loop over days and windows, as one would write it without a table."""
    zone = ZoneInfo(calendar.zone)
    if span.unit is Unit.ELAPSED_HOURS:
        return start + timedelta(hours=span.amount)
    day = start.astimezone(zone).date()
    if span.unit in {Unit.HOURS, Unit.MINUTES}:
        left = timedelta(hours=span.amount) if span.unit is Unit.HOURS else timedelta(minutes=span.amount)
        while True:
            for opens, closes in windows(calendar, day, zone):
                begin = max(opens, start)
                if begin < closes:
                    if closes - begin >= left:
                        return begin + left
                    left -= closes - begin
            day += timedelta(days=1)
    left_days = 7 * span.amount if span.unit is Unit.WEEKS else span.amount
    while left_days:
        day += timedelta(days=1)
        counts = span.unit in {Unit.CALENDAR_DAYS, Unit.WEEKS} or bool(windows(calendar, day, zone))
        left_days -= counts
    if span.unit is Unit.CLOSE_OF_BUSINESS:
        return windows(calendar, day, zone)[-1][1]
    return midnight(day + timedelta(days=1), zone)


def windows(calendar: Calendar, day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    start = datetime.combine(day, datetime.min.time())

    def moment(minute: int) -> datetime:
        return (start + timedelta(minutes=minute)).replace(tzinfo=zone).astimezone(UTC)

    return [(moment(window.opens), moment(window.closes)) for window in calendar.plan(day).windows]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)


if __name__ == "__main__":
    main()

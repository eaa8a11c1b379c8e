"""A calendar as text fields: hours such as `09:00-12:30, 13:30-17:00`, and one line a day for the days that differ.

A line is `DAY WHAT NAME / NAME IN ENGLISH`. WHAT is `closed`; `like monday` for a make-up day, `open 09:00-12:00` for
one with hours of its own; or the other hours of a working day.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.calendar import Calendar, Weekday, Window
from domain.calendar.opening_hours import clock_text
from domain.calendar.snapshot import ListedDay
from starter.problems import FieldError, invalid

DASHES = str.maketrans({"–": "-", "—": "-", "至": "-", "，": ",", "、": ",", "：": ":", "／": "/"})
_LINE = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})\s+(?P<what>closed|like\s+[a-z]+|(?:open\s+)?[\d:,\s-]+?)\s+(?P<name>[^\d\s,:-].*)",
    re.IGNORECASE,
)
MOST_LINES = 2_000
FIELDS = ("title", "zone", "known_from", "horizon", "days")


def filled_in(calendar: Calendar) -> dict[str, str]:
    """The fields that say what a calendar says."""
    week = {f"week_{day}": hours(calendar.week.windows(day)) for day in Weekday}
    return week | {
        "title": calendar.title,
        "zone": calendar.zone,
        "known_from": calendar.known_from.isoformat(),
        "horizon": calendar.horizon.isoformat(),
        "days": "\n".join(line for _, line in sorted(_lines(calendar))),
    }


def hours(windows: Iterable[Window]) -> str:
    """Windows of a day as they stand on a door."""
    return ", ".join(f"{clock_text(each.opens)}-{clock_text(each.closes)}" for each in windows)


def document_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """The document that filled fields make. Raises `Problem` 422 for a line that is none."""
    week = {day.value: windows for day in Weekday if (windows := _windows(fields.get(f"week_{day}", "")))}
    listed: dict[str, list[dict[str, Any]]] = {"closed": [], "open_days": [], "changed_days": []}
    known = {name: fields.get(name, "") for name in ("title", "zone", "known_from", "horizon")}
    unread = []
    for number, line in enumerate(fields.get("days", "").splitlines()[:MOST_LINES], start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.translate(DASHES).strip())
        if found is None:
            unread.append(str(number))
            continue
        kind, entry = _day(found)
        listed[kind].append(entry)
    if unread:
        raise invalid([FieldError("/days", f"lines {', '.join(unread[:10])} cannot be read")])
    return {name: value for name, value in known.items() if value} | {"week": week} | listed


def _lines(calendar: Calendar) -> Iterator[tuple[str, str]]:
    said: list[tuple[ListedDay, str]] = [(closed, "closed") for closed in calendar.closed]
    said += [
        (opened, f"like {opened.like}" if opened.like else f"open {hours(opened.windows)}")
        for opened in calendar.open_days
    ]
    said += [(changed, hours(changed.windows)) for changed in calendar.changed_days]
    for listed, what in said:
        yield listed.day.isoformat(), f"{listed.day} {what} {listed.name.zh} / {listed.name.en}"


def _day(found: re.Match[str]) -> tuple[str, dict[str, Any]]:
    zh, _, en = (part.strip() for part in found["name"].partition("/"))
    entry: dict[str, Any] = {"day": found["day"], "name": {"zh": zh, "en": en or zh}}
    what = found["what"].casefold().split()
    if what[0] == "closed":
        return "closed", entry
    if what[0] == "like":
        return "open_days", entry | {"like": what[1]}
    if what[0] == "open":
        return "open_days", entry | {"windows": _windows(found["what"][len("open") :])}
    return "changed_days", entry | {"windows": _windows(found["what"])}


def _windows(text: str) -> list[dict[str, str]]:
    """`09:00-12:30, 13:30-17:00` as windows; what is none goes as it is, to be refused by name."""
    parts = [part.strip() for part in text.translate(DASHES).split(",") if part.strip()]
    found = [part.partition("-") for part in parts]
    return [{"opens": opens.strip(), "closes": closes.strip()} for opens, _, closes in found]

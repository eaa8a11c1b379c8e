"""The formats in which other systems write dates. A column has one; which, its values say all together.

`03/04/2025` may be a day in March or in April: a column in which no value decides it is ambiguous and is refused,
unless the mapping names the format.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

_DATE = re.compile(
    r"(?P<one>\d{1,4})(?P<mark>[-/.年])(?P<two>\d{1,2})(?:(?P=mark)|月)(?P<three>\d{1,4})日?"
    r"(?:(?:T|\s+)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_CENTURY_TURNS_AT = 69
"""POSIX: two digits from 69 on are the last century."""

Order = Literal["YMD", "MDY", "DMY"]
Clock = Literal["", "H:MM", "h:MM AM"]
_ORDERS: dict[str, Order] = {"YMD": "YMD", "MDY": "MDY", "DMY": "DMY"}
_CLOCKS: dict[str, Clock] = {"": "", "H:MM": "H:MM", "h:MM AM": "h:MM AM"}


@dataclass(frozen=True, slots=True, order=True)
class DateFormat:
    """How a date is written: the order of its parts, what stands between them, how long its year is, its time."""

    order: Order
    mark: str
    year_digits: int
    clock: Clock = ""
    is_zoned: bool = False

    @property
    def name(self) -> str:
        """As mappings and reports write it; a month or day may have one digit or two."""
        parts = {"Y": "Y" * self.year_digits, "M": "M", "D": "D"}
        date = f"{self.mark}".join(parts[each] for each in self.order)
        if self.mark == "年":
            date = "YYYY年M月D日"
        elif self.order == "YMD":
            date = date.replace("M", "MM").replace("D", "DD")
        return f"{date} {self.clock}{'Z' if self.is_zoned else ''}".strip()


def readings(value: str) -> dict[DateFormat, datetime]:
    """Every way in which a value can be read as a date; zoned ones in UTC, others without a zone."""
    found = _DATE.fullmatch(value)
    if found is None:
        return {}
    one, two, three = found["one"], found["two"], found["three"]
    orders: tuple[Order, ...] = ("YMD",) if len(one) == 4 else ("MDY", "DMY")
    clock: Clock = "" if found["hour"] is None else ("h:MM AM" if found["half"] else "H:MM")
    read: dict[DateFormat, datetime] = {}
    for order in orders:
        year, month, day = {"YMD": (one, two, three), "MDY": (three, one, two), "DMY": (three, two, one)}[order]
        if len(year) in {2, 4} and len(month) <= 2 and len(day) <= 2 and (at := _at(found, year, month, day)):
            read[DateFormat(order, found["mark"], len(year), clock, found["zone"] is not None)] = at
    return read


def parse_format(name: str) -> DateFormat:
    """The format of a name such as `M/D/YYYY H:MM` or `DD.MM.YY`. Raises ValueError."""
    date, _, clock = " ".join(name.split()).partition(" ")
    clock = clock.replace(":SS", "").replace("HH", "H").replace("hh", "h")
    is_zoned = clock.endswith("Z")
    clock = clock.removesuffix("Z")
    if date == "YYYY年M月D日":
        date = "YYYY年M年D"
    shape = re.fullmatch(r"(YYYY|YY|MM?|DD?)([-/.年])(MM?|DD?)\2(YYYY|YY|MM?|DD?)", date)
    order = "".join(part[0] for part in (shape[1], shape[3], shape[4])) if shape else ""
    if shape is None or order not in _ORDERS or clock not in _CLOCKS:
        raise ValueError("expected a format such as YYYY-MM-DD, M/D/YYYY, DD.MM.YY or M/D/YYYY H:MM")
    digits = next(len(part) for part in (shape[1], shape[3], shape[4]) if part[0] == "Y")
    return DateFormat(_ORDERS[order], shape[2], digits, _CLOCKS[clock], is_zoned)


@dataclass(slots=True)
class ColumnOfDates:
    """What the values of a column, seen one after the other, say about its one format."""

    expected: DateFormat | None = None
    fitting: frozenset[DateFormat] | None = None
    first_row: int = 0
    other_row: int | None = None
    is_decided_by_no_value: bool = False

    def look(self, row: int, value: str) -> bool:
        """Take a value into account; False when it is no date of the column."""
        read = readings(value)
        if self.expected is not None:
            return self.expected in read
        if not read:
            return False
        if self.fitting is None:
            self.fitting, self.first_row = frozenset(read), row
        elif left := self.fitting & read.keys():
            self.fitting = left
        else:
            self.other_row = self.other_row or row
        self.is_decided_by_no_value |= len(set(read.values())) > 1
        return True

    def format(self) -> DateFormat | None:
        """The one format; None for a column without dates. Raises ValueError, saying why, where there is not one."""
        if self.expected is not None or self.fitting is None:
            return self.expected
        if self.other_row is not None:
            raise ValueError(f"row {self.other_row} is written in another format than row {self.first_row}")
        candidates = sorted(self.fitting, reverse=True)
        if len(candidates) > 1 and self.is_decided_by_no_value:
            names = " or ".join(each.name for each in candidates)
            raise ValueError(f"could be {names}: no row decides it; name the format in the mapping, under [formats]")
        return candidates[0]


def moment(value: str, written: DateFormat, zone: ZoneInfo) -> datetime | None:
    """When it was, in UTC; a day without a time begins in the zone. None for what is not written so."""
    at = readings(value).get(written)
    if at is None:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone).astimezone(UTC)


def _at(found: "re.Match[str]", year: str, month: str, day: str) -> datetime | None:
    full_year = int(year)
    if len(year) == 2:
        full_year += 1900 if full_year >= _CENTURY_TURNS_AT else 2000
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
    try:
        at = datetime(full_year, int(month), int(day), hour, int(found["minute"] or 0), int(found["second"] or 0))  # noqa: DTZ001  its zone is the mapping's
    except ValueError:
        return None
    return at if found["zone"] is None else at.replace(tzinfo=_zone(found["zone"])).astimezone(UTC)


def _zone(written: str) -> timezone:
    if written == "Z":
        return UTC
    length = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return timezone(-length if written[0] == "-" else length)

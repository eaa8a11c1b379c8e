"""Where a file has the columns of a mapping, and in which format its dates are."""

import re
from collections.abc import Mapping as Fields
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from domain.complaints.importing.dates import DateFormat, parse_format
from domain.complaints.importing.mapping import DATES, Mapping


class Unusable(ValueError):
    """The file as a whole cannot be taken over: `column` where one is at fault, and what was found."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(f"{column}: {why}" if column else why)
        self.column = column
        self.why = why


class Plan(BaseModel):
    """A mapping made fit for one file: its header, and the format of each column of dates."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mapping: Mapping
    header: tuple[str, ...]
    formats: dict[str, str] = {}

    @cached_property
    def layout(self) -> "Layout":
        return Layout(self)


@dataclass(slots=True)
class Layout:
    """The plan laid out for reading many rows."""

    plan: Plan
    places: Fields[str, int] = field(init=False)
    formats: Fields[str, DateFormat] = field(init=False)
    missing: frozenset[str] = field(init=False)
    zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        self.places = {spelled(name): place for place, name in reversed(list(enumerate(self.plan.header)))}
        self.formats = {spelled(column): parse_format(name) for column, name in self.plan.formats.items()}
        self.missing = frozenset({"", *(each.casefold() for each in self.plan.mapping.missing)})
        self.zone = ZoneInfo(self.plan.mapping.time_zone)

    def value(self, cells: Sequence[str], column: str | None) -> str:
        """What a row has in a column, or an empty text for nothing."""
        place = None if column is None else self.places.get(spelled(column))
        if place is None or place >= len(cells):
            return ""
        text = tidy(cells[place])
        return "" if text.casefold() in self.missing else text


def plan_of(mapping: Mapping, header: Sequence[str]) -> Plan:
    """The mapping on a file with this header, its formats still to be found. Raises Unusable."""
    named = tuple(tidy(name) for name in header)
    if not any(named):
        raise Unusable("", "the file has no header")
    plan = Plan(mapping=mapping, header=named)
    if spelled(mapping.columns.received_at) not in plan.layout.places:
        raise Unusable(mapping.columns.received_at, f"the file has no such column; it has {', '.join(named)[:500]}")
    return plan


def date_columns(mapping: Mapping) -> dict[str, str | None]:
    """Every column of dates, with the format that the mapping names for it."""
    columns = {getattr(mapping.columns, name): mapping.formats.get(name) for name in DATES}
    others = {column: None for pair in mapping.not_before for column in pair}
    return {column: name for column, name in (others | columns).items() if column is not None}


@lru_cache(maxsize=1_000)
def spelled(column: str) -> str:
    """A column's name without its case and without what stands between its words."""
    return re.sub(r"[\W_]+", "", column).casefold()


def tidy(cell: str) -> str:
    """A cell without spaces around it and without control characters, line ends apart."""
    text = cell.strip()
    if text.isprintable():
        return text
    return "".join(
        sign if sign in "\n\t" or ((sign.isprintable() or sign.isspace()) and ord(sign) >= 32) else " "
        for sign in text.replace("\r\n", "\n").replace("\r", "\n")
    ).strip()

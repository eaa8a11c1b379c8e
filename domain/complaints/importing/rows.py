"""One row: what it says in our words, or what is wrong with it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from domain.complaints.importing.columns import Layout, Plan, spelled
from domain.complaints.importing.dates import moment
from domain.complaints.importing.mapping import CLOSED, CODED, FREE_CODES, PERSONAL
from domain.complaints.taxonomy import Taxonomy

LONGEST_TEXT = 20_000
LONGEST_LEGACY = 300
LONGEST_CODE = 64
MIDDLE_SEVERITY = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a column of a row. What the cell holds is not repeated: it may be personal."""

    column: str
    what: str
    is_fatal: bool = True


@dataclass(slots=True)
class Found:
    """A row as a complaint, without the numbers that it is given when it is taken over."""

    row: int
    id: str | None = None
    received_at: datetime | None = None
    ended_at: datetime | None = None
    is_open: bool = True
    occurred_at: datetime | None = None
    severity: int = MIDDLE_SEVERITY
    codes: dict[str, str] = field(default_factory=dict)
    legacy: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    identity: dict[str, str] = field(default_factory=dict)
    narrative: str = ""
    demand: str = ""
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_usable(self) -> bool:
        return not any(fault.is_fatal for fault in self.faults)


def understand(plan: Plan, taxonomy: Taxonomy, row: int, cells: Sequence[str], now: datetime) -> Found:
    """A row in our words, with every fault that was found in it."""
    layout, columns, found = plan.layout, plan.mapping.columns, Found(row)
    if len(cells) > len(plan.header):
        found.faults.append(Fault("", f"has {len(cells)} cells; the header has {len(plan.header)}"))
    found.id = layout.value(cells, columns.id) or None
    if columns.id is not None and found.id is None and spelled(columns.id) in layout.places:
        found.faults.append(Fault(columns.id, "is empty: the row's number in the file takes its place", is_fatal=False))
    _read_times(found, layout, cells, now)
    _read_codes(found, layout, taxonomy, cells)
    _read_severity(found, layout, cells)
    found.identity = {name: text for name in PERSONAL if (text := layout.value(cells, getattr(columns, name)))}
    _read_texts(found, layout, cells)
    return found


def _read_times(found: Found, layout: Layout, cells: Sequence[str], now: datetime) -> None:
    columns, codes = layout.plan.mapping.columns, layout.plan.mapping.codes.status
    found.received_at = _moment(found, layout, cells, columns.received_at)
    if found.received_at is None:
        found.faults.append(Fault(columns.received_at, "holds no date in the column's format"))
    elif found.received_at > now:
        found.faults.append(Fault(columns.received_at, "lies in the future"))
    found.ended_at = _moment(found, layout, cells, columns.ended_at, is_wanted=False)
    found.occurred_at = _moment(found, layout, cells, columns.occurred_at, is_wanted=False)
    status = layout.value(cells, columns.status)
    known = next((meant for theirs, meant in codes.items() if theirs.casefold() == status.casefold()), None)
    found.is_open = known != CLOSED if known else found.ended_at is None
    if status:
        found.legacy["status"] = status[:LONGEST_LEGACY]
        if known is None:
            found.unknown["status"] = status[:LONGEST_LEGACY]
    for later, earlier in layout.plan.mapping.not_before:
        end, begin = _day(layout, cells, later), _day(layout, cells, earlier)
        if end is not None and begin is not None and end < begin:
            found.faults.append(Fault(later, f"lies before {earlier}", is_fatal=False))
    if found.ended_at is not None and (found.is_open or found.ended_at > now):
        found.ended_at = None if found.is_open else now


def _moment(
    found: Found, layout: Layout, cells: Sequence[str], column: str | None, *, is_wanted: bool = True
) -> datetime | None:
    text = layout.value(cells, column)
    if not text or column is None:
        return None
    at = _day(layout, cells, column)
    if at is None and not is_wanted:
        found.faults.append(Fault(column, "holds no date in the column's format", is_fatal=False))
    return at


def _day(layout: Layout, cells: Sequence[str], column: str) -> datetime | None:
    written = layout.formats.get(spelled(column))
    text = layout.value(cells, column)
    return None if written is None or not text else moment(text, written, layout.zone)


def _read_codes(found: Found, layout: Layout, taxonomy: Taxonomy, cells: Sequence[str]) -> None:
    mapping = layout.plan.mapping
    for name in (*CODED, *FREE_CODES):
        theirs = layout.value(cells, getattr(mapping.columns, name))
        if not theirs:
            continue
        meant: dict[str, str] = getattr(mapping.codes, name)
        code = meant.get(theirs) or code_of(theirs)
        found.codes[name] = code
        if code != theirs:
            found.legacy[name] = theirs[:LONGEST_LEGACY]
        if name in CODED and code not in getattr(taxonomy, name):
            found.unknown[name] = theirs[:LONGEST_LEGACY]
            found.legacy[name] = theirs[:LONGEST_LEGACY]
    found.codes.setdefault("channel", mapping.channel)
    for name, column in mapping.legacy.items():
        text = layout.value(cells, column)
        if len(text) > LONGEST_LEGACY:
            found.faults.append(Fault(column, f"has more than {LONGEST_LEGACY} signs: map free text as narrative"))
        elif text:
            found.legacy[name] = text


def _read_severity(found: Found, layout: Layout, cells: Sequence[str]) -> None:
    column, meant = layout.plan.mapping.columns.severity, layout.plan.mapping.codes.severity
    theirs = layout.value(cells, column)
    if not theirs or column is None:
        return
    if theirs in meant or theirs in {"1", "2", "3", "4", "5"}:
        found.severity = meant[theirs] if theirs in meant else int(theirs)
    else:
        found.unknown["severity"] = found.legacy["severity"] = theirs[:LONGEST_LEGACY]


def _read_texts(found: Found, layout: Layout, cells: Sequence[str]) -> None:
    columns = layout.plan.mapping.columns
    told = (text for column in columns.narrative if (text := layout.value(cells, column)))
    found.narrative = next(told, "") or _summary(layout, cells)
    found.demand = layout.value(cells, columns.demand)
    if not found.narrative:
        place = (*columns.narrative, *columns.summary)[0]
        found.faults.append(Fault(place, "says nothing, and nothing else does: a complaint needs its narrative"))
    for column, text in ((columns.narrative or columns.summary)[0], found.narrative), (columns.demand, found.demand):
        if len(text) > LONGEST_TEXT:
            found.faults.append(Fault(column or "", f"has more than {LONGEST_TEXT} signs"))


def _summary(layout: Layout, cells: Sequence[str]) -> str:
    parts: Iterator[str] = (layout.value(cells, column) for column in layout.plan.mapping.columns.summary)
    return " – ".join(part for part in parts if part)


def code_of(theirs: str) -> str:
    """Their value as a code of ours: the same value is the same code, and different ones differ."""
    slug = re.sub(r"[^a-z0-9]+", "_", theirs.casefold()).strip("_")
    if slug and len(slug) <= LONGEST_CODE and (theirs.isascii() or slug == theirs):
        return slug
    mark = sha256(theirs.encode()).hexdigest()[:8]
    return f"{slug[: LONGEST_CODE - 9].rstrip('_')}_{mark}" if slug else f"legacy_{mark}"

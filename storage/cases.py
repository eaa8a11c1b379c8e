"""Reading cases: one by its reference, lists by filters and cursor, timelines.

Every list is paged by a key that an index has, and no list counts.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.access import CALLED_BACK, CaseScope
from domain.complaints.case import Case
from domain.complaints.facts import Entry, read_entry
from storage.pool import Connection, Pool, borrow, planned_for_values

MAX_PAGE = 200
MOST_COUNTED = 100_000
"""Figures for operators stop here: past it, how much more does not matter, and counting would cost."""


class BadCursor(ValueError):
    """The cursor is not one that a list of this order gave."""


class CaseFilter(BaseModel):
    """What a list of cases is narrowed to; absent fields do not narrow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: tuple[str, ...] = ()
    handler: str | None = None
    team: str | None = None
    category: str | None = None
    severity: int | None = Field(None, ge=1, le=5)
    channel: str | None = None
    due_before: datetime | None = None
    breached: bool | None = None
    needs_operator: bool | None = None
    customers: tuple[str, ...] | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None
    search: "Search | None" = None


class Search(BaseModel):
    """What a person typed to find a case: its number, a code, or something that these customers are known by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    term: str
    customers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of cases and where the next one begins, if there is one."""

    cases: tuple[Case, ...]
    next_cursor: str | None


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("expected a time with its zone")
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _Order:
    """A sort key that an index has; rows without it are not in the list. `read` takes its value out of a cursor."""

    column: str
    direction: str
    beyond: str
    read: Callable[[Any], datetime | int]


_ORDERS = {
    "received": _Order("received_at", "DESC", "<", _moment),
    "due": _Order("next_due", "ASC", ">", _moment),
    "severity": _Order("severity", "DESC", "<", {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}.__getitem__),
}


@dataclass(slots=True)
class _Conditions:
    """SQL conditions and their values, in step."""

    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition whose `{}` are the places of the values."""
        places = [f"${len(self.values) + number}" for number in range(1, len(values) + 1)]
        self.parts.append(condition.format(*places))
        self.values.extend(values)

    def __str__(self) -> str:
        return " AND ".join(self.parts) or "true"


class CaseRecords:
    """The read models of cases."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, reference: str) -> Case | None:
        async with borrow(self._pool) as connection:
            return await find(connection, reference)

    async def page(
        self,
        wanted: CaseFilter,
        scope: CaseScope,
        *,
        sort: str = "received",
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page:
        """Cases in the order asked for, those that the reader may see. Raises BadCursor."""
        query, values = list_query(wanted, scope, sort=sort, cursor=cursor, limit=min(limit, MAX_PAGE) + 1)
        async with planned_for_values(self._pool) as connection:
            rows = await connection.fetch(query, *values)
        shown = rows[: min(limit, MAX_PAGE)]
        more = len(rows) > len(shown)
        return Page(
            cases=tuple(Case.model_validate_json(row["state"]) for row in shown),
            next_cursor=_cursor(sort, shown[-1]["position"], shown[-1]["reference"]) if more else None,
        )

    async def count(self, wanted: CaseFilter, scope: CaseScope) -> int:
        """How many cases fit, counted up to a hundred thousand."""
        conditions = _conditions(wanted, scope)
        async with borrow(self._pool) as connection:
            counted = await connection.fetchval(
                f"SELECT count(*) FROM (SELECT FROM case_record WHERE {conditions} LIMIT {MOST_COUNTED}) fitting",  # noqa: S608
                *conditions.values,
            )
        return int(counted)

    async def timeline(self, reference: str, after: int, limit: int) -> list[tuple[Entry, str]]:
        """Entries behind a sequence, each with its hash."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT payload, encode(hash, 'hex') AS hash FROM ledger
                    WHERE reference = $1 AND sequence > $2 ORDER BY sequence LIMIT $3""",
                reference,
                after,
                limit,
            )
        return [(read_entry(json.loads(row["payload"])), row["hash"]) for row in rows]

    async def outbox_depth(self) -> int:
        """How many recorded events wait for delivery, counted up to a hundred thousand."""
        async with borrow(self._pool) as connection:
            return int(
                await connection.fetchval("SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) waiting", MOST_COUNTED)
            )


def list_query(
    wanted: CaseFilter, scope: CaseScope, *, sort: str, cursor: str | None, limit: int
) -> tuple[str, list[Any]]:
    """The statement of a list and its values. Raises BadCursor.

    The states are read for the page alone: where few cases are found and then sorted, they would be most of the cost.
    """
    order, conditions = _ORDERS[sort], _conditions(wanted, scope)
    if sort == "due":
        conditions.add("next_due IS NOT NULL")
    if cursor is not None:
        beyond, reference = _read_cursor(cursor, sort)
        conditions.add(f"({order.column}, reference) {order.beyond} ({{}}, {{}})", beyond, reference)
    query = f"""SELECT c.state::text, page.position, page.reference FROM (
                  SELECT {order.column} AS position, reference FROM case_record WHERE {conditions}
                   ORDER BY {order.column} {order.direction}, reference {order.direction} LIMIT {limit}
                ) page JOIN case_record c USING (reference)
                 ORDER BY page.position {order.direction}, page.reference {order.direction}"""  # noqa: S608  ours
    return query, conditions.values


async def find(connection: Connection, reference: str) -> Case | None:
    """A case as the caller's transaction sees it."""
    state = await connection.fetchval("SELECT state::text FROM case_record WHERE reference = $1", reference)
    return None if state is None else Case.model_validate_json(state)


def _conditions(wanted: CaseFilter, scope: CaseScope) -> _Conditions:
    conditions = _Conditions()
    for condition, value in _narrowings(wanted):
        if value is not None:
            conditions.add(condition, value)
    _add_flag(conditions, "is_breached", wanted.breached)
    _add_flag(conditions, "needs_operator", wanted.needs_operator)
    if wanted.search is not None:
        conditions.add(_FOUND, wanted.search.term, wanted.search.customers)
    if not scope.everything and not _is_within_reach(wanted, scope):
        _add_scope(conditions, scope)
    return conditions


def _is_within_reach(wanted: CaseFilter, scope: CaseScope) -> bool:
    """Whether the list is narrowed to the reader's own cases or team: asked twice, it is planned for far too few."""
    if scope.handler is None:
        return False
    return wanted.handler == scope.handler or (scope.team is not None and wanted.team == scope.team)


_FOUND = "(reference = {0} OR ARRAY[category, product, region, partner] @> ARRAY[{0}] OR customer = ANY({1}))"


def _narrowings(wanted: CaseFilter) -> Iterator[tuple[str, Any]]:
    yield "status = ANY({})", wanted.status or None
    yield "handler = {}", wanted.handler
    yield "team = {}", wanted.team
    yield "category = {}", wanted.category
    yield "severity = {}", wanted.severity
    yield "channel = {}", wanted.channel
    yield "next_due < {}", wanted.due_before
    yield "customer = ANY({})", wanted.customers
    yield "received_at >= {}", wanted.received_from
    yield "received_at < {}", wanted.received_to


def _add_flag(conditions: _Conditions, column: str, wanted: bool | None) -> None:
    """Written out, not passed as a value: so the planner knows that the partial index fits."""
    if wanted is not None:
        conditions.add(column if wanted else f"NOT {column}")


def scope_condition(scope: CaseScope, first: int) -> tuple[str, list[Any]]:
    """The same as a condition for other statements about cases; its values stand from `$first` on."""
    conditions = _Conditions(values=[None] * (first - 1))
    if not scope.everything:
        _add_scope(conditions, scope)
    return str(conditions), conditions.values[first - 1 :]


def _add_scope(conditions: _Conditions, scope: CaseScope) -> None:
    """The rule of `CaseScope.covers`, in SQL."""
    reach: list[str] = ["taken_by = {}"]
    values: list[Any] = [scope.taken_by]
    if scope.only is not None:
        reach.append("reference = {}")
        values.append(scope.only)
    if scope.handler is not None:
        reach += ["handler = {}", "team = {}", "(handler IS NULL AND team IS NULL)"]
        values += [scope.handler, scope.team]
    if scope.called_back:
        reach.append("status = ANY({})")
        values.append(list(CALLED_BACK))
    conditions.add(f"({' OR '.join(reach)})", *values)


def _cursor(sort: str, position: datetime | int, reference: str) -> str:
    value = position if isinstance(position, int) else position.isoformat()
    return base64.urlsafe_b64encode(json.dumps([sort, value, reference]).encode()).decode()


def _read_cursor(cursor: str, sort: str) -> tuple[datetime | int, str]:
    try:
        order, value, reference = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        position = _ORDERS[sort].read(value)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, binascii.Error) as error:
        raise BadCursor("the cursor is not one that this list gave") from error
    if order != sort or not isinstance(reference, str) or not reference.isprintable():
        raise BadCursor(f"the cursor is of another order than {sort}")
    return position, reference


def covers(scope: CaseScope, case: Case) -> bool:
    return scope.covers(
        reference=case.reference,
        taken_by=case.intake.taken_by,
        handler=case.handler,
        team=case.team,
        status=case.status,
    )

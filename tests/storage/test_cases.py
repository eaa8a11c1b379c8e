"""Reading cases on real PostgreSQL: lists say what a filter in plain Python says, and stay in their order."""

import base64
import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.access import CaseScope
from domain.complaints import commands as c
from domain.complaints.case import Case
from domain.complaints.evolve import fold
from domain.complaints.terms import ClockState, Status
from storage.cases import BadCursor, CaseFilter, CaseRecords, Search, covers
from storage.ledger import Ledger, append
from storage.pool import Pool, transaction
from storage.steps import StepFilter, StepRecords
from tests.storage.sample_cases import AT, done, first_entries, opened

EVERYTHING = CaseScope(everything=True)
CUSTOMERS = tuple(f"cus_{number:032x}" for number in range(4))


async def a_mixed_lot(pool: Pool, count: int = 120) -> list[Case]:
    """Cases with every mixture of what lists look at; their read models are the domain's own."""
    chance = random.Random(20260302)
    cases = []
    async with transaction(pool) as connection:
        for number in range(1, count + 1):
            entries = first_entries(
                f"C-2026-{number:06d}",
                received_at=AT - timedelta(hours=chance.randrange(40)),
                channel=chance.choice(("web", "phone")),
                category=chance.choice((None, "billing", "safety")),
                product=chance.choice((None, "meter")),
                severity=chance.randint(1, 5),
                taken_by=chance.choice(("per_hotline1", "per_hotline2")),
                customer=chance.choice(CUSTOMERS),
            )
            case = changed(fold(entries), chance)
            await append(connection, 0, entries, case)
            cases.append(case)
    return cases


def changed(case: Case, chance: random.Random) -> Case:
    handler, team = chance.choice(
        [(None, None), ("per_handler1", None), ("per_handler1", "north"), ("per_handler2", "south")]
    )
    clocks = tuple(
        chance.choice((clock, clock.met(AT), clock.breached(AT), clock.cancelled())) for clock in case.clocks
    )
    return case.changed(status=chance.choice(list(Status)), handler=handler, team=team, clocks=clocks)


async def everything_of(pool: Pool, wanted: CaseFilter, scope: CaseScope, sort: str, limit: int = 7) -> list[Case]:
    """The whole list, page by page."""
    records, found, cursor = CaseRecords(pool), list[Case](), None
    while True:
        page = await records.page(wanted, scope, sort=sort, cursor=cursor, limit=limit)
        assert len(page.cases) <= limit
        found += page.cases
        if page.next_cursor is None:
            return found
        assert len(page.cases) == limit
        cursor = page.next_cursor


def nearest(case: Case) -> datetime:
    due = case.nearest_due()
    assert due is not None
    return due


def in_order(cases: list[Case], sort: str) -> list[Case]:
    match sort:
        case "due":
            return sorted((case for case in cases if case.nearest_due()), key=lambda it: (nearest(it), it.reference))
        case "severity":
            return sorted(cases, key=lambda it: (it.intake.severity, it.reference), reverse=True)
        case _:
            return sorted(cases, key=lambda it: (it.intake.received_at, it.reference), reverse=True)


def is_breached(case: Case) -> bool:
    return any(clock.state is ClockState.BREACHED for clock in case.clocks)


FILTERS: dict[str, tuple[CaseFilter, Callable[[Case], bool]]] = {
    "nothing": (CaseFilter(), lambda case: True),
    "two statuses": (
        CaseFilter(status=("accepted", "closed")),
        lambda case: case.status in {Status.ACCEPTED, Status.CLOSED},
    ),
    "handler": (CaseFilter(handler="per_handler1"), lambda case: case.handler == "per_handler1"),
    "team": (CaseFilter(team="south"), lambda case: case.team == "south"),
    "category": (CaseFilter(category="billing"), lambda case: case.intake.category == "billing"),
    "severity": (CaseFilter(severity=5), lambda case: case.intake.severity == 5),
    "channel": (CaseFilter(channel="phone"), lambda case: case.intake.channel == "phone"),
    "due before": (
        CaseFilter(due_before=AT),
        lambda case: case.nearest_due() is not None and nearest(case) < AT,
    ),
    "breached": (CaseFilter(breached=True), is_breached),
    "not breached": (CaseFilter(breached=False), lambda case: not is_breached(case)),
    "needs an operator": (CaseFilter(needs_operator=True), lambda case: bool(case.parked)),
    "needs none": (CaseFilter(needs_operator=False), lambda case: not case.parked),
    "two customers": (CaseFilter(customers=CUSTOMERS[:2]), lambda case: case.intake.customer in CUSTOMERS[:2]),
    "no customer": (CaseFilter(customers=()), lambda case: False),
    "received between": (
        CaseFilter(received_from=AT - timedelta(hours=20), received_to=AT - timedelta(hours=5)),
        lambda case: AT - timedelta(hours=20) <= case.intake.received_at < AT - timedelta(hours=5),
    ),
    "a number": (CaseFilter(search=Search(term="C-2026-000007")), lambda case: case.reference == "C-2026-000007"),
    "a code": (CaseFilter(search=Search(term="meter")), lambda case: case.intake.product == "meter"),
    "what a customer is known by": (
        CaseFilter(search=Search(term="ann@example.org", customers=CUSTOMERS[3:])),
        lambda case: case.intake.customer == CUSTOMERS[3],
    ),
    "several at once": (
        CaseFilter(channel="web", severity=3, breached=False),
        lambda case: case.intake.channel == "web" and case.intake.severity == 3 and not is_breached(case),
    ),
}
SCOPES = {
    "a supervisor": EVERYTHING,
    "a hotline": CaseScope(taken_by="per_hotline1"),
    "a handler": CaseScope(handler="per_handler1"),
    "a handler in a team": CaseScope(handler="per_handler2", team="north"),
    "a hotline that handles": CaseScope(taken_by="per_hotline2", handler="per_handler2", team="south"),
    "a caller": CaseScope(called_back=True),
    "a handler who calls back": CaseScope(handler="per_handler1", called_back=True),
    "nobody": CaseScope(),
}


async def test_every_filter_order_and_sight_lists_exactly_what_it_says(pool: Pool) -> None:
    cases = await a_mixed_lot(pool)
    hits = 0
    for name, (wanted, holds) in FILTERS.items():
        for reader, scope in SCOPES.items():
            seen = [case for case in cases if holds(case) and covers(scope, case)]
            for sort in ("received", "due", "severity"):
                listed = await everything_of(pool, wanted, scope, sort, limit=25)
                assert listed == in_order(seen, sort), f"{name}, {reader}, by {sort}"
                hits += len(listed)
    assert hits > 3_000


@pytest.mark.parametrize("sort", ["received", "due", "severity"])
async def test_pages_of_any_size_make_the_same_list(pool: Pool, sort: str) -> None:
    cases = await a_mixed_lot(pool, 40)
    for limit in (1, 7, 39, 40, 200):
        assert await everything_of(pool, CaseFilter(), EVERYTHING, sort, limit) == in_order(cases, sort)


async def test_a_page_is_never_longer_than_its_bound(pool: Pool) -> None:
    await a_mixed_lot(pool, 210)
    assert len((await CaseRecords(pool).page(CaseFilter(), EVERYTHING, limit=10_000)).cases) == 200


@pytest.mark.parametrize("sort", ["received", "due", "severity"])
async def test_a_list_that_is_read_while_cases_come_and_change_shows_the_others_once(
    pool: Pool, ledger: Ledger, sort: str
) -> None:
    cases = [await opened(pool, f"C-2025-{number:06d}", AT - timedelta(hours=number)) for number in range(1, 31)]
    seen, cursor, moving = list[str](), None, cases[::5]
    untouched = {case.reference for case in cases} - {case.reference for case in moving}
    while True:
        page = await CaseRecords(pool).page(CaseFilter(), EVERYTHING, sort=sort, cursor=cursor, limit=4)
        seen += [case.reference for case in page.cases]
        cursor = page.next_cursor
        if cursor is None:
            break
        if moving:
            await opened(pool, at=AT + timedelta(hours=len(seen)))
            await done(ledger, moving.pop(), c.Acknowledge(way="phone"), c.Correct(field="severity", code="5"))
    assert not moving
    assert all(seen.count(reference) == 1 for reference in untouched)


def cursor_of(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "ö",
        "AAAA",
        cursor_of([]),
        cursor_of({}),
        cursor_of("received"),
        cursor_of(["received", "2026-01-01T00:00:00+00:00"]),
        cursor_of(["received", "2026-01-01T00:00:00", "C-2026-000001"]),
        cursor_of(["received", "yesterday", "C-2026-000001"]),
        cursor_of(["received", 5, "C-2026-000001"]),
        cursor_of(["received", "0001-01-01T00:00:00+14:00", "C-2026-000001"]),
        cursor_of(["received", "2026-01-01T00:00:00+00:00", 7]),
        cursor_of(["received", "2026-01-01T00:00:00+00:00", "C\u0000"]),
        cursor_of(["due", "2026-01-01T00:00:00+00:00", "C-2026-000001"]),
        cursor_of(["severity", 3, "C-2026-000001"]),
        "[" * 5_000,
        base64.urlsafe_b64encode(b"[" * 50_000).decode(),
    ],
)
async def test_a_cursor_that_the_list_did_not_give_is_refused(pool: Pool, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await CaseRecords(pool).page(CaseFilter(), EVERYTHING, sort="received", cursor=cursor)


@pytest.mark.parametrize("severity", ["3", 3.5, 0, 6, None, [3], 10**30])
async def test_a_cursor_of_the_order_by_severity_holds_a_severity(pool: Pool, severity: Any) -> None:
    with pytest.raises(BadCursor):
        await CaseRecords(pool).page(
            CaseFilter(), EVERYTHING, sort="severity", cursor=cursor_of(["severity", severity, "C-2026-000001"])
        )


async def test_parked_steps_are_listed_by_kind_and_page_by_page(pool: Pool, ledger: Ledger) -> None:
    keys = []
    for number in range(1, 8):
        case = await opened(pool, f"C-2026-{number:06d}", reachable_by=("email",))
        if number != 4:
            case = await done(ledger, case, c.StepFailed(step=case.steps[0].key, error="mail_refused", attempts=5))
            keys.append(f"{case.reference}.{case.steps[0].key}")
    records = StepRecords(pool)
    first = await records.parked(limit=4)
    rest = await records.parked(after=first[-1].id, limit=4)
    assert [step.id for step in (*first, *rest)] == keys
    assert {(step.kind, step.state, step.error, step.rounds) for step in first} == {
        ("acknowledgement", "parked", "mail_refused", 1)
    }
    assert await records.parked(StepFilter(kind="response_letter")) == []
    assert await records.parked_by_kind() == {"acknowledgement": 6}


async def test_a_case_that_is_not_there_is_not_found(pool: Pool) -> None:
    assert await CaseRecords(pool).find("C-2026-000001") is None
    assert await CaseRecords(pool).timeline("C-2026-000001", 0, 10) == []

"""A policy tried on recorded cases over HTTP: which breaches it would have avoided, and which added.

A page of cases a request: the caller asks on with the cursor and adds up. Nothing is stored.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi import Body as FromBody
from pydantic import Field

from domain.access import CaseScope, Permission, Person, scope_of
from domain.complaints.commands import Code
from domain.complaints.facts import Entry
from domain.complaints.policy import Policy
from domain.complaints.policy_check import PolicyError, read_policy
from domain.complaints.simulation import Breach, Simulated, simulate
from domain.complaints.terms import ClockKind
from starter.api.entry import Allowed, House
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, Moment
from starter.problems import FieldError, invalid, pointer_to
from starter.services import Services
from storage.cases import MAX_PAGE, BadCursor, CaseFilter

router = APIRouter(prefix="/v1/policies", tags=["policies"], route_class=StrictJsonRoute)

_ALL = CaseScope(everything=True)
_EXAMPLES = {
    "answers within ten days": {
        "value": {
            "received_from": "2026-01-01T00:00:00Z",
            "policy": {
                "id": "ten-days",
                "version": 1,
                "jurisdiction": "none",
                "source": "a proposal",
                "valid_from": "2026-01-01",
                "calendar": "every-day",
                "title": {"zh": "十日答复", "en": "Ten days"},
                "reopen_window": {"amount": 30, "unit": "calendar_days"},
                "appeal_window": {"amount": 30, "unit": "calendar_days"},
                "clocks": [
                    {
                        "kind": "final_response",
                        "anchor": "received",
                        "span": {"amount": 10, "unit": "calendar_days"},
                    }
                ],
            },
        }
    }
}


class SimulationForm(Body):
    """A policy as its file has it, and on which cases it is tried."""

    policy: dict[str, Any] = Field(description="the fields of a policy file, as JSON")
    received_from: Moment | None = None
    received_to: Moment | None = Field(None, description="before this")
    category: Code | None = None
    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: int = Field(MAX_PAGE, ge=1, le=MAX_PAGE)


class KindCounts(Answer):
    """The breaches of one kind of clock."""

    kind: ClockKind
    recorded: int
    simulated: int
    avoided: int
    added: int


class ChangedBreach(Answer):
    """A clock that is broken under one policy and not under the other."""

    reference: str
    kind: ClockKind
    attempt: int
    change: Literal["avoided", "added"]
    due_at: datetime = Field(description="when it ran out: as recorded if avoided, as simulated if added")


class Simulation(Answer):
    """What came of one page of cases."""

    policy: str
    calendar: str
    cases: int = Field(description="cases of this page")
    changed_cases: int
    total: int | None = Field(description="all cases that fit, with the first page; counted up to 100,000")
    kinds: tuple[KindCounts, ...]
    shows_cases: bool = Field(description="false: you see figures, and no cases")
    changes: tuple[ChangedBreach, ...]
    next_cursor: str | None


@router.post("/simulations", summary="Try a policy on recorded cases: breaches avoided and added")
async def try_policy(
    form: Annotated[SimulationForm, FromBody(openapi_examples=_EXAMPLES)],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.SIMULATE_POLICIES))],
) -> Simulation:
    """What people did stays as it is recorded; clocks, breaches and penalties are made again under the policy."""
    policy, records = await checked_policy(services, form.policy), services.parts.records
    calendar = await services.parts.rulebook.calendar(policy)
    wanted = CaseFilter(received_from=form.received_from, received_to=form.received_to, category=form.category)
    try:
        page = await records.page(wanted, _ALL, cursor=form.cursor, limit=form.limit)
    except BadCursor as error:
        raise invalid([FieldError("/cursor", str(error))]) from None
    stories = await services.parts.ledger.entries_of([case.reference for case in page.cases])
    now = datetime.now(UTC)
    found = await asyncio.to_thread(lambda: [simulate(entries, policy, calendar, now) for entries in _whole(stories)])
    shows_cases = scope_of(person).everything
    return Simulation(
        policy=policy.pin,
        calendar=calendar.pin,
        cases=len(found),
        changed_cases=sum(bool(each.avoided or each.added) for each in found),
        total=await records.count(wanted, _ALL) if form.cursor is None else None,
        kinds=_kinds(found),
        shows_cases=shows_cases,
        changes=_changes(found) if shows_cases else (),
        next_cursor=page.next_cursor,
    )


async def checked_policy(services: Services, document: dict[str, Any]) -> Policy:
    """The policy that a document is. Raises `Problem` 422 with every place that is wrong."""
    calendars = {version.calendar.id for version in await services.parts.rulebook.calendars.page("", MAX_PAGE)}
    try:
        return read_policy(document, calendars)
    except PolicyError as error:
        raise invalid([FieldError(_pointer(each.place), each.message) for each in error.problems]) from None


def _pointer(place: str) -> str:
    """`clocks[2].span` as `/policy/clocks/2/span`; the whole policy is its own place."""
    parts = [] if place == "policy" else re.findall(r"[^.\[\]]+", place)
    return pointer_to(["policy", *parts])


def _whole(stories: Sequence[Sequence[Entry]]) -> list[Sequence[Entry]]:
    return [entries for entries in stories if entries]


def _kinds(found: Sequence[Simulated]) -> tuple[KindCounts, ...]:
    counted = {
        name: Counter(breach.kind for each in found for breach in getattr(each, name))
        for name in ("recorded", "simulated", "avoided", "added")
    }
    kinds = [kind for kind in ClockKind if any(counts[kind] for counts in counted.values())]
    return tuple(KindCounts(kind=kind, **{name: counts[kind] for name, counts in counted.items()}) for kind in kinds)


def _changes(found: Sequence[Simulated]) -> tuple[ChangedBreach, ...]:
    return tuple(
        changed
        for each in found
        for changed in (
            *(_changed(each.reference, breach, "avoided") for breach in each.avoided),
            *(_changed(each.reference, breach, "added") for breach in each.added),
        )
    )


def _changed(reference: str, breach: Breach, change: Literal["avoided", "added"]) -> ChangedBreach:
    return ChangedBreach(
        reference=reference, kind=breach.kind, attempt=breach.attempt, change=change, due_at=breach.due_at
    )

"""One command for many cases over HTTP: a dry run shows what would happen, a batch does it and keeps each outcome."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Body as FromBody
from pydantic import Field

from domain.access import Permission, Person, may
from domain.complaints.commands import Reference
from starter.api.complaints import ComplaintFilter, case_filter
from starter.api.entry import Allowed, House, Once
from starter.api.examples import of_many
from starter.api.models import Answer
from starter.api.repeating import answered_once
from starter.api.strict_json import StrictJsonRoute
from starter.batches import Selection
from starter.bodies import CASE_COMMANDS, Body, body_of
from starter.problems import not_found
from starter.repetitions import stored
from storage.cases import MAX_PAGE
from storage.idempotency import StoredAnswer

router = APIRouter(prefix="/v1", tags=["bulk"], route_class=StrictJsonRoute)

MOST_NAMED = 500
_ID = re.compile(r"bat_[0-9a-f]{20}")


class BulkBody(Body):
    """Which cases, and the command's body for all of them."""

    references: tuple[Reference, ...] = Field((), max_length=MOST_NAMED)
    filter: ComplaintFilter | None = Field(None, description="the same as in the list of complaints")
    body: dict[str, Any] = Field({}, description="the body of the command")
    dry_run: bool = Field(False, description="only say what would happen to each case now")
    per_second: float = Field(5, ge=0.01, le=50, description="how many cases a second at most")


class ItemView(Answer):
    reference: str
    outcome: Literal["would be done", "would be refused", "waiting", "done", "refused", "unavailable"]
    code: str | None = None
    detail: str | None = None


class BatchView(Answer):
    """A batch and a page of its items."""

    id: str | None = Field(description="absent for a dry run")
    command: str
    cases: int
    outcomes: dict[str, int]
    is_finished: bool
    items: tuple[ItemView, ...]
    next_cursor: str | None = None


@router.get("/batches/{batch}", summary="How far is a batch, and what came of each case?")
async def read(
    batch: str,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.READ_COMPLAINT))],
    cursor: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> BatchView:
    progress = await services.batch_records.progress(batch) if _ID.fullmatch(batch) else None
    if progress is None or (progress.asked_by != person.id and not may(person, "assign")):
        raise not_found("there is no such batch of yours")
    rows = await services.batch_records.page(batch, cursor, limit + 1)
    items = [
        ItemView.model_validate(
            {"reference": row.reference, "outcome": row.outcome or "waiting", "code": row.code, "detail": row.detail}
        )
        for row in rows[:limit]
    ]
    return BatchView(
        id=progress.id,
        command=progress.command,
        cases=progress.items,
        outcomes=progress.outcomes,
        is_finished=progress.is_finished,
        items=tuple(items),
        next_cursor=str(rows[limit - 1].position) if len(rows) > limit else None,
    )


async def once_only(services: House, once: Once, order: Callable[[], Awaitable[Answer]]) -> Response:
    """What is ordered under a key is ordered once; its answer is kept for the repetition."""

    async def ordered() -> StoredAnswer:
        return stored((await order()).model_dump(mode="json"), 202)

    return await answered_once(services, once, ordered)


def _add_bulk_command(name: str) -> None:
    """One route a command, so that each has its row in the table of roles."""

    async def give(
        body: Annotated[BulkBody, FromBody(openapi_examples=of_many(name))],
        services: House,
        person: Annotated[Person, Depends(Allowed(name))],
        once: Once,
    ) -> Response:
        return await once_only(services, once, lambda: _given(services, person, name, body))

    router.add_api_route(
        f"/complaints/bulk/{name}",
        give,
        methods=["POST"],
        status_code=202,
        name=f"bulk_{name}",
        summary=f"{(body_of(name).__doc__ or name).splitlines()[0]} For many cases.",
        response_model=BatchView,
    )


async def _given(services: House, person: Person, name: str, body: BulkBody) -> BatchView:
    narrowed_to = None if body.filter is None else await case_filter(services, person, body.filter)
    selection = Selection(body.references, narrowed_to)
    if body.dry_run:
        return await _dry_run(services, person, name, selection, body.body)
    batch, cases = await services.batches.start(person, name, selection, body.body, body.per_second)
    return BatchView(id=batch, command=name, cases=cases, outcomes={}, is_finished=cases == 0, items=())


async def _dry_run(
    services: House, person: Person, name: str, selection: Selection, values: dict[str, Any]
) -> BatchView:
    prospects = await services.batches.look(person, name, selection, values)
    items = [
        ItemView(
            reference=prospect.reference,
            outcome="would be refused" if prospect.guard else "would be done",
            code=prospect.guard,
            detail=prospect.detail,
        )
        for prospect in prospects
    ]
    refused = sum(prospect.guard is not None for prospect in prospects)
    outcomes = {"would be done": len(items) - refused, "would be refused": refused}
    return BatchView(id=None, command=name, cases=len(items), outcomes=outcomes, is_finished=True, items=tuple(items))


for _name in CASE_COMMANDS:
    if _name != "partner_reply":  # each partner answers its own question
        _add_bulk_command(_name)

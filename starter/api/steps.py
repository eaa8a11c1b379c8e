"""Parked steps over HTTP: operators see what failed and retry or skip it, without seeing what the case is about."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from domain.access import Permission, Person
from domain.complaints.terms import StepKind
from starter.api.complaints import Once, replay
from starter.api.entry import Allowed, House, idempotency_key
from starter.api.models import BulkOutcome, ParkedStepView, StepList, StepOutcome
from starter.bodies import Body, FreeText
from starter.desk import Request, stored
from starter.problems import Problem, not_found
from storage.cases import MAX_PAGE

router = APIRouter(prefix="/v1/steps", tags=["operators"])

MOST_IN_BULK = 200
AT_ONCE = 8

Operator = Annotated[Person, Depends(Allowed(Permission.READ_STEPS))]
Key = Annotated[str | None, Depends(idempotency_key)]


class RetryBody(Body):
    reason: FreeText | None = None


class SkipBody(Body):
    reason: FreeText


class BulkRetry(RetryBody):
    """Which parked steps: those named, or all of a kind, oldest cases first."""

    ids: tuple[str, ...] = Field((), max_length=MOST_IN_BULK)
    kind: StepKind | None = None
    limit: int = Field(MOST_IN_BULK, ge=1, le=MOST_IN_BULK)


class BulkSkip(BulkRetry):
    reason: FreeText


@router.get("", summary="List parked steps")
async def page(
    services: House,
    _: Operator,
    state: Literal["parked"] = "parked",  # noqa: ARG001  the only state that operators act on
    kind: StepKind | None = None,
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> StepList:
    found = await services.parts.records.parked_steps(after=cursor, kind=kind, limit=limit + 1)
    items = tuple(ParkedStepView.of(step) for step in found[:limit])
    return StepList(items=items, next_cursor=items[-1].id if len(found) > limit else None)


@router.post("/bulk/retry", summary="Retry many parked steps")
async def retry_many(
    body: BulkRetry, services: House, person: Annotated[Person, Depends(Allowed("retry_step"))], key: Key
) -> BulkOutcome:
    return await _many(services, person, "retry_step", body, key)


@router.post("/bulk/skip", summary="Skip many parked steps")
async def skip_many(
    body: BulkSkip, services: House, person: Annotated[Person, Depends(Allowed("skip_step"))], key: Key
) -> BulkOutcome:
    return await _many(services, person, "skip_step", body, key)


@router.post("/{step_id}/retry", response_model=StepOutcome, summary="Retry a parked step")
async def retry(
    step_id: str,
    body: RetryBody,
    services: House,
    person: Annotated[Person, Depends(Allowed("retry_step"))],
    key: Key,
    once: Once,
) -> Response:
    return await _one(services, _request(person, "retry_step", step_id, body, key), once)


@router.post("/{step_id}/skip", response_model=StepOutcome, summary="Give a parked step up")
async def skip(
    step_id: str,
    body: SkipBody,
    services: House,
    person: Annotated[Person, Depends(Allowed("skip_step"))],
    key: Key,
    once: Once,
) -> Response:
    return await _one(services, _request(person, "skip_step", step_id, body, key), once)


def _request(person: Person, name: str, step_id: str, body: Body, key: str | None) -> Request:
    reference, dot, step = step_id.partition(".")
    if not dot:
        raise not_found("there is no such step")
    values: dict[str, Any] = body.model_dump(include={"reason"}, exclude_unset=True) | {"step": step}
    return Request(person, reference, name, values, key=None if key is None else f"{step}:{key}")


async def _one(services: House, request: Request, once: Once) -> Response:
    request = replace(request, repeatable=once)
    done = await services.cases.perform(request)
    if done.replayed is not None:
        return replay(done.replayed, was_replayed=True)
    outcome = StepOutcome(id=f"{request.reference}.{request.values['step']}", outcome="done")
    answer = stored(outcome.model_dump())
    await services.cases.keep(request, answer)
    return replay(answer, was_replayed=False)


async def _many(services: House, person: Person, name: str, body: BulkRetry, key: str | None) -> BulkOutcome:
    """One command a step, each with its own outcome; repeating it with the same key repeats none that was done."""
    ids: Sequence[str] = body.ids
    if not ids:
        found = await services.parts.records.parked_steps(kind=body.kind, limit=body.limit)
        ids = [step.id for step in found]
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(step_id: str) -> StepOutcome:
        async with gate:
            return await _outcome(services, person, name, step_id, body, key)

    return BulkOutcome(items=tuple(await asyncio.gather(*(one(step_id) for step_id in ids))))


async def _outcome(
    services: House, person: Person, name: str, step_id: str, body: BulkRetry, key: str | None
) -> StepOutcome:
    try:
        await services.cases.perform(_request(person, name, step_id, body, key))
    except Problem as problem:
        outcome: Literal["refused", "unavailable"] = "unavailable" if problem.status == 503 else "refused"
        return StepOutcome(id=step_id, outcome=outcome, code=problem.code, detail=problem.detail)
    return StepOutcome(id=step_id, outcome="done")

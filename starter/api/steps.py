"""Parked steps over HTTP: operators see what failed and retry or skip it, without seeing what the case is about."""

import asyncio
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Body as FromBody
from pydantic import Field

from domain.access import Permission, Person
from domain.complaints.terms import StepKind
from starter.api.complaints import replay
from starter.api.entry import Allowed, House, Key, Once
from starter.api.examples import ABORT, RETRY, RETRY_MANY, SKIP, SKIP_MANY
from starter.api.models import BulkOutcome, ParkedStepView, StepList, StepOutcome
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, FreeText
from starter.desk import Request
from starter.problems import Problem, not_found, unavailable
from starter.repetitions import Repeatable, stored
from storage.cases import MAX_PAGE
from storage.pool import StoreAway

router = APIRouter(prefix="/v1/steps", tags=["operators"], route_class=StrictJsonRoute)

MOST_IN_BULK = 200
AT_ONCE = 8
STEP_ID = r"^C-[0-9]{4}-[0-9]{6,9}\.[a-z_]{1,40}\.[0-9]{1,4}$"

StepId = Annotated[str, Field(pattern=STEP_ID)]
InPath = Annotated[str, Path(description="the id of a step, such as C-2026-000001.response_letter.1")]
Operator = Annotated[Person, Depends(Allowed(Permission.READ_STEPS))]
Retrier = Annotated[Person, Depends(Allowed("retry_step"))]
Skipper = Annotated[Person, Depends(Allowed("skip_step"))]


class RetryBody(Body):
    reason: FreeText | None = None


class SkipBody(Body):
    reason: FreeText


class BulkRetry(RetryBody):
    """Which parked steps: those named, or all of a kind, oldest cases first."""

    ids: tuple[StepId, ...] = Field((), max_length=MOST_IN_BULK)
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
    cursor: Annotated[StepId | None, Query(description="the id after which to go on")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> StepList:
    """In the order of their ids."""
    found = await services.parts.records.parked_steps(after=cursor or "", kind=kind, limit=limit + 1)
    items = tuple(ParkedStepView.of(step) for step in found[:limit])
    return StepList(items=items, next_cursor=items[-1].id if len(found) > limit else None)


@router.post("/bulk/retry", response_model=BulkOutcome, summary="Retry many parked steps")
async def retry_many(
    body: Annotated[BulkRetry, FromBody(openapi_examples=RETRY_MANY)],
    services: House,
    person: Retrier,
    key: Key,
    once: Once,
) -> Response:
    """One outcome a step. Repeated with the same key it goes on with those that could not be reached."""
    return await _many(services, person, "retry_step", body, key, once)


@router.post("/bulk/skip", response_model=BulkOutcome, summary="Give many parked steps up")
async def skip_many(
    body: Annotated[BulkSkip, FromBody(openapi_examples=SKIP_MANY)],
    services: House,
    person: Skipper,
    key: Key,
    once: Once,
) -> Response:
    """One outcome a step. Repeated with the same key it goes on with those that could not be reached."""
    return await _many(services, person, "skip_step", body, key, once)


@router.post("/{step_id}/retry", response_model=StepOutcome, summary="Retry a parked step")
async def retry(
    step_id: InPath,
    body: Annotated[RetryBody, FromBody(openapi_examples=RETRY)],
    services: House,
    person: Retrier,
    key: Key,
    once: Once,
) -> Response:
    return await _one(services, _request(person, "retry_step", step_id, body, key, once))


@router.post("/{step_id}/abort", response_model=StepOutcome, summary="Give the whole process up, as a step is parked")
async def abort(
    step_id: InPath,
    body: Annotated[SkipBody, FromBody(openapi_examples=ABORT)],
    services: House,
    person: Annotated[Person, Depends(Allowed("abort"))],
    key: Key,
    once: Once,
) -> Response:
    """The case ends without an answer, with the reason."""
    return await _one(services, _request(person, "abort", step_id, body, key, once))


@router.post("/{step_id}/skip", response_model=StepOutcome, summary="Give a parked step up")
async def skip(
    step_id: InPath,
    body: Annotated[SkipBody, FromBody(openapi_examples=SKIP)],
    services: House,
    person: Skipper,
    key: Key,
    once: Once,
) -> Response:
    return await _one(services, _request(person, "skip_step", step_id, body, key, once))


def _request(
    person: Person, name: str, step_id: str, body: Body, key: str | None, once: Repeatable | None = None
) -> Request:
    if re.fullmatch(STEP_ID, step_id) is None:
        raise not_found("there is no such step")
    reference, _, step = step_id.partition(".")
    values: dict[str, Any] = body.model_dump(include={"reason"}, exclude_unset=True) | {"step": step}
    own_key = None if key is None else f"{step}:{key}"
    return Request(person, reference, name, values, key=own_key, repeatable=once)


async def _one(services: House, request: Request) -> Response:
    done = await services.cases.perform(request)
    if done.replayed is not None:
        return replay(done.replayed, was_replayed=True)
    outcome = StepOutcome(id=f"{request.reference}.{request.values['step']}", outcome="done")
    answer = stored(outcome.model_dump())
    await services.cases.keep(request, answer)
    return replay(answer, was_replayed=False)


async def _many(
    services: House, person: Person, name: str, body: BulkRetry, key: str | None, once: Repeatable | None
) -> Response:
    """One command a step, each with its own outcome and its own id, so that none is done twice."""
    earlier = await services.repetitions.begin(once)
    if earlier is not None:
        return replay(earlier, was_replayed=True)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(step_id: str) -> StepOutcome:
        async with gate:
            return await _outcome(services, _request(person, name, step_id, body, key))

    items = await asyncio.gather(*(one(step_id) for step_id in await _meant(services, body)))
    answer = stored(BulkOutcome(items=tuple(items)).model_dump())
    if any(item.outcome == "unavailable" for item in items):
        await services.repetitions.leave(once, unavailable("unreached", "some steps could not be reached"))
    else:
        await services.repetitions.keep(once, answer)
    return replay(answer, was_replayed=False)


async def _meant(services: House, body: BulkRetry) -> Sequence[str]:
    if body.ids:
        return list(dict.fromkeys(body.ids))
    found = await services.parts.records.parked_steps(kind=body.kind, limit=body.limit)
    return [step.id for step in found]


async def _outcome(services: House, request: Request) -> StepOutcome:
    step_id = f"{request.reference}.{request.values['step']}"
    try:
        await services.cases.perform(request)
    except Problem as problem:
        outcome: Literal["refused", "unavailable"] = "unavailable" if problem.status == 503 else "refused"
        return StepOutcome(id=step_id, outcome=outcome, code=problem.code, detail=problem.detail)
    except StoreAway:
        return StepOutcome(id=step_id, outcome="unavailable", code="store_away", detail="the records cannot be reached")
    return StepOutcome(id=step_id, outcome="done")

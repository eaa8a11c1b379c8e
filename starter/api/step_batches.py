"""One command for many parked steps over HTTP: a dry run shows what would happen, a batch does it at a bounded rate."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Body as FromBody
from pydantic import Field

from domain.access import Person
from domain.complaints.commands import STEP_COMMANDS
from starter.api.entry import Allowed, House, Once
from starter.api.examples import RETRY_MANY, SKIP_MANY
from starter.api.repeating import replay
from starter.api.step_models import StepBatchView, StepOutcome
from starter.api.steps import Operator, StepId, StepNarrowing
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import FreeText
from starter.problems import Problem, not_found
from starter.repetitions import Repeatable, stored
from starter.steps import StepSelection
from storage.cases import MAX_PAGE
from storage.pool import StoreAway

router = APIRouter(prefix="/v1/steps", tags=["operators"], route_class=StrictJsonRoute)

MOST_NAMED = 500
_ID = re.compile(r"bat_[0-9a-f]{20}")


class BulkRetry(StepNarrowing):
    """Which parked steps: those named, or all that fit the filter; without either, all."""

    reason: FreeText | None = None
    ids: tuple[StepId, ...] = Field((), max_length=MOST_NAMED)
    dry_run: bool = Field(False, description="only say what would happen to each step now")
    per_second: float = Field(5, ge=0.01, le=50, description="how many steps a second at most")

    def selection(self) -> StepSelection:
        return StepSelection(self.ids, self.filter())


class BulkSkip(BulkRetry):
    reason: FreeText


@router.post(
    "/bulk/retry", status_code=202, response_model=StepBatchView, summary="Retry many parked steps, at a bounded rate"
)
async def retry_many(
    body: Annotated[BulkRetry, FromBody(openapi_examples=RETRY_MANY)],
    services: House,
    person: Annotated[Person, Depends(Allowed("retry_step"))],
    once: Once,
) -> Response:
    """A durable batch with an outcome for each step: GET /v1/steps/batches/{id}."""
    return await _many(services, person, "retry_step", body, once)


@router.post(
    "/bulk/skip", status_code=202, response_model=StepBatchView, summary="Give many parked steps up, at a bounded rate"
)
async def skip_many(
    body: Annotated[BulkSkip, FromBody(openapi_examples=SKIP_MANY)],
    services: House,
    person: Annotated[Person, Depends(Allowed("skip_step"))],
    once: Once,
) -> Response:
    """A durable batch with an outcome for each step: GET /v1/steps/batches/{id}."""
    return await _many(services, person, "skip_step", body, once)


@router.get("/batches/{batch}", summary="How far is a batch, and what came of each step?")
async def read(
    batch: str,
    services: House,
    _: Operator,
    outcome: Literal["waiting", "done", "refused", "unavailable"] | None = None,
    cursor: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> StepBatchView:
    """Any operator's batch; with `outcome` only the steps of which that came."""
    progress = await services.batch_records.progress(batch) if _ID.fullmatch(batch) else None
    if progress is None or progress.command not in STEP_COMMANDS:
        raise not_found("there is no such batch of steps")
    rows = await services.batch_records.page(batch, cursor, limit + 1, outcome)
    return StepBatchView(
        id=progress.id,
        command=progress.command,
        asked_by=progress.asked_by,
        asked_at=progress.asked_at,
        per_second=progress.per_second,
        steps=progress.items,
        outcomes=progress.outcomes,
        is_finished=progress.is_finished,
        items=tuple(StepOutcome.of(row) for row in rows[:limit]),
        next_cursor=str(rows[limit - 1].position) if len(rows) > limit else None,
    )


async def _many(services: House, person: Person, name: str, body: BulkRetry, once: Repeatable | None) -> Response:
    earlier = await services.repetitions.begin(once)
    if earlier is not None:
        return replay(earlier, was_replayed=True)
    try:
        view = await _given(services, person, name, body)
    except (Problem, StoreAway) as error:
        await services.repetitions.leave(once, error)
        raise
    answer = stored(view.model_dump(mode="json"), 202)
    await services.repetitions.keep(once, answer)
    return replay(answer, was_replayed=False)


async def _given(services: House, person: Person, name: str, body: BulkRetry) -> StepBatchView:
    if body.dry_run:
        return await _dry_run(services, person, name, body)
    batch, steps = await services.steps.start(person, name, body.selection(), body.reason, body.per_second)
    return StepBatchView(id=batch, command=name, steps=steps, outcomes={}, is_finished=steps == 0, items=())


async def _dry_run(services: House, person: Person, name: str, body: BulkRetry) -> StepBatchView:
    """Every step is looked at; as many as a page holds are shown, those that would be refused first."""
    prospects = await services.steps.look(person, name, body.selection())
    items = [
        StepOutcome(
            id=prospect.id,
            outcome="would be refused" if prospect.guard else "would be done",
            code=prospect.guard,
            detail=prospect.detail,
        )
        for prospect in sorted(prospects, key=lambda prospect: prospect.guard is None)
    ]
    refused = sum(prospect.guard is not None for prospect in prospects)
    outcomes = {"would be done": len(items) - refused, "would be refused": refused}
    return StepBatchView(
        id=None, command=name, steps=len(items), outcomes=outcomes, is_finished=True, items=tuple(items[:MAX_PAGE])
    )

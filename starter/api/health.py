"""Whether the service lives and is ready, and its figures. Open to all: they say nothing about anybody."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from pydantic import Field
from temporalio.service import RPCError

from runtime import telemetry
from runtime.launcher import TEMPORAL_AWAY
from starter.api.entry import House
from starter.api.models import Answer
from storage.pool import StoreAway

router = APIRouter(tags=["health"])

PROBE_SECONDS = 2.0

Part = Literal["up", "down"]


class Liveness(Answer):
    status: Literal["live"] = "live"


class Readiness(Answer):
    status: Literal["ready", "degraded", "down"]
    postgresql: Part
    temporal: Part
    oldest_unstarted_intake_seconds: float | None
    wedged_workflows: int | None = Field(description="those that cannot go on by themselves; absent without Temporal")


@router.get("/health/live", summary="Does the process answer?")
async def live() -> Liveness:
    return Liveness()


@router.get("/health/ready", summary="Can it work? Says which part is down", responses={503: {"model": Readiness}})
async def ready(services: House, response: Response) -> Readiness:
    """503 without PostgreSQL. Without Temporal complaints are still taken in, so that is `degraded` and 200.

    So it is when a workflow is wedged: its case stands still until a release mends it.
    """
    (store, age), temporal, wedged = await asyncio.gather(_store(services), _temporal(services), _wedged(services))
    if store == "down":
        response.status_code, response.headers["Retry-After"] = 503, "5"
    return Readiness(
        status="down" if store == "down" else "ready" if temporal == "up" and not wedged else "degraded",
        postgresql=store,
        temporal=temporal,
        oldest_unstarted_intake_seconds=age,
        wedged_workflows=wedged,
    )


@router.get("/metrics", response_class=PlainTextResponse, summary="Figures for Prometheus")
async def metrics(services: House) -> Response:
    """Without the store the last figures of it are shown; what this process counted is always there."""
    with suppress(StoreAway):
        telemetry.show_parked_steps(await services.parts.steps.parked_by_kind())
        telemetry.show_outbox_depth(await services.parts.records.outbox_depth())
        telemetry.show_oldest_unstarted_intake(await _unstarted_seconds(services) or 0.0)
    wedged = await _wedged(services)
    if wedged is not None:
        telemetry.show_wedged_workflows(wedged)
    return Response(telemetry.exposition(), media_type=telemetry.CONTENT_TYPE)


async def _unstarted_seconds(services: House) -> float | None:
    oldest = await services.parts.unstarted.oldest()
    return None if oldest is None else round((datetime.now(UTC) - oldest).total_seconds(), 1)


async def _store(services: House) -> tuple[Part, float | None]:
    try:
        return "up", await asyncio.wait_for(_unstarted_seconds(services), PROBE_SECONDS)
    except (StoreAway, TimeoutError):
        return "down", None


async def _wedged(services: House) -> int | None:
    """How many workflows are wedged; None where Temporal does not say."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await services.parts.operations.wedged_count()
    except (*TEMPORAL_AWAY, TimeoutError):
        return None


async def _temporal(services: House) -> Part:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            healthy = await services.parts.client.service_client.check_health()
    except (RPCError, TimeoutError, RuntimeError):
        return "down"
    return "up" if healthy else "down"

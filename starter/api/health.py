"""Whether the service lives and is ready, and its figures. Open to all: they say nothing about anybody."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from temporalio.service import RPCError

from runtime import telemetry
from starter.api.entry import House
from storage.pool import StoreAway

router = APIRouter(tags=["health"])

PROBE_SECONDS = 2.0


@router.get("/health/live", summary="Does the process answer?")
async def live() -> dict[str, str]:
    return {"status": "live"}


@router.get("/health/ready", summary="Can it work? Says which part is down")
async def ready(services: House) -> Response:
    """503 without PostgreSQL. Without Temporal complaints are still taken in, so that is `degraded` and 200."""
    store, temporal = await asyncio.gather(_store(services), _temporal(services))
    age = await _unstarted_seconds(services) if store == "up" else None
    status = "down" if store == "down" else "ready" if temporal == "up" else "degraded"
    body = {"status": status, "postgresql": store, "temporal": temporal, "oldest_unstarted_intake_seconds": age}
    return JSONResponse(body, 503 if status == "down" else 200, {"Retry-After": "5"} if status == "down" else None)


@router.get("/metrics", summary="Figures for Prometheus")
async def metrics(services: House) -> Response:
    """Without the store the last figures of it are shown; what this process counted is always there."""
    with suppress(StoreAway):
        telemetry.show_parked_steps(await services.parts.records.parked_by_kind())
        telemetry.show_outbox_depth(await services.parts.records.outbox_depth())
        telemetry.show_oldest_unstarted_intake(await _unstarted_seconds(services) or 0.0)
    return Response(telemetry.exposition(), media_type=telemetry.CONTENT_TYPE)


async def _unstarted_seconds(services: House) -> float | None:
    oldest = await services.parts.unstarted.oldest()
    return None if oldest is None else round((datetime.now(UTC) - oldest).total_seconds(), 1)


async def _store(services: House) -> str:
    try:
        await asyncio.wait_for(services.parts.records.outbox_depth(), PROBE_SECONDS)
    except (StoreAway, TimeoutError):
        return "down"
    return "up"


async def _temporal(services: House) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            healthy = await services.parts.client.service_client.check_health()
    except (RPCError, TimeoutError, RuntimeError):
        return "down"
    return "up" if healthy else "down"

"""How the installation stands, and what endpoints were told: the operators' pages that are about no case."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from domain.access import Permission
from starter.api.entry import House
from starter.api.operations import overview
from starter.api.webhooks import LAST_ID, webhook_id
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.rendering import show
from starter.doctor import OLD_ANCHOR_SECONDS, OLD_INTAKE_SECONDS
from starter.problems import not_found
from starter.services import Services
from storage.webhook_deliveries import Delivery
from storage.webhooks import Webhook

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

ON_A_PAGE = 50
STATES = ("pending", "delivered", "failed", "cancelled")

Reader = Annotated[Visit, Depends(Seat(Permission.READ_WEBHOOKS))]


@router.get("/operations")
async def standing(
    request: Request, services: House, visit: Annotated[Visit, Depends(Seat(Permission.READ_OPERATIONS))]
) -> Response:
    """Workers and queues, what waits and since when, what cannot go on by itself."""
    found = await overview(services, visit.person)
    return show(
        request,
        "operations.html.jinja",
        visit,
        found=found,
        idle=[] if found.workers is None else [queue for queue in found.workers.queues if not queue.pollers],
        is_late=(found.oldest_unstarted_intake_seconds or 0) > OLD_INTAKE_SECONDS,
        is_unsigned=(found.oldest_unanchored_seconds or 0) > OLD_ANCHOR_SECONDS,
    )


@router.get("/webhooks")
async def webhooks(request: Request, services: House, visit: Reader) -> Response:
    """Who is told of what happens."""
    return show(request, "webhooks.html.jinja", visit, webhooks=await services.webhooks.all())


@router.get("/webhooks/{webhook}")
async def deliveries(request: Request, services: House, webhook: str, visit: Reader) -> Response:
    """What an endpoint was told and how that went, the newest first."""
    given, found = request.query_params, await _found(services, webhook)
    state = given.get("state", "") if given.get("state", "") in STATES else ""
    cursor = given.get("cursor", "")
    before = min(int(cursor), LAST_ID) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 20 else None
    told: list[Delivery] = await services.webhook_deliveries.page(found.id, state or None, before, ON_A_PAGE + 1)
    return show(
        request,
        "deliveries.html.jinja",
        visit,
        webhook=found,
        deliveries=told[:ON_A_PAGE],
        state=state,
        states=STATES,
        cursor=cursor,
        next_cursor=told[ON_A_PAGE - 1].id if len(told) > ON_A_PAGE else None,
    )


@router.post("/webhooks/{webhook}/ping")
async def ping(
    request: Request,
    services: House,
    webhook: str,
    visit: Annotated[Visit, Depends(Seat(Permission.REPLAY_WEBHOOKS))],
) -> Response:
    """Send a test event; the list says how it went."""
    await form_of(request, visit.csrf)
    found = await _found(services, webhook)
    await services.webhook_deliveries.ping(found.id, datetime.now(UTC))
    return redirect(f"/console/webhooks/{found.id}", done="ping")


async def _found(services: Services, webhook: str) -> Webhook:
    found = await services.webhooks.find(webhook_id(webhook))
    if found is None:
        raise not_found("there is no such webhook")
    return found

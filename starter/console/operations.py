"""How the installation stands, and what endpoints were told: the operators' pages that are about no case."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from domain.access import Permission
from starter.api.entry import House
from starter.api.operations import overview
from starter.api.webhooks import LAST_ID, ReplayForm, webhook_id
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.faults import in_words
from starter.console.fields import moment_in
from starter.console.rendering import show
from starter.doctor import OLD_ANCHOR_SECONDS, OLD_INTAKE_SECONDS
from starter.keys import body_digest
from starter.pages.entry import text_in
from starter.problems import Problem, field_errors, invalid, not_found
from starter.repetitions import Repeatable, stored
from starter.services import Services
from storage.idempotency import StoredAnswer
from storage.webhook_deliveries import Delivery
from storage.webhooks import Webhook

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

ON_A_PAGE = 50
STATES = ("pending", "delivered", "failed", "cancelled")

Reader = Annotated[Visit, Depends(Seat(Permission.READ_WEBHOOKS))]
Replayer = Annotated[Visit, Depends(Seat(Permission.REPLAY_WEBHOOKS))]


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
        temporal=in_temporal(services),
        workflow=lambda workflow: in_temporal(services, workflow),
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
    return await _told(request, services, visit, await _found(services, webhook), {})


@router.post("/webhooks/{webhook}/ping")
async def ping(request: Request, services: House, webhook: str, visit: Replayer) -> Response:
    """Send a test event; the list says how it went."""
    await form_of(request, visit.csrf)
    found = await _found(services, webhook)
    await services.webhook_deliveries.ping(found.id, datetime.now(UTC))
    return redirect(f"/console/webhooks/{found.id}", done="ping")


@router.post("/webhooks/{webhook}/replay")
async def replay(request: Request, services: House, webhook: str, visit: Replayer) -> Response:
    """Tell a window of events again; a form that is sent twice tells them once."""
    form = await form_of(request, visit.csrf)
    found = await _found(services, webhook)
    try:
        window = _window(form, ZoneInfo(services.parts.settings.time_zone))
    except Problem as problem:
        wrong, _ = in_words(problem, visit.language)
        return await _told(request, services, visit, found, dict(form), wrong, 422)
    key = text_in(form, "key")
    once = None if not key else _once(services, visit, f"{found.id}:{key}", window)

    async def tell() -> StoredAnswer:
        told = await services.webhook_deliveries.tell_again(found.id, window.begin, window.end, datetime.now(UTC))
        return stored(told, 202)

    answer, _ = await services.repetitions.once(once, tell)
    return redirect(f"/console/webhooks/{found.id}", done="again", count=answer.body)


def in_temporal(services: Services, workflow: str = "") -> str | None:
    """The address of a process in Temporal's own pages, or of all of them; None where nobody said where those are."""
    base = services.parts.settings.temporal_ui_url
    if base is None:
        return None
    namespace = quote(services.parts.client.namespace, safe="")
    return f"{base.rstrip('/')}/namespaces/{namespace}/workflows" + (f"/{quote(workflow, safe='')}" if workflow else "")


async def _told(
    request: Request,
    services: Services,
    visit: Visit,
    webhook: Webhook,
    written: Mapping[str, Any],
    wrong: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    given = request.query_params
    state = given.get("state", "") if given.get("state", "") in STATES else ""
    cursor = given.get("cursor", "")
    before = min(int(cursor), LAST_ID) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 20 else None
    told: list[Delivery] = await services.webhook_deliveries.page(webhook.id, state or None, before, ON_A_PAGE + 1)
    count = given.get("count", "")
    return show(
        request,
        "deliveries.html.jinja",
        visit,
        status=status,
        webhook=webhook,
        here=f"/console/webhooks/{webhook.id}",
        address=f"/console/webhooks/{webhook.id}",
        deliveries=told[:ON_A_PAGE],
        state=state,
        states=STATES,
        next_cursor=told[ON_A_PAGE - 1].id if len(told) > ON_A_PAGE else None,
        count=count if count.isascii() and count.isdecimal() and len(count) < 8 else "",
        written=written,
        wrong=wrong or {},
        key=services.keys.form(webhook.id, datetime.now(UTC)),
    )


def _window(form: FormData, zone: ZoneInfo) -> ReplayForm:
    given = {name: text for name in ("begin", "end") if (text := text_in(form, name).strip())}
    try:
        return ReplayForm.model_validate({name: moment_in(text, zone) for name, text in given.items()})
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None


def _once(services: Services, visit: Visit, key: str, window: ReplayForm) -> Repeatable:
    kept_under = services.keys.record(visit.person.id, "webhook-replay", key)
    return Repeatable(kept_under, body_digest(window.model_dump_json().encode()))


async def _found(services: Services, webhook: str) -> Webhook:
    found = await services.webhooks.find(webhook_id(webhook))
    if found is None:
        raise not_found("there is no such webhook")
    return found

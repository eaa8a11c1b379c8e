"""Who is told of what happens, in the browser: webhooks registered, changed, given new secrets, removed, and the code
lists that events and forms speak in."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from domain.access import Permission
from domain.complaints.taxonomy import LISTS
from starter.api import webhooks as api
from starter.api.entry import House
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.rendering import show
from starter.console.sheets import FINE, Wrong, checked, key_of, once, show_once, wrong
from starter.pages.entry import text_in
from starter.problems import Problem
from starter.services import Services
from storage.webhooks import Webhook

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

Manager = Annotated[Visit, Depends(Seat(Permission.MANAGE_WEBHOOKS))]
WORDS = ("url", "types", "description")


@router.get("/taxonomy")
async def taxonomy(
    request: Request, services: House, visit: Annotated[Visit, Depends(Seat(Permission.READ_TAXONOMY))]
) -> Response:
    """The code lists in both languages."""
    return show(request, "taxonomy.html.jinja", visit, lists=LISTS, taxonomy=services.taxonomy)


@router.get("/endpoints")
async def page(request: Request, services: House, visit: Manager) -> Response:
    """All webhooks, and the form for another one."""
    return await _page(request, services, visit, {}, FINE)


@router.post("/endpoints")
async def add(request: Request, services: House, visit: Manager) -> Response:
    """Tell an endpoint from now on; its secret is shown once."""
    form = await form_of(request, visit.csrf)

    async def make() -> dict[str, Any]:
        answer = await api.add(checked(api.WebhookForm, _values(form)), services, visit.person, None)
        return {"secret": json.loads(bytes(answer.body))["secret"]}

    try:
        made = await once(request, services, visit, form, make)
    except Problem as problem:
        written = {name: text_in(form, name) for name in WORDS}
        return await _page(request, services, visit, written, wrong(problem, visit.language))
    return show_once(request, visit, "webhook", made["secret"], whose=text_in(form, "url"), back="/console/endpoints")


@router.get("/endpoints/{webhook}")
async def read(request: Request, services: House, visit: Manager, webhook: str) -> Response:
    """One webhook, and what can be changed about it."""
    found = await api.known_webhook(services, api.webhook_id(webhook))
    return _one(request, services, visit, found, _written(found), FINE)


@router.post("/endpoints/{webhook}")
async def change(request: Request, services: House, visit: Manager, webhook: str) -> Response:
    """Another address, other events; on or off."""
    form = await form_of(request, visit.csrf)
    found = await api.known_webhook(services, api.webhook_id(webhook))
    state = text_in(form, "state")
    values = {"state": state} if state else {"description": None, "types": []} | _values(form)
    try:
        await api.change(webhook, checked(api.WebhookChange, values), services, visit.person)
    except Problem as problem:
        written = {name: text_in(form, name) for name in WORDS}
        return _one(request, services, visit, found, written, wrong(problem, visit.language))
    return redirect(f"/console/endpoints/{webhook}", done=state or "changed")


@router.post("/endpoints/{webhook}/secrets")
async def rotate(request: Request, services: House, visit: Manager, webhook: str) -> Response:
    """A new secret, shown once; the one before it signs beside it for a day."""
    form = await form_of(request, visit.csrf)
    found = await api.known_webhook(services, api.webhook_id(webhook))

    async def make() -> dict[str, Any]:
        answer = await api.rotate(webhook, services, visit.person, None)
        return {"secret": json.loads(bytes(answer.body))["secret"]}

    try:
        made = await once(request, services, visit, form, make)
    except Problem as problem:
        return _one(request, services, visit, found, _written(found), wrong(problem, visit.language))
    return show_once(request, visit, "webhook", made["secret"], whose=found.url, back=f"/console/endpoints/{webhook}")


@router.post("/endpoints/{webhook}/remove")
async def remove(request: Request, services: House, visit: Manager, webhook: str) -> Response:
    """Tell it nothing any more; its deliveries go with it."""
    await form_of(request, visit.csrf)
    await api.remove(api.webhook_id(webhook), services, visit.person)
    return redirect("/console/endpoints", done="removed")


def _values(form: Any) -> dict[str, Any]:
    types = text_in(form, "types").replace(",", " ").replace("，", " ").split()
    description = text_in(form, "description")
    return {"url": text_in(form, "url"), "types": types} | ({"description": description} if description else {})


def _written(webhook: Webhook) -> dict[str, str]:
    return {"url": webhook.url, "types": "\n".join(webhook.types), "description": webhook.description or ""}


async def _page(
    request: Request, services: Services, visit: Visit, written: Mapping[str, str], refused: Wrong
) -> Response:
    return show(
        request,
        "endpoints.html.jinja",
        visit,
        status=refused.status,
        webhooks=await services.webhooks.all(),
        written=dict.fromkeys(WORDS, "") | dict(written),
        wrong=refused,
        key=key_of(services, "endpoints"),
    )


def _one(
    request: Request, services: Services, visit: Visit, webhook: Webhook, written: Mapping[str, str], refused: Wrong
) -> Response:
    return show(
        request,
        "endpoint.html.jinja",
        visit,
        status=refused.status,
        webhook=webhook,
        written=written,
        wrong=refused,
        key=key_of(services, webhook.id),
    )

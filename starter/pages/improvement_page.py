"""A partner's page of one improvement: what is asked, by when, and where the partner says how it goes.

Below stands the partner's own scorecard. Of customers and of other partners there is nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from domain.access import LinkHolder, Role
from domain.links import LinkPurpose
from domain.undertakings.improvement import UNDER_WAY, Improvement, Status
from starter.api.entry import House
from starter.api.partners import YEAR, card
from starter.pages.entry import (
    PageRoute,
    form_of,
    is_in_time,
    language_of,
    organisation,
    retry_after,
    spoken,
    subject_of,
    text_in,
)
from starter.pages.rendering import show
from starter.pages.wording import deadline, offset
from starter.problems import Problem, not_found
from starter.services import Services
from starter.undertakings import UndertakingRequest
from storage.contacts import Correspondents

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ACTIONS = {"start": (), "reply": ("text",), "report_done": ("text",)}
LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Said:
    """What the partner sent, and which of it is wrong."""

    action: str = ""
    text: str = ""
    day: str = ""
    wrong: str | None = None


@router.get("/improvement/{token}")
async def read(request: Request, token: str, services: House) -> Response:
    """What is asked, with a form for what can be said now. Reading changes nothing."""
    return await _page(request, services, await _improvement(request, services, token))


@router.post("/improvement/{token}")
async def say(request: Request, token: str, services: House) -> Response:
    """Accept, say how it goes, or report it done; each once."""
    made = await _improvement(request, services, token)
    await services.limits.sent(made.reference)
    form = await form_of(request)
    said, key = _said(form, ZoneInfo(services.parts.settings.time_zone)), text_in(form, "key")
    if not is_in_time(services.keys.shown_at(made.reference, key), datetime.now(UTC)):
        return await _page(request, services, made, said, notice="stale", status=422)
    if said.wrong is not None:
        return await _page(request, services, made, said, key=key, status=422)
    try:
        await services.undertaker.perform(_asking(made, said, key, ZoneInfo(services.parts.settings.time_zone)))
    except Problem as problem:
        if problem.status not in {409, 503}:
            raise
        now = await _improvement(request, services, token)
        notice = "away" if problem.status == 503 else "changed"
        headers = retry_after(problem)
        return await _page(request, services, now, said, notice=notice, status=problem.status, headers=headers)
    now = await _improvement(request, services, token)
    return await _page(request, services, now, thanks=said.action, status=201)


async def _improvement(request: Request, services: Services, token: str) -> Improvement:
    reference = await subject_of(request, services, LinkPurpose.IMPROVEMENT, token)
    found = await services.parts.undertakings.find(reference)
    if not isinstance(found, Improvement) or found.partner is None:
        raise not_found()
    return found


def _said(form: FormData, zone: ZoneInfo) -> Said:
    action, text, day = text_in(form, "action"), text_in(form, "text"), text_in(form, "day")
    wrong = None
    if action not in ACTIONS:
        wrong = "action"
    elif "text" in ACTIONS[action] and not 0 < len(text) <= LONGEST_TEXT:
        wrong = "text"
    elif action == "report_done" and day and not _is_past(day, zone):
        wrong = "day"
    return Said(action, text, day, wrong)


def _is_past(day: str, zone: ZoneInfo) -> bool:
    try:
        return date.fromisoformat(day) <= datetime.now(zone).date()
    except ValueError:
        return False


def _asking(made: Improvement, said: Said, key: str, zone: ZoneInfo) -> UndertakingRequest:
    name = f"partner:{made.partner}"
    partner = LinkHolder(id=name, name=name, roles=frozenset({Role.PARTNER}), case=made.reference)
    values: dict[str, Any] = {"text": said.text} if "text" in ACTIONS[said.action] else {}
    if said.action == "report_done" and said.day:
        noon = datetime.combine(date.fromisoformat(said.day), time(12), zone)
        values["carried_out_at"] = min(noon, datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    return UndertakingRequest(partner, "improvement", made.reference, said.action, values, key=f"{key}.{said.action}")


async def _page(
    request: Request,
    services: Services,
    made: Improvement,
    said: Said | None = None,
    *,
    key: str | None = None,
    notice: str | None = None,
    thanks: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    partner = made.partner or ""
    known = await Correspondents(services.parts.pool).correspondent(f"partner.{partner}")
    language = language_of(request, spoken("en" if known is None else known[1]))
    zone, now = ZoneInfo(services.parts.settings.time_zone), datetime.now(UTC)
    today = now.astimezone(zone).date()
    texts = await services.undertaker.texts(made)
    return show(
        request,
        "improvement.html.jinja",
        language,
        status=status,
        headers=headers,
        organisation=organisation(services),
        reference=made.reference,
        state=_state(made),
        is_started=made.status is Status.IN_PROGRESS,
        is_late=made.is_overdue and made.status in UNDER_WAY,
        was_tried_before=made.attempt > 1,
        title=texts["title"],
        description=texts.get("description"),
        due=None if made.due_at is None else deadline(made.due_at, zone, language),
        checked_on=None if made.effect_due_at is None else deadline(made.effect_due_at, zone, language),
        checks=[each.model_dump() | {"verdict": each.verdict.value} for each in made.checks],
        offset=offset(now, zone),
        key=key or services.keys.form(made.reference, now),
        said=said or Said(),
        notice=notice,
        thanks=thanks,
        today=today.isoformat(),
        card=await card(services, partner, today - YEAR, today),
    )


def _state(made: Improvement) -> str:
    """`early` before it is agreed, `open`, `done` until its effect is known, `worked`, or `over`."""
    if made.status in UNDER_WAY:
        return "open"
    if made.status is Status.PROPOSED:
        return "early"
    return {Status.DONE: "done", Status.CLOSED: "worked"}.get(made.status, "over")

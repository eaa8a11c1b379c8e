"""The customer's own page: where the case stands, and what the customer has to say. Reading it changes nothing."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from domain.complaints.case import Case
from domain.complaints.situation import CUSTOMER
from domain.links import LinkPurpose
from domain.privacy import Language
from starter.api.entry import House
from starter.attachments import KINDS, File, check_file
from starter.desk import Request as Asking
from starter.pages.case_story import (
    actions,
    answer_shown,
    customer_of,
    dispute_of,
    happenings,
    promises,
    texts_of_customer,
)
from starter.pages.entry import (
    PageRoute,
    files_in,
    form_of,
    is_in_time,
    language_of,
    organisation,
    retry_after,
    spoken,
    subject_of,
    text_in,
)
from starter.pages.rendering import HEADERS, show
from starter.pages.wording import language_wanted, offset, words
from starter.problems import Problem, not_found
from starter.reading import TEXTS
from starter.services import Services
from storage.vault import MOST_ITEMS, Erased

router = APIRouter(route_class=PageRoute, include_in_schema=False)

FIELDS = ("text", "satisfaction", "sure")
DONE = ("confirm", "dispute", "say", "withdraw")


@dataclass(frozen=True, slots=True)
class Said:
    """What the customer sent: one action with its fields."""

    action: str = ""
    key: str = ""
    text: str = ""
    satisfaction: str = ""
    is_sure: bool = False
    files: tuple[File, ...] = ()

    @property
    def once(self) -> str:
        """The key under which this is done once: sent again with another text, it is another thing."""
        return (
            f"{self.key}.{hashlib.sha256(f'{self.action} {self.satisfaction} {self.text}'.encode()).hexdigest()[:32]}"
        )


@router.get("/case/{token}")
async def status(request: Request, token: str, services: House) -> Response:
    """How the case stands."""
    case = await _case(request, services, token)
    done = request.query_params.get("done")
    return await _page(request, services, case, done=done if done in DONE else None)


@router.post("/case/{token}")
async def tell(request: Request, token: str, services: House) -> Response:
    """Confirm or dispute the answer, say something, or withdraw; then the page again."""
    case = await _case(request, services, token)
    await services.limits.sent(case.reference)
    said = await _said(await form_of(request))
    if said.action not in actions(case, datetime.now(UTC)):
        return await _page(request, services, case, said, notice="moved_on", status=409)
    if not is_in_time(services.keys.shown_at(case.reference, said.key), datetime.now(UTC)):
        return await _page(request, services, case, said, notice="stale", status=422)
    if wrong := _wrong(said):
        return await _page(request, services, case, said, wrong=wrong, status=422)
    try:
        await _do(services, case, said, language_of(request, spoken(case.intake.language)))
    except Problem as problem:
        return await _refused(request, services, case, said, problem)
    asked = {"done": said.action} | {name: value for name, value in request.query_params.items() if name == "lang"}
    return RedirectResponse(f"{request.url.path}?{urlencode(asked)}#done", 303, HEADERS)


async def _case(request: Request, services: Services, token: str) -> Case:
    reference = await subject_of(request, services, LinkPurpose.CASE, token)
    case = await services.parts.records.find(reference)
    if case is None:
        raise not_found()
    return case


async def _said(form: FormData) -> Said:
    return Said(
        action=text_in(form, "action"),
        key=text_in(form, "key"),
        text=text_in(form, "text"),
        satisfaction=text_in(form, "satisfaction"),
        is_sure=text_in(form, "sure") == "yes",
        files=tuple(await files_in(form)),
    )


def _wrong(said: Said) -> str | None:
    """What keeps the action from being done, as the field that is wrong."""
    if not said.text and not said.files and said.action in {"dispute", "say"}:
        return "text"
    if said.satisfaction and said.satisfaction not in set("12345"):
        return "satisfaction"
    if said.action == "withdraw" and not said.is_sure:
        return "sure"
    try:
        for file in said.files:
            check_file(file)
    except Problem:
        return "files"
    return None


async def _do(services: Services, case: Case, said: Said, language: Language) -> None:
    """Give the command that the action means, files first: what is written may speak of them."""
    customer = customer_of(case.reference)
    for number, file in enumerate(said.files):
        await services.attachments.add(customer, case.reference, file, f"{said.once}.{number}")
    name, values = _command(case, said, words(language)["case"]["withdrawn_here"])
    if said.text or name != "note":
        await services.cases.perform(Asking(customer, case.reference, name, values, key=said.once))


def _command(case: Case, said: Said, withdrawn_here: str) -> tuple[str, dict[str, Any]]:
    match said.action:
        case "confirm":
            satisfaction = {"satisfaction": int(said.satisfaction)} if said.satisfaction else {}
            return "confirm", satisfaction | ({"reason": said.text} if said.text else {})
        case "dispute":
            return dispute_of(case), {"reason": said.text}
        case "withdraw":
            return "withdraw", {"reason": said.text or withdrawn_here, "confirmed_by": "web"}
        case _:
            return "note", {"text": said.text}


async def _refused(request: Request, services: Services, case: Case, said: Said, problem: Problem) -> Response:
    """The page with what was written, so that nothing is lost; a case that moved on is shown as it is now."""
    if problem.status == 422:
        return await _page(request, services, case, said, wrong="text", status=422)
    if problem.status not in {409, 503}:
        raise problem
    notice = "moved_on" if problem.status == 409 else "away"
    now = await services.parts.records.find(case.reference) or case
    return await _page(request, services, now, said, notice=notice, status=problem.status, headers=retry_after(problem))


async def _page(
    request: Request,
    services: Services,
    case: Case,
    said: Said | None = None,
    *,
    done: str | None = None,
    wrong: str | None = None,
    notice: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    language = language_wanted(request.query_params.get("lang"), "", spoken(case.intake.language))
    zone, now = ZoneInfo(services.parts.settings.time_zone), datetime.now(UTC)
    given, answer = said or Said(), answer_shown(case)
    entries = await services.parts.ledger.entries(case.reference)
    texts = await _texts(services, case, [*texts_of_customer(entries), *([answer] if answer else [])])
    return show(
        request,
        "case.html.jinja",
        language,
        status=status,
        headers=headers,
        organisation=organisation(services),
        case=case,
        promises=promises(case, zone, language),
        answer=texts.get(answer) if answer else None,
        happenings=happenings(entries, texts, zone, language),
        actions=actions(case, now),
        offset=offset(now, zone),
        key=given.key if wrong or notice == "away" else services.keys.form(case.reference, now),
        given=given,
        done=done,
        wrong=wrong,
        notice=notice,
        kinds=",".join(sorted(KINDS)),
        in_danger=case.intake.is_emergency and not case.has_ended,
        emergency_phone=services.parts.settings.emergency_phone,
    )


async def _texts(services: Services, case: Case, ids: list[str]) -> dict[str, str]:
    """What is opened for the customer: the answer, and the own words. Raises Erased where nothing is left."""
    if not ids:
        return {}
    await services.reads.note(CUSTOMER, case.intake.customer, TEXTS, case.reference)
    texts = await services.parts.vault.open_kept_texts(ids[-MOST_ITEMS:])
    if not texts:
        raise Erased(case.intake.customer)
    return texts

"""The public complaint form: no account, no JavaScript, sent once, and answered at once where somebody is in danger."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from domain.complaints.situation import CUSTOMER
from domain.links import LinkPurpose
from domain.privacy import Language
from starter.api.entry import House
from starter.attachments import KINDS, File, check_file
from starter.customers import misunderstood
from starter.intake import ComplaintForm, Taken
from starter.pages.case_story import customer_of, promises
from starter.pages.entry import Asked, PageRoute, files_in, form_of, is_in_time, organisation, text_in
from starter.pages.rendering import show
from starter.pages.wording import offset
from starter.problems import Problem, field_errors
from starter.repetitions import Repeatable
from starter.services import Services
from storage.pool import StoreAway

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PLACE = "complain"
TRAP = "website"
"""A field that people do not see and robots fill in."""
READING_TIME = timedelta(seconds=3)
CHANNEL = "web"
TEXTS = ("narrative", "demand", "category", "occurred_on", "name", "email", "phone", "address", "representative")
REACHED_BY = ("email", "phone")
_FIELD_OF = {"customer": None, "occurred_at": "occurred_on"}


@dataclass(frozen=True, slots=True)
class Sent:
    """What somebody filled in."""

    key: str = ""
    trap: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    vulnerability: tuple[str, ...] = ()
    is_emergency: bool = False
    files: Sequence[File] = ()

    def digest(self) -> bytes:
        """What makes a form the same as another one."""
        files = [[file.name, sha256(file.content).hexdigest()] for file in self.files]
        said = [dict(self.texts), self.vulnerability, self.is_emergency, files]
        return sha256(json.dumps(said, sort_keys=True).encode()).digest()


@router.get("/complain")
async def blank(request: Request, services: House, language: Asked) -> Response:
    """The empty form."""
    return _form(request, services, language, Sent())


@router.post("/complain")
async def send(request: Request, services: House, language: Asked) -> Response:
    """Take the complaint: the receipt with its number and link, or the form again with what is wrong."""
    await services.limits.complaint(request)
    sent = await _sent(await form_of(request))
    notice = await _suspicion(request, services, sent)
    form, wrong = _understood(services, sent, language)
    if form is None or wrong or notice is not None:
        return _form(request, services, language, sent, wrong=wrong, notice=notice, status=422)
    try:
        taken = await services.intake.take(customer_of(""), form, _once(services, sent))
    except Problem as problem:
        return _refused(request, services, language, sent, problem)
    return await _receipt(request, services, language, sent, taken)


async def _sent(form: FormData) -> Sent:
    return Sent(
        key=text_in(form, "key"),
        trap=text_in(form, TRAP),
        texts={name: text_in(form, name) for name in TEXTS},
        vulnerability=tuple(str(code) for code in form.getlist("vulnerability") if code),
        is_emergency=text_in(form, "emergency") == "yes",
        files=await files_in(form),
    )


async def _suspicion(request: Request, services: Services, sent: Sent) -> str | None:
    """Why the form should be looked at and sent again. A machine's pace has a limit of its own: `Problem`, 429."""
    if sent.trap:
        return "trap"
    now, shown_at = datetime.now(UTC), services.keys.shown_at(PLACE, sent.key)
    if shown_at is None or not is_in_time(shown_at, now):
        return "stale"
    if now - shown_at < READING_TIME:
        await services.limits.hasty(request)
    return None


def _understood(services: Services, sent: Sent, language: Language) -> tuple[ComplaintForm | None, set[str]]:
    """The complaint as a hotline would enter it; or the names of the fields that were not understood."""
    texts = {name: text for name, text in sent.texts.items() if text}
    region = services.parts.settings.default_region
    wrong = _wrong_files(sent.files)
    wrong |= {name for name in REACHED_BY if name in texts and misunderstood(name, texts[name], region)}
    values: dict[str, Any] = {
        name: texts[name] for name in ("narrative", "demand", "category", "representative") if name in texts
    }
    values["customer"] = {name: texts[name] for name in ("name", "phone", "email", "address") if name in texts}
    try:
        if "occurred_on" in texts:
            values["occurred_at"] = _start_of(texts["occurred_on"], ZoneInfo(services.parts.settings.time_zone))
    except ValueError:
        wrong.add("occurred_on")
    values["customer"]["language"] = language
    values["emergency"] = sent.is_emergency or services.taxonomy.names_a_danger(sent.texts["demand"])
    try:
        return ComplaintForm(channel=CHANNEL, vulnerability=sent.vulnerability, **values), wrong
    except ValidationError as error:
        return None, wrong | _fields(found.pointer for found in field_errors(error.errors()))


def _start_of(written: str, zone: ZoneInfo) -> str:
    return datetime.combine(date.fromisoformat(written), time(), zone).isoformat()


def _wrong_files(files: Sequence[File]) -> set[str]:
    try:
        for file in files:
            check_file(file)
    except Problem:
        return {"files"}
    return set()


def _fields(pointers: Any) -> set[str]:
    """The fields of the page for the pointers into the complaint."""
    names = (next(step for step in pointer.split("/")[1:] if step != "customer") for pointer in pointers)
    return {_FIELD_OF.get(name) or name for name in names}


def _once(services: Services, sent: Sent) -> Repeatable:
    return Repeatable(services.keys.record(CUSTOMER, "POST /complain", sent.key), sent.digest())


def _refused(request: Request, services: Services, language: Language, sent: Sent, problem: Problem) -> Response:
    """What the intake did not understand, or a form that was sent before with something else in it."""
    if problem.code == "key_reused":
        return _form(request, services, language, sent, notice="sent_before", status=422)
    if problem.status != 422:
        raise problem
    return _form(request, services, language, sent, wrong=_fields(e.pointer for e in problem.errors), status=422)


def _form(
    request: Request,
    services: Services,
    language: Language,
    sent: Sent,
    *,
    wrong: set[str] | None = None,
    notice: str | None = None,
    status: int = 200,
) -> Response:
    now, fresh = datetime.now(UTC), notice is not None or not sent.key
    texts = dict.fromkeys(TEXTS, "") | dict(sent.texts)
    return show(
        request,
        "complain.html.jinja",
        language,
        status=status,
        organisation=organisation(services),
        key=services.keys.form(PLACE, now) if fresh else sent.key,
        given=texts,
        chosen=sent.vulnerability,
        is_emergency=sent.is_emergency,
        in_danger=sent.is_emergency or services.taxonomy.names_a_danger(f"{texts['narrative']} {texts['demand']}"),
        emergency_phone=services.parts.settings.emergency_phone,
        wrong=[name for name in (*TEXTS, "vulnerability", "files") if name in (wrong or ())],
        notice=notice,
        categories=_named(services.taxonomy.category, language),
        vulnerabilities=_named(services.taxonomy.vulnerability, language),
        kinds=",".join(sorted(KINDS)),
        trap=TRAP,
        today=now.astimezone(ZoneInfo(services.parts.settings.time_zone)).date().isoformat(),
    )


def _named(terms: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    """Codes with their names, the parts of a category behind it."""

    def name(code: str) -> str:
        term = terms[code]
        own = str(getattr(term, language))
        return own if term.under is None else f"{name(term.under)} – {own}"

    return [(code, name(code)) for code in terms]


async def _receipt(request: Request, services: Services, language: Language, sent: Sent, taken: Taken) -> Response:
    reference = taken.reference or str(json.loads(taken.answer.body)["reference"])
    now, zone = datetime.now(UTC), ZoneInfo(services.parts.settings.time_zone)
    link = await services.parts.links.url(LinkPurpose.CASE, reference, now)
    left_out = await _attached(services, reference, sent)
    case = await services.parts.records.find(reference)
    assert case is not None  # noqa: S101  it was just taken in
    return show(
        request,
        "receipt.html.jinja",
        language,
        status=201,
        organisation=organisation(services),
        reference=reference,
        link=link,
        path_of_link=link.removeprefix(services.parts.settings.public_url.rstrip("/")),
        promises=promises(case, zone, language),
        offset=offset(now, zone),
        left_out=left_out,
        in_danger=case.intake.is_emergency,
        emergency_phone=services.parts.settings.emergency_phone,
        email=sent.texts["email"],
    )


async def _attached(services: Services, reference: str, sent: Sent) -> list[str]:
    """Attach the files; the names of those that could not be, which never holds the complaint up."""
    left_out = []
    for number, file in enumerate(sent.files):
        try:
            await services.attachments.add(customer_of(reference), reference, file, f"{sent.key}.{number}")
        except (Problem, StoreAway):
            left_out.append(file.name)
    return left_out

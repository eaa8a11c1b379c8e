"""The page of a case: who complains about what, what is promised by when, what happened, what can be done now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import Response as PlainResponse

from domain.access import Permission
from domain.complaints.case import Case
from domain.complaints.clock_explanation import explain_clock
from domain.complaints.clocks import Clock
from domain.complaints.contact import ContactLimits
from domain.complaints.facts import Entry
from domain.complaints.terms import ClockState
from domain.complaints.texts import named_texts
from domain.privacy import Identity
from starter.api.entry import House
from starter.attachments import KINDS
from starter.console.command_forms import GRAVE, commands_now, grouped
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.fields import fields_of
from starter.console.history import Event, events
from starter.console.rendering import HEADERS, show, speech_of
from starter.console.wording import Speech
from starter.pages.entry import files_in, text_in
from starter.problems import Problem
from starter.reading import STORY
from starter.services import Services
from storage.attachments import Attachments
from storage.vault import MOST_ITEMS, Erased

router = APIRouter(prefix="/console/cases", route_class=ConsoleRoute, include_in_schema=False)

Reader = Annotated[Visit, Depends(Seat(Permission.READ_COMPLAINT))]


@dataclass(frozen=True, slots=True)
class Telling:
    """What is opened of a case for somebody to read: who complains, what was said, what happened."""

    identity: Identity | None
    narrative: str
    demand: str
    representative: str
    limits: ContactLimits | None
    events: list[Event]


@router.get("/{reference}")
async def case_page(request: Request, services: House, reference: str, visit: Reader) -> Response:
    """Everything about a case; that its personal part was read is logged."""
    case, source = await services.cases.current_case(visit.person, reference)
    return await show_case(request, services, visit, case, source=source)


@router.post("/{reference}/files")
async def attach(
    request: Request, services: House, reference: str, visit: Annotated[Visit, Depends(Seat("attach"))]
) -> Response:
    """Seal the files that were chosen and attach them."""
    form = await form_of(request, visit.csrf)
    await services.cases.visible_case(visit.person, reference)
    key = text_in(form, "key")
    try:
        for number, file in enumerate(await files_in(form)):
            await services.attachments.add(visit.person, reference, file, f"{key}.{number}" if key else None)
    except Problem as problem:
        if problem.status not in {413, 422}:
            raise
        case, source = await services.cases.current_case(visit.person, reference)
        return await show_case(request, services, visit, case, source=source, wrong_file=True, status=422)
    return redirect(f"/console/cases/{reference}", done="attach")


@router.get("/{reference}/files/{file}")
async def download(
    services: House, reference: str, file: str, visit: Annotated[Visit, Depends(Seat(Permission.READ_COMPLAINT))]
) -> Response:
    """A file, always as a download; the read is logged."""
    attachment, content = await services.attachments.read(visit.person, reference, file)
    return PlainResponse(
        content,
        media_type="application/octet-stream" if attachment.kind == "text/plain" else attachment.kind,
        headers=HEADERS | {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}"},
    )


async def show_case(
    request: Request,
    services: Services,
    visit: Visit,
    case: Case,
    *,
    source: str,
    status: int = 200,
    wrong_file: bool = False,
) -> Response:
    """The page of a case as it is now."""
    say, now = speech_of(request, visit.language), datetime.now(UTC)
    allowed = commands_now(case, visit.person)
    return show(
        request,
        "case.html.jinja",
        visit,
        status=status,
        case=case,
        source=source,
        told=await tell(services, visit, case, say),
        clocks=await explained(services, case, visit),
        groups=grouped(allowed),
        without_fields={name for name in allowed if not fields_of(name)},
        grave=GRAVE,
        earlier=await services.likeness.of_case(visit.person, case),
        files=await Attachments(services.parts.pool, services.parts.vault).of_case(case.reference),
        may_attach=visit.may("attach") and not case.has_ended,
        kinds=",".join(sorted(KINDS)),
        wrong_file=wrong_file,
        key=services.keys.form(case.reference, now),
        names=await names_of(services, case, []),
    )


async def tell(services: Services, visit: Visit, case: Case, say: Speech) -> Telling:
    """Open what a person may read of a case; the read is logged before."""
    entries = list(await services.parts.ledger.entries(case.reference))
    names = await names_of(services, case, entries)
    intake = case.intake
    if not visit.may(Permission.READ_CUSTOMER):
        return Telling(None, "", "", "", None, events(entries, {}, names, say))
    await services.reads.note(visit.person.id, intake.customer, STORY, case.reference)
    try:
        identity: Identity | None = await services.parts.vault.identity(intake.customer)
        texts = await _texts(services, entries)
    except Erased:
        identity, texts = None, {}
    return Telling(
        identity=identity,
        narrative=texts.get(intake.narrative, ""),
        demand=texts.get(intake.demand or "", ""),
        representative=texts.get(intake.representative or "", ""),
        limits=await services.letters.limits(visit.person, case.reference),
        events=events(entries, texts, names, say),
    )


async def explained(services: Services, case: Case, visit: Visit) -> list[tuple[Clock, str]]:
    """The clocks, the running ones first by due time, each with how its due time came about."""
    order = {ClockState.RUNNING: 0, ClockState.PAUSED: 1, ClockState.BREACHED: 2}
    clocks = sorted(case.clocks, key=lambda clock: (order.get(clock.state, 3), clock.due_at))
    calendars = {pin: await services.parts.rulebook.pinned_calendar(pin) for pin in {c.calendar for c in clocks}}
    return [(clock, explain_clock(clock, calendars[clock.calendar], visit.language).text) for clock in clocks]


async def names_of(services: Services, case: Case, entries: list[Entry]) -> Mapping[str, str]:
    """The names of the colleagues that a case speaks of, by their ids."""
    ids = {entry.actor for entry in entries} | {case.handler, case.intake.taken_by, case.callback.caller}
    ids |= {value for entry in entries for value in _people(entry.fact.model_dump(include={"handler", "caller"}))}
    found = await services.parts.people.people([each for each in ids if each and each.startswith("per_")])
    return {person_id: person.name for person_id, person in found.items()}


def _people(fact: Mapping[str, Any]) -> list[str]:
    return [str(value) for value in fact.values() if value]


async def _texts(services: Services, entries: list[Entry]) -> dict[str, str]:
    """The sealed texts that the facts name, opened; those whose time is over are gone."""
    ids = named_texts(entries)
    texts: dict[str, str] = {}
    for start in range(0, len(ids), MOST_ITEMS):
        texts |= await services.parts.vault.open_kept_texts(ids[start : start + MOST_ITEMS])
    return texts

"""Improvements, incidents, analyses and defection studies over HTTP: one router a kind, of one shape."""

import asyncio
import base64
import binascii
import json
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Body as FromBody
from pydantic import BaseModel, ConfigDict

from documents.rendering import ReportFormat, render
from domain.access import Permission, Person, may
from domain.analysis.findings import Figures
from domain.analysis.report import report_of
from domain.privacy import IDENTIFYING
from domain.surveys.comparison.defection import MOST_INTERVIEWS
from domain.surveys.report.document import Report
from domain.surveys.report.wording import ReportLanguage
from domain.undertakings.kinds import AnyUndertaking, allowed_commands
from starter.api.entry import Allowed, House, Key, Once
from starter.api.repeating import replay
from starter.api.strict_json import StrictJsonRoute
from starter.api.undertaking_examples import COMMANDS, FORMS
from starter.problems import FieldError, Problem, invalid, not_found
from starter.repetitions import stored
from starter.undertakings import (
    AnalysisForm,
    DefectionForm,
    ImprovementForm,
    IncidentForm,
    UndertakingRequest,
    body_of,
    commands_of,
)
from storage.cases import MAX_PAGE

improvements = APIRouter(prefix="/v1/improvements", tags=["improvements"], route_class=StrictJsonRoute)
incidents = APIRouter(prefix="/v1/incidents", tags=["incidents"], route_class=StrictJsonRoute)
analyses = APIRouter(prefix="/v1/analyses", tags=["analyses"], route_class=StrictJsonRoute)
studies = APIRouter(prefix="/v1/defection-studies", tags=["defection studies"], route_class=StrictJsonRoute)

Reference = Annotated[str, Path(description="its number, such as I-2026-000001")]
Reader = Annotated[Person, Depends(Allowed(Permission.READ_UNDERTAKINGS))]
MEDIA = {
    ReportFormat.HTML: "text/html",
    ReportFormat.PDF: "application/pdf",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.JSON: "application/json",
}


REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A report is one page with its styles in it, and fetches nothing."""


class UndertakingView(BaseModel):
    """An undertaking in codes and times, with its title and what the reader may ask of it now."""

    model_config = ConfigDict(frozen=True)

    reference: str
    kind: str
    status: str
    title: str
    source: Literal["live", "record"]
    sequence: int
    allowed_commands: tuple[str, ...]
    needs_operator: bool
    state: dict[str, Any]
    texts: dict[str, str] = {}


class UndertakingList(BaseModel):
    items: tuple[UndertakingView, ...]
    next_cursor: str | None


class CommandDone(BaseModel):
    """Where the command was recorded, and the undertaking as it is now."""

    sequence: int
    undertaking: UndertakingView


class LinkedCases(BaseModel):
    items: tuple[str, ...]
    next_cursor: str | None


class Interviewee(BaseModel):
    """Whom a manager talks to, and how that person is reached."""

    number: int
    customer: str
    name: str | None
    phone: str | None
    email: str | None


def _view(
    undertaking: AnyUndertaking,
    person: Person,
    title: str,
    source: Literal["live", "record"] = "record",
    texts: dict[str, str] | None = None,
) -> UndertakingView:
    state = undertaking.model_dump(mode="json", exclude={"recent", "subject", "title", "epoch"})
    allowed = (name for name in allowed_commands(undertaking) if may(person, name))
    return UndertakingView(
        reference=undertaking.reference,
        kind=undertaking.kind,
        status=undertaking.status,
        title=title,
        source=source,
        sequence=undertaking.sequence,
        allowed_commands=tuple(name.partition(".")[2] or name for name in allowed),
        needs_operator=bool(undertaking.parked),
        state=state,
        texts=texts or {},
    )


async def _opened(services: House, person: Person, undertaking: AnyUndertaking) -> UndertakingView:
    titles = await services.undertaker.titles([undertaking])
    return _view(undertaking, person, titles[undertaking.title])


@improvements.post("", status_code=201, summary="Propose an improvement")
async def propose(
    form: Annotated[ImprovementForm, FromBody(openapi_examples=FORMS["improvement"])],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.PROPOSE_IMPROVEMENT))],
    key: Key,
) -> UndertakingView:
    """The same key gives the same improvement."""
    return await _opened(services, person, await services.undertaker.propose_improvement(person, form, key))


@incidents.post("", status_code=201, summary="Say that one cause may be behind many complaints")
async def suspect(
    form: Annotated[IncidentForm, FromBody(openapi_examples=FORMS["incident"])],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.OPEN_INCIDENT))],
    key: Key,
) -> UndertakingView:
    """The same key gives the same incident."""
    return await _opened(services, person, await services.undertaker.suspect_incident(person, form, key))


@analyses.post("", status_code=201, summary="Analyse the complaints of some days")
async def order(
    form: Annotated[AnalysisForm, FromBody(openapi_examples=FORMS["analysis"])],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.ORDER_ANALYSIS))],
    key: Key,
) -> UndertakingView:
    """The same key gives the same analysis."""
    return await _opened(services, person, await services.undertaker.order_analysis(person, form, key))


@studies.post("", status_code=201, summary="Begin a study of who left and why")
async def begin(
    form: Annotated[DefectionForm, FromBody(openapi_examples=FORMS["defection"])],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.BEGIN_STUDY))],
    key: Key,
) -> UndertakingView:
    """The same key gives the same study."""
    return await _opened(services, person, await services.undertaker.begin_study(person, form, key))


@incidents.get("/{reference}/cases", summary="List the cases that are linked to an incident")
async def linked_cases(
    reference: Reference,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.LIST_COMPLAINTS))],
    cursor: Annotated[str, Query(max_length=24)] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> LinkedCases:
    """In the order of their numbers; those that the reader may see."""
    incident = await services.undertaker.recorded("incident", reference)
    found = await services.undertakings.cases_of_incident(incident.reference, cursor, limit + 1)
    visible = []
    for each in found[:limit]:
        with suppress(Problem):
            visible.append((await services.cases.visible_case(person, each)).reference)
    return LinkedCases(items=tuple(visible), next_cursor=found[limit - 1] if len(found) > limit else None)


@studies.get("/{reference}/interviews/{number}", summary="Read whom an interview is with")
async def interviewee(
    reference: Reference,
    number: Annotated[int, Path(ge=1, le=MOST_INTERVIEWS)],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.READ_INTERVIEWEE))],
) -> Interviewee:
    """For the manager to whom it is assigned, and for supervisors; the reading is logged."""
    customer, identity = await services.undertaker.interviewee(person, reference, number)
    await services.reads.note(person.id, customer, IDENTIFYING, reference)
    reachable = {"name": identity.name, "phone": identity.phone, "email": identity.email}
    return Interviewee(number=number, customer=customer, **reachable)


async def report_for(services: House, person: Person, kind: str, reference: str) -> Report:
    """The report as this reader may see it. Raises `Problem` 404."""
    undertaking = await services.undertaker.recorded(kind, reference)
    kept = await services.undertakings.result(undertaking.reference)
    if kept is None:
        raise not_found("it has no report yet")
    if kind == "analysis" and not may(person, Permission.LIST_COMPLAINTS):
        return report_of(Figures.model_validate(kept.figures), withhold=True)
    return Report.model_validate(kept.report)


def _report_route(router: APIRouter, kind: str) -> None:
    @router.get(
        "/{reference}/report",
        response_class=Response,
        responses={200: {"content": {media: {"schema": {}} for media in MEDIA.values()}}},
        summary="Read the report",
    )
    async def report(
        reference: Reference,
        services: House,
        person: Reader,
        format: Annotated[ReportFormat, Query(description="html, pdf, xlsx or json")] = ReportFormat.HTML,  # noqa: A002
        lang: ReportLanguage = ReportLanguage.CHINESE,
    ) -> Response:
        """For readers who may not see cases, figures about few people are withheld."""
        laid = await report_for(services, person, kind, reference)
        content = await asyncio.to_thread(render, laid, format, lang)
        return Response(content, media_type=MEDIA[format], headers={"Content-Security-Policy": REPORT_POLICY})


def _routes(router: APIRouter, kind: str) -> None:
    """The routes that every kind has."""

    @router.get("", summary="List them, the newest first")
    async def page(
        services: House,
        person: Reader,
        status: Annotated[str | None, Query(pattern=r"^[a-z_]{1,40}$")] = None,
        partner: Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,64}$")] = None,
        needs_operator: bool | None = None,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    ) -> UndertakingList:
        found = await services.undertakings.page(
            kind,
            status=status,
            partner=partner,
            needs_operator=needs_operator,
            before=None if cursor is None else place_of(cursor),
            limit=limit + 1,
        )
        shown = found[:limit]
        titles = await services.undertaker.titles(shown)
        items = tuple(_view(each, person, titles[each.title]) for each in shown)
        return UndertakingList(items=items, next_cursor=cursor_of(shown[-1]) if len(found) > limit else None)

    @router.get("/{reference}", summary="Read one")
    async def read(reference: Reference, services: House, person: Reader) -> UndertakingView:
        undertaking, source = await services.undertaker.current(kind, reference)
        texts = await services.undertaker.texts(undertaking)
        return _view(undertaking, person, texts["title"], source, texts)

    for name in commands_of(kind):
        _command_route(router, kind, name, f"{kind}.{name}")
    _command_route(router, kind, "retry_step", "retry_step")


def _command_route(router: APIRouter, kind: str, name: str, permission: str) -> None:
    body_type = body_of(permission)

    async def command(
        reference: Reference,
        body: Any,
        services: House,
        person: Annotated[Person, Depends(Allowed(permission))],
        key: Key,
        once: Once,
    ) -> Response:
        values = body.model_dump(exclude_unset=True, mode="json")
        request = UndertakingRequest(person, kind, reference, name, values, key, once)
        done = await services.undertaker.perform(request)
        if done.replayed is not None or done.answer is None:
            assert done.replayed is not None  # noqa: S101  one of the two is there
            return replay(done.replayed, was_replayed=True)
        titles = await services.undertaker.titles([done.answer.undertaking])
        view = _view(done.answer.undertaking, person, titles[done.answer.undertaking.title], "live")
        answer = stored(CommandDone(sequence=done.answer.sequence, undertaking=view).model_dump(mode="json"))
        await services.undertaker.keep(request, answer)
        return replay(answer, was_replayed=False)

    command.__annotations__["body"] = Annotated[body_type, FromBody(openapi_examples=COMMANDS[permission])]
    router.post(
        f"/{{reference}}/commands/{name}",
        response_model=CommandDone,
        summary=(body_type.__doc__ or name).partition("\n")[0],
        name=f"{kind}_{name}",
    )(command)


def cursor_of(undertaking: AnyUndertaking) -> str:
    """The place behind it in the list."""
    place = [undertaking.opened_at.isoformat(), undertaking.reference]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place_of(cursor: str) -> tuple[datetime, str]:
    """The place that a cursor names. Raises `Problem` 422."""
    try:
        at, reference = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        moment = datetime.fromisoformat(at)
    except (ValueError, TypeError, RecursionError, OverflowError, binascii.Error):
        moment, reference = None, None
    if moment is None or moment.tzinfo is None or not isinstance(reference, str) or not reference.isprintable():
        raise invalid([FieldError("/cursor", "is not one that this list gave")])
    return moment, reference


ROUTERS = {"improvement": improvements, "incident": incidents, "analysis": analyses, "defection": studies}
_report_route(analyses, "analysis")
_report_route(studies, "defection")
for _kind, _router in ROUTERS.items():
    _routes(_router, _kind)

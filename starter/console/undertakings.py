"""Improvements, incidents and analyses: their boards, one with its past, and the report of an analysis."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import Response as PlainResponse

from documents.rendering import ReportFormat, render
from domain.access import Permission, may
from domain.surveys.report.wording import ReportLanguage
from domain.undertakings.analysis_run import ENDED as ANALYSIS_ENDED
from domain.undertakings.analysis_run import Status as AnalysisStatus
from domain.undertakings.improvement import ENDED as IMPROVEMENT_ENDED
from domain.undertakings.improvement import Improvement
from domain.undertakings.improvement import Status as ImprovementStatus
from domain.undertakings.incident import ENDED as INCIDENT_ENDED
from domain.undertakings.incident import Status as IncidentStatus
from domain.undertakings.kinds import AnyUndertaking, allowed_commands
from starter.api.entry import House
from starter.api.undertakings import MEDIA, REPORT_POLICY, cursor_of, place_of, report_for
from starter.console.entry import ConsoleRoute, Seat, Visit
from starter.console.fields import Field
from starter.console.rendering import HEADERS, show, speech_of
from starter.console.undertaking_forms import MEASURES, form_of_command
from starter.services import Services
from starter.undertakings import commands_of

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

KINDS: Mapping[str, str] = {"improvements": "improvement", "incidents": "incident", "analyses": "analysis"}
"""The kinds of this desk, by the word of their addresses."""
OPENED_BY: Mapping[str, str] = {
    "improvement": Permission.PROPOSE_IMPROVEMENT,
    "incident": Permission.OPEN_INCIDENT,
    "analysis": Permission.ORDER_ANALYSIS,
}
LANES: Mapping[str, tuple[str, ...]] = {
    "improvement": tuple(each.value for each in ImprovementStatus if each not in IMPROVEMENT_ENDED),
    "incident": tuple(each.value for each in IncidentStatus if each not in INCIDENT_ENDED),
    "analysis": tuple(each.value for each in AnalysisStatus if each not in ANALYSIS_ENDED),
}
"""What is under way, in the order of its lanes."""
ENDED: Mapping[str, tuple[str, ...]] = {
    "improvement": tuple(sorted(IMPROVEMENT_ENDED)),
    "incident": tuple(sorted(INCIDENT_ENDED)),
    "analysis": tuple(sorted(ANALYSIS_ENDED)),
}
IN_A_LANE, ON_A_PAGE, LINKED_SHOWN = 30, 50, 50
_TEXTS = ("text", "reason", "answer")

Reader = Annotated[Visit, Depends(Seat(Permission.READ_UNDERTAKINGS))]


def _add_pages(plural: str, kind: str) -> None:
    async def board(request: Request, services: House, visit: Reader) -> Response:
        return await _board(request, services, visit, plural, kind)

    async def read(request: Request, services: House, reference: str, visit: Reader) -> Response:
        return await show_one(request, services, visit, plural, reference)

    router.add_api_route(f"/{plural}", board, methods=["GET"], name=f"console_{plural}")
    router.add_api_route(f"/{plural}/{{reference}}", read, methods=["GET"], name=f"console_one_of_{plural}")


@router.get("/analyses/{reference}/report")
async def report(request: Request, services: House, reference: str, visit: Reader) -> Response:
    """The report as a page of its own, as PDF or as a workbook."""
    asked = request.query_params.get("format", "html")
    wanted = ReportFormat(asked) if asked in set(ReportFormat) else ReportFormat.HTML
    laid = await report_for(services, visit.person, "analysis", reference)
    content = await asyncio.to_thread(render, laid, wanted, ReportLanguage(visit.language.value))
    headers = dict(HEADERS) | {"Content-Security-Policy": REPORT_POLICY}
    if wanted is not ReportFormat.HTML:
        headers["Content-Disposition"] = f'attachment; filename="{reference}.{wanted.value}"'
    return PlainResponse(content, media_type=MEDIA[wanted], headers=headers)


async def _board(request: Request, services: Services, visit: Visit, plural: str, kind: str) -> Response:
    """What is under way by its lanes, or what has ended, page by page."""
    given = request.query_params
    ended = given.get("ended", "") if given.get("ended", "") in ENDED[kind] else ""
    cursor = given.get("cursor") or None
    lanes: dict[str, Sequence[AnyUndertaking]] = {}
    next_cursor = None
    if ended:
        before = None if cursor is None else place_of(cursor[:200])
        found = await services.undertakings.page(kind, status=ended, before=before, limit=ON_A_PAGE + 1)
        lanes[ended] = found[:ON_A_PAGE]
        next_cursor = cursor_of(found[ON_A_PAGE - 1]) if len(found) > ON_A_PAGE else None
    else:
        for lane in LANES[kind]:
            lanes[lane] = await services.undertakings.page(kind, status=lane, limit=IN_A_LANE)
    everything = [each for lane in lanes.values() for each in lane]
    owners = {each.owner for each in everything if isinstance(each, Improvement) and each.owner}
    return show(
        request,
        "undertakings.html.jinja",
        visit,
        plural=plural,
        kind=kind,
        lanes=lanes,
        ended=ended,
        endings=ENDED[kind],
        titles=await services.undertaker.titles(everything),
        owners=await services.parts.people.people(owners),
        next_cursor=next_cursor,
        may_open=visit.may(OPENED_BY[kind]),
    )


async def show_one(
    request: Request,
    services: Services,
    visit: Visit,
    plural: str,
    reference: str,
    *,
    refused: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    """One with everything about it; a form that was refused is shown with what was written in it."""
    kind = KINDS[plural]
    undertaking, source = await services.undertaker.current(kind, reference)
    say = speech_of(request, visit.language)
    entries = await services.undertakings.entries(reference)
    people = {entry.actor for entry in entries} | {undertaking.opened_by, getattr(undertaking, "owner", None)}
    linked = await services.undertakings.cases_of_incident(reference, "", LINKED_SHOWN) if kind == "incident" else []
    lawful = set(allowed_commands(undertaking))
    allowed = [name for each in commands_of(kind) if (name := f"{kind}.{each}") in lawful and visit.may(name)]
    return show(
        request,
        "undertaking.html.jinja",
        visit,
        status=status,
        here=f"/console/{plural}/{reference}",
        plural=plural,
        kind=kind,
        it=undertaking,
        source=source,
        texts=await services.undertaker.texts(undertaking),
        commands=[(name.partition(".")[2], await _form(services, say, name, refused)) for name in allowed],
        refused=refused or {"command": "", "loose": (), "fields": (), "given": {}},
        measures=range(1, MEASURES + 1),
        categories=[(code, say.term("category", code)) for code in services.taxonomy.category],
        told=await _told(services, entries),
        entries=entries,
        names=await services.parts.people.people({each for each in people if each and each.startswith("per_")}),
        linked=linked if may(visit.person, Permission.LIST_COMPLAINTS) else [],
        key=services.keys.form(reference, datetime.now(UTC)),
    )


async def _form(services: Services, say: Any, name: str, refused: Mapping[str, Any] | None) -> tuple[Field, ...]:
    short = name.partition(".")[2]
    was_refused = refused is not None and refused["command"] == short
    fields = refused["fields"] if refused and was_refused else await form_of_command(services, name, say)
    return tuple(replace(each, prefix=f"{short}-") for each in fields)


async def _told(services: Services, entries: Sequence[Any]) -> Mapping[str, str]:
    """The sealed texts of the facts, opened."""
    ids = [text for entry in entries for name in _TEXTS if (text := getattr(entry.fact, name, None))]
    return await services.parts.vault.open_kept_texts(ids[:200]) if ids else {}


for _plural, _kind in KINDS.items():
    _add_pages(_plural, _kind)

"""Periodic analyses in the browser: ordered, listed, read with their reports, signed off."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from documents.rendering import ReportFormat
from domain.access import Permission
from domain.undertakings.kinds import allowed_commands
from starter.api import undertakings as api
from starter.api.entry import House
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.rendering import show
from starter.console.sheets import FINE, Wrong, checked, key_of, wrong
from starter.console.waves import as_page, report_wanted
from starter.keys import KEY_LENGTH
from starter.pages.entry import text_in
from starter.problems import Problem
from starter.services import Services
from starter.undertakings import AnalysisForm, UndertakingRequest

router = APIRouter(prefix="/console/analyses", route_class=ConsoleRoute, include_in_schema=False)

Reader = Annotated[Visit, Depends(Seat(Permission.READ_UNDERTAKINGS))]
Orderer = Annotated[Visit, Depends(Seat(Permission.ORDER_ANALYSIS))]
Reference = Annotated[str, Path(max_length=20)]
KIND = "analysis"
ON_A_PAGE = 50


@router.get("")
async def page(request: Request, services: House, visit: Reader) -> Response:
    """All analyses, the newest first, and the form for another one."""
    return await _list(request, services, visit, {}, FINE)


@router.post("")
async def order(request: Request, services: House, visit: Orderer) -> Response:
    """Analyse the complaints of some days."""
    form = await form_of(request, visit.csrf)
    written = {name: text_in(form, name) for name in ("first", "last")}
    try:
        wanted = checked(AnalysisForm, {name: value for name, value in written.items() if value})
        key = text_in(form, "key")[:KEY_LENGTH] or None
        ordered = await services.undertaker.order_analysis(visit.person, wanted, key)
    except Problem as problem:
        return await _list(request, services, visit, written, wrong(problem, visit.language))
    return redirect(f"/console/analyses/{ordered.reference}", done="ordered")


@router.get("/{analysis}")
async def read(request: Request, services: House, visit: Reader, analysis: Reference) -> Response:
    """How an analysis stands, and its report."""
    return await _page(request, services, visit, analysis, FINE)


@router.get("/{analysis}/report")
async def report(request: Request, services: House, visit: Reader, analysis: Reference) -> Response:
    """The report as a page to read, or as a file; figures about few people are withheld as by the API."""
    kind, language = report_wanted(request, visit)
    answer = await api.report_of_kind(KIND, analysis, services, visit.person, kind, language)
    if kind is ReportFormat.HTML:
        return as_page(answer)
    answer.headers["Content-Disposition"] = f'attachment; filename="{analysis}-{language}.{kind}"'
    return answer


@router.post("/{analysis}/sign-off")
async def sign_off(
    request: Request,
    services: House,
    visit: Annotated[Visit, Depends(Seat("analysis.sign_off"))],
    analysis: Reference,
) -> Response:
    """Take responsibility for the report."""
    return await _give(request, services, visit, analysis, "sign_off")


@router.post("/{analysis}/cancel")
async def cancel(
    request: Request, services: House, visit: Annotated[Visit, Depends(Seat("analysis.cancel"))], analysis: Reference
) -> Response:
    """Give the analysis up."""
    return await _give(request, services, visit, analysis, "cancel")


async def _give(request: Request, services: Services, visit: Visit, analysis: str, command: str) -> Response:
    form = await form_of(request, visit.csrf)
    reason = text_in(form, "reason")
    values: dict[str, Any] = {"reason": reason} if reason else {}
    asked = UndertakingRequest(
        visit.person, KIND, analysis, command, values, text_in(form, "key")[:KEY_LENGTH] or None, None
    )
    try:
        await services.undertaker.perform(asked)
    except Problem as problem:
        return await _page(request, services, visit, analysis, wrong(problem, visit.language))
    return redirect(f"/console/analyses/{analysis}", done=command)


async def _list(
    request: Request, services: Services, visit: Visit, written: Mapping[str, str], refused: Wrong
) -> Response:
    cursor = request.query_params.get("cursor") or None
    before = None if cursor is None else api.read_cursor(cursor)
    found = await services.undertakings.page(KIND, before=before, limit=ON_A_PAGE + 1)
    return show(
        request,
        "analyses.html.jinja",
        visit,
        status=refused.status,
        analyses=found[:ON_A_PAGE],
        cursor=cursor,
        next_cursor=api.cursor_of(found[ON_A_PAGE - 1]) if len(found) > ON_A_PAGE else "",
        written={"first": "", "last": ""} | dict(written),
        wrong=refused,
        key=key_of(services, "analyses"),
    )


async def _page(request: Request, services: Services, visit: Visit, analysis: str, refused: Wrong) -> Response:
    current, source = await services.undertaker.current(KIND, analysis)
    kept = await services.undertakings.result(current.reference)
    names = await services.parts.people.people([each for each in (current.opened_by,) if each])
    return show(
        request,
        "analysis.html.jinja",
        visit,
        status=refused.status,
        analysis=current,
        source=source,
        has_report=kept is not None,
        allowed={name for name in allowed_commands(current) if visit.may(name)},
        names=names,
        wrong=refused,
        key=key_of(services, analysis),
    )

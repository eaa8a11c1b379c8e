"""The cockpit of a wave: who was reached by day, what became of each contact, quotas, the index, what may be done."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.datastructures import FormData

from documents.rendering import ReportFormat
from domain.access import Permission
from domain.surveys.report.wording import ReportLanguage
from domain.surveys.waves.commands import PERSONS_WAVE_COMMANDS
from starter.api import waves as api
from starter.api.entry import House, once_for
from starter.api.undertakings import REPORT_POLICY
from starter.console.command_forms import codes
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.rendering import HEADERS, show, speech_of
from starter.console.sheets import FINE, Wrong, key_of, wrong
from starter.console.undertaking_forms import MEASURES, measures_in
from starter.keys import KEY_LENGTH
from starter.pages.entry import text_in
from starter.problems import Problem
from starter.repetitions import Repeatable
from starter.services import Services
from starter.waves import WaveRequest

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

Reader = Annotated[Visit, Depends(Seat(Permission.READ_WAVES))]
Planner = Annotated[Visit, Depends(Seat(Permission.PLAN_WAVES))]
WaveReference = Annotated[str, Path(pattern=r"^W-[0-9]{4}-[0-9]{6,9}$")]
ON_A_PAGE = 50
OF_STEPS = frozenset({"retry_step", "skip_step"})
WHERE_IT_STANDS = ("draft", "sampled", "fielding", "closing", "computed", "reported", "signed_off")


@router.get("/waves")
async def page(request: Request, services: House, visit: Reader) -> Response:
    """All waves, the newest first."""
    cursor = request.query_params.get("cursor") or None
    found = await api.page(services, visit.person, None, None, cursor, ON_A_PAGE)
    return show(request, "waves.html.jinja", visit, waves=found.items, next_cursor=found.next_cursor, cursor=cursor)


@router.post("/surveys/{survey}/waves")
async def plan(
    request: Request,
    services: House,
    visit: Planner,
    survey: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")],
) -> Response:
    """Plan a wave of the newest version; its sample is drawn behind the answer."""
    form = await form_of(request, visit.csrf)
    key = text_in(form, "key")[:KEY_LENGTH] or None
    answer = await api.plan(
        survey, api.WaveForm(version=None), services, visit.person, key, _once(request, services, visit, form)
    )
    reference = json.loads(bytes(answer.body))["reference"]
    return redirect(f"/console/waves/{reference}", done="planned")


@router.get("/waves/{wave}")
async def cockpit(request: Request, services: House, visit: Reader, wave: WaveReference) -> Response:
    """How a wave stands."""
    return await _page(request, services, visit, wave, {}, FINE)


@router.get("/waves/{wave}/report")
async def report(request: Request, services: House, visit: Reader, wave: WaveReference) -> Response:
    """The report as a page to read, or as a file."""
    kind, language = report_wanted(request, visit)
    answer = await api.report(wave, services, visit.person, kind, language)
    return as_page(answer) if kind is ReportFormat.HTML else answer


def report_wanted(request: Request, visit: Visit) -> tuple[ReportFormat, ReportLanguage]:
    """In which form and language a report is asked for."""
    asked = request.query_params
    kind, language = asked.get("format", "html"), asked.get("lang", visit.language.value)
    return (
        ReportFormat(kind) if kind in set(ReportFormat) else ReportFormat.HTML,
        ReportLanguage(language) if language in set(ReportLanguage) else ReportLanguage.CHINESE,
    )


def as_page(answer: Response) -> Response:
    """A report to read in the browser: one page with its styles in it, which fetches nothing."""
    headers = HEADERS | {"Content-Security-Policy": REPORT_POLICY}
    return Response(answer.body, media_type="text/html; charset=utf-8", headers=headers)


def _add_command(name: str) -> None:
    """One page a command, with the permission of its own."""

    async def give(
        request: Request,
        services: House,
        visit: Annotated[Visit, Depends(Seat(f"wave.{name}"))],
        wave: WaveReference,
    ) -> Response:
        form = await form_of(request, visit.csrf)
        values = _values(name, form, services)
        asked = WaveRequest(visit.person, wave, name, values, text_in(form, "key")[:KEY_LENGTH] or None, None)
        try:
            await services.surveys.waves.perform(asked)
        except Problem as problem:
            return await _page(request, services, visit, wave, dict(form), wrong(problem, visit.language), name)
        return redirect(f"/console/waves/{wave}", done=name)

    give.__name__ = f"wave_{name}"
    give.__doc__ = PERSONS_WAVE_COMMANDS[name].__doc__
    router.post(f"/waves/{{wave}}/{name}")(give)


for _name in PERSONS_WAVE_COMMANDS:
    _add_command(_name)


def _values(name: str, form: FormData, services: Services) -> dict[str, Any]:
    fields = PERSONS_WAVE_COMMANDS[name].model_fields.keys() - {"command"}
    values: dict[str, Any] = {field: text for field in fields if (text := text_in(form, field))}
    if "until" in values:
        try:
            at = datetime.fromisoformat(values["until"])
            values["until"] = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(services.parts.settings.time_zone))
        except ValueError:
            pass
    if name == "sign_off":
        values["measures"] = measures_in(form)
    return values


async def _page(
    request: Request,
    services: Services,
    visit: Visit,
    reference: str,
    written: Mapping[str, Any],
    refused: Wrong,
    command: str = "",
) -> Response:
    current, source = await services.surveys.waves.current(reference)
    view = api.WaveView.of(current, visit.person, source)
    definition = await services.surveys.survey_records.definition(current.survey, current.version)
    newest = await services.surveys.survey_records.newest(current.survey)
    numbers = await services.surveys.wave_numbers.so_far(current)
    days = await services.surveys.wave_days.by_day(reference, services.parts.settings.time_zone)
    quotas = definition.fieldwork.quotas
    cells = await services.surveys.wave_days.quota_cells(reference) if quotas else {}
    people = await services.parts.people.people(
        [each for each in (current.planned_by, current.signed_off_by) if each is not None]
    )
    return show(
        request,
        "wave.html.jinja",
        visit,
        status=refused.status,
        wave=view,
        survey=definition,
        newest=newest.definition.version,
        numbers=numbers,
        days=days,
        measures=range(1, MEASURES + 1),
        categories=codes(services, "category", speech_of(request, visit.language)),
        most=max((day.invited for day in days), default=0) or 1,
        most_answers=max((max(day.opened, day.completed) for day in days), default=0) or 1,
        quotas=[(each, cells.get((each.attribute, each.category), 0)) for each in quotas],
        people=people,
        stages=WHERE_IT_STANDS,
        commands=_commands(view.allowed, has_newer=newest.definition.version > current.version),
        parked=[step for step in view.steps if step.state == "parked"],
        fields={name: set(kind.model_fields) - {"command"} for name, kind in PERSONS_WAVE_COMMANDS.items()},
        written=written,
        wrong=refused,
        refused_command=command,
        key=key_of(services, reference),
    )


def _commands(allowed: Sequence[str], *, has_newer: bool) -> list[str]:
    return [name for name in allowed if name not in OF_STEPS and (name != "revise" or has_newer)]


def _once(request: Request, services: Services, visit: Visit, form: FormData) -> Repeatable | None:
    key = text_in(form, "key")[:KEY_LENGTH]
    return once_for(request, visit.person, services, key, b"") if key else None

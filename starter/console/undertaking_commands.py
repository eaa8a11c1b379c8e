"""Opening improvements, incidents and analyses in the browser, and giving them commands."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from domain.undertakings.kinds import AnyUndertaking
from starter.api.entry import House
from starter.console.commands import once
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.faults import in_words
from starter.console.fields import Field, filled, values_of, with_errors
from starter.console.rendering import show, speech_of
from starter.console.undertaking_forms import FORMS, form_of_command, form_to_open, measures_in
from starter.console.undertakings import KINDS, OPENED_BY, show_one
from starter.pages.entry import text_in
from starter.problems import Problem, field_errors, invalid
from starter.services import Services
from starter.undertakings import UndertakingRequest, commands_of

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)


def _add_opening(plural: str, kind: str) -> None:
    place = Annotated[Visit, Depends(Seat(OPENED_BY[kind]))]

    async def ask(request: Request, services: House, visit: place) -> Response:
        fields = await form_to_open(services, kind, speech_of(request, visit.language))
        given = request.query_params
        named = tuple(_filled_by(each, given.get(each.name, "")) for each in fields)
        return _page(request, visit, plural, named, services.keys.form(plural, datetime.now(UTC)))

    async def give(request: Request, services: House, visit: place) -> Response:
        form = await form_of(request, visit.csrf)
        fields = filled(await form_to_open(services, kind, speech_of(request, visit.language)), form)
        key = text_in(form, "key")
        try:
            values = values_of(fields, ZoneInfo(services.parts.settings.time_zone))
            opened = await _open(services, visit, kind, values, once(key, values))
        except Problem as problem:
            if problem.status not in {409, 422, 503}:
                raise
            errors, loose = in_words(problem, visit.language)
            marked, unplaced = with_errors(fields, errors)
            return _page(request, visit, plural, marked, key, (*loose, *unplaced), problem.status)
        return redirect(f"/console/{plural}/{opened.reference}", done="open")

    router.add_api_route(f"/{plural}/new", ask, methods=["GET"], name=f"console_ask_{plural}")
    router.add_api_route(f"/{plural}/new", give, methods=["POST"], name=f"console_open_{plural}")


def _add_command(plural: str, kind: str, name: str) -> None:
    """One route a command, so that each has its row in the table of roles."""
    command = f"{kind}.{name}"

    async def give(
        request: Request, services: House, reference: str, visit: Annotated[Visit, Depends(Seat(command))]
    ) -> Response:
        form = await form_of(request, visit.csrf)
        fields = filled(await form_of_command(services, command, speech_of(request, visit.language)), form)
        values = values_of(fields, ZoneInfo(services.parts.settings.time_zone))
        if command == "analysis.sign_off":
            values["measures"] = measures_in(form)
        try:
            key = once(text_in(form, "key"), values)
            await services.undertaker.perform(UndertakingRequest(visit.person, kind, reference, name, values, key))
        except Problem as problem:
            if problem.status not in {409, 422, 503}:
                raise
            errors, loose = in_words(problem, visit.language)
            marked, unplaced = with_errors(fields, errors)
            refused = {"command": name, "fields": marked, "loose": (*loose, *unplaced), "given": dict(form)}
            return await show_one(request, services, visit, plural, reference, refused=refused, status=problem.status)
        return redirect(f"/console/{plural}/{reference}", done=name)

    router.add_api_route(f"/{plural}/{{reference}}/{name}", give, methods=["POST"], name=f"console_{command}")


async def _open(services: Services, visit: Visit, kind: str, values: dict[str, Any], key: str | None) -> AnyUndertaking:
    """Raises `Problem`: 422 with the fields."""
    try:
        form: Any = FORMS[kind].model_validate(values)
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None
    match kind:
        case "improvement":
            return await services.undertaker.propose_improvement(visit.person, form, key)
        case "incident":
            return await services.undertaker.suspect_incident(visit.person, form, key)
        case _:
            return await services.undertaker.order_analysis(visit.person, form, key)


def _filled_by(field: Field, given: str) -> Field:
    return replace(field, given=given[:200]) if given else field


def _page(
    request: Request,
    visit: Visit,
    plural: str,
    fields: tuple[Field, ...],
    key: str,
    loose: tuple[str, ...] = (),
    status: int = 200,
) -> Response:
    return show(
        request,
        "undertaking_new.html.jinja",
        visit,
        status=status,
        plural=plural,
        kind=KINDS[plural],
        fields=fields,
        loose=loose,
        key=key,
    )


for _plural, _kind in KINDS.items():
    _add_opening(_plural, _kind)
    for _name in commands_of(_kind):
        _add_command(_plural, _kind, _name)

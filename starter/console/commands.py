"""Giving a command to a case in the browser: its form, a look at the letter before it goes out, and what came of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from domain.complaints.case import Case
from domain.complaints.orders import letter_ordered
from starter.api.entry import House
from starter.bodies import CASE_COMMANDS, body_of
from starter.console.cases import Reader, explained, names_of, tell
from starter.console.command_forms import GRAVE, LETTERS, commands_now, form_for
from starter.console.entry import ConsoleRoute, Visit, form_of, redirect
from starter.console.faults import in_words
from starter.console.fields import Field, filled, values_of, with_errors
from starter.console.rendering import show, speech_of
from starter.desk import Request as Asking
from starter.letter_check import Draft
from starter.pages.entry import text_in
from starter.problems import Problem, field_errors, invalid, not_found
from starter.services import Services

router = APIRouter(prefix="/console/cases", route_class=ConsoleRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it is shown: what is filled in, what is wrong, and the letter if it was looked at."""

    fields: tuple[Field, ...]
    key: str
    loose: tuple[str, ...] = ()
    letter: Draft | None = None
    status: int = 200


@router.get("/{reference}/do/{command}")
async def ask(request: Request, services: House, reference: str, command: str, visit: Reader) -> Response:
    """The form of a command; what the address names is filled in already."""
    case = await _case(services, visit, reference, command)
    say = speech_of(request, visit.language)
    fields = await form_for(services, visit.person, case, command, say)
    return await _page(request, services, visit, case, command, Sheet(_named(fields, request), _key(services, case)))


@router.post("/{reference}/do/{command}")
async def give(request: Request, services: House, reference: str, command: str, visit: Reader) -> Response:
    """Look at the letter, or give the command; refused, the form is shown again with nothing lost."""
    form = await form_of(request, visit.csrf)
    case = await _case(services, visit, reference, command)
    say, key = speech_of(request, visit.language), text_in(form, "key")
    fields = filled(await form_for(services, visit.person, case, command, say), form)
    values = values_of(fields, ZoneInfo(services.parts.settings.time_zone))
    try:
        if text_in(form, "do") == "preview":
            letter = await _looked_at(services, visit, reference, command, values)
            return await _page(request, services, visit, case, command, Sheet(fields, key, letter=letter))
        await services.cases.perform(Asking(visit.person, reference, command, values, key=once(key, values)))
    except Problem as problem:
        if problem.status not in {409, 422, 503}:
            raise
        errors, loose = in_words(problem, visit.language)
        marked, unplaced = with_errors(fields, errors)
        letter = await _letter_or_none(services, visit, reference, command, values)
        sheet = Sheet(marked, key, (*loose, *unplaced), letter, problem.status)
        now, _ = await services.cases.current_case(visit.person, reference)
        return await _page(request, services, visit, now, command, sheet)
    return redirect(f"/console/cases/{reference}", done=command)


async def _case(services: Services, visit: Visit, reference: str, command: str) -> Case:
    if command not in CASE_COMMANDS:
        raise not_found("there is no such command")
    case, _ = await services.cases.current_case(visit.person, reference)
    return case


async def _looked_at(
    services: Services, visit: Visit, reference: str, command: str, values: Mapping[str, Any]
) -> Draft | None:
    """The letter as it would go out. Raises `Problem` 422 with what is missing for it."""
    try:
        body_of(command).model_validate(values)
    except ValidationError as error:
        about_the_letter = [e for e in error.errors() if e["loc"] and e["loc"][0] in {"way", "letter", "until"}]
        if about_the_letter:
            raise invalid(field_errors(about_the_letter)) from None
    ordered = letter_ordered(command, values)
    return None if ordered is None else await services.letters.preview(visit.person, reference, ordered)


async def _letter_or_none(
    services: Services, visit: Visit, reference: str, command: str, values: Mapping[str, Any]
) -> Draft | None:
    if command not in LETTERS:
        return None
    try:
        return await _looked_at(services, visit, reference, command, values)
    except Problem:
        return None


async def _page(request: Request, services: Services, visit: Visit, case: Case, command: str, sheet: Sheet) -> Response:
    say = speech_of(request, visit.language)
    return show(
        request,
        "command.html.jinja",
        visit,
        status=sheet.status,
        case=case,
        command=command,
        sheet=sheet,
        is_allowed=command in commands_now(case, visit.person),
        has_letter=command in LETTERS,
        is_grave=command in GRAVE,
        told=await tell(services, visit, case, say),
        clocks=await explained(services, case, visit),
        names=await names_of(services, case, []),
    )


def _named(fields: tuple[Field, ...], request: Request) -> tuple[Field, ...]:
    """Fields that the address fills in, as a link from the case does."""
    given = request.query_params
    return tuple(replace(each, given=given[each.name][:200]) if each.name in given else each for each in fields)


def _key(services: Services, case: Case) -> str:
    return services.keys.form(case.reference, datetime.now(UTC))


def once(key: str, values: Mapping[str, Any]) -> str | None:
    """The key under which this is done once: sent again with other words, it is another thing."""
    if not key:
        return None
    said = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return f"{key}.{hashlib.sha256(said.encode()).hexdigest()[:32]}"

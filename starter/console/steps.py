"""What waits for an operator: parked steps by their cause, a step with its past, and what can be done to one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from contracts.names import case_workflow_id
from domain.access import Permission
from domain.complaints.terms import ORDERED, StepKind, StepState
from starter.api.entry import House
from starter.api.step_models import OneStepView
from starter.api.steps import parts_of
from starter.console.commands import once
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.faults import in_words
from starter.console.fields import moment_in
from starter.console.operations import in_temporal
from starter.console.rendering import show, speech_of
from starter.desk import Request as Asking
from starter.pages.entry import text_in
from starter.problems import Problem, not_found
from starter.services import Services
from storage.steps import StepFilter

router = APIRouter(prefix="/console/steps", route_class=ConsoleRoute, include_in_schema=False)

ON_A_PAGE = 50
COMMANDS = {"retry": "retry_step", "amend": "amend_step", "skip": "skip_step", "abort": "abort"}
"""What an operator does to a step, by the last word of its address."""

Reader = Annotated[Visit, Depends(Seat(Permission.READ_STEPS))]


@router.get("")
async def parked(request: Request, services: House, visit: Reader) -> Response:
    """Why steps wait, the most frequent cause first, and the steps of a cause."""
    wanted, after = narrowed(request.query_params), request.query_params.get("cursor", "")
    found = await services.parts.steps.parked(wanted, after=after, limit=ON_A_PAGE + 1)
    return show(
        request,
        "steps.html.jinja",
        visit,
        causes=await services.parts.steps.causes(),
        steps=found[:ON_A_PAGE],
        wanted=wanted,
        cursor=after,
        address=address,
        next_cursor=found[ON_A_PAGE - 1].id if len(found) > ON_A_PAGE else None,
        waiting=await services.batch_records.under_way(),
    )


@router.get("/{step}")
async def one(request: Request, services: House, step: str, visit: Reader) -> Response:
    """A step, what became of it so far, and what can be done to it."""
    return await _page(request, services, visit, step, {})


def narrowed(given: Mapping[str, Any]) -> StepFilter:
    """The cause that an address or a form names; what is no kind of step narrows nothing."""
    kind, error = str(given.get("kind", "")), str(given.get("error", ""))[:64]
    return StepFilter(kind=kind if kind in set(StepKind) else None, error=error or None)


def address(kind: str | None, error: str | None, cursor: str = "") -> str:
    """The address of the steps of a cause."""
    asked = {"kind": kind, "error": error, "cursor": cursor}
    return f"/console/steps?{urlencode({name: value for name, value in asked.items() if value})}"


def _add_command(word: str, name: str) -> None:
    """One route a command, so that each has its row in the table of roles."""

    async def give(
        request: Request, services: House, step: str, visit: Annotated[Visit, Depends(Seat(name))]
    ) -> Response:
        form = await form_of(request, visit.csrf)
        reference, key = parts_of(step)
        values = _values(form, word, services) | {"step": key}
        try:
            asking = Asking(visit.person, reference, name, values, key=once(text_in(form, "key"), values))
            await services.cases.perform(asking)
        except Problem as problem:
            if problem.status not in {409, 422, 503}:
                raise
            errors, loose = in_words(problem, visit.language)
            wrong = {"whole": loose, "command": word, "fields": errors, "given": dict(form)}
            return await _page(request, services, visit, step, wrong, problem.status)
        return redirect(f"/console/steps/{step}", done=word)

    router.add_api_route(f"/{{step}}/{word}", give, methods=["POST"], name=f"console_{name}")


for _word, _name in COMMANDS.items():
    _add_command(_word, _name)


def _values(form: FormData, word: str, services: Services) -> dict[str, Any]:
    wanted = ("reason", "way", "template") if word == "amend" else ("reason",)
    values: dict[str, Any] = {name: given for name in wanted if (given := text_in(form, name).strip())}
    later = text_in(form, "not_before") if word == "amend" else ""
    return values | ({"not_before": moment_in(later, ZoneInfo(services.parts.settings.time_zone))} if later else {})


async def _page(
    request: Request, services: Services, visit: Visit, step: str, wrong: Mapping[str, Any], status: int = 200
) -> Response:
    reference, key = parts_of(step)
    found = await services.parts.steps.one(reference, key)
    if found is None:
        raise not_found("there is no such step")
    view, say = OneStepView.of(*found, key), speech_of(request, visit.language)
    return show(
        request,
        "step.html.jinja",
        visit,
        status=status,
        here=f"/console/steps/{view.id}",
        step=view,
        is_parked=view.state is StepState.PARKED,
        allowed=[word for word, name in COMMANDS.items() if visit.may(name) and (word != "amend" or view.amendable)],
        ways=[(way, say.of("Way", way)) for way in sorted(ORDERED)],
        names=await services.parts.people.people({event.actor for event in view.events}),
        temporal=in_temporal(services, case_workflow_id(reference)),
        wrong={"whole": (), "command": "", "fields": {}, "given": {}} | dict(wrong),
        key=services.keys.form(step, datetime.now(UTC)),
    )

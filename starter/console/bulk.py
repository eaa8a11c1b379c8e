"""One command for many cases: chosen in the search, looked at first, then done at a bounded rate, an outcome each."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from domain.access import Permission, may, scope_of
from domain.complaints.case import Case
from starter.api.batches import MOST_NAMED
from starter.api.complaints import case_filter
from starter.api.entry import House
from starter.batches import Prospect, Selection
from starter.bodies import CASE_COMMANDS
from starter.console.command_forms import form_for
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.faults import in_words
from starter.console.fields import Field, filled, values_of, with_errors
from starter.console.rendering import show, speech_of
from starter.console.search import BULK, Wanted
from starter.keys import body_digest
from starter.pages.entry import text_in
from starter.problems import Problem, not_found
from starter.repetitions import Repeatable, stored
from starter.services import Services
from storage.cases import MAX_PAGE
from storage.idempotency import StoredAnswer

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

SHOWN = 100
PER_SECOND = 5.0
_BATCH = re.compile(r"bat_[0-9a-f]{20}")
_REFERENCE = re.compile(r"C-[0-9]{4}-[0-9]{6,9}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cases that are meant: ticked ones, or all that fit a search."""

    references: tuple[str, ...]
    query: str
    selection: Selection
    first: Case | None

    @property
    def is_empty(self) -> bool:
        return self.first is None


@router.get("/batches/{batch}")
async def progress(
    request: Request, services: House, batch: str, visit: Annotated[Visit, Depends(Seat(Permission.READ_COMPLAINT))]
) -> Response:
    """How far a batch is, and what came of each case, page by page."""
    found = await services.batch_records.progress(batch) if _BATCH.fullmatch(batch) else None
    is_theirs = found is not None and (found.asked_by == visit.person.id or may(visit.person, "assign"))
    if found is None or not is_theirs or found.command not in CASE_COMMANDS:
        raise not_found("there is no such batch of yours")
    given = request.query_params.get("cursor", "")
    after = int(given) if given.isascii() and given.isdecimal() and len(given) < 7 else 0
    rows = await services.batch_records.page(batch, after, MAX_PAGE + 1)
    return show(
        request,
        "case_batch.html.jinja",
        visit,
        batch=found,
        rows=rows[:MAX_PAGE],
        waiting=found.items - sum(found.outcomes.values()),
        next_cursor=rows[MAX_PAGE - 1].position if len(rows) > MAX_PAGE else None,
    )


def _add_bulk(name: str) -> None:
    """Two routes a command, so that each has its row in the table of roles."""
    place = Annotated[Visit, Depends(Seat(name))]

    async def ask(request: Request, services: House, visit: place) -> Response:
        given = request.query_params
        chosen = await _chosen(services, visit, given.getlist("reference"), given.get("query", ""), given.get("all"))
        fields = await _fields(request, services, visit, chosen, name)
        return await _page(request, services, visit, name, chosen, fields)

    async def give(request: Request, services: House, visit: place) -> Response:
        form = await form_of(request, visit.csrf)
        named = [each for each in form.getlist("reference") if isinstance(each, str)]
        chosen = await _chosen(services, visit, named, text_in(form, "query"), text_in(form, "all"))
        fields = filled(await _fields(request, services, visit, chosen, name), form)
        return await _given(request, services, visit, name, chosen, fields, form)

    router.add_api_route(f"/bulk/{name}", ask, methods=["GET"], name=f"console_ask_bulk_{name}")
    router.add_api_route(f"/bulk/{name}", give, methods=["POST"], name=f"console_bulk_{name}")


for _name in BULK:
    _add_bulk(_name)


async def _given(
    request: Request,
    services: Services,
    visit: Visit,
    name: str,
    chosen: Chosen,
    fields: tuple[Field, ...],
    form: Mapping[str, Any],
) -> Response:
    """Look first, or start the batch; refused, the form is shown again with nothing lost."""
    values = values_of(fields, ZoneInfo(services.parts.settings.time_zone))
    if chosen.is_empty:
        return await _page(request, services, visit, name, chosen, fields, status=422)
    try:
        prospects = await services.batches.look(visit.person, name, chosen.selection, values)
        if form.get("do") == "start":
            return await _start(services, visit, name, chosen, values, str(form.get("key", "")))
    except Problem as problem:
        if problem.status not in {413, 422}:
            raise
        errors, loose = in_words(problem, visit.language)
        marked, unplaced = with_errors(fields, {at.removeprefix("/body"): text for at, text in errors.items()})
        loose = [*loose, *unplaced]
        return await _page(request, services, visit, name, chosen, marked, loose=loose, status=problem.status)
    return await _page(request, services, visit, name, chosen, fields, prospects=prospects)


async def _chosen(services: Services, visit: Visit, named: list[str], query: str, everything: str | None) -> Chosen:
    if everything:
        wanted = Wanted.of_query(query)
        narrowed = wanted.filter(ZoneInfo(services.parts.settings.time_zone))
        to = await case_filter(services, visit.person, narrowed)
        page = await services.parts.records.page(to, scope_of(visit.person), limit=1)
        return Chosen((), wanted.query, Selection(narrowed_to=to), page.cases[0] if page.cases else None)
    references = tuple(dict.fromkeys(each for each in named if _REFERENCE.fullmatch(each)))[:MOST_NAMED]
    first = await services.cases.visible_case(visit.person, references[0]) if references else None
    return Chosen(references, query[:2_000], Selection(references), first)


async def _fields(request: Request, services: Services, visit: Visit, chosen: Chosen, name: str) -> tuple[Field, ...]:
    """The form of the command; where choices depend on a case, those of the first one."""
    if chosen.first is None:
        return ()
    say = speech_of(request, visit.language)
    form = await form_for(services, visit.person, chosen.first, name, say)
    if name != "resume":
        return form
    kinds = tuple(say.words["terms"]["HoldKind"].items())
    return tuple(replace(each, options=kinds) if each.name == "kind" else each for each in form)


async def _start(
    services: Services, visit: Visit, name: str, chosen: Chosen, values: Mapping[str, Any], key: str
) -> Response:
    """Sent twice, a form orders once and leads to the same batch."""
    said = json.dumps([chosen.references, chosen.query, values], sort_keys=True, ensure_ascii=False)
    kept_under = services.keys.record(visit.person.id, "console-bulk", f"{name}:{key}")
    once = Repeatable(kept_under, body_digest(said.encode())) if key else None

    async def start() -> StoredAnswer:
        batch, _ = await services.batches.start(visit.person, name, chosen.selection, values, PER_SECOND)
        return stored(batch, 202)

    started, _ = await services.repetitions.once(once, start)
    return redirect(f"/console/batches/{json.loads(started.body)}")


async def _page(
    request: Request,
    services: Services,
    visit: Visit,
    name: str,
    chosen: Chosen,
    fields: tuple[Field, ...],
    *,
    prospects: list[Prospect] | None = None,
    loose: list[str] | None = None,
    status: int = 200,
) -> Response:
    refused = sum(each.guard is not None for each in prospects or ())
    return show(
        request,
        "bulk.html.jinja",
        visit,
        status=status,
        command=name,
        chosen=chosen,
        fields=fields,
        prospects=None if prospects is None else sorted(prospects, key=lambda each: each.guard is None)[:SHOWN],
        counts=(len(prospects or ()) - refused, refused),
        loose=loose or (),
        key=services.keys.form(f"bulk.{name}", datetime.now(UTC)),
    )

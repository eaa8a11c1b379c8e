"""One command for all parked steps of a cause: looked at first, then done at a bounded rate, with an outcome each."""

import json
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from domain.access import Permission
from domain.complaints.commands import STEP_COMMANDS
from starter.api.entry import House
from starter.api.step_batches import BulkRetry, BulkSkip
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.faults import in_words
from starter.console.rendering import show
from starter.console.steps import address, narrowed
from starter.keys import body_digest
from starter.pages.entry import text_in
from starter.problems import FieldError, Problem, field_errors, invalid, not_found
from starter.repetitions import Repeatable, stored
from starter.services import Services
from starter.steps import Prospect, StepSelection
from storage.cases import MAX_PAGE
from storage.idempotency import StoredAnswer

router = APIRouter(prefix="/console/step-batches", route_class=ConsoleRoute, include_in_schema=False)

MANY: dict[str, tuple[str, type[BulkRetry]]] = {"retry": ("retry_step", BulkRetry), "skip": ("skip_step", BulkSkip)}
SHOWN = 100


@router.get("/{batch}")
async def progress(
    request: Request, services: House, batch: str, visit: Annotated[Visit, Depends(Seat(Permission.READ_STEPS))]
) -> Response:
    """How far a batch is, and what came of each step, page by page."""
    found = await services.batch_records.progress(batch)
    if found is None or found.command not in STEP_COMMANDS:
        raise not_found("there is no such batch of steps")
    given = request.query_params.get("cursor", "")
    after = int(given) if given.isascii() and given.isdecimal() and len(given) < 7 else 0
    rows = await services.batch_records.page(batch, after, MAX_PAGE + 1)
    return show(
        request,
        "step_batch.html.jinja",
        visit,
        batch=found,
        rows=rows[:MAX_PAGE],
        waiting=found.items - sum(found.outcomes.values()),
        next_cursor=rows[MAX_PAGE - 1].position if len(rows) > MAX_PAGE else None,
    )


def _add_many(word: str, name: str, body: type[BulkRetry]) -> None:
    """One route a command, so that each has its row in the table of roles."""

    async def give(request: Request, services: House, visit: Annotated[Visit, Depends(Seat(name))]) -> Response:
        form = await form_of(request, visit.csrf)
        wanted, key, reason = narrowed(form), text_in(form, "key"), text_in(form, "reason").strip()
        selection, problems = StepSelection(narrowed_to=wanted), dict[str, str]()
        prospects = await services.steps.look(visit.person, name, selection)
        try:
            rate = text_in(form, "per_second").strip() or "5"
            order = _understood(body, reason, rate)
            if text_in(form, "do") == "start":
                once = _once(services, visit, f"{name}:{key}", f"{wanted}{reason}{rate}") if key else None
                return await _start(services, visit, name, selection, order, once)
        except Problem as problem:
            if problem.status != 422:
                raise
            problems, _ = in_words(problem, visit.language)
        return show(
            request,
            "step_preview.html.jinja",
            visit,
            status=422 if problems else 200,
            here=address(wanted.kind, wanted.error),
            word=word,
            wanted=wanted,
            prospects=sorted(prospects, key=lambda prospect: prospect.guard is None)[:SHOWN],
            counts=_counts(prospects),
            reason=reason,
            rate=rate,
            problems=problems,
            key=key or services.keys.form(f"steps.{word}", datetime.now(UTC)),
        )

    router.add_api_route(f"/{word}", give, methods=["POST"], name=f"console_many_{name}")


for _word, (_name, _body) in MANY.items():
    _add_many(_word, _name, _body)


def _understood(body: type[BulkRetry], reason: str, rate: str) -> BulkRetry:
    """What is ordered for all of them. Raises `Problem` 422."""
    try:
        return body.model_validate({"per_second": float(rate)} | ({"reason": reason} if reason else {}))
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None
    except ValueError:
        raise invalid([FieldError("/per_second", "expected a number from 0.01 to 50")]) from None


def _counts(prospects: list[Prospect]) -> tuple[int, int]:
    refused = sum(prospect.guard is not None for prospect in prospects)
    return len(prospects) - refused, refused


def _once(services: Services, visit: Visit, key: str, said: str) -> Repeatable:
    return Repeatable(services.keys.record(visit.person.id, "step-batches", key), body_digest(said.encode()))


async def _start(
    services: Services, visit: Visit, name: str, selection: StepSelection, order: BulkRetry, once: Repeatable | None
) -> Response:
    """Sent twice, a form orders once and leads to the same batch."""

    async def start() -> StoredAnswer:
        batch, _ = await services.steps.start(visit.person, name, selection, order.reason, order.per_second)
        return stored(batch, 202)

    started, was_repeated = await services.repetitions.once(once, start)
    said = {} if was_repeated else {"done": "started"}
    return redirect(f"/console/step-batches/{json.loads(started.body)}", **said)

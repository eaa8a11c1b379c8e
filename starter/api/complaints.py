"""Complaints over HTTP: take, list, read, and every command of a case."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime

from domain.access import Permission, Person, scope_of
from domain.complaints.case import Case
from domain.complaints.commands import PERSONS_COMMANDS, STEP_COMMANDS
from domain.complaints.terms import Status
from starter.api.entry import Allowed, House, idempotency_key, if_match, repeatable
from starter.api.models import CaseDone, CaseList, CaseView, Customer, Receipt, Story, Timeline, TimelineEntry
from starter.bodies import Body, body_of
from starter.desk import Request, stored
from starter.intake import ComplaintForm, Repeatable
from starter.problems import FieldError, invalid
from storage.cases import MAX_PAGE, BadCursor, CaseFilter
from storage.idempotency import StoredAnswer
from storage.identities import LookupField

router = APIRouter(prefix="/v1/complaints", tags=["complaints"])
audit = structlog.get_logger("amends.audit")

Reader = Annotated[Person, Depends(Allowed(Permission.READ_COMPLAINT))]
Once = Annotated[Repeatable | None, Depends(repeatable)]


@router.post("", status_code=201, response_model=Receipt, summary="Take a complaint in")
async def take(
    form: ComplaintForm,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.TAKE_COMPLAINT))],
    once: Once,
) -> Response:
    """Answers 201 with the case number and what is promised by when, also while Temporal is away.

    The same `channel` and `source_ref` again answers 200 with the case that it has already.
    """
    taken = await services.intake.take(person, form, once)
    return replay(taken.answer, was_replayed=taken.was_replayed)


@router.get("", response_model=CaseList, summary="List complaints")
async def page(
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.LIST_COMPLAINTS))],
    status: Annotated[list[Status] | None, Query()] = None,
    handler: str | None = None,
    team: str | None = None,
    category: str | None = None,
    severity: Annotated[int | None, Query(ge=1, le=5)] = None,
    channel: str | None = None,
    due_before: AwareDatetime | None = None,
    breached: bool | None = None,
    needs_operator: bool | None = None,
    customer: Annotated[str | None, Query(description="a phone number, an e-mail address or a customer number")] = None,
    received_from: AwareDatetime | None = None,
    received_to: AwareDatetime | None = None,
    sort: Literal["received", "due"] = "received",
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> CaseList:
    """Newest first, or by the nearest due time. You see the cases that your roles let you see."""
    wanted = CaseFilter(
        status=tuple(status or ()),
        handler=person.id if handler == "me" else handler,
        team=team,
        category=category,
        severity=severity,
        channel=channel,
        due_before=due_before,
        breached=breached,
        needs_operator=needs_operator,
        customers=None if customer is None else await _subjects(services, customer),
        received_from=received_from,
        received_to=received_to,
    )
    try:
        found = await services.parts.records.page(wanted, scope_of(person), sort=sort, cursor=cursor, limit=limit)
    except BadCursor as error:
        raise invalid([FieldError("query cursor", str(error))]) from None
    now = datetime.now(UTC)
    return CaseList(
        items=tuple(CaseView.of(case, person, "record", now) for case in found.cases), next_cursor=found.next_cursor
    )


@router.get("/{reference}", summary="Read a case")
async def read(reference: str, services: House, person: Reader, response: Response) -> CaseView:
    """The case as its running process has it, or else as it is recorded; `source` says which."""
    recorded = await services.cases.visible_case(person, reference)
    live = None if recorded.has_ended else await services.parts.launcher.case(reference)
    case, source = (recorded, "record") if live is None else (live, "live")
    response.headers["ETag"] = etag(case)
    return CaseView.of(case, person, source, datetime.now(UTC))  # type: ignore[arg-type]


@router.get("/{reference}/timeline", summary="Read what happened, in order")
async def timeline(
    reference: str,
    services: House,
    person: Reader,
    cursor: Annotated[int, Query(ge=0, description="the sequence after which to go on")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> Timeline:
    await services.cases.visible_case(person, reference)
    rows = await services.parts.records.timeline(reference, cursor, limit + 1)
    items = tuple(TimelineEntry.of(entry, digest) for entry, digest in rows[:limit])
    return Timeline(items=items, next_cursor=str(items[-1].sequence) if len(rows) > limit else None)


@router.get("/{reference}/story", summary="Read who complained and what was said")
async def story(
    reference: str,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.READ_CUSTOMER))],
) -> Story:
    """The personal part of the case, unsealed; the read is logged with who read it."""
    case = await services.cases.visible_case(person, reference)
    audit.info("personal data read", reference=reference, reader=person.id)
    vault = services.parts.vault
    identity = await vault.identity(case.intake.customer)
    texts = await vault.open_texts(await _text_ids(services, case))
    return Story(
        customer=Customer(**{name: getattr(identity, name) for name in Customer.model_fields}),
        narrative=texts.pop(case.intake.narrative),
        demand=texts.pop(case.intake.demand) if case.intake.demand else None,
        texts=texts,
    )


def replay(answer: StoredAnswer, *, was_replayed: bool) -> Response:
    """The answer as it was first given, marked when it is a repetition."""
    headers = answer.headers | ({"Idempotency-Replayed": "true"} if was_replayed else {})
    return Response(answer.body, answer.status, headers, "application/json")


def etag(case: Case) -> str:
    return f'"{case.sequence}"'


async def _subjects(services: House, wanted: str) -> tuple[str, ...]:
    """The customers that have this phone number, e-mail address or customer number."""
    found: list[str] = []
    for field in LookupField:
        try:
            found += await services.parts.vault.subjects_of(field, wanted)
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


async def _text_ids(services: House, case: Case) -> list[str]:
    """The sealed texts that the case's facts name."""
    entries = await services.parts.ledger.entries(case.reference)
    named = (value for entry in entries for value in _strings(entry.fact.model_dump()))
    return list(dict.fromkeys(value for value in named if value.startswith("txt_")))


def _strings(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in _strings(item)]
        case list() | tuple():
            return [text for item in value for text in _strings(item)]
        case _:
            return []


def _add_command(name: str) -> None:
    """One route a command, so that the schema shows each body."""
    model = body_of(name)

    async def give(
        reference: str,
        body: Body,
        services: House,
        person: Annotated[Person, Depends(Allowed(name))],
        key: Annotated[str | None, Depends(idempotency_key)],
        once: Once,
        expected: Annotated[int | None, Depends(if_match)],
    ) -> Response:
        values = body.model_dump(mode="json", exclude_unset=True)
        request = Request(person, reference, name, values, key=key, repeatable=once, if_match=expected)
        return await carry_out(services, request)

    give.__annotations__["body"] = model
    router.add_api_route(
        f"/{{reference}}/commands/{name}",
        give,
        methods=["POST"],
        name=name,
        summary=(PERSONS_COMMANDS[name].__doc__ or name).splitlines()[0],
        response_model=CaseDone,
    )


async def carry_out(services: House, request: Request) -> Response:
    """Give the command, and keep its answer for a repetition."""
    done = await services.cases.perform(request)
    if done.replayed is not None:
        return replay(done.replayed, was_replayed=True)
    assert done.case is not None  # noqa: S101
    assert done.sequence is not None  # noqa: S101
    view = CaseView.of(done.case, request.person, "live", datetime.now(UTC))
    answer = CaseDone(**dict(view), recorded_at_sequence=done.sequence)
    body = answer.model_dump(mode="json")
    await services.cases.keep(request, stored(body))
    return JSONResponse(body, headers={"ETag": etag(done.case)})


for _name in sorted(PERSONS_COMMANDS.keys() - STEP_COMMANDS):
    _add_command(_name)

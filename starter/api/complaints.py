"""Complaints over HTTP: take, list, read, and every command of a case."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Body as FromBody
from pydantic import Field

from domain.access import Permission, Person, scope_of
from domain.complaints.case import Case
from domain.complaints.commands import PERSONS_COMMANDS, Code
from domain.complaints.terms import Status
from domain.complaints.texts import named_texts
from domain.privacy import IDENTIFYING, Act
from starter.api.document import GONE
from starter.api.entry import Allowed, House, Key, Once, if_match
from starter.api.examples import COMMAND_BODIES, COMPLAINTS
from starter.api.models import (
    CaseAmongOthers,
    CaseDone,
    CaseList,
    CaseRead,
    CaseView,
    Customer,
    EarlierCaseView,
    LegalHoldMark,
    Receipt,
    Story,
    Timeline,
    TimelineEntry,
)
from starter.api.repeating import replay
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import CASE_COMMANDS, Body, Line, Moment, body_of
from starter.desk import Request
from starter.intake import ComplaintForm
from starter.problems import FieldError, invalid
from starter.reading import STORY
from starter.repetitions import stored
from storage.cases import MAX_PAGE, BadCursor, CaseFilter, Search
from storage.identities import LookupField
from storage.vault import MOST_ITEMS

router = APIRouter(prefix="/v1/complaints", tags=["complaints"], route_class=StrictJsonRoute)

LAST_SEQUENCE = 2**31 - 1

Reference = Annotated[str, Path(description="the case number, such as C-2026-000001")]
Reader = Annotated[Person, Depends(Allowed(Permission.READ_COMPLAINT))]


class ComplaintFilter(Body):
    """What cases are narrowed to."""

    status: tuple[Status, ...] = Field((), description="any of these")
    handler: Line | None = Field(None, description="a person's id, or `me`")
    team: Line | None = None
    category: Code | None = None
    severity: int | None = Field(None, ge=1, le=5)
    channel: Code | None = None
    due_before: Moment | None = Field(None, description="a running clock ends before this")
    breached: bool | None = None
    needs_operator: bool | None = None
    customer: Line | None = Field(None, description="a phone number, an e-mail address or a customer number")
    received_from: Moment | None = None
    received_to: Moment | None = Field(None, description="before this")
    q: Line | None = Field(None, description="a case number, a code, or what `customer` takes")


class ComplaintQuery(ComplaintFilter):
    """What the list is narrowed to, how it is sorted, and where the page begins."""

    sort: Literal["received", "due", "severity"] = Field(
        "received", description="newest first, nearest due time first, or gravest first"
    )
    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: int = Field(50, ge=1, le=MAX_PAGE)


@router.post(
    "",
    status_code=201,
    response_model=Receipt,
    summary="Take a complaint in",
    responses={200: {"model": Receipt, "description": "The case that this source's message has already"}},
)
async def take(
    form: Annotated[ComplaintForm, FromBody(openapi_examples=COMPLAINTS)],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.TAKE_COMPLAINT))],
    once: Once,
) -> Response:
    """Answers 201 with the case number and what is promised by when, also while Temporal is away.

    The same `channel` and `source_ref` again answers 200 with the case that it has already.
    """
    taken = await services.intake.take(person, form, once)
    return replay(taken.answer, was_replayed=taken.was_replayed)


@router.get("", summary="List complaints")
async def page(
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.LIST_COMPLAINTS))],
    query: Annotated[ComplaintQuery, Query()],
) -> CaseList:
    """The cases that your roles let you see."""
    wanted = await case_filter(services, person, query)
    try:
        found = await services.parts.records.page(
            wanted, scope_of(person), sort=query.sort, cursor=query.cursor, limit=query.limit
        )
    except BadCursor as error:
        raise invalid([FieldError("query cursor", str(error))]) from None
    views = [CaseView.of(case, person, "record", datetime.now(UTC)) for case in found.cases]
    return CaseList(items=await _marked(services, views), next_cursor=found.next_cursor)


@router.get("/{reference}", summary="Read a case")
async def read(reference: Reference, services: House, person: Reader, response: Response) -> CaseAmongOthers:
    """The case as its running process has it, or else as it is recorded; `source` says which."""
    case, source = await services.cases.current_case(person, reference)
    response.headers["ETag"] = etag(case)
    (view,) = await _marked(services, [CaseView.of(case, person, source, datetime.now(UTC))])
    earlier = await services.likeness.of_case(person, case)
    return CaseAmongOthers(**dict(view), earlier_cases=tuple(EarlierCaseView.of(each) for each in earlier))


@router.get("/{reference}/timeline", summary="Read what happened, in order")
async def timeline(
    reference: Reference,
    services: House,
    person: Reader,
    cursor: Annotated[int, Query(ge=0, le=LAST_SEQUENCE, description="the sequence after which to go on")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> Timeline:
    await services.cases.visible_case(person, reference)
    rows = await services.parts.records.timeline(reference, cursor, limit + 1)
    items = tuple(TimelineEntry.of(entry, digest) for entry, digest in rows[:limit])
    people = await services.parts.people.people({entry.actor for entry in items})
    names = {person_id: person.name for person_id, person in people.items()}
    return Timeline(items=items, names=names, next_cursor=str(items[-1].sequence) if len(rows) > limit else None)


@router.get("/{reference}/story", summary="Read who complained and what was said", responses=GONE)
async def story(
    reference: Reference,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.READ_CUSTOMER))],
) -> Story:
    """The personal part of the case, unsealed; the read is logged with who read it."""
    case = await services.cases.visible_case(person, reference)
    await services.reads.note(person.id, case.intake.customer, STORY, reference)
    identity = await services.parts.vault.identity(case.intake.customer)
    texts = await _texts(services, case)
    return Story(
        customer=Customer(**{name: getattr(identity, name) for name in Customer.model_fields}),
        narrative=texts.pop(case.intake.narrative, None),
        demand=texts.pop(case.intake.demand, None) if case.intake.demand else None,
        texts=texts,
    )


def etag(case: Case) -> str:
    return f'"{case.sequence}"'


async def case_filter(services: House, person: Person, query: ComplaintFilter) -> CaseFilter:
    """The filter with the customers that are meant in the place of what they are known by."""
    understood = ComplaintFilter.model_fields.keys() - {"handler", "customer", "q"}
    return CaseFilter(
        **query.model_dump(include=set(understood)),
        handler=person.id if query.handler == "me" else query.handler,
        customers=None if query.customer is None else await _subjects(services, person, query.customer),
        search=None if query.q is None else Search(term=query.q, customers=await _subjects(services, person, query.q)),
    )


async def _marked(services: House, views: Sequence[CaseView]) -> tuple[CaseRead, ...]:
    """The cases with the names of their handlers and the mark of a legal hold."""
    people = await services.parts.people.people({view.handler for view in views if view.handler})
    held = await services.parts.eraser.record.holds_on(view.reference for view in views)
    marks = {reference: LegalHoldMark(since=hold.since, set_by=hold.set_by) for reference, hold in held.items()}
    names = {None: None} | {person_id: person.name for person_id, person in people.items()}
    return tuple(
        CaseRead(**dict(view), handler_name=names.get(view.handler), legal_hold=marks.get(view.reference))
        for view in views
    )


async def _subjects(services: House, person: Person, wanted: str) -> tuple[str, ...]:
    """The customers that have this phone number, e-mail address or customer number; that they were found is logged."""
    found: list[str] = []
    for field in LookupField:
        try:
            found += await services.parts.vault.subjects_of(field, wanted)
        except ValueError:
            continue
    subjects = tuple(dict.fromkeys(found))
    await services.reads.note_all(person.id, ((subject, None) for subject in subjects), IDENTIFYING, Act.FOUND)
    return subjects


async def _texts(services: House, case: Case) -> dict[str, str]:
    """The sealed texts that the case's facts name, opened; those whose time is over are gone."""
    ids = named_texts(await services.parts.ledger.entries(case.reference))
    texts: dict[str, str] = {}
    for start in range(0, len(ids), MOST_ITEMS):
        texts |= await services.parts.vault.open_kept_texts(ids[start : start + MOST_ITEMS])
    return texts


def _add_command(name: str) -> None:
    """One route a command, so that the schema shows each body."""
    model = body_of(name)

    async def give(
        reference: Reference,
        body: Body,
        services: House,
        person: Annotated[Person, Depends(Allowed(name))],
        key: Key,
        once: Once,
        expected: Annotated[int | None, Depends(if_match)],
    ) -> Response:
        values = body.model_dump(mode="json", exclude_unset=True)
        request = Request(person, reference, name, values, key=key, repeatable=once, if_match=expected)
        return await carry_out(services, request)

    give.__annotations__["body"] = Annotated[model, FromBody(openapi_examples=COMMAND_BODIES[name])]
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
    body = CaseDone(**dict(view), recorded_at_sequence=done.sequence).model_dump(mode="json")
    answer = stored(body, headers={"ETag": etag(done.case)})
    await services.cases.keep(request, answer)
    return replay(answer, was_replayed=False)


for _name in CASE_COMMANDS:
    _add_command(_name)

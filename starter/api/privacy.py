"""Personal data over HTTP, for privacy officers: find, tell, erase, hold, and what retention will take."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Body as FromBody
from pydantic import Field, model_validator

from domain.access import Permission, Person
from domain.complaints.retention import Hindrance
from starter.api.document import GONE
from starter.api.entry import Allowed, House, Once
from starter.api.examples import FIND_CUSTOMER, LEGAL_HOLD
from starter.api.models import Answer
from starter.api.personal_data import SUBJECT
from starter.api.privacy_views import (
    ErasureView,
    ErasureWaits,
    FoundList,
    FoundSubject,
    GoingView,
    LegalHoldLifted,
    LegalHoldList,
    LegalHoldView,
    PersonalData,
    RetentionPreview,
    TombstoneList,
    WaitingList,
)
from starter.api.repeating import answered_once, replay
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, FreeText, Line, Moment
from starter.privacy import said
from starter.problems import not_found
from starter.repetitions import stored
from storage.cases import MAX_PAGE
from storage.idempotency import StoredAnswer
from storage.identities import LookupField

router = APIRouter(prefix="/v1", tags=["personal data"], route_class=StrictJsonRoute)

_SUBJECT = re.compile(SUBJECT)

Customer = Annotated[
    str, Path(description="the id of a customer: `cus_` and 32 digits, as POST /v1/customers/find says")
]
Reference = Annotated[str, Path(description="the case number, such as C-2026-000001")]
Reader = Annotated[Person, Depends(Allowed(Permission.READ_PERSONAL_DATA))]
Erasing = Annotated[Person, Depends(Allowed(Permission.ERASE_PERSONAL_DATA))]
Holder = Annotated[Person, Depends(Allowed(Permission.HOLD_PERSONAL_DATA))]
Overseer = Annotated[Person, Depends(Allowed(Permission.READ_RETENTION))]
Cursor = Annotated[str, Query(max_length=100, pattern=r"^[A-Za-z0-9_-]*$", description="where the page before ended")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


class FindCustomer(Body):
    """By what a customer is looked for: one of these."""

    phone: Line | None = None
    email: Line | None = None
    account: Line | None = Field(None, description="your own customer number")
    reference: Line | None = Field(None, description="a case number")

    @model_validator(mode="after")
    def _says_one(self) -> "FindCustomer":
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("expected one of phone, email, account, reference")
        return self


class ReasonBody(Body):
    reason: FreeText


@router.post("/customers/find", summary="Find a customer by what is known of the person")
async def find(
    body: Annotated[FindCustomer, FromBody(openapi_examples=FIND_CUSTOMER)], services: House, person: Reader
) -> FoundList:
    """Answers ids and numbers of cases, no data; in the body, as no phone number belongs into an address."""
    ((name, value),) = body.model_dump(exclude_none=True).items()
    field = None if name == "reference" else LookupField(name)
    found = await services.privacy.find(person, field, value)
    return FoundList(items=tuple(FoundSubject.of(subject) for subject in found))


@router.get("/customers/{customer}/personal-data", summary="Tell all that is stored about a person", responses=GONE)
async def disclose(customer: Customer, services: House, person: Reader) -> PersonalData:
    """Every version of the identity, every text, the list of files, the cases, and who opened any of it."""
    return PersonalData.of(await services.privacy.disclose(person, _subject(customer)))


@router.delete(
    "/customers/{customer}/personal-data",
    summary="Erase a person",
    response_model=ErasureView,
    responses={202: {"model": ErasureWaits, "description": "It waits until nothing stands against it"}},
)
async def erase(
    customer: Customer,
    services: House,
    person: Erasing,
    defer: Annotated[bool, Query(description="wait, where it cannot be done now")] = False,
) -> Response:
    """Destroys the key of the person, the look-up and the files; codes, times and amounts stay. Again, the same.

    Refused (409) while a case is open, a letter is under way, a legal hold is set or the policy keeps the record.
    """
    subject = _subject(customer)
    if not defer:
        return _told(ErasureView.of(await services.privacy.erase(person, subject)))
    stone, found = await services.privacy.erase_or_wait(person, subject)
    return _told(ErasureView.of(stone)) if stone is not None else _told(_waits(subject, found), 202)


@router.get("/erasures", summary="List what was erased")
async def erasures(services: House, _: Overseer, cursor: Cursor = "", limit: Limit = 50) -> TombstoneList:
    """The oldest first: the proof of handling, without anything about the person."""
    return await TombstoneList.page(services.parts.eraser.record, cursor, limit)


@router.get("/erasures/waiting", summary="List the erasures that wait")
async def waiting(services: House, _: Overseer, cursor: Cursor = "", limit: Limit = 50) -> WaitingList:
    """As they were asked for with `defer`; the sweep does each as soon as nothing stands against it."""
    return await WaitingList.page(services.parts.eraser.record, cursor, limit)


@router.get("/retention/preview", summary="See what retention will take")
async def preview(
    services: House,
    _: Overseer,
    at: Annotated[Moment | None, Query(description="as things will be then; now, if absent")] = None,
    limit: Limit = 50,
) -> RetentionPreview:
    """Closed cases whose time of keeping is over, what goes, and what stays because something stands against it."""
    found = await services.parts.eraser.preview(at or datetime.now(UTC), limit)
    return RetentionPreview(items=tuple(GoingView.of(going) for going in found))


@router.get("/legal-holds", summary="List legal holds")
async def holds(services: House, person: Holder, cursor: Cursor = "", limit: Limit = 50) -> LegalHoldList:
    """With their reasons; that they were read is logged."""
    found = await services.privacy.holds(person, cursor, limit + 1)
    items = tuple(LegalHoldView.of(hold) for hold in found[:limit])
    return LegalHoldList(items=items, next_cursor=items[-1].reference if len(found) > limit else None)


@router.post(
    "/complaints/{reference}/legal-hold",
    response_model=LegalHoldView,
    summary="Hold the data of a case",
    responses=GONE,
)
async def hold(
    reference: Reference,
    body: Annotated[ReasonBody, FromBody(openapi_examples=LEGAL_HOLD)],
    services: House,
    person: Holder,
    once: Once,
) -> Response:
    """Nothing of the case goes while it is held, whatever retention or a request says. Everybody sees the mark."""

    async def do() -> StoredAnswer:
        return stored(
            LegalHoldView.of(await services.privacy.hold(person, reference, body.reason)).model_dump(mode="json")
        )

    return await answered_once(services, once, do)


@router.post(
    "/complaints/{reference}/legal-hold/lift",
    response_model=LegalHoldLifted,
    summary="Lift a legal hold",
    responses=GONE,
)
async def lift(
    reference: Reference,
    body: Annotated[ReasonBody, FromBody(openapi_examples=LEGAL_HOLD)],
    services: House,
    person: Holder,
    once: Once,
) -> Response:
    """Retention looks at the case again at once."""

    async def do() -> StoredAnswer:
        await services.privacy.lift(person, reference, body.reason)
        return stored(LegalHoldLifted(reference=reference).model_dump(mode="json"))

    return await answered_once(services, once, do)


def _subject(customer: str) -> str:
    if _SUBJECT.fullmatch(customer) is None:
        raise not_found("there is no such customer")
    return customer


def _waits(subject: str, found: tuple[Hindrance, ...]) -> ErasureWaits:
    return ErasureWaits(customer=subject, because=tuple(said(each) for each in found))


def _told(view: Answer, status: Literal[200, 202] = 200) -> Response:
    return replay(stored(view.model_dump(mode="json"), status), was_replayed=False)

"""Links for people without an account, as staff give them out and take them back."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

import structlog
from fastapi import APIRouter, Depends
from fastapi import Body as FromBody
from pydantic import Field, model_validator

from domain.access import Permission, Person
from domain.links import LinkPurpose, partner_subject
from starter.api.complaints import Reference
from starter.api.entry import Allowed, House
from starter.api.examples import LINKS
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body
from starter.problems import Problem

router = APIRouter(prefix="/v1/complaints", tags=["links"], route_class=StrictJsonRoute)
audit = structlog.get_logger("amends.audit")

Giver = Annotated[Person, Depends(Allowed(Permission.GIVE_LINKS))]


class LinkForm(Body):
    """Which link of a case."""

    purpose: Literal[LinkPurpose.CASE, LinkPurpose.PARTNER] = Field(
        description="`case`: the customer's status page; `partner`: a partner's question and its answer"
    )
    number: int | None = Field(None, ge=1, le=9_999, strict=True, description="the number of the partner's question")

    @model_validator(mode="after")
    def _names_its_question(self) -> Self:
        if (self.purpose is LinkPurpose.PARTNER) != (self.number is not None):
            raise ValueError("number belongs to the purpose partner, and to no other")
        return self


LinkBody = Annotated[LinkForm, FromBody(openapi_examples=LINKS)]


class LinkView(Answer):
    purpose: LinkPurpose
    number: int | None
    url: str
    expires_at: datetime


class LinkRevoked(Answer):
    revoked: bool = Field(description="false where there was no link to revoke")


@router.post("/{reference}/links", summary="Give a link out")
async def give(reference: Reference, form: LinkBody, services: House, person: Giver) -> LinkView:
    """The same link each time, renewed; after it was revoked, another one. Who holds it can do what it is for."""
    subject = await _subject(services, person, reference, form)
    given = (await services.parts.links.give(form.purpose, [subject], datetime.now(UTC)))[subject]
    audit.info("link given", reference=reference, purpose=form.purpose, number=form.number, person=person.id)
    return LinkView(purpose=form.purpose, number=form.number, url=given.url, expires_at=given.expires_at)


@router.post("/{reference}/links/revoke", summary="Make a link worthless")
async def revoke(reference: Reference, form: LinkBody, services: House, person: Giver) -> LinkRevoked:
    """At once, for instance when a letter went to the wrong address."""
    subject = await _subject(services, person, reference, form)
    revoked = await services.parts.links.revoke(form.purpose, subject, datetime.now(UTC))
    audit.info("link revoked", reference=reference, purpose=form.purpose, number=form.number, person=person.id)
    return LinkRevoked(revoked=revoked)


async def _subject(services: House, person: Person, reference: str, form: LinkForm) -> str:
    case = await services.cases.visible_case(person, reference)
    if form.purpose is LinkPurpose.CASE:
        return reference
    assert form.number is not None  # noqa: S101  the form says so
    if case.partner_request(form.number) is None:
        raise Problem(409, "no_such_question", f"this case has asked partners {len(case.partner_requests)} questions")
    return partner_subject(reference, form.number)

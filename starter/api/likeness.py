"""Earlier cases of a caller over HTTP, asked for before a complaint is saved.

It is a POST so that no phone number, address or customer number stands in a URL, where it would be logged.
"""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends
from fastapi import Body as FromBody
from pydantic import StringConstraints, model_validator

from domain.access import Permission, Person
from domain.complaints.commands import Code
from domain.complaints.likeness import Matter
from starter.api.entry import Allowed, House, audit
from starter.api.models import Answer, EarlierCaseView
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, Line
from starter.customers import CustomerForm, identify
from starter.problems import FieldError, invalid
from storage.identities import LookupField

router = APIRouter(prefix="/v1/complaints", tags=["complaints"], route_class=StrictJsonRoute)

_EXAMPLES = {
    "by telephone": {"value": {"phone": "010 6552 9988", "category": "billing"}},
    "by customer number": {"value": {"account": "88-1234", "product": "meter-7"}},
}


class CallerForm(Body):
    """What a caller is known by, and what the new complaint is about."""

    phone: Annotated[Line, StringConstraints(max_length=40)] | None = None
    email: Annotated[Line, StringConstraints(max_length=254)] | None = None
    account: Annotated[Line, StringConstraints(max_length=64)] | None = None
    category: Code | None = None
    product: Code | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not (self.phone or self.email or self.account):
            raise ValueError("name a phone number, an e-mail address or a customer number")
        return self


class EarlierCases(Answer):
    """Cases of the caller that are open or not older than ninety days, likely duplicates in front."""

    items: tuple[EarlierCaseView, ...]


@router.post("/lookup", summary="Look a caller up: earlier cases, and which are likely about the same")
async def look_up(
    form: Annotated[CallerForm, FromBody(openapi_examples=_EXAMPLES)],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.LOOK_UP_CALLERS))],
) -> EarlierCases:
    """Nothing is stored. At most twenty cases, each in a line; what was said stays in the case."""
    _, errors = identify(
        CustomerForm(id=form.account, phone=form.phone, email=form.email), services.parts.settings.default_region
    )
    if errors:
        raise invalid([FieldError(error.pointer.replace("/id", "/account"), error.message) for error in errors])
    given = {field: value for field in LookupField if (value := getattr(form, field)) is not None}
    matter = Matter(at=datetime.now(UTC), category=form.category, product=form.product)
    found = await services.likeness.of_caller(person, given, matter)
    audit.info("caller looked up", person=person.id, by=sorted(given), found=len(found))
    return EarlierCases(items=tuple(EarlierCaseView.of(each) for each in found))

"""Who complains, as the interfaces accept it."""

from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from domain.privacy import Identity, Language
from starter.bodies import Body, FreeText, Line
from starter.problems import FieldError, field_errors
from storage.identities import IdentityError, lookup_terms

FIELD_OF = {"account": "id"}
"""The form's name of a field where the vault has another."""


class CustomerForm(Body):
    """Who complains; everything may be missing, a caller may be anonymous."""

    id: Annotated[Line, StringConstraints(max_length=64)] | None = Field(None, description="your own customer number")
    name: Annotated[Line, StringConstraints(max_length=200)] | None = None
    phone: Annotated[Line, StringConstraints(max_length=40)] | None = None
    email: Annotated[Line, StringConstraints(max_length=254)] | None = None
    address: Annotated[FreeText, StringConstraints(max_length=500)] | None = None
    language: Language | None = None


def identify(form: CustomerForm, region: str) -> tuple[Identity | None, list[FieldError]]:
    """The identity with its phone number and addresses understood; or what is wrong with each field of the form."""
    identity = Identity(account=form.id, **form.model_dump(exclude={"id"}))
    try:
        lookup_terms(identity, region)
    except IdentityError as error:
        return None, [FieldError(f"/{FIELD_OF.get(field, field)}", expected) for field, expected in error.problems]
    return identity, []


def misunderstood(field: str, value: str, region: str) -> list[str]:
    """What is wrong with a correction of personal data, whose field is named as in the vault."""
    try:
        form = CustomerForm.model_validate({FIELD_OF.get(field, field): value})
    except ValidationError as error:
        return [found.message for found in field_errors(error.errors())]
    return [found.message for found in identify(form, region)[1]]

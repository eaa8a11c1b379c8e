"""The upkeep of the staff registry over HTTP: what changes about a person, tokens one by one, and ending sessions."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi import Body as FromBody
from pydantic import AfterValidator, Field, StringConstraints

from domain.access import Role
from starter.api.entry import House, Once
from starter.api.models import Answer, PersonView
from starter.api.registry import Admin, PersonId, of_staff
from starter.api.repeating import answered_once
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, Line, Moment
from starter.repetitions import stored
from storage.idempotency import StoredAnswer
from storage.staff import TokenRecord

router = APIRouter(prefix="/v1/staff", tags=["registry"], route_class=StrictJsonRoute)

TokenId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="as the list of tokens gives it")]
_CHANGES = {
    "on leave": {"value": {"absent_until": "2026-12-24T08:00:00+08:00"}},
    "has left": {"value": {"active": False}},
    "another desk": {"value": {"roles": ["handler", "caller"], "team": "south", "redress_limit": "200.00"}},
}
_TOKEN = {"for a system": {"value": {"label": "CRM, nightly import"}}}


class PersonChange(Body):
    """What is to be different; what is absent stays. `team` and `absent_until` are emptied by null."""

    roles: Annotated[frozenset[Role], Field(min_length=1), AfterValidator(of_staff)] | None = None
    team: Annotated[Line, StringConstraints(max_length=64)] | None = None
    languages: Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], ...], Field(max_length=20)] | None = None
    redress_limit: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = None
    absent_until: Moment | None = None
    active: bool | None = Field(None, strict=True, description="false: has left; all tokens and sessions end with it")


EMPTIED = frozenset({"team", "absent_until"})


class TokenForm(Body):
    """What a further token is for."""

    label: Annotated[Line, StringConstraints(max_length=100)] | None = None


class TokenView(Answer):
    """A token without its secret."""

    id: str
    label: str
    created_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, token: TokenRecord) -> "TokenView":
        return cls(**{name: getattr(token, name) for name in cls.model_fields})


class TokenList(Answer):
    items: tuple[TokenView, ...]


class TokenIssued(Answer):
    token: str = Field(description="shown this once")


class TokenRevoked(Answer):
    id: str


class SessionsEnded(Answer):
    ended: int = Field(description="how many sessions of the console that were")


@router.get("/{person_id}", summary="Read a person of the registry")
async def read(person_id: PersonId, services: House, _: Admin) -> PersonView:
    return PersonView.of(await services.staff.person(person_id))


@router.patch("/{person_id}", summary="Change a person: roles, team, absence, leaving")
async def change(
    person_id: PersonId,
    form: Annotated[PersonChange, FromBody(openapi_examples=_CHANGES)],
    services: House,
    person: Admin,
) -> PersonView:
    """The last administrator keeps that role."""
    return PersonView.of(await services.staff.change(person, person_id, values_of(form)))


@router.get("/{person_id}/tokens", summary="List the tokens of a person")
async def tokens(person_id: PersonId, services: House, _: Admin) -> TokenList:
    """Without their secrets, the newest first; those that were taken away last."""
    return TokenList(items=tuple(TokenView.of(each) for each in await services.staff.tokens(person_id)))


@router.post(
    "/{person_id}/tokens", status_code=201, response_model=TokenIssued, summary="Issue a further token to a person"
)
async def issue(
    person_id: PersonId,
    form: Annotated[TokenForm, FromBody(openapi_examples=_TOKEN)],
    services: House,
    person: Admin,
    once: Once,
) -> Response:
    async def issued() -> StoredAnswer:
        token = await services.staff.issue_token(person, person_id, form.label or "")
        return stored(TokenIssued(token=token).model_dump(), 201)

    return await answered_once(services, once, issued, is_secret=True)


@router.delete("/{person_id}/tokens/{token}", summary="Make one token of a person worthless")
async def revoke(person_id: PersonId, token: TokenId, services: House, person: Admin) -> TokenRevoked:
    await services.staff.revoke_token(person, person_id, token)
    return TokenRevoked(id=token)


@router.delete("/{person_id}/sessions", summary="Sign a person out of the console everywhere")
async def sign_out(person_id: PersonId, services: House, person: Admin) -> SessionsEnded:
    return SessionsEnded(ended=await services.staff.sign_out(person, person_id))


def values_of(form: PersonChange) -> dict[str, object]:
    """What changes; null empties what may be empty, and leaves the rest as it is."""
    given = {name: getattr(form, name) for name in form.model_fields_set}
    values = {name: value for name, value in given.items() if value is not None or name in EMPTIED}
    if "roles" in values:
        values["roles"] = sorted(form.roles or ())
    if "languages" in values:
        values["languages"] = list(form.languages or ())
    return values

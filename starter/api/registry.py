"""Staff and their tokens, policies and code lists over HTTP."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Body as FromBody
from pydantic import AfterValidator, Field, StringConstraints

from domain.access import STAFF_ROLES, Permission, Person, Role
from domain.complaints.policy import Policy
from domain.complaints.taxonomy import Taxonomy
from starter.api.entry import Allowed, House, Once
from starter.api.examples import PERSON
from starter.api.models import Answer, PersonCreated, PersonList, PersonView, TokensRevoked
from starter.api.repeating import answered_once
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, Line
from starter.problems import not_found
from starter.repetitions import stored
from storage.cases import MAX_PAGE
from storage.idempotency import StoredAnswer

router = APIRouter(prefix="/v1", tags=["registry"], route_class=StrictJsonRoute)

PersonId = Annotated[str, Path(pattern=r"^per_[0-9a-z]{6,32}$")]
Admin = Annotated[Person, Depends(Allowed(Permission.MANAGE_STAFF))]


def of_staff(roles: frozenset[Role]) -> frozenset[Role]:
    """Raises `ValueError` for a role that nobody of the registry has."""
    if not roles <= STAFF_ROLES:
        raise ValueError(f"nobody is enrolled as {Role.CUSTOMER}: customers come by the link of their case")
    return roles


class PersonForm(Body):
    """A member of staff; a name that is known gets the roles added and a further token."""

    name: Annotated[Line, StringConstraints(max_length=100)]
    roles: Annotated[frozenset[Role], Field(min_length=1), AfterValidator(of_staff)]
    team: Annotated[Line, StringConstraints(max_length=64)] | None = None
    languages: Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], ...], Field(max_length=20)] = ()
    redress_limit: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = None


class PolicyList(Answer):
    items: tuple[Policy, ...]


@router.get("/staff", summary="List the staff registry")
async def staff(
    services: House,
    _: Annotated[Person, Depends(Allowed(Permission.READ_STAFF))],
    cursor: Annotated[str, Query(pattern=r"^(per_[0-9a-z]{6,32})?$", description="the id after which to go on")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> PersonList:
    found = await services.parts.people.page(cursor, limit + 1)
    items = tuple(PersonView.of(person) for person in found[:limit])
    return PersonList(items=items, next_cursor=items[-1].id if len(found) > limit else None)


@router.post("/staff", status_code=201, response_model=PersonCreated, summary="Enrol a person and issue a token")
async def enrol(
    form: Annotated[PersonForm, FromBody(openapi_examples=PERSON)], services: House, _: Admin, once: Once
) -> Response:
    async def enrolled() -> StoredAnswer:
        people, now = services.parts.people, datetime.now(UTC)
        details = form.model_dump(include={"team", "languages", "redress_limit"})
        person = await people.enrol(form.name, form.roles, now, **details)
        token = await people.issue_token(person.id, now)
        return stored(PersonCreated(**dict(PersonView.of(person)), token=token).model_dump(mode="json"), 201)

    return await answered_once(services, once, enrolled, is_secret=True)


@router.delete("/staff/{person_id}/tokens", summary="Make all tokens of a person worthless")
async def revoke(person_id: PersonId, services: House, _: Admin) -> TokensRevoked:
    if person_id not in await services.parts.people.people([person_id]):
        raise not_found("there is no such person")
    return TokensRevoked(revoked=await services.parts.people.revoke_tokens(person_id, datetime.now(UTC)))


@router.get("/me", summary="Who am I?")
async def me(person: Annotated[Person, Depends(Allowed(Permission.READ_TAXONOMY))]) -> PersonView:
    return PersonView.of(person)


@router.get("/policies", summary="List policies with their versions")
async def policies(services: House, _: Annotated[Person, Depends(Allowed(Permission.READ_POLICIES))]) -> PolicyList:
    return PolicyList(items=services.parts.rulebook.policies())


@router.get("/taxonomy", summary="The code lists, zh and en")
async def taxonomy(services: House, _: Annotated[Person, Depends(Allowed(Permission.READ_TAXONOMY))]) -> Taxonomy:
    return services.taxonomy

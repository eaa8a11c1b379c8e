"""Staff, policies and code lists over HTTP."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from domain.access import Permission, Person, Role
from domain.complaints.policy import Policy
from domain.complaints.taxonomy import Taxonomy
from starter.api.entry import Allowed, House
from starter.api.models import Answer, PersonCreated, PersonList, PersonView
from starter.bodies import Body
from storage.cases import MAX_PAGE

router = APIRouter(prefix="/v1", tags=["registry"])


class PersonForm(Body):
    """A member of staff; a name that is known gets the roles added and a further token."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    team: Annotated[str, Field(max_length=64)] | None = None
    languages: tuple[str, ...] = ()


class PolicyList(Answer):
    items: tuple[Policy, ...]


@router.get("/staff", summary="List the staff registry")
async def staff(
    services: House,
    _: Annotated[Person, Depends(Allowed(Permission.READ_STAFF))],
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> PersonList:
    found = await services.parts.people.page(cursor, limit + 1)
    items = tuple(PersonView.of(person) for person in found[:limit])
    return PersonList(items=items, next_cursor=items[-1].id if len(found) > limit else None)


@router.post("/staff", status_code=201, summary="Enrol a person and issue a token")
async def enrol(
    form: PersonForm, services: House, _: Annotated[Person, Depends(Allowed(Permission.MANAGE_STAFF))]
) -> PersonCreated:
    people, now = services.parts.people, datetime.now(UTC)
    person = await people.enrol(form.name, form.roles, now, team=form.team, languages=form.languages)
    token = await people.issue_token(person.id, now)
    return PersonCreated(**dict(PersonView.of(person)), token=token)


@router.get("/me", summary="Who am I?")
async def me(person: Annotated[Person, Depends(Allowed(Permission.READ_TAXONOMY))]) -> PersonView:
    return PersonView.of(person)


@router.get("/policies", summary="List policies with their versions")
async def policies(services: House, _: Annotated[Person, Depends(Allowed(Permission.READ_POLICIES))]) -> PolicyList:
    return PolicyList(items=services.parts.rulebook.policies())


@router.get("/taxonomy", summary="The code lists, zh and en")
async def taxonomy(services: House, _: Annotated[Person, Depends(Allowed(Permission.READ_TAXONOMY))]) -> Taxonomy:
    return services.taxonomy

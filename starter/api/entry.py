"""What every request passes: who it is, whether that person may, and under which key it is done once."""

import re
from typing import Annotated

import structlog
from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from domain.access import Person, may
from starter.keys import KEY_LENGTH, body_digest
from starter.problems import FieldError, Problem, forbidden, invalid
from starter.repetitions import Repeatable
from starter.services import Services

_BEARER = HTTPBearer(auto_error=False, description="a token from `amends token create`")
_ETAG = re.compile(r'^(?:W/)?"(\d{1,9})"$')

audit = structlog.get_logger("amends.audit")


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def caller(
    services: Annotated[Services, Depends(services_of)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Person:
    """The person that the token belongs to."""
    person = None if credentials is None else await services.parts.people.of_token(credentials.credentials)
    if person is None:
        raise Problem(401, "unauthenticated", "send a valid token: Authorization: Bearer …")
    return person


Caller = Annotated[Person, Depends(caller)]
House = Annotated[Services, Depends(services_of)]


class Allowed:
    """The dependency that lets a person pass who may do this; the tests find every route's row by it."""

    def __init__(self, permission: str) -> None:
        self.permission = permission

    async def __call__(self, person: Caller) -> Person:
        if not may(person, self.permission):
            audit.warning("denied", permission=self.permission, person=person.id)
            raise forbidden(self.permission)
        return person


async def idempotency_key(
    value: Annotated[
        str | None, Header(alias="Idempotency-Key", description="the same key and body is done once, for 7 days")
    ] = None,
) -> str | None:
    if value is not None and not 1 <= len(value) <= KEY_LENGTH:
        raise invalid([FieldError("header Idempotency-Key", f"expected 1 to {KEY_LENGTH} characters")])
    return value


Key = Annotated[str | None, Depends(idempotency_key)]


async def repeatable(request: Request, person: Caller, services: House, key: Key) -> Repeatable | None:
    """The key and the body's digest, when the caller sent a key."""
    return None if key is None else once_for(request, person, services, key, await request.body())


def once_for(request: Request, person: Person, services: Services, key: str, body: bytes) -> Repeatable:
    """The key of a person for this route, and the digest of what was sent."""
    route = f"{request.method} {request.url.path}"
    return Repeatable(services.keys.record(person.id, route, key), body_digest(body))


Once = Annotated[Repeatable | None, Depends(repeatable)]


async def if_match(
    value: Annotated[str | None, Header(alias="If-Match", description="the ETag that the case must still have")] = None,
) -> int | None:
    if value in {None, "*"}:
        return None
    found = _ETAG.match(value)
    if found is None:
        raise invalid([FieldError("header If-Match", 'expected an ETag as this API gives it: "12"')])
    return int(found.group(1))

"""The upkeep of the staff registry: who works here, as what, until when absent, and with which tokens."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import structlog

from domain.access import Person, Role
from starter.problems import FieldError, Problem, invalid, not_found
from storage.accounts import Sessions
from storage.people import People
from storage.pool import Pool
from storage.staff import LastAdministrator, Staff, TokenRecord

audit = structlog.get_logger("amends.audit")


class StaffDesk:
    """What administrators do with people; every change is in the audit log under who made it."""

    def __init__(self, pool: Pool) -> None:
        self._staff = Staff(pool)
        self._people = People(pool)
        self._sessions = Sessions(pool)
        self.page = self._staff.page
        self.teams = self._staff.teams
        self.open_cases = self._staff.open_cases

    async def person(self, person: str) -> Person:
        """Raises `Problem` 404."""
        found = (await self._people.people([person])).get(person)
        if found is None:
            raise not_found("there is no such person")
        return found

    async def enrol(
        self,
        by: Person,
        name: str,
        roles: Iterable[Role],
        *,
        team: str | None,
        languages: tuple[str, ...],
        redress_limit: Decimal | None,
    ) -> Person:
        """Somebody new. Raises `Problem` 422 for a name that somebody who works here has."""
        if await self._people.named(name) is not None:
            raise invalid([FieldError("/name", "somebody of this name works here already")])
        now = datetime.now(UTC)
        person = await self._people.enrol(name, roles, now, team=team, languages=languages, redress_limit=redress_limit)
        audit.info("person enrolled", person=person.id, by=by.id)
        return person

    async def change(self, by: Person, person: str, values: Mapping[str, Any]) -> Person:
        """Other values of a person. Raises `Problem`: 404, 409 when no administrator would be left."""
        stored = {"is_active" if name == "active" else name: value for name, value in values.items()}
        try:
            changed = await self._staff.change(person, stored, datetime.now(UTC))
        except LastAdministrator:
            raise Problem(409, "last_administrator", "no administrator would be left: name another one first") from None
        if changed is None:
            raise not_found("there is no such person")
        audit.info("person changed", person=person, by=by.id, fields=sorted(values))
        return changed

    async def tokens(self, person: str) -> tuple[TokenRecord, ...]:
        """The tokens of a person without their secrets."""
        await self.person(person)
        return await self._staff.tokens(person)

    async def issue_token(self, by: Person, person: str, label: str) -> str:
        """A further token, shown this once. Raises `Problem`: 404, 409 for somebody who has left."""
        if not (await self.person(person)).active:
            raise Problem(409, "has_left", "whoever has left gets no token")
        token = await self._people.issue_token(person, datetime.now(UTC), label)
        audit.info("token issued", person=person, by=by.id)
        return token

    async def revoke_token(self, by: Person, person: str, token: str) -> None:
        """Make one token worthless at once. Raises `Problem` 404."""
        if not await self._staff.revoke(person, token, datetime.now(UTC)):
            raise not_found("there is no such token that still works")
        audit.info("token revoked", person=person, by=by.id)

    async def sessions(self, person: str) -> int:
        """At how many places somebody is signed in."""
        return await self._staff.sessions(person, datetime.now(UTC))

    async def sign_out(self, by: Person, person: str) -> int:
        """End all sessions of a person. Raises `Problem` 404."""
        await self.person(person)
        ended = await self._sessions.end_all(person)
        audit.info("signed out everywhere", person=person, by=by.id, sessions=ended)
        return ended

"""Follow-ups of bad answers: who is to be called back and why, and what became of it."""

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from domain.access import Person
from domain.privacy import IDENTIFYING, DataClass, Identity, TextKind
from starter.bodies import Body, FreeText
from starter.problems import Problem, not_found
from starter.reading import Reads
from storage.follow_ups import FollowUp, FollowUps
from storage.pool import Pool, transaction
from storage.vault import Erased, Vault


class FollowUpOutcome(StrEnum):
    """What becomes of a callback."""

    SETTLED = "settled"
    PROMISED = "promised"
    """Something was promised; the note says what."""
    NOT_REACHED = "not_reached"
    DECLINED = "declined"


class FollowUpForm(Body):
    """What became of a callback, in a code and in words."""

    outcome: FollowUpOutcome
    note: FreeText | None = None


class FollowUpDesk:
    """Lets people call back who were not content."""

    def __init__(self, pool: Pool, vault: Vault, records: FollowUps, reads: Reads) -> None:
        self._pool = pool
        self._vault = vault
        self._records = records
        self._reads = reads

    async def recorded(self, wave: str, number: int) -> FollowUp:
        """A follow-up as it is recorded. Raises `Problem` 404."""
        found = await self._records.find(wave, number)
        if found is None:
            raise not_found("there is no follow-up of this contact")
        return found

    async def opened(self, person: Person, found: FollowUp) -> tuple[Identity | None, dict[str, Any], str | None]:
        """Who it is, the answers with their words, and the note; that they are opened is logged."""
        await self._reads.note(person.id, found.customer, (*IDENTIFYING, DataClass.FREE_TEXT), found.wave)
        texts = {name: each["text"] for name, each in found.answers.items() if isinstance(each, dict)}
        try:
            identity = await self._vault.identity(found.customer)
            wanted = [*texts.values(), *([found.note] if found.note else [])]
            words = await self._vault.open_texts(wanted) if wanted else {}
        except Erased:
            return None, {name: each for name, each in found.answers.items() if name not in texts}, None
        answers = {name: words[texts[name]] if name in texts else each for name, each in found.answers.items()}
        return identity, answers, None if found.note is None else words[found.note]

    async def finish(self, person: Person, wave: str, number: int, form: FollowUpForm) -> FollowUp:
        """Say what became of a callback. Raises `Problem`: 404, 409 where it is done already."""
        found, now = await self.recorded(wave, number), datetime.now(UTC)
        async with transaction(self._pool) as connection:
            note = None if form.note is None else f"txt_{secrets.token_hex(16)}"
            if note is not None and form.note is not None:
                try:
                    await self._vault.seal(connection, found.customer, note, TextKind.NOTE, form.note, at=now)
                except Erased:
                    note = None
            if not await self._records.finish(connection, wave, number, form.outcome, note, person.id, now):
                raise Problem(409, "already_done", "this follow-up is done, or a complaint takes care of it")
        return await self.recorded(wave, number)

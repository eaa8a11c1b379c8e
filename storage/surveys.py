"""Definitions of surveys, kept by version: a wave pins one, so none is ever changed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from domain.surveys.definition import SurveyDefinition
from domain.surveys.errors import parse_document
from storage.pool import Pool, borrow

MOST_KNOWN = 100
"""Definitions that a process keeps in mind: a page of a questionnaire is shown without parsing the whole again."""


@dataclass(frozen=True, slots=True)
class StoredSurvey:
    """A version of a survey, and who stored it."""

    definition: SurveyDefinition
    sha256: str
    stored_by: str
    stored_at: datetime


class UnknownSurvey(LookupError):
    """There is no survey of this id or version."""


class VersionTaken(Exception):
    """The version is stored with another text; a changed definition needs the next number."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"version {expected} is expected")
        self.expected = expected


class Surveys:
    """The stored surveys."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[tuple[str, int], SurveyDefinition] = {}

    async def store(self, definition: SurveyDefinition, by: str, at: datetime) -> StoredSurvey:
        """Keep a version; the same text again changes nothing. Raises VersionTaken."""
        text = canonical_text(definition)
        async with borrow(self._pool) as connection:
            newest = await connection.fetchval("SELECT max(version) FROM survey WHERE id = $1", definition.id) or 0
            if definition.version > newest + 1:
                raise VersionTaken(newest + 1)
            row = await connection.fetchrow(
                """INSERT INTO survey (id, version, document, sha256, stored_by, stored_at)
                   VALUES ($1, $2, $3::jsonb, $4, $5, $6)
                   ON CONFLICT (id, version) DO UPDATE SET id = excluded.id
                   RETURNING document::text, sha256, stored_by, stored_at""",
                definition.id,
                definition.version,
                text,
                hashlib.sha256(text.encode()).hexdigest(),
                by,
                at,
            )
        assert row is not None  # noqa: S101  an insert that updates on conflict returns its row
        kept = _stored(row)
        if canonical_text(kept.definition) != text:
            raise VersionTaken(newest + 1)
        return kept

    async def newest(self, survey: str) -> StoredSurvey:
        """The last version of a survey. Raises UnknownSurvey."""
        return await self._one("SELECT * FROM survey WHERE id = $1 ORDER BY version DESC LIMIT 1", survey)

    async def version(self, survey: str, version: int) -> StoredSurvey:
        """A version of a survey. Raises UnknownSurvey."""
        return await self._one("SELECT * FROM survey WHERE id = $1 AND version = $2", survey, version)

    async def definition(self, survey: str, version: int) -> SurveyDefinition:
        """What a wave pinned; a version never changes, so it is read once. Raises UnknownSurvey."""
        known = self._known.get((survey, version))
        if known is None:
            known = (await self.version(survey, version)).definition
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[survey, version] = known
        return known

    async def page(self, after: str, limit: int) -> list[StoredSurvey]:
        """The newest version of each survey, in the order of ids."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT DISTINCT ON (id) document::text, sha256, stored_by, stored_at
                     FROM survey WHERE id > $1 ORDER BY id, version DESC LIMIT $2""",
                after,
                limit,
            )
        return [_stored(row) for row in rows]

    async def _one(self, query: str, *arguments: object) -> StoredSurvey:
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                query.replace("*", "document::text, sha256, stored_by, stored_at"), *arguments
            )
        if row is None:
            raise UnknownSurvey(str(arguments[0]))
        return _stored(row)


def canonical_text(definition: SurveyDefinition) -> str:
    """The one text of a definition that its digest covers."""
    return json.dumps(definition.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _stored(row: asyncpg.Record) -> StoredSurvey:
    definition = parse_document(SurveyDefinition, json.loads(row["document"]))
    return StoredSurvey(definition, row["sha256"], row["stored_by"], row["stored_at"])

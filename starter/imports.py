"""Taking over the records of another system: looked at whole first, then kept in chunks, then carried out behind.

The file is read where it lies, a row at a time; what waits to be taken over is sealed in the store.
"""

import asyncio
import secrets
import tomllib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import BinaryIO

from pydantic import ValidationError

from domain.access import Person
from domain.complaints.importing import (
    Mapping,
    Plan,
    Report,
    Survey,
    Unusable,
    plan_of,
    shipped_mapping,
    shipped_mappings,
)
from domain.complaints.taxonomy import Taxonomy
from runtime.launcher import TEMPORAL_AWAY
from runtime.rulebook import Rulebook, UnknownPolicy
from starter.import_files import Earlier, header_of, rows_of
from starter.problems import FieldError, Problem, field_errors, invalid
from storage.imports import Imports, file_hash, usable_identity

CHUNK_ROWS = 100
LONGEST_MAPPING = 100_000


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that was looked at: its plan, its hash, and what it would bring."""

    plan: Plan
    sha256: str
    report: Report


class ImportDesk:
    """Looks at files, and takes them over."""

    def __init__(
        self,
        *,
        imports: Imports,
        rulebook: Rulebook,
        taxonomy: Taxonomy,
        region: str,
        default_policy: str,
        start: Callable[[str], Awaitable[None]],
    ) -> None:
        self.records = imports
        self._rulebook = rulebook
        self._taxonomy = taxonomy
        self._region = region
        self._default_policy = default_policy
        self._start = start

    async def look(self, file: BinaryIO, mapping: Mapping) -> Looked:
        """What the file would bring; nothing is taken over. Raises `Problem`: 422 for what is wrong with all of it."""
        try:
            await self._rulebook.in_force_or_oldest(mapping.policy or self._default_policy, datetime.now(UTC).date())
        except UnknownPolicy as error:
            raise invalid(
                [FieldError("/mapping/policy", f"there is no policy {error}; see GET /v1/policies")]
            ) from None
        try:
            return await asyncio.to_thread(self._look, file, mapping, datetime.now(UTC))
        except Unusable as error:
            raise Problem(422, "unusable_file", str(error), errors=[FieldError("/file", str(error))]) from None

    async def take(self, person: Person, file: BinaryIO, looked: Looked, *, leave_out_bad_rows: bool) -> str:
        """Keep the file in chunks and start taking it over; the import's id. Raises `Problem`: 422 for bad rows."""
        report = looked.report
        if report.bad_rows and not leave_out_bad_rows:
            detail = f"{report.bad_rows} of {report.rows} rows cannot be taken over; mend them, or leave them out"
            errors = [
                FieldError(f"/file row {p.row} {p.column}", p.problem) for p in report.first_problems if p.is_fatal
            ]
            raise Problem(422, "bad_rows", detail, errors=errors[:100])
        batch = f"imp_{secrets.token_hex(10)}"
        await self.records.begin(
            batch, looked.plan, looked.sha256, person.id, report.model_dump(mode="json"), datetime.now(UTC)
        )
        rows, number = rows_of(file, looked.plan.mapping), 0
        while chunk := await asyncio.to_thread(_next_rows, rows):
            number += 1
            await self.records.add_chunk(batch, number, chunk)
        await self.records.make_ready(batch)
        with suppress(*TEMPORAL_AWAY):  # it is kept, and a chore starts what is left
            await self._start(batch)
        return batch

    def _look(self, file: BinaryIO, mapping: Mapping, now: datetime) -> Looked:
        survey = Survey(plan_of(mapping, header_of(file, mapping)), self._taxonomy, now)
        for row, cells in rows_of(file, mapping):
            survey.look_at_dates(row, cells)
        plan = survey.settle_formats()
        with closing(Earlier()) as earlier, closing(Earlier()) as earlier_ids:
            for row, cells in rows_of(file, mapping):
                found = survey.look(row, cells, earlier.row_of(row, cells))
                if found.id is not None and (first := earlier_ids.row_of(row, [found.id])) is not None:
                    survey.note(row, mapping.columns.id or "", f"is that of row {first}: one case", is_fatal=False)
                for field in usable_identity(found.identity, self._region)[1]:
                    survey.note(row, getattr(mapping.columns, field), _UNUSABLE, is_fatal=False)
        file.seek(0)
        return Looked(plan, file_hash(file), survey.report())


_UNUSABLE = "cannot be looked up as it is written: it is kept with the narrative"


def read_mapping(text: str) -> Mapping:
    """A mapping by the name of a shipped one, or as a TOML document. Raises `Problem`: 422 with every wrong field."""
    if len(text) > LONGEST_MAPPING:
        raise invalid([FieldError("/mapping", f"has more than {LONGEST_MAPPING} signs")])
    names = [mapping.id for mapping in shipped_mappings()]
    if text.strip() in names:
        return shipped_mapping(text.strip())
    if "=" not in text:
        raise invalid([FieldError("/mapping", f"expected {', '.join(names)} or a mapping as TOML")])
    try:
        return Mapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise invalid([FieldError("/mapping", f"is no TOML: {error}")]) from None
    except ValidationError as error:
        raise invalid(field_errors(error.errors(), "/mapping")) from None


def _next_rows(rows: Iterator[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    return list(islice(rows, CHUNK_ROWS))

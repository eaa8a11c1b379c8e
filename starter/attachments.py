"""Files of a case: bounded in size and kind, hashed, sealed under the customer's key, never executed or inlined."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from domain.access import Person
from starter.desk import CaseDesk, Request
from starter.keys import RequestKeys
from starter.problems import FieldError, Problem, invalid, not_found, unavailable
from starter.reading import FILES, Reads
from storage.attachments import Attachment, Attachments
from storage.pool import Pool
from storage.vault import Vault

LARGEST_FILE = 10_000_000

log = logging.getLogger(__name__)
KINDS = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/webp": b"RIFF",
    "text/plain": b"",
    "audio/mpeg": b"",
    "audio/wav": b"RIFF",
}
"""What may be attached, and how such a file begins."""


class FileStore(Protocol):
    async def put(self, file: str, sealed: bytes) -> None: ...

    async def get(self, file: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was handed in."""

    name: str
    kind: str
    content: bytes


class AttachmentDesk:
    """Takes files in and gives them out."""

    def __init__(
        self, pool: Pool, vault: Vault, store: FileStore, cases: CaseDesk, keys: RequestKeys, reads: Reads
    ) -> None:
        self._attachments = Attachments(pool, vault)
        self._store = store
        self._cases = cases
        self._keys = keys
        self._reads = reads

    async def add(self, person: Person, reference: str, file: File, key: str | None) -> Attachment:
        """Seal a file, keep it, attach it to the case; with the same key once. Raises `Problem`: 404, 413, 422, 503."""
        case = await self._cases.visible_case(person, reference)
        check_file(file)
        added = Attachment(
            id=self._keys.file(person.id, reference, key),
            reference=reference,
            customer=case.intake.customer,
            name=file.name,
            kind=file.kind,
            size=len(file.content),
            sha256=hashlib.sha256(file.content).hexdigest(),
            added_by=person.id,
            added_at=datetime.now(UTC),
        )
        await self._keep(added.id, await self._attachments.seal(added, file.content))
        await self._attachments.keep(added)
        await self._cases.perform(Request(person, reference, "attach", {"file": added.id}, key=added.id))
        return added

    async def read(self, person: Person, reference: str, file: str) -> tuple[Attachment, bytes]:
        """A file of the case, unsealed and checked against its hash. Raises `Problem`: 404."""
        case = await self._cases.visible_case(person, reference)
        if file not in case.files:
            raise not_found("this case has no such file")
        await self._reads.note(person.id, case.intake.customer, FILES, reference)
        attachment, content = await self._attachments.open(file, await self._kept(file))
        if hashlib.sha256(content).hexdigest() != attachment.sha256:
            raise Problem(500, "damaged", "the file is not what was attached")
        return attachment, content

    async def _keep(self, file: str, sealed: bytes) -> None:
        try:
            await self._store.put(file, sealed)
        except OSError:
            log.exception("a file cannot be kept")
            raise unavailable("files_away", "files cannot be kept now; repeat the request") from None

    async def _kept(self, file: str) -> bytes:
        try:
            return await self._store.get(file)
        except LookupError:
            raise Problem(410, "erased", "this file was kept for its time and is gone") from None


def check_file(file: File) -> None:
    """Raise `Problem` (413, 422) unless the file may be attached."""
    if len(file.content) > LARGEST_FILE:
        raise Problem(413, "too_large", f"a file has at most {LARGEST_FILE} bytes")
    begins = KINDS.get(file.kind)
    if begins is None:
        raise invalid([FieldError("/file", f"expected one of: {', '.join(sorted(KINDS))}")])
    if not file.content or not file.content.startswith(begins):
        raise invalid([FieldError("/file", f"the content is not {file.kind}")])
    if not 1 <= len(file.name) <= 200:
        raise invalid([FieldError("/file", "expected a name of 1 to 200 characters")])

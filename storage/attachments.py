"""The records of files: size, hash, and whose it is. A file's name and kind are sealed with its bytes."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from storage.pool import Pool, borrow
from storage.vault import Unknown, Vault


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a case."""

    id: str
    reference: str
    customer: str
    name: str
    kind: str
    size: int
    sha256: str
    added_by: str
    added_at: datetime


class Attachments:
    def __init__(self, pool: Pool, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    async def seal(self, attachment: Attachment, content: bytes) -> bytes:
        """A file with its name and kind, sealed under the customer's key."""
        about = json.dumps([attachment.name, attachment.kind]).encode()
        return await self._vault.seal_file(attachment.customer, attachment.id, about + b"\x00" + content)

    async def keep(self, attachment: Attachment) -> None:
        """Write the record of a file; the same id again is the same file."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """INSERT INTO attachment (id, reference, customer, size, sha256, added_by, added_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING""",
                attachment.id,
                attachment.reference,
                attachment.customer,
                attachment.size,
                bytes.fromhex(attachment.sha256),
                attachment.added_by,
                attachment.added_at,
            )

    async def about(self, subject: str) -> list[Attachment]:
        """The records of a subject's files, whose names and kinds stay sealed."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT id, reference, customer, size, encode(sha256, 'hex') AS sha256, added_by, added_at
                     FROM attachment WHERE customer = $1 ORDER BY added_at, id""",
                subject,
            )
        return [Attachment(name="", kind="", **dict(row)) for row in rows]

    async def of_case(self, reference: str) -> list[tuple[str, int, str]]:
        """The files of a case: id, size, SHA-256, in the order in which they were added."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT id, size, encode(sha256, 'hex') AS sha256 FROM attachment
                    WHERE reference = $1 ORDER BY added_at, id""",
                reference,
            )
        return [(row["id"], row["size"], row["sha256"]) for row in rows]

    async def open(self, file: str, sealed: bytes) -> tuple[Attachment, bytes]:
        """A file and its record. Raises Unknown, Erased."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                """SELECT id, reference, customer, size, encode(sha256, 'hex') AS sha256, added_by, added_at
                     FROM attachment WHERE id = $1""",
                file,
            )
        if row is None:
            raise Unknown(file)
        about, _, content = (await self._vault.open_file(row["customer"], file, sealed)).partition(b"\x00")
        name, kind = json.loads(about)
        return replace(Attachment(name="", kind="", **dict(row)), name=name, kind=kind), content

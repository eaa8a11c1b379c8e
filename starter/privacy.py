"""What privacy officers do: find a person, tell all that is stored, erase it, and hold the data of a case.

Each act has a line in the log of personal data, in the transaction of the act itself or before anything is shown.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from domain.access import Person
from domain.complaints.case import Case
from domain.complaints.retention import Hindrance
from domain.privacy import IDENTIFYING, Act, DataClass, Identity, TextKind
from runtime.erasing import Eraser, Hindered
from starter.attachments import FileStore
from starter.problems import FieldError, Problem, invalid, not_found
from starter.reading import TEXTS, Reads, line
from storage import erasures as record
from storage.attachments import Attachment, Attachments
from storage.cases import CaseRecords
from storage.erasures import ErasureRequest, LegalHold, Subject, Tombstone
from storage.identities import LookupField
from storage.personal_log import Logged, append
from storage.pool import Pool, transaction
from storage.vault import MOST_ITEMS, KeptText, Unknown, Vault

MOST_LINES = 1_000
"""Lines of the log that an export repeats; the rest is read from the log itself."""
EVERYTHING = (*IDENTIFYING, DataClass.FREE_TEXT, DataClass.FILE)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """All that is stored about one person."""

    subject: Subject
    identities: Sequence[tuple[int, datetime, Identity]]
    texts: Sequence[KeptText]
    files: Sequence[Attachment]
    cases: Sequence[Case]
    holds: dict[str, LegalHold]
    log: Sequence[Logged]


class PrivacyDesk:
    """Acts on personal data for a privacy officer."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        records: CaseRecords,
        eraser: Eraser,
        files: FileStore,
        reads: Reads,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._records = records
        self._eraser = eraser
        self._files = files
        self._reads = reads
        self._attachments = Attachments(pool, vault)

    async def find(self, person: Person, field: LookupField | None, value: str) -> list[Subject]:
        """The subjects that are known by a phone, e-mail or account, or whose case it is (no field)."""
        ids = [await self._customer_of(value)] if field is None else await self._known_by(field, value)
        await self._reads.note_all(person.id, ((subject, None) for subject in ids), IDENTIFYING, Act.FOUND)
        return await self._eraser.record.subjects(ids)

    async def disclose(self, person: Person, subject: str) -> Disclosure:
        """All that is stored about a subject. Raises `Problem` 404, Erased."""
        known = await self._known(subject)
        await self._reads.note(person.id, subject, EVERYTHING, act=Act.EXPORTED)
        cases = await self._eraser.record.cases_of(subject)
        return Disclosure(
            subject=known,
            identities=await self._vault.versions(subject),
            texts=await self._texts(subject),
            files=[await self._named(file) for file in await self._attachments.about(subject)],
            cases=cases,
            holds=await self._eraser.record.holds_on(case.reference for case in cases),
            log=await self._reads.log.page(subject=subject, limit=MOST_LINES),
        )

    async def erase(self, person: Person, subject: str) -> Tombstone:
        """Erase a subject; again, the same. Raises `Problem`: 404, 409 with what stands against it."""
        try:
            return await self._eraser.erase(subject, line(person.id, subject, Act.ERASED))
        except Unknown:
            raise _no_customer() from None
        except Hindered as hindered:
            raise _refused(hindered.hindrances) from None

    async def erase_or_wait(self, person: Person, subject: str) -> tuple[Tombstone | None, tuple[Hindrance, ...]]:
        """Erase a subject, or note that it is to be done as soon as nothing stands against it."""
        try:
            return await self._eraser.erase(subject, line(person.id, subject, Act.ERASED)), ()
        except Unknown:
            raise _no_customer() from None
        except Hindered as hindered:
            request = ErasureRequest(subject, person.id, datetime.now(UTC))
            await self._eraser.defer(request, line(person.id, subject, Act.ERASURE_DEFERRED))
            return None, hindered.hindrances

    async def hold(self, person: Person, reference: str, reason: str) -> LegalHold:
        """Put a case under a legal hold. Raises `Problem`: 404, 409; Erased."""
        customer, item, now = await self._customer_of(reference), f"txt_{secrets.token_hex(16)}", datetime.now(UTC)
        made = LegalHold(reference, customer, now, person.id, item)
        async with transaction(self._pool) as connection:
            # Sealing waits for an erasure of the same customer, and an erasure that comes later sees the hold.
            await self._vault.seal(connection, customer, item, TextKind.REASON, reason, at=now)
            if not await record.set_hold(connection, made):
                raise Problem(409, "held_already", "the case is under a legal hold already")
            await append(connection, [line(person.id, customer, Act.HOLD_SET, (), reference)])
        return replace(made, reason=reason)

    async def lift(self, person: Person, reference: str, reason: str) -> None:
        """Lift a legal hold, with the reason kept beside the case. Raises `Problem`: 404, 409."""
        customer, item, now = await self._customer_of(reference), f"txt_{secrets.token_hex(16)}", datetime.now(UTC)
        async with transaction(self._pool) as connection:
            await self._vault.seal(connection, customer, item, TextKind.REASON, reason, at=now)
            if not await record.lift_hold(connection, reference, now):
                raise Problem(409, "not_held", "the case is under no legal hold")
            await append(connection, [line(person.id, customer, Act.HOLD_LIFTED, (), reference)])

    async def holds(self, person: Person, after: str, limit: int) -> list[LegalHold]:
        """Legal holds with their reasons opened, in the order of their cases."""
        found = await self._eraser.record.holds(after, limit)
        await self._reads.note_all(person.id, ((each.subject, each.reference) for each in found), TEXTS, Act.READ)
        reasons = await self._vault.open_kept_texts(each.reason for each in found)
        return [replace(each, reason=reasons.get(each.reason, "")) for each in found]

    async def _known(self, subject: str) -> Subject:
        found = await self._eraser.record.subjects([subject])
        if not found:
            raise _no_customer()
        return found[0]

    async def _known_by(self, field: LookupField, value: str) -> list[str]:
        try:
            return await self._vault.subjects_of(field, value)
        except ValueError as error:
            raise invalid([FieldError(f"/{field}", str(error))]) from None

    async def _customer_of(self, reference: str) -> str:
        case = await self._records.find(reference)
        if case is None:
            raise not_found("there is no complaint of this number")
        return case.intake.customer

    async def _texts(self, subject: str) -> list[KeptText]:
        texts: list[KeptText] = []
        while page := await self._vault.texts_about(subject, texts[-1].id if texts else ""):
            texts += page
            if len(page) < MOST_ITEMS:
                break
        return texts

    async def _named(self, file: Attachment) -> Attachment:
        """A file's record with the name and the kind that are sealed with its bytes, if those are still there."""
        with suppress(LookupError):
            named, _ = await self._attachments.open(file.id, await self._files.get(file.id))
            return named
        return file


def _no_customer() -> Problem:
    return not_found("there is no such customer")


def _refused(found: Sequence[Hindrance]) -> Problem:
    """409 with the first obstacle as its code, and all of them in words."""
    listed = "; ".join(said(each) for each in found)
    return Problem(409, found[0].obstacle, f"not erased: {listed}")


def said(hindrance: Hindrance) -> str:
    until = f" until {hindrance.until.date()}" if hindrance.until is not None else ""
    return f"{hindrance.reference}: {_WHY[hindrance.obstacle]}{until}"


_WHY = {
    "case_open": "the case is open",
    "step_under_way": "something is still on its way to the customer, or waits for an operator",
    "legal_hold": "the case is under a legal hold",
    "retained": "its policy keeps the record",
}

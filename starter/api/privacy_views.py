"""What the API answers about personal data. `PersonalData` holds them; the others only say that there are some."""

import base64
import re
from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.complaints.case import Case
from domain.complaints.retention import Kept
from domain.complaints.terms import Status
from domain.privacy import Identity
from runtime.erasing import Going
from starter.api.models import Answer
from starter.api.personal_data import LogLine
from starter.privacy import Disclosure, said
from starter.problems import FieldError, invalid
from storage.attachments import Attachment
from storage.erasures import Erasures, LegalHold, Subject, Tombstone
from storage.vault import KeptText

_CURSOR = re.compile(r"(\S{10,40}) (cus_[0-9a-f]{32})")


class FoundSubject(Answer):
    """A customer without any data: the id to ask by."""

    customer: str
    created_at: datetime
    erased_at: datetime | None
    cases: int

    @classmethod
    def of(cls, subject: Subject) -> "FoundSubject":
        return cls(customer=subject.id, created_at=subject.created_at, erased_at=subject.erased_at, cases=subject.cases)


class FoundList(Answer):
    items: tuple[FoundSubject, ...]


class IdentityVersion(Answer):
    """Who the person was said to be, from then on."""

    version: int
    recorded_at: datetime
    identity: Identity


class TextView(Answer):
    id: str
    kind: str
    sealed_at: datetime
    text: str

    @classmethod
    def of(cls, text: KeptText) -> "TextView":
        return cls(id=text.id, kind=text.kind, sealed_at=text.sealed_at, text=text.text)


class FileView(Answer):
    """A file; without a name where its bytes are gone."""

    id: str
    reference: str
    name: str | None
    kind: str | None
    size: int
    sha256: str
    added_by: str
    added_at: datetime

    @classmethod
    def of(cls, file: Attachment) -> "FileView":
        known = {name: getattr(file, name) for name in cls.model_fields}
        return cls(**known | {"name": file.name or None, "kind": file.kind or None})


class CaseSummary(Answer):
    """What is kept of a case for the statistics and as the proof of handling."""

    reference: str
    status: Status
    channel: str
    category: str | None
    severity: int
    product: str | None
    region: str | None
    policy: str
    received_at: datetime
    ended_at: datetime | None
    outcome: str | None
    legal_hold: bool

    @classmethod
    def of(cls, case: Case, *, is_held: bool) -> "CaseSummary":
        own = cls.model_fields.keys() - {"legal_hold"}
        return cls(
            **{name: getattr(case if name in Case.model_fields else case.intake, name) for name in own},
            legal_hold=is_held,
        )


class PersonalData(Answer):
    """All that is stored about one person (GDPR, art. 15 and 20; PIPL, art. 45)."""

    customer: str
    created_at: datetime
    identities: tuple[IdentityVersion, ...]
    texts: tuple[TextView, ...]
    files: tuple[FileView, ...]
    cases: tuple[CaseSummary, ...]
    log: tuple[LogLine, ...] = Field(description="who opened any of it, the newest first, at most 1,000")

    @classmethod
    def of(cls, told: Disclosure) -> "PersonalData":
        return cls(
            customer=told.subject.id,
            created_at=told.subject.created_at,
            identities=tuple(
                IdentityVersion(version=number, recorded_at=at, identity=who) for number, at, who in told.identities
            ),
            texts=tuple(map(TextView.of, told.texts)),
            files=tuple(map(FileView.of, told.files)),
            cases=tuple(CaseSummary.of(case, is_held=case.reference in told.holds) for case in told.cases),
            log=tuple(map(LogLine.of, told.log)),
        )


class ErasureView(Answer):
    """That a person was erased: all that is left to say."""

    customer: str
    erased_at: datetime
    by: str
    ground: Literal["request", "retention"]

    @classmethod
    def of(cls, stone: Tombstone) -> "ErasureView":
        return cls(customer=stone.subject, erased_at=stone.at, by=stone.by, ground=stone.ground)


class ErasureWaits(Answer):
    customer: str
    state: Literal["waiting"] = "waiting"
    because: tuple[str, ...] = Field(description="what stands against it now")


class TombstoneList(Answer):
    items: tuple[ErasureView, ...]
    next_cursor: str | None

    @classmethod
    async def page(cls, record: Erasures, cursor: str, limit: int) -> "TombstoneList":
        found = await record.page(_read_cursor(cursor), limit + 1)
        items = tuple(map(ErasureView.of, found[:limit]))
        return cls(items=items, next_cursor=_cursor(items[-1]) if len(found) > limit else None)


class WaitingErasure(Answer):
    customer: str
    asked_by: str
    asked_at: datetime


class WaitingList(Answer):
    items: tuple[WaitingErasure, ...]
    next_cursor: str | None

    @classmethod
    async def page(cls, record: Erasures, cursor: str, limit: int) -> "WaitingList":
        found = await record.requests(cursor, limit + 1)
        items = tuple(
            WaitingErasure(customer=each.subject, asked_by=each.asked_by, asked_at=each.asked_at)
            for each in found[:limit]
        )
        return cls(items=items, next_cursor=items[-1].customer if len(found) > limit else None)


class LegalHoldView(Answer):
    reference: str
    customer: str
    since: datetime
    set_by: str
    reason: str

    @classmethod
    def of(cls, hold: LegalHold) -> "LegalHoldView":
        return cls(
            reference=hold.reference, customer=hold.subject, since=hold.since, set_by=hold.set_by, reason=hold.reason
        )


class LegalHoldLifted(Answer):
    reference: str
    lifted: bool = True


class LegalHoldList(Answer):
    items: tuple[LegalHoldView, ...]
    next_cursor: str | None


class GoingView(Answer):
    """What of a closed case goes, and what stays although its time is over."""

    reference: str
    customer: str
    goes: tuple[Kept, ...]
    stays: tuple[Kept, ...]
    because: str | None

    @classmethod
    def of(cls, going: Going) -> "GoingView":
        return cls(
            reference=going.reference,
            customer=going.subject,
            goes=going.goes,
            stays=going.stays,
            because=said(going.hindrance) if going.hindrance else None,
        )


class RetentionPreview(Answer):
    items: tuple[GoingView, ...]


def _cursor(last: ErasureView) -> str:
    return base64.urlsafe_b64encode(f"{last.erased_at.isoformat()} {last.customer}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    try:
        said = _CURSOR.fullmatch(base64.urlsafe_b64decode(cursor + "==").decode())
        position = (datetime.fromisoformat(said[1]), said[2]) if said else None
    except ValueError:
        position = None
    if position is None or position[0].tzinfo is None:
        raise invalid([FieldError("query cursor", "the cursor is not one that this list gave")])
    return position

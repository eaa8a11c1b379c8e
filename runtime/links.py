"""Signed links: made for one purpose and one subject, checked without giving anything away.

A link's token is `<key id>.<random id><keyed hash>`: 128 random bits that name its record, and 128 bits of
HMAC-SHA256 over purpose and id. So nothing about anybody is in it, a made-up one is refused without asking the
database, and a stolen database makes none. The key id lets master keys be rotated; a link given out again is signed
under the newest.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.links import LIFETIMES, PATHS, LinkPurpose
from storage.keys import MasterKeys, MissingKeyError
from storage.links import ID_BYTES, LinkRecord, LinkRecords
from storage.pool import Pool

HASH_BYTES = 16
_LONGEST_TOKEN = 100


class WhyNot(StrEnum):
    """Why a link does not work."""

    FORGED = "forged"
    REVOKED = "revoked"
    EXPIRED = "expired"


class LinkRefused(Exception):
    """The link does not work."""

    def __init__(self, why: WhyNot) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class GivenLink:
    """A link as it is handed to somebody."""

    url: str
    expires_at: datetime


class SignedLinks:
    """Gives links out and lets them in."""

    def __init__(self, pool: Pool, keys: MasterKeys, public_url: str) -> None:
        self._records = LinkRecords(pool)
        self._keys = keys
        self._public_url = public_url.rstrip("/")

    async def url(self, purpose: LinkPurpose, subject: str, at: datetime) -> str:
        """The link for one subject; the same one each time until it is revoked."""
        return (await self.give(purpose, [subject], at))[subject].url

    async def give(
        self, purpose: LinkPurpose, subjects: Sequence[str], at: datetime, expires_at: datetime | None = None
    ) -> dict[str, GivenLink]:
        """The links of many subjects. They work for the purpose's lifetime from now, or until `expires_at`."""
        records = await self._records.give(purpose, subjects, at, expires_at or at + LIFETIMES[purpose])
        return {
            subject: GivenLink(f"{self._public_url}{PATHS[purpose]}/{self._token(record)}", record.expires_at)
            for subject, record in records.items()
        }

    async def let_in(self, purpose: LinkPurpose, token: str, at: datetime) -> str:
        """What the token of a link is about. Raises LinkRefused."""
        record = await self._records.find(self._id_in(purpose, token))
        if record is None or record.purpose is not purpose:
            raise LinkRefused(WhyNot.FORGED)
        if record.revoked_at is not None:
            raise LinkRefused(WhyNot.REVOKED)
        if record.expires_at <= at:
            raise LinkRefused(WhyNot.EXPIRED)
        return record.subject

    async def revoke(self, purpose: LinkPurpose, subject: str, at: datetime) -> bool:
        """Make the link of a subject worthless at once; whether there was one."""
        return await self._records.revoke(purpose, subject, at)

    def _token(self, record: LinkRecord) -> str:
        key_id = self._keys.newest
        signed = record.id + self._hash(key_id, record.purpose, record.id)
        return f"{key_id}.{base64.urlsafe_b64encode(signed).rstrip(b'=').decode()}"

    def _id_in(self, purpose: LinkPurpose, token: str) -> bytes:
        key_id, _, encoded = token.partition(".") if len(token) <= _LONGEST_TOKEN else ("", "", "")
        try:
            signed = base64.b64decode(f"{encoded}=".encode("ascii"), altchars=b"-_", validate=True)
            expected = self._hash(key_id, purpose, signed[:ID_BYTES])
        except (binascii.Error, ValueError, MissingKeyError):
            raise LinkRefused(WhyNot.FORGED) from None
        is_as_written = base64.urlsafe_b64encode(signed).rstrip(b"=").decode() == encoded
        if not is_as_written or not hmac.compare_digest(expected, signed[ID_BYTES:]):
            raise LinkRefused(WhyNot.FORGED)
        return signed[:ID_BYTES]

    def _hash(self, key_id: str, purpose: LinkPurpose, link_id: bytes) -> bytes:
        signed = purpose.encode() + b"\x00" + link_id
        return hmac.new(self._keys.links(key_id), signed, hashlib.sha256).digest()[:HASH_BYTES]

"""Signing in to the console and out again: local passwords, and sessions that end by themselves.

A wrong name costs as much time as a wrong password and gets the same answer. What a browser holds is a random key; the
database has its hash.
"""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from domain.access import Person
from runtime.settings import PLACEHOLDERS
from starter.problems import FieldError, Problem, invalid
from storage.accounts import Accounts, Sessions, SignedIn
from storage.people import People
from storage.pool import Pool

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
AT_ONCE = 4
"""How many passwords are tried at the same time: each takes 64 MiB and a core for a moment."""

audit = structlog.get_logger("amends.audit")


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has just begun, with the key that the browser is to keep."""

    key: str
    person: Person
    ends_at: datetime


class AccountDesk:
    """Lets people in and out."""

    def __init__(self, pool: Pool, *, idle: timedelta, longest: timedelta) -> None:
        self._accounts = Accounts(pool)
        self._sessions = Sessions(pool)
        self._people = People(pool)
        self._idle = idle
        self._longest = longest
        self._hasher = PasswordHasher()
        self._nobodys = self._hasher.hash(secrets.token_hex(16))
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def sign_in(self, name: str, password: str, instead_of: str | None = None) -> Begun:
        """Begin a session. Raises `Problem` 401 for a wrong name or password, and for a locked account."""
        return await self.begin(await self.known_by(name, password), instead_of, by="password")

    async def known_by(self, name: str, password: str) -> Person:
        """The person with this name and password. Raises `Problem` 401, the same for every reason."""
        now, account = datetime.now(UTC), await self._accounts.named(name.strip())
        known = None if account is None else account.password_hash
        is_right = await self._verify(known or self._nobodys, password[:LONGEST_PASSWORD])
        if account is None or known is None:
            audit.warning("sign-in refused", person=account and account.person.id, why="unknown")
            raise _refused()
        if account.locked_until is not None and account.locked_until > now:
            audit.warning("sign-in refused", person=account.person.id, why="locked")
            raise _refused()
        if not is_right:
            locked = await self._accounts.failed(account.person.id, now, MOST_FAILURES, LOCKED_FOR)
            audit.warning("sign-in refused", person=account.person.id, why="password", locks=locked is not None)
            raise _refused()
        await self._accounts.succeeded(account.person.id)
        if self._hasher.check_needs_rehash(known):
            await self._accounts.renew_hash(account.person.id, await self._hashed(password))
        return account.person

    async def begin(self, person: Person, instead_of: str | None, by: str) -> Begun:
        """A session of somebody who has shown who it is; its key is new, whatever the browser had before."""
        now, key = datetime.now(UTC), secrets.token_urlsafe(32)
        await self._sessions.begin(key, person.id, now, now + self._longest, instead_of)
        audit.info("signed in", person=person.id, by=by)
        return Begun(key, person, now + self._longest)

    async def signed_in(self, key: str) -> SignedIn | None:
        """Who a browser's key belongs to, if the session still runs."""
        return await self._sessions.of(key, datetime.now(UTC), self._idle)

    async def still_runs(self, key: str) -> bool:
        """Whether a session still runs, without keeping it awake."""
        return await self._sessions.runs(key, datetime.now(UTC), self._idle)

    async def sign_out(self, person: Person, key: str) -> None:
        await self._sessions.end(key)
        audit.info("signed out", person=person.id)

    async def sign_out_everywhere(self, person: str) -> int:
        """End all sessions of a person; how many there were."""
        return await self._sessions.end_all(person)

    async def set_password(self, person: Person, password: str) -> None:
        """Give a person a password. Raises `Problem` 422 for one that is easily guessed."""
        if why := weakness(password, person.name):
            raise invalid([FieldError("/password", why)])
        await self._accounts.set_password(person.id, await self._hashed(password), datetime.now(UTC))
        audit.info("password set", person=person.id)

    async def choose_language(self, person: Person, language: str) -> None:
        await self._accounts.set_language(person.id, language, datetime.now(UTC))

    async def _verify(self, known: str, password: str) -> bool:
        async with self._turns:
            return await asyncio.to_thread(self._is_right, known, password)

    def _is_right(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    async def _hashed(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)


def weakness(password: str, name: str) -> str | None:
    """Why a password is refused; None if it may be used. Length is what counts (NIST SP 800-63B, 3.1.1.2)."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return f"expected {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
    plain = password.casefold()
    if len(set(plain)) < 4 or name.casefold() in plain or plain.strip("0123456789!.-_") in PLACEHOLDERS:
        return "easily guessed; expected several words, and not the name"
    return None


def _refused() -> Problem:
    return Problem(401, "not_signed_in", "the name or the password is wrong, or the account is locked for now")

"""Erasing a person, by request or when the time of keeping is over, and keeping it so after a restored backup.

The line for the file of erasures is written before the key is destroyed: a crash in between leaves a line whose erasure
is done at the next start, never an erasure that a backup could undo unseen. Every process does at its start what the
file says and the database does not show.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from domain.complaints.case import Case
from domain.complaints.policy import Retention
from domain.complaints.retention import Hindrance, Kept, Obstacle, due, hindrances, next_look
from domain.complaints.situation import SYSTEM
from domain.complaints.texts import named_texts
from domain.privacy import Act, DataClass
from runtime.rulebook import Rulebook, UnknownPolicy
from storage import erasures as record
from storage.erasures import ErasureRequest, Erasures, Ground, Tombstone, Watched
from storage.ledger import Ledger
from storage.personal_log import Line, append
from storage.pool import Connection, Pool, transaction
from storage.vault import Unknown, Vault

LOOKED_AT_ONCE = 100
"""Cases and requests of one turn of the sweep."""
LOOK_AGAIN = timedelta(days=1)
"""After which a case is looked at again that something stands against."""
TRY_AGAIN = timedelta(minutes=10)
FORGOTTEN_AT_ONCE = 500
CHECKED_AT_ONCE = 1_000
_CLASSES = {Kept.FILES: DataClass.FILE, Kept.TEXTS: DataClass.FREE_TEXT}

log = logging.getLogger(__name__)


class Files(Protocol):
    async def remove(self, file: str) -> None: ...


class Tombstones(Protocol):
    async def append(self, line: str) -> None: ...

    async def lines(self) -> list[str]: ...


class Hindered(Exception):
    """Something stands against the erasure; nothing was changed."""

    def __init__(self, found: Sequence[Hindrance]) -> None:
        super().__init__(", ".join(f"{each.reference}: {each.obstacle}" for each in found))
        self.hindrances = tuple(found)


class ForgedTombstone(ValueError):
    """A line of a file of erasures that this installation did not write."""


@dataclass(frozen=True, slots=True)
class Going:
    """What of a closed case goes as its time is over, what stays all the same, and why."""

    reference: str
    subject: str
    goes: tuple[Kept, ...]
    stays: tuple[Kept, ...] = ()
    hindrance: Hindrance | None = None


class Eraser:
    """Destroys personal data where that is lawful."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        ledger: Ledger,
        rulebook: Rulebook,
        files: Files,
        tombstones: Tombstones,
        key: bytes,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._ledger = ledger
        self._rulebook = rulebook
        self._files = files
        self._tombstones = tombstones
        self._key = key
        self.record = Erasures(pool)

    async def erase(self, subject: str, line: Line, ground: Ground = "request") -> Tombstone:
        """Erase a subject and say when that was; a second time is the first. Raises Unknown, Hindered."""
        stone = Tombstone(subject, line.at, line.by, ground)
        async with transaction(self._pool) as connection:
            if await self._vault.lock(connection, subject) is not None:
                return await record.tombstone(connection, subject) or stone
            found = await self._hindrances(connection, subject, line.at, on_request=ground == "request")
            if found:
                raise Hindered(found)
            await self._destroy(connection, stone, line)
        await self._remove_files(await self.record.files_of(subject))
        return stone

    async def defer(self, request: ErasureRequest, line: Line) -> None:
        """Note that a subject is to be erased as soon as nothing stands against it; a second time changes nothing."""
        async with transaction(self._pool) as connection:
            if await record.ask(connection, request):
                await append(connection, [line])

    async def sweep(self, now: datetime) -> int:
        """One turn: the closed cases whose time it is, then the requests that waited; how many were looked at."""
        watched = await self.record.claim_watched(now, LOOKED_AT_ONCE)
        for case in watched:
            await self._look_at(case, now)
        requests = await self.record.claim_requests(now, LOOKED_AT_ONCE)
        for request in requests:
            await self._try_again(request, now)
        return len(requests) + len(watched)

    async def preview(self, at: datetime, limit: int) -> list[Going]:
        """What the sweep would take by then, and what it would have to leave."""
        found = []
        for watched in await self.record.watched_until(at, limit):
            case = await self._case(watched.reference)
            rules = await self._rules(case)
            kept = due(case, rules, watched.removed, at) if case.ended_at is not None else ()
            if kept:
                found.append(await self._going(case, kept, at))
        return found

    def said(self, stone: Tombstone) -> str:
        """The line of a tombstone in the file of erasures, with the proof that it is ours."""
        fields = {
            "at": stone.at.astimezone(UTC).isoformat(),
            "by": stone.by,
            "ground": stone.ground,
            "subject": stone.subject,
        }
        return json.dumps(fields | {"proof": self._proof(fields)}, sort_keys=True)

    def read(self, text: str) -> Tombstone:
        """A tombstone from its line. Raises ForgedTombstone: a forged one would destroy what it names."""
        try:
            fields = dict(json.loads(text))
            proof = str(fields.pop("proof"))
            stone = Tombstone(**fields | {"at": datetime.fromisoformat(fields["at"])})
        except (ValueError, KeyError, TypeError):
            raise ForgedTombstone("a line is no tombstone") from None
        if not hmac.compare_digest(proof, self._proof(fields)):
            raise ForgedTombstone(f"the tombstone of {stone.subject} was not written by this installation")
        return stone

    async def reapply(self, lines: Iterable[str]) -> list[str]:
        """Erase again whom the lines name and whose key is there, whatever stands against it; who that was."""
        stones = {stone.subject: stone for stone in map(self.read, lines)}
        again: list[str] = []
        for start in range(0, len(stones), CHECKED_AT_ONCE):
            back = await self.record.not_erased(list(stones)[start : start + CHECKED_AT_ONCE])
            again += [subject for subject in sorted(back) if await self._erase_again(stones[subject])]
        if again:
            log.warning("erasures were applied again, as after a restored backup", extra={"count": len(again)})
        return again

    async def honour(self) -> int:
        """Apply what this installation's own file of erasures says; how many were erased again."""
        return len(await self.reapply(await self._tombstones.lines()))

    async def tombstones(self) -> AsyncIterator[str]:
        """The line of every erasure that the database knows, the oldest first."""
        after = None
        while page := await self.record.page(after, CHECKED_AT_ONCE):
            for stone in page:
                yield self.said(stone)
            after = (page[-1].at, page[-1].subject)

    async def _destroy(self, connection: Connection, stone: Tombstone, line: Line) -> None:
        await self._tombstones.append(self.said(stone))
        await self._vault.erase(connection, stone.subject, at=stone.at)
        await record.bury(connection, stone)
        await append(connection, [line])

    async def _erase_again(self, stone: Tombstone) -> bool:
        async with transaction(self._pool) as connection:
            if await self._vault.lock(connection, stone.subject) is not None:
                return False
            await self._vault.erase(connection, stone.subject, at=stone.at)
            await record.bury(connection, stone)
            await append(connection, [_by_system(stone.subject, datetime.now(UTC), Act.ERASED, "restored backup")])
        await self._remove_files(await self.record.files_of(stone.subject))
        return True

    async def _hindrances(
        self, connection: Connection, subject: str, now: datetime, *, on_request: bool
    ) -> list[Hindrance]:
        cases = [(case, await self._rules(case)) for case in await record.cases_of(connection, subject)]
        return list(hindrances(cases, await record.held(connection, subject), now, on_request=on_request))

    async def _rules(self, case: Case) -> Retention:
        """The retention of the policy that the case pinned; of an own policy that is gone, the longest of all."""
        try:
            return (await self._rulebook.policy(case.policy)).retention
        except UnknownPolicy:
            return max((p.retention for p in self._rulebook.policies()), key=lambda rules: rules.identity_days)

    async def _try_again(self, request: ErasureRequest, now: datetime) -> None:
        line = Line(request.subject, now, request.asked_by, Act.ERASED, (), "retention sweep", "-")
        try:
            await self.erase(request.subject, line)
        except Hindered as hindered:
            known = [each.until for each in hindered.hindrances]
            until = max((each for each in known if each is not None), default=None)
            at = until if until is not None and None not in known else now + TRY_AGAIN
            await self.record.try_again(request.subject, at)
        except Unknown:
            log.warning("an erasure waits for a subject that is not there", extra={"subject": request.subject})

    async def _look_at(self, watched: Watched, now: datetime) -> None:
        case = await self._case(watched.reference)
        if not case.has_ended or case.ended_at is None:
            await self.record.look_again(case.reference, None)  # it is watched again when it closes
            return
        await self.record.try_again(case.intake.customer, now)  # what waited for the end of this case waits no longer
        rules = await self._rules(case)
        kept = due(case, rules, watched.removed, now)
        own, _ = await self._in_the_way(case, now)
        if own is not None:
            await self.record.look_again(case.reference, now + LOOK_AGAIN)
            return
        gone = [await self._let_go(case, each, now) for each in kept if each is not Kept.IDENTITY]
        if Kept.IDENTITY in kept and await self._erase_in_time(case, now):
            return
        removed = (*watched.removed, *gone)
        at = next_look(case, rules, removed, now) or now + LOOK_AGAIN
        await self.record.look_again(case.reference, at, gone)

    async def _let_go(self, case: Case, kept: Kept, now: datetime) -> Kept:
        if kept is Kept.FILES:
            await self._remove_files(await self.record.files_of_case(case.reference))
        texts = named_texts(await self._ledger.entries(case.reference)) if kept is Kept.TEXTS else []
        line = _by_system(case.intake.customer, now, Act.FORGOTTEN, "retention sweep", _CLASSES[kept], case.reference)
        async with transaction(self._pool) as connection:
            for start in range(0, len(texts), FORGOTTEN_AT_ONCE):
                await self._vault.forget(connection, texts[start : start + FORGOTTEN_AT_ONCE])
            await append(connection, [line])
        return kept

    async def _erase_in_time(self, case: Case, now: datetime) -> bool:
        """Erase the customer whose identity has been kept long enough, unless another case still needs it."""
        line = _by_system(case.intake.customer, now, Act.ERASED, "retention sweep")
        try:
            await self.erase(case.intake.customer, line, "retention")
        except Hindered:
            return False
        return True

    async def _going(self, case: Case, kept: tuple[Kept, ...], at: datetime) -> Going:
        own, of_the_person = await self._in_the_way(case, at)
        about = (case.reference, case.intake.customer)
        if own is not None:
            return Going(*about, (), kept, own)
        if Kept.IDENTITY in kept and of_the_person is not None:
            return Going(*about, tuple(k for k in kept if k is not Kept.IDENTITY), (Kept.IDENTITY,), of_the_person)
        return Going(*about, kept)

    async def _in_the_way(self, case: Case, now: datetime) -> tuple[Hindrance | None, Hindrance | None]:
        """What stands against letting data of this case go, and what against erasing its customer in time."""
        async with transaction(self._pool) as connection:
            found = await self._hindrances(connection, case.intake.customer, now, on_request=False)
        own = (each for each in found if each.reference == case.reference and each.obstacle is not Obstacle.RETAINED)
        return next(own, None), next(iter(found), None)

    async def _case(self, reference: str) -> Case:
        async with transaction(self._pool) as connection:
            return await record.case(connection, reference)

    async def _remove_files(self, files: Iterable[str]) -> None:
        for file in files:
            await self._files.remove(file)

    def _proof(self, fields: dict[str, str]) -> str:
        said = json.dumps(fields, sort_keys=True).encode()
        return hmac.new(self._key, b"tombstone\x00" + said, hashlib.sha256).hexdigest()


def _by_system(
    subject: str,
    now: datetime,
    act: Act,
    route: str,
    data_class: DataClass | None = None,
    reference: str | None = None,
) -> Line:
    return Line(subject, now, SYSTEM, act, (data_class,) if data_class else (), route, "-", reference)

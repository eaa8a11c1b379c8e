"""Requests that are done once: the key is claimed before the work, the answer is kept behind it."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starter.problems import Problem
from storage.idempotency import LEASE, OtherBody, StillRunning, StoredAnswer, begin, finish, offer_again, release
from storage.keys import MasterKeys, seal, unseal
from storage.pool import Connection, Pool, StoreAway, borrow

LEAVE_AGAIN_AFTER = timedelta(seconds=0.5)
"""How soon a request is given up once more when the store was away."""


@dataclass(frozen=True, slots=True)
class Repeatable:
    """The key under which a request is done once, and the digest of its body."""

    key: bytes
    body: bytes


class Repetitions:
    """The claims and answers of repeatable requests; of a request without a key it keeps nothing."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._leaving: set[asyncio.Task[None]] = set()

    async def begin(self, request: Repeatable | None) -> StoredAnswer | None:
        """Claim the key, or give the answer that the request had. Raises `Problem`: 409 running, 422 other body."""
        if request is None:
            return None
        at = datetime.now(UTC)
        try:
            async with borrow(self._pool) as connection:
                return await claim(connection, request, at)
        except StoreAway as error:  # perhaps it is claimed, and nobody works on it
            self._leave_behind(request, error, claimed_at=at)
            raise

    async def once(
        self, request: Repeatable | None, do: Callable[[], Awaitable[StoredAnswer]]
    ) -> tuple[StoredAnswer, bool]:
        """Do it and keep the answer, or give the answer that it had; and whether that was so. Raises as `begin`."""
        earlier = await self.begin(request)
        if earlier is not None:
            return earlier, True
        try:
            answer = await do()
        except (Problem, StoreAway) as error:
            await self.leave(request, error)
            raise
        await self.keep(request, answer)
        return answer, False

    async def keep(self, request: Repeatable | None, answer: StoredAnswer) -> None:
        """Keep the answer for the next repetition."""
        if request is None:
            return
        try:
            async with borrow(self._pool) as connection:
                await finish(connection, request.key, answer)
        except StoreAway as error:
            self._leave_behind(request, error)
            raise

    async def leave(self, request: Repeatable | None, error: Problem | StoreAway) -> None:
        """Give up a request without an answer to keep.

        What was refused has not happened, so that its key is free. Where that is not known, a repetition of the same
        request may find it out at once.
        """
        if request is None:
            return
        try:
            await self._leave(request, error)
        except StoreAway:
            self._leave_behind(request, error)

    async def _leave(self, request: Repeatable, error: Problem | StoreAway, claimed_at: datetime | None = None) -> None:
        async with borrow(self._pool) as connection:
            if is_unknown(error):
                await offer_again(connection, request.key, claimed_at)
            else:
                await release(connection, request.key)

    def _leave_behind(
        self, request: Repeatable, error: Problem | StoreAway, claimed_at: datetime | None = None
    ) -> None:
        """Give up behind the answer, when the store is back: else repetitions are refused for the whole lease."""
        task = asyncio.create_task(self._leave_later(request, error, claimed_at))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _leave_later(self, request: Repeatable, error: Problem | StoreAway, claimed_at: datetime | None) -> None:
        for _ in range(int(LEASE / LEAVE_AGAIN_AFTER)):
            await asyncio.sleep(LEAVE_AGAIN_AFTER.total_seconds())
            try:
                await self._leave(request, error, claimed_at)
            except StoreAway:
                continue
            return


def is_unknown(error: Problem | StoreAway) -> bool:
    """Whether it is not known what became of the request."""
    return isinstance(error, StoreAway) or error.status == 503


async def claim(connection: Connection, request: Repeatable, at: datetime | None = None) -> StoredAnswer | None:
    """As `Repetitions.begin`, inside the caller's transaction."""
    with _key_problems():
        return await begin(connection, request.key, request.body, at or datetime.now(UTC))


@contextmanager
def _key_problems() -> Iterator[None]:
    try:
        yield
    except StillRunning:
        detail = "the first request with this Idempotency-Key has not ended; repeat it later"
        raise Problem(409, "still_running", detail, retry_after=1) from None
    except OtherBody:
        raise Problem(422, "key_reused", "this Idempotency-Key was used for another request") from None


def stored(body: object, status: int = 200, headers: dict[str, str] | None = None) -> StoredAnswer:
    """An answer as it is sent and kept."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return StoredAnswer(status, text, headers or {})


_PLACE = "kept answer"


def seal_answer(keys: MasterKeys, answer: StoredAnswer) -> StoredAnswer:
    """An answer as it may be kept that holds a token or a secret, of which the store has no clear copy."""
    body = seal(keys.payload(keys.newest), answer.body.encode(), _PLACE)
    return StoredAnswer(answer.status, f"{keys.newest}:{base64.b64encode(body).decode()}", answer.headers)


def open_answer(keys: MasterKeys, answer: StoredAnswer) -> StoredAnswer:
    """The answer as it was sent."""
    key_id, _, body = answer.body.partition(":")
    opened = unseal(keys.payload(key_id), base64.b64decode(body), _PLACE).decode()
    return StoredAnswer(answer.status, opened, answer.headers)

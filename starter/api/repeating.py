"""Answers to requests that may be repeated under their Idempotency-Key."""

from collections.abc import Awaitable, Callable

from fastapi import Response

from starter.api.entry import House
from starter.repetitions import Repeatable, open_answer, seal_answer
from storage.idempotency import StoredAnswer


async def answered_once(
    services: House, once: Repeatable | None, do: Callable[[], Awaitable[StoredAnswer]], *, is_secret: bool = False
) -> Response:
    """Do it and keep the answer, or give the answer that it had; one with a token or a secret is kept sealed."""
    if not is_secret:
        answer, was_replayed = await services.repetitions.once(once, do)
        return replay(answer, was_replayed=was_replayed)
    keys = services.parts.keys

    async def sealed() -> StoredAnswer:
        return seal_answer(keys, await do())

    kept, was_replayed = await services.repetitions.once(once, sealed)
    return replay(open_answer(keys, kept), was_replayed=was_replayed)


def replay(answer: StoredAnswer, *, was_replayed: bool) -> Response:
    """The answer as it was first given, marked when it is a repetition."""
    headers = answer.headers | ({"Idempotency-Replayed": "true"} if was_replayed else {})
    return Response(answer.body, answer.status, headers, "application/json")

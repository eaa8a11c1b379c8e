"""Answers to requests that may be repeated under their Idempotency-Key."""

from collections.abc import Awaitable, Callable

from fastapi import Response

from starter.api.entry import House
from starter.problems import Problem
from starter.repetitions import Repeatable, open_answer, seal_answer
from storage.idempotency import StoredAnswer
from storage.pool import StoreAway


async def answered_once(
    services: House, once: Repeatable | None, do: Callable[[], Awaitable[StoredAnswer]], *, is_secret: bool = False
) -> Response:
    """Do it and keep the answer, or give the answer that it had; one with a token or a secret is kept sealed."""
    keys = services.parts.keys
    earlier = await services.repetitions.begin(once)
    if earlier is not None:
        return replay(open_answer(keys, earlier) if is_secret else earlier, was_replayed=True)
    try:
        answer = await do()
    except (Problem, StoreAway) as error:
        await services.repetitions.leave(once, error)
        raise
    await services.repetitions.keep(once, seal_answer(keys, answer) if is_secret else answer)
    return replay(answer, was_replayed=False)


def replay(answer: StoredAnswer, *, was_replayed: bool) -> Response:
    """The answer as it was first given, marked when it is a repetition."""
    headers = answer.headers | ({"Idempotency-Replayed": "true"} if was_replayed else {})
    return Response(answer.body, answer.status, headers, "application/json")

"""Answers kept for repeated requests (draft-ietf-httpapi-idempotency-key-header-07), on real PostgreSQL."""

import asyncio
from datetime import timedelta

import pytest

from storage.idempotency import (
    LEASE,
    OtherBody,
    StillRunning,
    StoredAnswer,
    begin,
    finish,
    offer_again,
    prune,
    release,
)
from storage.pool import Connection, Pool, borrow
from tests.storage.sample_cases import AT

KEPT_FOR = timedelta(days=7)
KEY, BODY = b"k" * 32, b"b" * 32
ANSWER = StoredAnswer(201, '{"reference":"C-2026-000001","text":"中文"}', {"Location": "/v1/complaints/C-2026-000001"})
MOMENT = timedelta(milliseconds=1)


async def test_the_first_request_is_let_in_and_its_answer_is_given_again(connection: Connection) -> None:
    assert await begin(connection, KEY, BODY, AT) is None
    await finish(connection, KEY, ANSWER)
    assert await begin(connection, KEY, BODY, AT + timedelta(days=6)) == ANSWER


async def test_a_repetition_while_the_first_runs_is_told_so(connection: Connection) -> None:
    await begin(connection, KEY, BODY, AT)
    with pytest.raises(StillRunning):
        await begin(connection, KEY, BODY, AT + LEASE)


async def test_a_claim_whose_lease_is_over_is_taken_over(connection: Connection) -> None:
    await begin(connection, KEY, BODY, AT)
    assert await begin(connection, KEY, BODY, AT + LEASE + MOMENT) is None
    with pytest.raises(StillRunning):
        await begin(connection, KEY, BODY, AT + LEASE + 2 * MOMENT)


@pytest.mark.parametrize("is_finished", [True, False])
async def test_another_body_under_the_same_key_is_refused_at_any_time(
    connection: Connection, is_finished: bool
) -> None:
    await begin(connection, KEY, BODY, AT)
    if is_finished:
        await finish(connection, KEY, ANSWER)
    with pytest.raises(OtherBody):
        await begin(connection, KEY, b"c" * 32, AT + 2 * LEASE)


async def test_a_request_of_unknown_outcome_is_offered_at_once_but_to_the_same_body_only(
    connection: Connection,
) -> None:
    await begin(connection, KEY, BODY, AT)
    await offer_again(connection, KEY)
    with pytest.raises(OtherBody):
        await begin(connection, KEY, b"c" * 32, AT + MOMENT)
    assert await begin(connection, KEY, BODY, AT + MOMENT) is None


async def test_a_released_key_is_free_and_an_answered_one_is_not_released(connection: Connection) -> None:
    await begin(connection, KEY, BODY, AT)
    await release(connection, KEY)
    assert await begin(connection, KEY, b"c" * 32, AT) is None
    await finish(connection, KEY, ANSWER)
    await release(connection, KEY)
    await offer_again(connection, KEY)
    assert await begin(connection, KEY, b"c" * 32, AT + 2 * LEASE) == ANSWER


async def test_of_many_at_once_one_is_let_in(pool: Pool) -> None:
    async def attempt() -> str:
        try:
            async with borrow(pool) as connection:
                return str(await begin(connection, KEY, BODY, AT))
        except StillRunning:
            return "running"

    answers = await asyncio.gather(*(attempt() for _ in range(30)))
    assert sorted(answers) == ["None"] + ["running"] * 29


async def test_answers_are_forgotten_after_seven_days(pool: Pool, connection: Connection) -> None:
    await begin(connection, KEY, BODY, AT)
    await finish(connection, KEY, ANSWER)
    await begin(connection, b"l" * 32, BODY, AT + timedelta(days=1))
    assert await prune(pool, AT + KEPT_FOR) == 0
    assert await prune(pool, AT + KEPT_FOR + MOMENT) == 1
    assert await begin(connection, KEY, b"c" * 32, AT + KEPT_FOR + MOMENT) is None

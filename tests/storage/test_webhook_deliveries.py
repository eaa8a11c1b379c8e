"""Who is told of what, in which order, and how often: the deliveries and the secrets, as the database has them."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from domain.webhooks import wants
from storage.keys import MasterKeys
from storage.outbox import Event
from storage.pool import Pool, transaction
from storage.webhook_deliveries import KEPT_FOR, LEASE, Delivery, WebhookDeliveries, fan_out
from storage.webhooks import MOST_WEBHOOKS, TooMany, Webhooks

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
URL = "https://example.org/hook"


@pytest.fixture
def webhooks(pool: Pool, master_keys: MasterKeys) -> Webhooks:
    return Webhooks(pool, master_keys)


@pytest.fixture
def deliveries(pool: Pool) -> WebhookDeliveries:
    return WebhookDeliveries(pool)


async def made(webhooks: Webhooks, *types: str) -> str:
    return (await webhooks.add(URL, types, None, "per_admin1", AT))[0].id


async def happened(pool: Pool, *events: tuple[str, int], kind: str = "complaint.noted", at: datetime = AT) -> None:
    async with transaction(pool) as connection:
        await fan_out(connection, [Event(reference, sequence, kind, at) for reference, sequence in events], at)


def places(found: list[Delivery]) -> list[tuple[str, int]]:
    return [(delivery.reference, delivery.sequence) for delivery in found]


async def test_every_endpoint_is_told_of_what_it_wants(
    pool: Pool, webhooks: Webhooks, deliveries: WebhookDeliveries
) -> None:
    everything, closings = await made(webhooks), await made(webhooks, "complaint.closed")
    await happened(pool, ("C-1", 1))
    await happened(pool, ("C-1", 2), kind="complaint.closed")
    assert places(await deliveries.page(everything, None, None, 9)) == [("C-1", 2), ("C-1", 1)]
    assert places(await deliveries.page(closings, None, None, 9)) == [("C-1", 2)]


async def test_the_database_and_the_domain_agree_on_who_wants_what(pool: Pool, webhooks: Webhooks) -> None:
    subscriptions = [(), ("a.b",), ("a.*",), ("a.*", "c.d"), ("b",), ("%.*",), ("_.*",)]
    events = ["a.b", "a.c", "ab.c", "c.d", "a", "b", "x.y"]
    ids = {await made(webhooks, *types): types for types in subscriptions}
    for number, kind in enumerate(events, 1):
        await happened(pool, ("C-1", number), kind=kind)
    rows = await pool.fetch("SELECT webhook, type FROM webhook_delivery")
    told = {(row["webhook"], row["type"]) for row in rows}
    assert told == {(hook, kind) for hook, kind in product(ids, events) if wants(ids[hook], kind)}


async def test_events_of_a_case_go_in_their_order_and_cases_beside_each_other(
    pool: Pool, webhooks: Webhooks, deliveries: WebhookDeliveries
) -> None:
    hook = await made(webhooks)
    await happened(pool, ("C-1", 1), ("C-1", 2), ("C-2", 1), ("C-1", 3))
    first = await deliveries.claim(hook, 10, AT)
    assert places(first) == [("C-1", 1), ("C-2", 1)]
    assert await deliveries.claim(hook, 10, AT) == []
    await deliveries.delivered(first[0], 200, AT)
    assert places(await deliveries.claim(hook, 10, AT)) == [("C-1", 2)]


async def test_what_fails_holds_up_its_own_case_only_and_everything_behind_it_waits_as_long(
    pool: Pool, webhooks: Webhooks, deliveries: WebhookDeliveries
) -> None:
    hook = await made(webhooks)
    await happened(pool, ("C-1", 1), ("C-1", 2), ("C-2", 1))
    one, other = await deliveries.claim(hook, 10, AT)
    await deliveries.delivered(other, 200, AT)
    await deliveries.failed(one, 500, "http_500", AT + 5 * MINUTE)
    await happened(pool, ("C-1", 3), ("C-2", 2), at=AT + MINUTE)
    assert places(await deliveries.claim(hook, 10, AT + MINUTE)) == [("C-2", 2)]
    waiting = await deliveries.page(hook, "pending", None, 9)
    assert {d.next_at for d in waiting if d.reference == "C-1"} == {AT + 5 * MINUTE}
    [again] = [d for d in await deliveries.claim(hook, 10, AT + 5 * MINUTE) if d.reference == "C-1"]
    assert (again.sequence, again.attempts) == (1, 2)


async def test_what_is_given_up_lets_the_next_one_go(
    pool: Pool, webhooks: Webhooks, deliveries: WebhookDeliveries
) -> None:
    hook = await made(webhooks)
    await happened(pool, ("C-1", 1), ("C-1", 2))
    [one] = await deliveries.claim(hook, 10, AT)
    await deliveries.given_up(one, None, "timed_out", AT)
    assert places(await deliveries.claim(hook, 10, AT)) == [("C-1", 2)]
    [failed] = await deliveries.page(hook, "failed", None, 9)
    assert (failed.error, failed.settled_at) == ("timed_out", AT)


async def test_two_processes_never_claim_the_same_and_what_a_dead_one_had_is_offered_again(
    pool: Pool, webhooks: Webhooks, deliveries: WebhookDeliveries
) -> None:
    hook = await made(webhooks)
    await happened(pool, *((f"C-{number}", 1) for number in range(40)))
    claims = await asyncio.gather(*(deliveries.claim(hook, 5, AT) for _ in range(8)))
    claimed = [delivery.id for claim in claims for delivery in claim]
    assert len(claimed) == len(set(claimed))
    rest = await deliveries.claim(hook, 100, AT)
    assert len(claimed) + len(rest) == 40
    assert await deliveries.claim(hook, 100, AT + LEASE - MINUTE / 60) == []
    assert len(await deliveries.claim(hook, 100, AT + LEASE)) == 40


async def test_an_endpoint_that_is_gone_is_switched_off_until_somebody_switches_it_on(
    pool: Pool, webhooks: Webhooks, deliveries: WebhookDeliveries
) -> None:
    hook = await made(webhooks)
    await happened(pool, ("C-1", 1), ("C-1", 2), ("C-2", 1))
    one, _ = await deliveries.claim(hook, 10, AT)
    await deliveries.gone(one, AT)
    found = await webhooks.find(hook)
    assert found is not None
    assert (found.state, found.disabled_why) == ("disabled", "it answered 410 Gone")
    await happened(pool, ("C-3", 1))
    assert await deliveries.waiting(AT + LEASE) == []
    assert {d.state for d in await deliveries.page(hook, None, None, 9)} == {"cancelled"}
    await webhooks.change(hook, {"state": "active"})
    await happened(pool, ("C-4", 1))
    assert places(await deliveries.claim(hook, 10, AT)) == [("C-4", 1)]


async def test_a_page_of_deliveries_goes_on_where_the_one_before_ended(
    pool: Pool, webhooks: Webhooks, deliveries: WebhookDeliveries
) -> None:
    hook = await made(webhooks)
    await happened(pool, *(("C-1", number) for number in range(1, 6)))
    first = await deliveries.page(hook, None, None, 3)
    rest = await deliveries.page(hook, None, first[-1].id, 3)
    assert [d.sequence for d in first + rest] == [5, 4, 3, 2, 1]


async def test_what_was_settled_long_ago_is_forgotten(
    pool: Pool, webhooks: Webhooks, deliveries: WebhookDeliveries
) -> None:
    hook = await made(webhooks)
    await happened(pool, ("C-1", 1), ("C-2", 1))
    one, _ = await deliveries.claim(hook, 10, AT)
    await deliveries.delivered(one, 200, AT)
    assert await deliveries.prune(AT + KEPT_FOR) == 0
    assert await deliveries.prune(AT + KEPT_FOR + MINUTE) == 1
    assert len(await deliveries.page(hook, None, None, 9)) == 1


async def test_during_a_rotation_both_secrets_sign_and_afterwards_the_new_one_alone(webhooks: Webhooks) -> None:
    webhook, first = await webhooks.add(URL, (), None, "per_admin1", AT)
    second = await webhooks.rotate(webhook.id, AT)
    assert first != second
    assert await webhooks.secrets(webhook.id, AT + timedelta(hours=23)) == [second, first]
    assert await webhooks.secrets(webhook.id, AT + timedelta(hours=24)) == [second]


async def test_a_secret_is_sealed_and_outlives_the_rotation_of_the_master_key(pool: Pool) -> None:
    old = MasterKeys.generate()
    webhook, secret = await Webhooks(pool, old).add(URL, (), None, "per_admin1", AT)
    sealed = await pool.fetchval("SELECT sealed FROM webhook_secret")
    assert secret.encode() not in sealed
    rotated = old.rotated()
    assert await Webhooks(pool, rotated).seal_again() == 1
    assert await Webhooks(pool, rotated).seal_again() == 0
    assert await Webhooks(pool, rotated.retired(old.newest)).secrets(webhook.id, AT) == [secret]


async def test_there_is_an_end_to_how_many_there_may_be(webhooks: Webhooks) -> None:
    for _ in range(MOST_WEBHOOKS):
        hook = await made(webhooks)
    with pytest.raises(TooMany):
        await made(webhooks)
    for _ in range(4):
        await webhooks.rotate(hook, AT)
    with pytest.raises(TooMany):
        await webhooks.rotate(hook, AT)
    assert len(await webhooks.secrets(hook, AT)) == 5

"""Delivering webhooks: one lane an endpoint, so that a slow or dead one holds up nobody but itself.

A lane claims what is due, hands it over, and goes on until nothing is due. Every process may have a lane for every
endpoint; they share the work by claiming rows. What a process had in hand when it died is offered again when its lease
ends: the receiver knows a repetition by its id.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

import httpx

from domain.webhooks import cloud_event, wait_after
from gateways.webhooks import WebhookSender
from storage.webhook_deliveries import Delivery, WebhookDeliveries
from storage.webhooks import Webhooks

AT_ONCE = 8
"""Deliveries to one endpoint at the same time, each of another case."""
CONNECTIONS = 3
"""How many connections to the store all lanes share: cases need the others."""

_Found = TypeVar("_Found")

log = logging.getLogger(__name__)


class WebhookPost:
    """Brings due deliveries on their way, again and again."""

    def __init__(
        self,
        webhooks: Webhooks,
        deliveries: WebhookDeliveries,
        sender: WebhookSender,
        public_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._sender = sender
        self._public_url = public_url
        self._now = now
        self._connections = asyncio.Semaphore(CONNECTIONS)
        self._lanes: dict[str, asyncio.Task[None]] = {}

    async def open_lanes(self) -> int:
        """Open a lane for every endpoint with something due that has none; how many."""
        opened = 0
        for webhook, url in await self._deliveries.waiting(self._now()):
            if webhook not in self._lanes:
                lane = asyncio.create_task(self._lane(webhook, url), name=f"webhook {webhook}")
                self._lanes[webhook] = lane
                lane.add_done_callback(partial(self._ended, webhook))
                opened += 1
        return opened

    async def close(self) -> None:
        """Stop all lanes; what they had in hand is offered again when its lease ends."""
        lanes = list(self._lanes.values())
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)

    async def _lane(self, webhook: str, url: str) -> None:
        async with self._sender.connection() as client:
            while due := await self._stored(self._deliveries.claim(webhook, AT_ONCE, self._now())):
                secrets = await self._stored(self._webhooks.secrets(webhook, self._now()))
                await asyncio.gather(*(self._hand_over(client, url, secrets, delivery) for delivery in due))

    async def _hand_over(self, client: httpx.AsyncClient, url: str, secrets: list[str], delivery: Delivery) -> None:
        event = delivery.event
        body = cloud_event(event, self._public_url)
        handed = await self._sender.send(client, url, event.id, body, secrets, self._now())
        now = self._now()
        wait = wait_after(delivery.attempts, random.random())  # noqa: S311  jitter
        if handed.was_taken and handed.answer is not None:
            await self._stored(self._deliveries.delivered(delivery, handed.answer, now))
        elif handed.is_gone:
            await self._stored(self._deliveries.gone(delivery, now))
            log.warning("a webhook is gone and was switched off", extra={"webhook": delivery.webhook})
        elif wait is None:
            await self._stored(self._deliveries.given_up(delivery, handed.answer, handed.error or "failed", now))
        else:
            again_at = now + max(wait, handed.asked_to_wait)
            await self._stored(self._deliveries.failed(delivery, handed.answer, handed.error or "failed", again_at))

    async def _stored(self, work: Awaitable[_Found]) -> _Found:
        """Work on the records, by few at a time."""
        async with self._connections:
            return await work

    def _ended(self, webhook: str, lane: asyncio.Task[None]) -> None:
        self._lanes.pop(webhook, None)
        if not lane.cancelled() and lane.exception() is not None:
            log.warning("a webhook's lane ended", extra={"webhook": webhook}, exc_info=lane.exception())

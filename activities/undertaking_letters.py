"""Letters about improvements: to the partner who carries one out, or to the staff for one inside; each sent once."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ports import Correspondents, Deliveries, HandOverUnderWay, Letter, Links, PostOffice, UndeliverableError
from activities.undertaking_ports import Texts
from contracts.undertakings import UndertakingOrder
from domain.complaints.writing import dated
from domain.links import LinkPurpose
from domain.undertakings.improvement import Improvement
from domain.undertakings.improvement_facts import LetterSent
from domain.undertakings.letters import write_letter

STAFF = "staff"
HAND_OVER_LIMIT = timedelta(seconds=15)
HOLD = HAND_OVER_LIMIT + timedelta(seconds=5)
"""How long an attempt holds its letter: no two attempts at one are ever under way at once."""


class UndertakingLetters:
    """Writes and hands over."""

    def __init__(
        self,
        *,
        texts: Texts,
        correspondents: Correspondents,
        links: Links,
        post: PostOffice,
        deliveries: Deliveries,
        zone: str,
        now: Callable[[], datetime],
    ) -> None:
        self._texts = texts
        self._correspondents = correspondents
        self._links = links
        self._post = post
        self._deliveries = deliveries
        self._zone = zone
        self._now = now

    async def send(self, made: Improvement, order: UndertakingOrder) -> LetterSent:
        """Send the letter of a step, once under its key.

        A partner without an address is a failure for an operator; a measure inside needs no letter.
        """
        who = STAFF if made.partner is None else f"partner.{made.partner}"
        found = await self._correspondents.correspondent(who)
        if found is None and made.partner is not None:
            raise _failure(f"no address is known of {who}", "no_address", is_final=True)
        if found is not None:
            letter = await self._letter(made, order, found)
            if await self._deliveries.accepted(letter.key) is None:
                evidence = await self._handed_over(letter)
                await self._deliveries.accept(letter.key, evidence, self._now())
        return LetterSent(step=order.step.key, letter=order.step.kind, was_sent=found is not None)

    async def _letter(self, made: Improvement, order: UndertakingOrder, found: tuple[str, str]) -> Letter:
        to, language = found
        items = {"title": made.title} | ({} if made.description is None else {"description": made.description})
        opened = await self._texts.open_texts(list(items.values()))
        fields = {name: opened[item] for name, item in items.items()} | {"reference": made.reference}
        if made.due_at is not None:
            fields["due"] = dated(made.due_at, language, self._zone)
        if made.partner is not None:
            fields["link"] = await self._links.url(LinkPurpose.IMPROVEMENT, made.reference, self._now())
        subject, body = write_letter(order.step.kind, language, fields)
        return Letter(f"{made.reference}:{order.step.key}", to, subject, body, language)

    async def _handed_over(self, letter: Letter) -> str:
        try:
            begun = self._now()
            await self._deliveries.attempted(letter.key, "email", begun, begun + HOLD)
            async with asyncio.timeout(HAND_OVER_LIMIT.total_seconds()):
                return await self._post.send(letter)
        except HandOverUnderWay:
            raise _failure("another attempt has it in hand", "hand_over_under_way", is_final=False) from None
        except TimeoutError:
            await self._deliveries.refused(letter.key)
            raise _failure("the mail server did not end in time", "hand_over_timed_out", is_final=False) from None
        except UndeliverableError as error:
            await self._deliveries.refused(letter.key)
            raise _failure("the mail server did not take the letter", error.code, is_final=error.is_final) from None


def _failure(message: str, code: str, *, is_final: bool) -> ApplicationError:
    return ApplicationError(message, activity.info().attempt, type=code, non_retryable=is_final)

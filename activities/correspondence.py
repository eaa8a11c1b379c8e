"""Letters: written, sent once, and said what became of them."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ports import (
    Contacts,
    Correspondents,
    Deliveries,
    HandOverUnderWay,
    IdentityCorrections,
    Letter,
    Links,
    PostOffice,
    Rulebook,
    UndeliverableError,
    Vault,
)
from contracts.cases import StepOrder, StepReceipt
from contracts.names import CORRECT_IDENTITY, SEND_LETTER
from domain.complaints.contact import quiet_until
from domain.complaints.shipped import newest_template, template
from domain.complaints.terms import TO_OTHERS, StepKind, Way
from domain.complaints.writing import compose, worded
from domain.links import LinkPurpose, partner_subject
from domain.privacy import Identity

HAND_OVER_LIMIT = timedelta(seconds=15)
"""How long a channel may take for a message, from the first byte to its yes."""
HOLD = HAND_OVER_LIMIT + timedelta(seconds=5)
"""How long an attempt holds its message: less than an attempt may last, and no two are ever under way at once."""


class MessageWriter:
    """Writes the message of a step: what the vault and the case know, in the step's template."""

    def __init__(
        self,
        vault: Vault,
        correspondents: Correspondents,
        links: Links,
        zone: str,
        now: Callable[[], datetime],
    ) -> None:
        self._vault = vault
        self._correspondents = correspondents
        self._links = links
        self._zone = zone
        self._now = now

    async def letter(self, order: StepOrder) -> Letter:
        """The letter with its address. Raises UndeliverableError where there is none."""
        step, way = order.step, order.step.way or Way.EMAIL
        identity = Identity() if step.kind in TO_OTHERS else await self._vault.identity(order.customer)
        to = await self._address(order, identity, way)
        if to is None:
            raise UndeliverableError("no_address", is_final=True)
        code = step.template or newest_template(step.kind, order.language, way)
        fields = worded(order.particulars, order.language, self._zone) | {
            "reference": order.reference,
            "name": identity.name or "",
            "text": await self._vault.open_text(step.text) if step.text else "",
            "link": await self._link(order) if "link" in template(code).names else "",
        }
        written = compose(code, fields)
        return Letter(
            order.effect_key, to, written.subject, written.body, order.language, written.template, written.parameters
        )

    async def _link(self, order: StepOrder) -> str:
        """To the customer's own page, or to the partner's question."""
        if order.step.kind is StepKind.PARTNER_REQUEST:
            subject = partner_subject(order.reference, int(order.particulars["number"]))
            return await self._links.url(LinkPurpose.PARTNER, subject, self._now())
        return await self._links.url(LinkPurpose.CASE, order.reference, self._now())

    async def _address(self, order: StepOrder, identity: Identity, way: Way) -> str | None:
        if order.step.kind is StepKind.PARTNER_REQUEST:
            return await self._correspondents.address(f"partner.{order.step.detail}")
        if order.step.kind is StepKind.ESCALATION_NOTICE:
            own = await self._correspondents.address(f"team.{order.team}") if order.team else None
            return own or await self._correspondents.address("staff")
        return identity.email if way is Way.EMAIL else identity.phone


class Correspondence:
    """Sends what a step orders. A letter that was handed over before is not sent again.

    Between a channel's acceptance and our record a crash can repeat a message: mail has no idempotency keys. The
    Message-ID is made of the effect key, so that the receiving side can tell; `Deliveries` counts such attempts. An
    attempt holds its message, so that a second one never overlaps with it.
    """

    def __init__(
        self,
        writer: MessageWriter,
        channels: Mapping[Way, PostOffice],
        deliveries: Deliveries,
        contacts: Contacts,
        rulebook: Rulebook,
        now: Callable[[], datetime],
    ) -> None:
        self._writer = writer
        self._channels = channels
        self._deliveries = deliveries
        self._contacts = contacts
        self._rulebook = rulebook
        self._now = now

    @activity.defn(name=SEND_LETTER)
    async def send_letter(self, order: StepOrder) -> StepReceipt:
        """Hand the message of a step over, once under its key; in quiet hours say until when it waits."""
        earlier = await self._deliveries.accepted(order.effect_key)
        if earlier is not None:
            return StepReceipt(evidence=earlier)
        way = order.step.way or Way.EMAIL
        wait = await self._wait_until(order, way)
        if wait is not None:
            return StepReceipt(deferred_until=wait)
        evidence = await self._send(order, way)
        await self._deliveries.accept(order.effect_key, evidence, self._now())
        return StepReceipt(evidence=evidence)

    async def _wait_until(self, order: StepOrder, way: Way) -> datetime | None:
        """The end of the quiet hours that this moment lies in; a way that the customer does not want is refused.

        Letters that are owed by law are not held back, and partners and staff have no limits.
        """
        if order.policy is None or order.step.kind in TO_OTHERS:
            return None
        policy = await self._rulebook.policy(order.policy)
        if policy.letter_rule(order.step.kind).statutory:
            return None
        limits = await self._contacts.limits(order.customer)
        if way in limits.opted_out:
            raise _failure("the customer does not want this way", "opted_out", is_final=True)
        if policy.quiet_hours is None and limits.quiet_hours is None:
            return None
        zone = (await self._rulebook.calendar(policy)).zone
        at = max(self._now(), order.at) if order.at is not None else self._now()
        return quiet_until(way, at, zone, policy.quiet_hours, limits.quiet_hours)

    async def _send(self, order: StepOrder, way: Way) -> str:
        channel = self._channels.get(way)
        if channel is None:
            raise _failure(f"this installation has no gateway for {way}", f"no_{way}_gateway", is_final=True)
        try:
            letter = await self._writer.letter(order)
            begun = self._now()
            await self._deliveries.attempted(order.effect_key, way, begun, begun + HOLD)
            return await self._hand_over(channel, letter)
        except HandOverUnderWay:
            raise _failure("another attempt has it in hand", "hand_over_under_way", is_final=False) from None
        except UndeliverableError as error:
            await self._deliveries.refused(order.effect_key)
            raise _failure("the channel did not take the message", error.code, is_final=error.is_final) from None

    async def _hand_over(self, channel: PostOffice, letter: Letter) -> str:
        """The whole exchange within the limit; what takes longer is broken off while the message is still held."""
        try:
            async with asyncio.timeout(HAND_OVER_LIMIT.total_seconds()):
                return await channel.send(letter)
        except TimeoutError:
            raise UndeliverableError("hand_over_timed_out", is_final=False) from None


class IdentityKeeper:
    """Puts corrected personal data into the vault."""

    def __init__(self, vault: Vault, corrections: IdentityCorrections, now: Callable[[], datetime]) -> None:
        self._vault = vault
        self._corrections = corrections
        self._now = now

    @activity.defn(name=CORRECT_IDENTITY)
    async def correct_identity(self, order: StepOrder) -> StepReceipt:
        """Apply a correction of personal data, once under its key."""
        step = order.step
        if step.text is None or step.detail is None:
            raise _failure("a correction names its field and its value", "incomplete", is_final=True)
        value = await self._vault.open_text(step.text)
        await self._corrections.correct(order.customer, step.detail, value, order.effect_key, self._now())
        return StepReceipt()


def _failure(message: str, code: str, *, is_final: bool) -> ApplicationError:
    """Why the step failed and at which attempt; a final failure is not tried again."""
    return ApplicationError(message, activity.info().attempt, type=code, non_retryable=is_final)

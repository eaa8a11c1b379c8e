"""Invitations and reminders on their way: written in the customer's language and handed over by mail or text message.

A message has a key and goes out once under it; towards a server a crash between its acceptance and our record can
repeat one, under the same name.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ports import Deliveries, HandOverUnderWay, Letter, PostOffice, UndeliverableError
from activities.survey_ports import Happened, Identities, Invitee, Links
from contracts.waves import WaveOrder
from domain.privacy import Identity
from domain.surveys.definition import SurveyDefinition
from domain.surveys.dispositions import Channel, ContactEvent, ContactEventKind
from domain.surveys.waves.letters import SurveyLetter, write_survey_letter, write_survey_text

SEND_SECONDS = 15
HOLD = timedelta(seconds=20)
"""A letter is handed over within the one; nobody else may try it during the other."""
NOBODYS_FAULT = frozenset({"sms_template_not_registered", "sms_too_long"})
"""Refusals that say nothing about the number: a person must mend the settings, and the step waits for it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of each message of a lot, and the first failure that others met."""

    told: tuple[Happened, ...]
    failure: BaseException | None = None


class SurveyPost:
    """Writes to the people of a wave's sample, on the channels that messages go out on."""

    def __init__(
        self,
        *,
        people: Identities,
        offices: Mapping[Channel, PostOffice],
        deliveries: Deliveries,
        links: Links,
        now: Callable[[], datetime],
    ) -> None:
        self._people = people
        self._offices = offices
        self._deliveries = deliveries
        self._links = links
        self._now = now

    @property
    def channels(self) -> frozenset[Channel]:
        return frozenset(self._offices)

    async def send(
        self,
        order: WaveOrder,
        definition: SurveyDefinition,
        kind: SurveyLetter,
        channel: Channel,
        invitees: Sequence[Invitee],
    ) -> Sent:
        """Hand a lot over; what became of each, and what is to be tried again because a server is away."""
        if not invitees:
            return Sent(())
        now, closes_at = self._now(), order.closes_at or self._now()
        subjects = {each.number: contact_subject(order.reference, each.number) for each in invitees}
        links = await self._links.survey_links(list(subjects.values()), now, closes_at)
        people = await self._people.identities([each.customer for each in invitees])

        async def one(each: Invitee) -> Happened:
            name = "invite" if kind is SurveyLetter.INVITATION else order.step.key
            key = f"{order.reference}:{name}:{each.number}"
            message = _Message(
                key, kind, channel, people.get(each.customer), links[subjects[each.number]], closes_at, each
            )
            return await self._deliver(message, definition)

        outcomes = await asyncio.gather(*(one(each) for each in invitees), return_exceptions=True)
        told = tuple(outcome for outcome in outcomes if isinstance(outcome, Happened))
        return Sent(told, next((outcome for outcome in outcomes if isinstance(outcome, BaseException)), None))

    async def _deliver(self, message: "_Message", definition: SurveyDefinition) -> Happened:
        """One message, once under its key; an address that is refused for good is a bounce."""
        to, attempt = message.to, message.to.attempts + 1
        if await self._deliveries.accepted(message.key) is None:
            letter = message.written(definition)
            if letter is None:
                return ended(to, ContactEventKind.NO_CHANNEL, self._now(), message.channel)
            try:
                evidence = await self._hand_over(letter, message.channel)
            except UndeliverableError as error:
                await self._deliveries.refused(message.key)
                if not error.is_final or error.code in NOBODYS_FAULT:
                    raise failure("a message was not taken", error.code, is_final=error.is_final) from None
                return ended(to, ContactEventKind.BOUNCED, self._now(), message.channel, attempt)
            await self._deliveries.accept(message.key, evidence, self._now())
        return Happened(to.number, ContactEvent(ContactEventKind.DELIVERED, self._now(), attempt, message.channel))

    async def _hand_over(self, letter: Letter, channel: Channel) -> str:
        """The whole exchange while the message is held, so that no second attempt sends it too."""
        begun = self._now()
        try:
            await self._deliveries.attempted(letter.key, channel, begun, begun + HOLD)
            async with asyncio.timeout(SEND_SECONDS):
                return await self._offices[channel].send(letter)
        except HandOverUnderWay:
            raise failure("another attempt has it in hand", "hand_over_under_way", is_final=False) from None
        except TimeoutError:
            code = "mail_timed_out" if channel is Channel.EMAIL else "sms_timed_out"
            raise UndeliverableError(code, is_final=False) from None


@dataclass(frozen=True, slots=True)
class _Message:
    """What one person is to get, under the key that keeps it from going out twice; erased people have no identity."""

    key: str
    kind: SurveyLetter
    channel: Channel
    identity: Identity | None
    link: str
    until: datetime
    to: Invitee

    def written(self, definition: SurveyDefinition) -> Letter | None:
        """The letter; none where there is nobody to write to."""
        identity, language = self.identity, self.to.language
        if identity is None:
            return None
        if self.channel is Channel.SMS:
            if identity.phone is None:
                return None
            text = write_survey_text(self.kind, definition, language, link=self.link, until=self.until)
            return Letter(
                self.key, identity.phone, "", text.body, text.language, text.template, parameters=text.parameters
            )
        if identity.email is None:
            return None
        subject, body = write_survey_letter(
            self.kind, definition, language, name=identity.name, link=self.link, until=self.until
        )
        return Letter(self.key, identity.email, subject, body, language)


def contact_subject(wave: str, number: int) -> str:
    """What an invitation's link is about: a contact of a wave."""
    return f"{wave}/{number}"


def ended(
    each: Invitee, kind: ContactEventKind, at: datetime, channel: Channel, attempt: int | None = None
) -> Happened:
    """An event that ends the field work on a contact."""
    number = each.attempts if attempt is None else attempt
    return Happened(each.number, ContactEvent(kind, at, number, channel), ends=True)


def failure(message: str, code: str, *, is_final: bool) -> ApplicationError:
    """Why the step failed and at which attempt; a final failure is not tried again."""
    return ApplicationError(message, activity.info().attempt, type=code, non_retryable=is_final)

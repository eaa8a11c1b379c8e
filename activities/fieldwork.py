"""The field work of a wave: the sample is drawn, people are invited and reminded, a page at a time.

A page is claimed by the state of its contacts, so that one that is repeated after a crash goes on where the first one
stopped. A message has a key and goes out once under it; towards a mail server a crash between its acceptance and our
record can repeat one, under the same Message-ID.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ports import Deliveries, HandOverUnderWay, Letter, PostOffice, UndeliverableError
from activities.survey_ports import Definitions, FieldRecords, Happened, Identities, Invitee, Links, SamplingFrame
from contracts.names import INVITE_PAGE, RELEASE_RESERVE, REMIND_PAGE, SELECT_SAMPLE
from contracts.waves import WaveOrder, WavePage
from domain.privacy import Identity
from domain.surveys.definition import SurveyDefinition
from domain.surveys.dispositions import Channel, ContactEvent, ContactEventKind
from domain.surveys.errors import SurveyProblem
from domain.surveys.waves.letters import SurveyLetter, write_survey_letter

PAGE = 500
AT_ONCE = 20
"""Messages on their way at the same time; between two such lots it is looked at who still wants one."""

SEND_SECONDS = 15
HOLD = timedelta(seconds=20)
"""A letter is handed over within the one; nobody else may try it during the other."""

BY_HAND = frozenset({Channel.TELEPHONE, Channel.POST, Channel.IN_PERSON})
"""Channels on which a person makes the contact: these contacts stand on a list, and no message goes out."""


class Fieldwork:
    """Writes to the people of a wave's sample."""

    def __init__(
        self,
        *,
        definitions: Definitions,
        frame: SamplingFrame,
        records: FieldRecords,
        people: Identities,
        post: PostOffice,
        deliveries: Deliveries,
        links: Links,
        now: Callable[[], datetime],
    ) -> None:
        self._definitions = definitions
        self._frame = frame
        self._records = records
        self._people = people
        self._post = post
        self._deliveries = deliveries
        self._links = links
        self._now = now

    @activity.defn(name=SELECT_SAMPLE)
    async def select_sample(self, order: WaveOrder) -> WavePage:
        """Draw the sample and its reserve, once."""
        definition = await self._definitions.definition(order.survey, order.version)
        try:
            size = await self._frame.draw(order.reference, order.version, definition.sampling)
        except SurveyProblem:
            raise _failure("the frame or the design is refused", "sample_refused", is_final=True) from None
        return WavePage(count=size.taken, sample=size)

    @activity.defn(name=RELEASE_RESERVE)
    async def release_reserve(self, order: WaveOrder) -> WavePage:
        """Take the reserve into the sample."""
        return WavePage(count=await self._records.release_reserve(order.reference))

    @activity.defn(name=INVITE_PAGE)
    async def invite_page(self, order: WaveOrder) -> WavePage:
        """Invite the next contacts; those that were asked too lately are put off, or left alone if the wave ends."""
        definition = await self._definitions.definition(order.survey, order.version)
        found = await self._records.to_invite(order.reference, self._now(), PAGE)
        asked = 0
        for lot in _lots(found):
            activity.heartbeat(lot[0].number)
            asked += await self._invite(order, definition, lot)
        if len(found) == PAGE:
            return WavePage(count=asked, is_last=False)
        return WavePage(count=asked, again_at=await self._records.next_put_off(order.reference))

    @activity.defn(name=REMIND_PAGE)
    async def remind_page(self, order: WaveOrder) -> WavePage:
        """Remind the next contacts to whom it is owed; who completed a moment ago is not reminded."""
        definition = await self._definitions.definition(order.survey, order.version)
        number = order.step.reminder or 1
        reminder = definition.fieldwork.reminders[number - 1]
        if reminder.channel is not Channel.EMAIL:
            return WavePage()
        found = await self._records.to_remind(order.reference, reminder.kind, number, PAGE)
        for lot in _lots(found):
            activity.heartbeat(lot[0].number)
            owed = await self._records.still_to_remind(order.reference, reminder.kind, [each.number for each in lot])
            wanted = [each for each in lot if each.number in owed and each.has_email]
            happened = await self._send(order, definition, SurveyLetter.REMINDER, wanted)
            thresholds = definition.fieldwork.thresholds.for_dispositions()
            await self._records.reminded(order.reference, number, happened, thresholds)
        reached = any(each.has_email for each in found)
        return WavePage(count=len(found), is_last=len(found) < PAGE or not reached)

    async def _invite(self, order: WaveOrder, definition: SurveyDefinition, lot: Sequence[Invitee]) -> int:
        """Sort a lot of contacts by what can be done, and do it; how many were asked."""
        plan, now = definition.fieldwork, self._now()
        thresholds = plan.thresholds.for_dispositions()
        happened: list[Happened] = []
        by_channel: dict[Channel, list[Invitee]] = {}
        for each in lot:
            channel = _channel(plan.channels, each)
            if each.opted_out:
                happened.append(_ended(each, ContactEventKind.OPTED_OUT, now, plan.channels[0]))
            elif channel is None:
                happened.append(_ended(each, ContactEventKind.NO_CHANNEL, now, plan.channels[0]))
            else:
                by_channel.setdefault(channel, []).append(each)
        wanted = [each for invitees in by_channel.values() for each in invitees]
        asked_lately = await self._records.reserve_askings(
            order.reference, [each.customer for each in wanted], now, now + plan.quarantine
        )
        happened += await self._left_alone(order, wanted, asked_lately, plan.channels[0])
        await self._records.record(order.reference, happened, thresholds)
        asked = 0
        for channel, invitees in by_channel.items():
            free = [each for each in invitees if each.customer not in asked_lately]
            asked += len(free)
            if channel is Channel.EMAIL:
                sent = await self._send(order, definition, SurveyLetter.INVITATION, free)
                bounced = [each for each in sent if each.ends]
                await self._records.record(order.reference, bounced, thresholds)
                told = [each for each in sent if not each.ends]
                await self._records.record(order.reference, told, thresholds, invited_by=channel)
            else:
                await self._records.hand_over(order.reference, [each.number for each in free], channel, now)
        return asked

    async def _left_alone(
        self, order: WaveOrder, wanted: Sequence[Invitee], asked_lately: dict[str, datetime], channel: Channel
    ) -> list[Happened]:
        """Who may be asked before the wave ends is put off until then; the others are in quarantine."""
        now, put_off, left = self._now(), {}, []
        for each in wanted:
            free_at = asked_lately.get(each.customer)
            if free_at is None:
                continue
            if order.closes_at is not None and free_at < order.closes_at:
                put_off[each.number] = free_at
            else:
                left.append(_ended(each, ContactEventKind.QUARANTINED, now, channel))
        await self._records.put_off(order.reference, put_off)
        return left

    async def _send(
        self, order: WaveOrder, definition: SurveyDefinition, kind: SurveyLetter, invitees: Sequence[Invitee]
    ) -> list[Happened]:
        """Hand a lot of letters over; what became of each. A server that is away fails the page, to be tried again."""
        if not invitees:
            return []
        now, closes_at = self._now(), order.closes_at or self._now()
        subjects = {each.number: contact_subject(order.reference, each.number) for each in invitees}
        links = await self._links.survey_links(list(subjects.values()), now, closes_at)

        people = await self._people.identities([each.customer for each in invitees])

        async def one(each: Invitee) -> Happened:
            key = f"{order.reference}:{order.step.key}:{each.number}"
            if kind is SurveyLetter.INVITATION:
                key = f"{order.reference}:invite:{each.number}"
            message = _Message(key, kind, people.get(each.customer), links[subjects[each.number]], closes_at)
            return await self._deliver(message, definition, each)

        outcomes = await asyncio.gather(*(one(each) for each in invitees), return_exceptions=True)
        told = [outcome for outcome in outcomes if isinstance(outcome, Happened)]
        failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failed:
            await self._keep_what_went(order, definition, kind, told)
            raise failed[0]
        return told

    async def _keep_what_went(
        self, order: WaveOrder, definition: SurveyDefinition, kind: SurveyLetter, told: Sequence[Happened]
    ) -> None:
        thresholds = definition.fieldwork.thresholds.for_dispositions()
        if kind is SurveyLetter.INVITATION:
            await self._records.record(order.reference, [each for each in told if each.ends], thresholds)
            went = [each for each in told if not each.ends]
            await self._records.record(order.reference, went, thresholds, invited_by=Channel.EMAIL)
        else:
            await self._records.reminded(order.reference, order.step.reminder or 1, told, thresholds)

    async def _deliver(self, message: "_Message", definition: SurveyDefinition, to: Invitee) -> Happened:
        """One letter, once under its key; an address that is refused for good is a bounce."""
        attempt = to.attempts + 1
        if await self._deliveries.accepted(message.key) is None:
            identity = message.identity
            if identity is None or identity.email is None:
                return _ended(to, ContactEventKind.NO_CHANNEL, self._now(), Channel.EMAIL)
            subject, body = write_survey_letter(
                message.kind, definition, to.language, name=identity.name, link=message.link, until=message.until
            )
            letter = Letter(message.key, identity.email, subject, body, to.language)
            try:
                evidence = await self._hand_over(letter)
            except UndeliverableError as error:
                await self._deliveries.refused(message.key)
                if not error.is_final:
                    raise _failure("the mail server did not take a letter", error.code, is_final=False) from None
                return _ended(to, ContactEventKind.BOUNCED, self._now(), Channel.EMAIL, attempt)
            await self._deliveries.accept(message.key, evidence, self._now())
        return Happened(to.number, ContactEvent(ContactEventKind.DELIVERED, self._now(), attempt, Channel.EMAIL))

    async def _hand_over(self, letter: Letter) -> str:
        """The whole exchange while the message is held, so that no second attempt sends it too."""
        begun = self._now()
        try:
            await self._deliveries.attempted(letter.key, Channel.EMAIL, begun, begun + HOLD)
            async with asyncio.timeout(SEND_SECONDS):
                return await self._post.send(letter)
        except HandOverUnderWay:
            raise _failure("another attempt has it in hand", "hand_over_under_way", is_final=False) from None
        except TimeoutError:
            raise UndeliverableError("mail_timed_out", is_final=False) from None


@dataclass(frozen=True, slots=True)
class _Message:
    """What one person is to get, under the key that keeps it from going out twice; erased people have no identity."""

    key: str
    kind: SurveyLetter
    identity: Identity | None
    link: str
    until: datetime


def _lots(found: Sequence[Invitee]) -> Iterator[Sequence[Invitee]]:
    yield from (found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE))


def contact_subject(wave: str, number: int) -> str:
    """What an invitation's link is about: a contact of a wave."""
    return f"{wave}/{number}"


def _channel(channels: Sequence[Channel], each: Invitee) -> Channel | None:
    """The first channel of the plan on which this contact can be reached from here."""
    for channel in channels:
        if channel is Channel.EMAIL and each.has_email:
            return channel
        if channel is Channel.TELEPHONE and each.has_phone:
            return channel
        if channel in BY_HAND - {Channel.TELEPHONE}:
            return channel
    return None


def _ended(
    each: Invitee, kind: ContactEventKind, at: datetime, channel: Channel, attempt: int | None = None
) -> Happened:
    number = each.attempts if attempt is None else attempt
    return Happened(each.number, ContactEvent(kind, at, number, channel), ends=True)


def _failure(message: str, code: str, *, is_final: bool) -> ApplicationError:
    """Why the step failed and at which attempt; a final failure is not tried again."""
    return ApplicationError(message, activity.info().attempt, type=code, non_retryable=is_final)

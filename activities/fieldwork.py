"""The field work of a wave: the sample is drawn, people are invited and reminded, a page at a time.

A page is claimed by the state of its contacts, so that one that is repeated after a crash goes on where the first one
stopped. How a message goes out is in `survey_post`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from temporalio import activity

from activities.complaint_sampling import ComplaintSampling
from activities.survey_ports import Definitions, FieldRecords, Happened, Invited, Invitee, SamplingFrame
from activities.survey_post import Sent, SurveyPost, ended, failure
from contracts.names import INVITE_PAGE, RELEASE_RESERVE, REMIND_PAGE, SELECT_SAMPLE
from contracts.waves import WaveOrder, WavePage
from domain.surveys.definition import SurveyDefinition
from domain.surveys.dispositions import Channel, ContactEventKind
from domain.surveys.errors import SurveyProblem
from domain.surveys.waves.letters import SurveyLetter
from domain.surveys.waves.wave import SampleSize

PAGE = 2_500
"""So many contacts in one activity: a page costs six events, and a wave of 100,000 stays under 1,000 of them."""
PAGE_LIMIT = timedelta(seconds=45)
"""A page that takes longer ends early, so that a slow mail server keeps no pause waiting."""
AT_ONCE = 20
"""Messages on their way at the same time; between two such lots it is looked at who still wants one."""

BY_HAND = frozenset({Channel.TELEPHONE, Channel.POST, Channel.IN_PERSON})
"""Channels on which a person makes the contact: these contacts stand on a list, and no message goes out."""


class Fieldwork:
    """Draws the sample of a wave and sees to it that its people are asked."""

    def __init__(
        self,
        *,
        definitions: Definitions,
        frame: SamplingFrame,
        complaints: ComplaintSampling,
        records: FieldRecords,
        post: SurveyPost,
        now: Callable[[], datetime],
    ) -> None:
        self._definitions = definitions
        self._frame = frame
        self._complaints = complaints
        self._records = records
        self._post = post
        self._now = now

    @activity.defn(name=SELECT_SAMPLE)
    async def select_sample(self, order: WaveOrder) -> WavePage:
        """Draw the sample and its reserve, once; closed complaints are drawn as they come."""
        definition = await self._definitions.definition(order.survey, order.version)
        if definition.sampling.closed_complaints is not None:
            return WavePage(sample=SampleSize(units=0, taken=0, reserve=0, strata=0))
        try:
            size = await self._frame.draw(order.reference, order.version, definition.sampling)
        except SurveyProblem:
            raise failure("the frame or the design is refused", "sample_refused", is_final=True) from None
        return WavePage(count=size.taken, sample=size)

    @activity.defn(name=RELEASE_RESERVE)
    async def release_reserve(self, order: WaveOrder) -> WavePage:
        """Take the reserve into the sample."""
        return WavePage(count=await self._records.release_reserve(order.reference))

    @activity.defn(name=INVITE_PAGE)
    async def invite_page(self, order: WaveOrder) -> WavePage:
        """Invite the next contacts; those that were asked too lately are put off, or left alone if the wave ends."""
        definition = await self._definitions.definition(order.survey, order.version)
        closed = definition.sampling.closed_complaints
        if closed is not None:
            await self._complaints.draw(order, definition.sampling, closed)
        found = await self._records.to_invite(order.reference, self._now(), PAGE)
        asked, until = 0, self._now() + PAGE_LIMIT
        for lot in _lots(found):
            if self._now() >= until:
                return WavePage(count=asked, is_last=False)
            activity.heartbeat(lot[0].number)
            asked += await self._invite(order, definition, lot)
        if len(found) == PAGE:
            return WavePage(count=asked, is_last=False)
        again_at = await self._records.next_put_off(order.reference)
        if closed is not None:
            look_again_at = self._now() + closed.every
            again_at = look_again_at if again_at is None else min(again_at, look_again_at)
        return WavePage(count=asked, again_at=again_at)

    @activity.defn(name=REMIND_PAGE)
    async def remind_page(self, order: WaveOrder) -> WavePage:
        """Remind the next contacts to whom it is owed; who completed a moment ago is not reminded.

        On a channel that people work on, the reminder is the list: contacts move there.
        """
        definition = await self._definitions.definition(order.survey, order.version)
        number = order.step.reminder or 1
        reminder = definition.fieldwork.reminders[number - 1]
        found = await self._records.to_remind(order.reference, reminder.kind, number, PAGE)
        if reminder.channel in BY_HAND:
            reached = [each.number for each in found if reminder.channel is not Channel.TELEPHONE or each.has_phone]
            await self._records.hand_on(order.reference, number, reached, reminder.channel)
            await self._pass_over(order, number, found, reached)
            return WavePage(count=len(reached), is_last=len(found) < PAGE)
        reminded, until = 0, self._now() + PAGE_LIMIT
        for lot in _lots(found):
            if self._now() >= until:
                return WavePage(count=reminded, is_last=False)
            activity.heartbeat(lot[0].number)
            owed = await self._records.still_to_remind(order.reference, reminder.kind, [each.number for each in lot])
            can_be_reached = [each for each in lot if self._reaches(reminder.channel, each)]
            wanted = [each for each in can_be_reached if each.number in owed]
            sent = await self._post.send(order, definition, SurveyLetter.REMINDER, reminder.channel, wanted)
            thresholds = definition.fieldwork.thresholds.for_dispositions()
            await self._records.reminded(order.reference, number, sent.told, thresholds)
            if sent.failure is not None:
                raise sent.failure
            await self._pass_over(order, number, lot, [each.number for each in can_be_reached])
            reminded += len(wanted)
        return WavePage(count=reminded, is_last=len(found) < PAGE)

    async def _pass_over(self, order: WaveOrder, number: int, found: Sequence[Invitee], reached: Sequence[int]) -> None:
        """Who cannot be reached on this channel is not come to again, or the next page would find nobody else."""
        left = sorted({each.number for each in found} - {*reached})
        await self._records.passed_over(order.reference, number, left)

    async def _invite(self, order: WaveOrder, definition: SurveyDefinition, lot: Sequence[Invitee]) -> int:
        """Sort a lot of contacts by what can be done, and do it; how many were asked."""
        plan, now = definition.fieldwork, self._now()
        thresholds = plan.thresholds.for_dispositions()
        happened: list[Happened] = []
        by_channel: dict[Channel, list[Invitee]] = {}
        for each in lot:
            channel = next((each_way for each_way in plan.channels if self._reaches(each_way, each)), None)
            if each.opted_out:
                happened.append(ended(each, ContactEventKind.OPTED_OUT, now, plan.channels[0]))
            elif channel is None:
                happened.append(ended(each, ContactEventKind.NO_CHANNEL, now, plan.channels[0]))
            else:
                by_channel.setdefault(channel, []).append(each)
        wanted = [each for invitees in by_channel.values() for each in invitees]
        asked_lately = await self._records.reserve_askings(
            order.reference, [each.customer for each in wanted], now, now + plan.quarantine
        )
        happened += await self._left_alone(order, wanted, asked_lately, plan.channels[0])
        await self._records.record(order.reference, happened, thresholds)
        free = {
            channel: [each for each in invitees if each.customer not in asked_lately]
            for channel, invitees in by_channel.items()
        }
        await self._ask(order, definition, free)
        return sum(map(len, free.values()))

    async def _ask(
        self, order: WaveOrder, definition: SurveyDefinition, free: Mapping[Channel, Sequence[Invitee]]
    ) -> None:
        """Invite people, each on their channel; what went out is recorded before a failure is told."""
        thresholds = definition.fieldwork.thresholds.for_dispositions()
        for channel, invitees in free.items():
            invited = Invited(channel, order.version)
            if channel in BY_HAND:
                numbers = [each.number for each in invitees]
                await self._records.hand_over(order.reference, numbers, invited, self._now())
                continue
            sent: Sent = await self._post.send(order, definition, SurveyLetter.INVITATION, channel, invitees)
            await self._records.record(order.reference, [each for each in sent.told if each.ends], thresholds)
            went = [each for each in sent.told if not each.ends]
            await self._records.record(order.reference, went, thresholds, invited=invited)
            if sent.failure is not None:
                raise sent.failure

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
                left.append(ended(each, ContactEventKind.QUARANTINED, now, channel))
        await self._records.put_off(order.reference, put_off)
        return left

    def _reaches(self, channel: Channel, each: Invitee) -> bool:
        """Whether a contact can be reached on a channel from here."""
        if channel is Channel.EMAIL:
            return each.has_email
        if channel is Channel.SMS:
            return each.has_phone and channel in self._post.channels
        return channel is not Channel.TELEPHONE or each.has_phone


def _lots(found: Sequence[Invitee]) -> Iterator[Sequence[Invitee]]:
    yield from (found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE))

"""Letters in running cases: posted by a person, put off by quiet hours in skipped time, bounced, sent another way."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.complaints.contact import ContactLimits, QuietHours
from domain.complaints.policy import Policy
from domain.complaints.terms import ClockKind, ClockState, Status, StepState, Way
from runtime.assembly import case_worker
from runtime.bounces import Bounce
from runtime.rulebook import Rulebook
from starter.demo.text_messages import TextMessages
from storage.contacts import Contacts
from tests.house import House
from tests.mail_server import MailServer
from tests.workflows.conftest import OpenHouse
from tests.workflows.following import all_agree, until, until_fact, until_status

EVERYWHERE = {
    "name": "Ann Lee",
    "email": "ann.lee@example.com",
    "phone": "+86 10 6552 9988",
    "address": "8 Mill Lane",
}
ANSWER = {"letter": "The valve was replaced.", "outcome": "upheld", "cause": "equipment"}
TEMPLATES = {"response_letter.en.sms.1": "SMS_1002", "acknowledgement.en.sms.1": "SMS_1001"}


@pytest.fixture
async def gateway() -> AsyncIterator[TextMessages]:
    gateway = TextMessages()
    await gateway.open()
    yield gateway
    await gateway.close()


async def investigated(house: House, **fields: object) -> str:
    reference = await house.take(**{"channel": "phone", "customer": EVERYWHERE, **fields})
    for command, values in (("assess", {"decision": "valid"}), ("claim", {}), ("start_investigation", {})):
        await house.do(reference, command, **values)
    return reference


async def until_step(house: House, reference: str, key: str, state: StepState) -> None:
    async def is_there() -> bool:
        step = (await house.record(reference)).step(key)
        return step is not None and step.state is state

    await until(is_there)


async def test_a_letter_by_post_meets_the_clock_when_it_is_marked_posted(house: House, mail_server: MailServer) -> None:
    reference = await investigated(house)
    ordered = await house.do(reference, "respond", way="post", **ANSWER)
    assert ordered.status is Status.RESPONDING
    assert ordered.running(ClockKind.FINAL_RESPONSE) is not None
    posted = await house.do(reference, "mark_posted", item="response_letter.1", tracking="RR123456789CN")
    assert posted.status is Status.RESPONDED
    [clock] = [clock for clock in posted.clocks if clock.kind is ClockKind.FINAL_RESPONSE]
    assert clock.state is ClockState.MET
    closed = await house.do(reference, "close")
    assert closed.status is Status.CLOSED
    await house.workflow(reference).result()
    assert mail_server.deliveries == []


async def test_a_bounce_opens_a_closed_case_again_and_the_corrected_address_gets_the_letter(
    house: House, mail_server: MailServer
) -> None:
    reference = await investigated(house)
    await house.do(reference, "respond", way="email", **ANSWER)
    await until_status(house, reference, Status.RESPONDED)
    await house.do(reference, "close")
    await house.workflow(reference).result()
    message_id = str(mail_server.deliveries[-1].message["Message-ID"])

    report = Bounce(message_id, "mailbox_unknown")
    recorded = await house.services.letters.bounced(house.people["operator"], report)
    assert recorded == (reference, "response_letter.1", "recorded")
    assert (await house.services.letters.bounced(house.people["operator"], report))[2] == "known"
    case = await house.record(reference)
    assert (case.status, [step.error for step in case.parked]) == (Status.RESPONDING, ["mailbox_unknown"])
    assert case.running(ClockKind.FINAL_RESPONSE) is not None

    await house.do(reference, "correct", field="email", text="ann@example.com")
    await house.do(reference, "retry_step", by="operator", step="response_letter.1")
    await until_status(house, reference, Status.RESPONDED)
    assert [d.recipients for d in mail_server.deliveries] == [("ann.lee@example.com",), ("ann@example.com",)]
    assert len({str(d.message["Message-ID"]) for d in mail_server.deliveries}) == 2


async def test_a_message_in_quiet_hours_waits_for_their_end_without_an_activity_and_not_a_minute_less(
    house: House, mail_server: MailServer, time_skipping: WorkflowEnvironment
) -> None:
    reference = await investigated(house)
    customer = (await house.record(reference)).intake.customer
    local = datetime.now(UTC) + timedelta(hours=8)
    hours = QuietHours(
        begin=f"{local - timedelta(hours=1):%H:%M}", end=f"{local + timedelta(hours=3):%H:%M}", ways=(Way.EMAIL,)
    )
    await Contacts(house.parts.pool).set(customer, ContactLimits(quiet_hours=hours), by="test", at=datetime.now(UTC))
    await house.do(reference, "respond", way="email", **ANSWER)
    await until_step(house, reference, "response_letter.1", StepState.DEFERRED)
    assert (await house.workflow(reference).describe()).raw_description.pending_activities == []
    step = (await house.record(reference)).step("response_letter.1")
    assert step is not None
    assert step.not_before is not None

    await time_skipping.fast_forward(house.workflow(reference), timedelta(hours=2, minutes=50))
    await house.do(reference, "note", text="Still waiting.")
    assert mail_server.deliveries == []
    await time_skipping.fast_forward(house.workflow(reference), timedelta(minutes=20))
    await until_status(house, reference, Status.RESPONDED)
    assert len(mail_server.deliveries) == 1
    facts = await house.facts(reference)
    assert facts.count("step.deferred") == facts.count("step.released") == 1
    done = (await house.record(reference)).step("response_letter.1")
    assert done is not None
    assert done.done_at is not None
    assert done.done_at >= step.not_before


class Forgiving(Rulebook):
    """The shipped policies, with leave to take another way where one does not work."""

    async def policy(self, pin: str) -> Policy:
        ways = (Way.SMS, Way.POST)
        return (await super().policy(pin)).model_copy(update={"other_ways": ways, "automatic_ways": (Way.EMAIL,)})


async def test_where_the_mailbox_does_not_exist_the_customer_gets_a_text_message(
    unattended: OpenHouse, mail_server: MailServer, gateway: TextMessages
) -> None:
    mail_server.refuse("550 5.1.1 no such user")
    async with unattended(sms_url=gateway.url, sms_signature="Amends", sms_templates=TEMPLATES) as house:
        parts = replace(house.parts, rulebook=Forgiving(house.parts.pool))
        async with case_worker(parts, strict=True):
            reference = await investigated(house)
            await house.do(reference, "respond", way="email", **ANSWER)
            await until_fact(house, reference, "complaint.responded")
            case = await house.record(reference)
            assert [(step.way, step.state) for step in case.steps] == [
                (Way.EMAIL, StepState.REPLACED),
                (Way.SMS, StepState.DONE),
            ]
            [message] = gateway.messages.values()
            assert message.out_id == f"{reference}:response_letter.2"
            assert message.params["text"] == "The valve was replaced."
            await all_agree(house)


async def test_an_answer_by_text_message_counts_when_the_gateway_took_it(
    unattended: OpenHouse, gateway: TextMessages
) -> None:
    async with (
        unattended(sms_url=gateway.url, sms_signature="Amends", sms_templates=TEMPLATES) as house,
        case_worker(house.parts, strict=True),
    ):
        reference = await investigated(house)
        await house.do(reference, "respond", way="sms", **ANSWER)
        await until_status(house, reference, Status.RESPONDED)
        step = (await house.record(reference)).step("response_letter.1")
        assert step is not None
        assert (step.template, step.evidence) == ("response_letter.en.sms.1", "biz000001")
        await all_agree(house)

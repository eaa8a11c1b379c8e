"""Text messages by a real HTTP gateway, hand-overs that never overlap, limits of customers, letters to others."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import correspondence as activity
from activities.correspondence import Correspondence, MessageWriter
from activities.ports import HandOverUnderWay, Letter, PostOffice, UndeliverableError
from contracts.cases import StepOrder, StepReceipt
from domain.complaints.case import Case
from domain.complaints.contact import ContactLimits, QuietHours
from domain.complaints.steps import Step, effect_key
from domain.complaints.terms import StepKind, Way
from domain.privacy import TextKind
from gateways.mail import MailPost
from gateways.mail import MailServer as Address
from gateways.sms import SmsAccount, SmsGateway, signature
from starter.demo.text_messages import SECRET, TextMessages
from storage.contacts import Contacts, Correspondents
from storage.deliveries import Deliveries
from storage.pool import borrow, transaction
from tests.house import House
from tests.mail_server import MailServer

CUSTOMER = {"name": "李华", "email": "li.hua@example.com", "phone": "010 6552 9988"}
TEXT = "txt_" + "a" * 32
TEMPLATES = {"response_letter.zh.sms.1": "SMS_1002", "acknowledgement.zh.sms.1": "SMS_1001"}


@pytest.fixture
async def gateway() -> AsyncIterator[TextMessages]:
    gateway = TextMessages()
    await gateway.open()
    yield gateway
    await gateway.close()


def correspondence(house: House, channels: Mapping[Way, PostOffice]) -> Correspondence:
    parts, clock = house.parts, lambda: datetime.now(UTC)
    writer = MessageWriter(parts.vault, Correspondents(parts.pool), parts.links, "Asia/Shanghai", clock)
    return Correspondence(writer, channels, Deliveries(parts.pool), Contacts(parts.pool), parts.rulebook, clock)


def by_sms(house: House, gateway: TextMessages) -> Correspondence:
    account = SmsAccount.from_url(gateway.url, "城市燃气", TEMPLATES)
    return correspondence(house, {Way.SMS: SmsGateway(account, "CN")})


def by_mail(house: House, mail: MailServer) -> Correspondence:
    return correspondence(house, {Way.EMAIL: MailPost(Address.from_url(mail.url), "Care <care@example.org>")})


async def case_of(house: House, text: str = "阀门已更换。", **customer: str) -> Case:
    case = await house.record(await house.take(narrative="暖气不热", customer=customer or CUSTOMER))
    async with transaction(house.parts.pool) as connection:
        at = datetime.now(UTC)
        await house.parts.vault.seal(connection, case.intake.customer, TEXT, TextKind.LETTER, text, at=at)
    return case


def order(case: Case, kind: StepKind, way: Way, **fields: object) -> StepOrder:
    needs_text = kind not in {StepKind.ACKNOWLEDGEMENT, StepKind.ESCALATION_NOTICE}
    step = Step(key=f"{kind}.1", kind=kind, way=way, text=TEXT if needs_text else None)
    step = step.model_copy(update={name: fields.pop(name) for name in ("detail", "template") if name in fields})
    return StepOrder.model_validate(
        {
            "reference": case.reference,
            "customer": case.intake.customer,
            "language": case.intake.language,
            "step": step,
            "effect_key": effect_key(case.reference, step.key),
            "policy": case.policy,
            **fields,
        }
    )


async def send(post: Correspondence, wanted: StepOrder) -> StepReceipt:
    receipt: StepReceipt = await ActivityEnvironment().run(post.send_letter, wanted)
    return receipt


async def refused(post: Correspondence, wanted: StepOrder) -> tuple[str | None, bool]:
    with pytest.raises(ApplicationError) as refusal:
        await send(post, wanted)
    return refusal.value.type, refusal.value.non_retryable


# Text messages


async def test_a_text_message_carries_template_parameters_signature_and_our_key(
    house: House, gateway: TextMessages
) -> None:
    case = await case_of(house)
    receipt = await send(by_sms(house, gateway), order(case, StepKind.RESPONSE_LETTER, Way.SMS))
    [message] = gateway.messages.values()
    assert (message.template_id, message.sign_name, message.phone) == ("SMS_1002", "城市燃气", "+861065529988")
    assert message.params == {"reference": case.reference, "text": "阀门已更换。"}
    assert message.out_id == f"{case.reference}:response_letter.1"
    assert receipt.evidence == message.biz_id


async def test_a_repeated_text_message_is_taken_once_by_a_gateway_that_knows_our_key(
    house: House, gateway: TextMessages
) -> None:
    """Our record of the first hand-over is lost: the one case in which a message is handed over again."""
    case = await case_of(house)
    wanted = order(case, StepKind.RESPONSE_LETTER, Way.SMS)
    first = await send(by_sms(house, gateway), wanted)
    async with borrow(house.parts.pool) as connection:
        await connection.execute("UPDATE delivery SET accepted_at = NULL, evidence = NULL")
    again = await send(by_sms(house, gateway), wanted)
    assert first == again
    assert gateway.posts[wanted.effect_key] == 2
    assert len(gateway.messages) == 1


@pytest.mark.parametrize(
    ("status", "code", "error", "is_final"),
    [
        (429, "THROTTLED", "sms_gateway_busy", False),
        (503, "DOWN", "sms_gateway_busy", False),
        (200, "BALANCE_LOW", "sms_refused_balance_low", False),
        (200, "MOBILE_NUMBER_ILLEGAL", "sms_refused_mobile_number_illegal", True),
        (400, "isv.SMS_SIGNATURE_ILLEGAL", "sms_refused_isv_sms_signature_illegal", True),
    ],
)
async def test_what_a_gateway_refuses_is_tried_again_only_where_that_can_help(
    house: House, gateway: TextMessages, status: int, code: str, error: str, is_final: bool
) -> None:
    case = await case_of(house)
    gateway.refuse(status, code)
    assert await refused(by_sms(house, gateway), order(case, StepKind.RESPONSE_LETTER, Way.SMS)) == (error, is_final)
    assert not gateway.messages


async def test_a_gateway_that_is_away_is_tried_again(house: House, gateway: TextMessages) -> None:
    case = await case_of(house)
    await gateway.close()
    wanted = order(case, StepKind.RESPONSE_LETTER, Way.SMS)
    assert await refused(by_sms(house, gateway), wanted) == ("sms_gateway_away", False)


async def test_a_template_that_is_not_registered_and_a_text_that_is_too_long_are_refused_for_good(
    house: House, gateway: TextMessages
) -> None:
    case = await case_of(house, text="很" * 600)
    post = by_sms(house, gateway)
    assert await refused(post, order(case, StepKind.RESPONSE_LETTER, Way.SMS)) == ("sms_too_long", True)
    assert await refused(post, order(case, StepKind.REMINDER_LETTER, Way.SMS)) == ("sms_template_not_registered", True)


async def test_an_installation_without_a_gateway_says_so(house: House, mail_server: MailServer) -> None:
    case = await case_of(house)
    wanted = order(case, StepKind.ACKNOWLEDGEMENT, Way.SMS)
    assert await refused(by_mail(house, mail_server), wanted) == ("no_sms_gateway", True)


def test_the_signature_is_the_hmac_of_time_and_body() -> None:
    expected = hmac.new(SECRET.encode(), b"1772419800.{}", hashlib.sha256).hexdigest()
    assert signature(SECRET, "1772419800", b"{}") == expected


def test_an_account_without_a_secret_is_no_account() -> None:
    with pytest.raises(ValueError, match="https://key:secret@host/path"):
        SmsAccount.from_url("https://sms.example/send", "x", {})


# Hand-overs never overlap


class Lingers:
    """A channel that takes a message and says so much too late."""

    def __init__(self) -> None:
        self.begun = 0

    async def send(self, letter: Letter) -> str:
        self.begun += 1
        await asyncio.Event().wait()
        return "never"


async def test_a_hand_over_that_takes_too_long_is_broken_off_before_the_attempt_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "HAND_OVER_LIMIT", timedelta(milliseconds=50))
    case = await case_of(house)
    channel = Lingers()
    wanted = order(case, StepKind.ACKNOWLEDGEMENT, Way.EMAIL)
    assert await refused(correspondence(house, {Way.EMAIL: channel}), wanted) == ("hand_over_timed_out", False)
    assert channel.begun == 1


async def test_a_second_attempt_waits_while_the_first_may_still_go_out(house: House, mail_server: MailServer) -> None:
    """As after a crash in the middle of a hand-over: nobody said how it ended."""
    case = await case_of(house)
    wanted = order(case, StepKind.ACKNOWLEDGEMENT, Way.EMAIL)
    deliveries, begun = Deliveries(house.parts.pool), datetime.now(UTC)
    await deliveries.attempted(wanted.effect_key, Way.EMAIL, begun, begun + activity.HOLD)
    assert await refused(by_mail(house, mail_server), wanted) == ("hand_over_under_way", False)
    assert mail_server.deliveries == []
    with pytest.raises(HandOverUnderWay):
        await deliveries.attempted(wanted.effect_key, Way.EMAIL, begun, begun + activity.HOLD)
    after = begun + activity.HOLD
    await deliveries.attempted(wanted.effect_key, Way.EMAIL, after, after + activity.HOLD)


def test_what_an_attempt_holds_ends_before_the_next_attempt_can_begin() -> None:
    from workflows.options import STEP_ATTEMPT_LIMIT

    assert activity.HAND_OVER_LIMIT < activity.HOLD < STEP_ATTEMPT_LIMIT


async def test_a_mail_that_crashed_between_acceptance_and_record_goes_out_at_most_once_more_under_the_same_id(
    house: House, mail_server: MailServer
) -> None:
    case = await case_of(house)
    wanted = order(case, StepKind.ACKNOWLEDGEMENT, Way.EMAIL)
    post = by_mail(house, mail_server)
    first = await send(post, wanted)
    async with borrow(house.parts.pool) as connection:
        await connection.execute("UPDATE delivery SET accepted_at = NULL, evidence = NULL")
    again = await send(post, wanted)
    assert again == first == await send(post, wanted)
    assert [d.message["Message-ID"] for d in mail_server.deliveries] == [first.evidence] * 2
    async with borrow(house.parts.pool) as connection:
        assert await connection.fetchval("SELECT attempts FROM delivery") == 2


async def test_after_a_bounce_the_letter_goes_out_as_another_message(house: House, mail_server: MailServer) -> None:
    case = await case_of(house)
    wanted = order(case, StepKind.ACKNOWLEDGEMENT, Way.EMAIL)
    post = by_mail(house, mail_server)
    first = await send(post, wanted)
    second = await send(post, wanted.model_copy(update={"effect_key": effect_key(case.reference, wanted.step.key, 1)}))
    assert first.evidence != second.evidence
    assert len(mail_server.deliveries) == 2


# Quiet hours and opt-outs


def around(at: datetime, ways: tuple[Way, ...] = (Way.SMS, Way.EMAIL)) -> QuietHours:
    """Quiet hours in Shanghai from an hour before the moment to two hours after it."""
    local = at.astimezone(tz=datetime.fromisoformat("2026-01-01T00:00:00+08:00").tzinfo)
    begin, end = local - timedelta(hours=1), local + timedelta(hours=2)
    return QuietHours(begin=f"{begin:%H:%M}", end=f"{end:%H:%M}", ways=ways)


async def limit(house: House, case: Case, limits: ContactLimits) -> None:
    contacts = Contacts(house.parts.pool)
    await contacts.set(case.intake.customer, limits, by="per_handler1", at=datetime.now(UTC))
    assert await contacts.limits(case.intake.customer) == limits


async def test_in_a_customers_quiet_hours_nothing_is_sent_and_their_end_is_told(
    house: House, mail_server: MailServer
) -> None:
    case, at = await case_of(house), datetime.now(UTC)
    hours = around(at)
    await limit(house, case, ContactLimits(quiet_hours=hours))
    wanted = order(case, StepKind.RESPONSE_LETTER, Way.EMAIL, at=at)
    receipt = await send(by_mail(house, mail_server), wanted)
    assert receipt.evidence is None
    assert receipt.deferred_until is not None
    assert timedelta(hours=1, minutes=58) < receipt.deferred_until - at <= timedelta(hours=2)
    assert mail_server.deliveries == []
    later = wanted.model_copy(update={"at": receipt.deferred_until})
    assert (await send(by_mail(house, mail_server), later)).evidence is not None


async def test_a_way_that_the_customer_does_not_want_is_not_taken(house: House, mail_server: MailServer) -> None:
    case = await case_of(house)
    await limit(house, case, ContactLimits(opted_out=(Way.EMAIL,)))
    wanted = order(case, StepKind.RESPONSE_LETTER, Way.EMAIL)
    assert await refused(by_mail(house, mail_server), wanted) == ("opted_out", True)


async def test_a_letter_that_is_owed_by_law_goes_out_all_the_same(house: House, mail_server: MailServer) -> None:
    case, at = await case_of(house), datetime.now(UTC)
    await limit(house, case, ContactLimits(opted_out=(Way.EMAIL,), quiet_hours=around(at)))
    by_law = order(case, StepKind.RESPONSE_LETTER, Way.EMAIL, policy="uk-fca-disp@1")
    assert (await send(by_mail(house, mail_server), by_law)).evidence is not None


# Letters to others than the customer


async def test_a_partner_is_asked_at_its_own_address_with_a_link_to_answer(
    house: House, mail_server: MailServer
) -> None:
    case = await case_of(house, text="维修人员何时到达？")
    book = Correspondents(house.parts.pool)
    at = datetime.now(UTC)
    await book.set("partner.city_fitters", "desk@fitters.example", "zh", by="per_admin1", at=at)
    wanted = order(case, StepKind.PARTNER_REQUEST, Way.EMAIL, detail="city_fitters", particulars={"number": "1"})
    await send(by_mail(house, mail_server), wanted)
    [delivery] = mail_server.deliveries
    said = delivery.message.get_content()
    assert delivery.recipients == ("desk@fitters.example",)
    assert "维修人员何时到达？" in said
    assert f"{house.parts.settings.public_url}/partner/" in said
    assert "李华" not in said


async def test_an_escalation_goes_to_the_team_or_else_to_the_staff_and_names_no_customer(
    house: House, mail_server: MailServer
) -> None:
    case = await case_of(house)
    book, at = Correspondents(house.parts.pool), datetime.now(UTC)
    await book.set("staff", "duty@example.org", "en", by="per_admin1", at=at)
    await book.set("team.north", "north@example.org", "en", by="per_admin1", at=at)
    notice = order(
        case,
        StepKind.ESCALATION_NOTICE,
        Way.EMAIL,
        particulars={"level": "2", "cause": "breach:final_response", "status": "investigating"},
    )
    post = by_mail(house, mail_server)
    await send(post, notice.model_copy(update={"team": "north"}))
    await send(post, notice.model_copy(update={"team": "south", "effect_key": f"{case.reference}:escalation_notice.2"}))
    assert [d.recipients for d in mail_server.deliveries] == [("north@example.org",), ("duty@example.org",)]
    assert "2" in mail_server.deliveries[0].message["Subject"]
    assert "李华" not in mail_server.deliveries[0].message.get_content()


async def test_without_an_entry_in_the_address_book_the_step_says_so(house: House, mail_server: MailServer) -> None:
    case = await case_of(house)
    notice = order(case, StepKind.ESCALATION_NOTICE, Way.EMAIL)
    assert await refused(by_mail(house, mail_server), notice) == ("no_address", True)


async def test_an_acknowledgement_names_the_due_time_and_the_customers_own_page(
    house: House, mail_server: MailServer
) -> None:
    case = await case_of(house)
    wanted = order(case, StepKind.ACKNOWLEDGEMENT, Way.EMAIL, particulars={"due": "2026-03-09T09:00:00+00:00"})
    await send(by_mail(house, mail_server), wanted)
    said = mail_server.deliveries[0].message.get_content()
    assert "2026年3月9日" in said
    assert f"{house.parts.settings.public_url}/case/" in said


async def test_a_channel_that_raises_says_whether_another_attempt_can_help(house: House) -> None:
    class Full:
        async def send(self, letter: Letter) -> str:
            raise UndeliverableError("mailbox_full", is_final=False)

    case = await case_of(house)
    wanted = order(case, StepKind.ACKNOWLEDGEMENT, Way.EMAIL)
    post = correspondence(house, {Way.EMAIL: Full()})
    assert await refused(post, wanted) == ("mailbox_full", False)
    assert await refused(post, replace_key(wanted)) == ("mailbox_full", False)


def replace_key(wanted: StepOrder) -> StepOrder:
    return wanted.model_copy(update={"effect_key": wanted.effect_key})


_ = replace

"""Letters go out by a real SMTP server, once under their key, and say what became of them without quoting anybody."""

from datetime import UTC, datetime

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.correspondence import Correspondence, IdentityKeeper, MessageWriter
from contracts.cases import StepOrder, StepReceipt
from domain.complaints.case import Case
from domain.complaints.steps import Step, effect_key
from domain.complaints.terms import StepKind, Way
from domain.privacy import TextKind
from gateways.mail import MailPost
from gateways.mail import MailServer as Address
from storage.contacts import Contacts, Correspondents
from storage.corrections import IdentityCorrections
from storage.deliveries import Deliveries
from storage.pool import borrow, transaction
from tests.house import House
from tests.mail_server import MailServer

CUSTOMER = {"name": "李华", "email": "li.hua@example.com"}
TEXT = "txt_" + "a" * 32


def now() -> datetime:
    return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def correspondence(house: House, url: str) -> Correspondence:
    parts = house.parts
    post = MailPost(Address.from_url(url), "Customer care <care@example.org>")
    writer = MessageWriter(parts.vault, Correspondents(parts.pool), parts.links, "Asia/Shanghai", now)
    channels = {Way.EMAIL: post}
    return Correspondence(
        writer, channels, Deliveries(parts.pool), Contacts(parts.pool), parts.rulebook, lambda: datetime.now(UTC)
    )


async def seal(house: House, case: Case, text: str) -> None:
    async with transaction(house.parts.pool) as connection:
        await house.parts.vault.seal(connection, case.intake.customer, TEXT, TextKind.LETTER, text, at=now())


def order(case: Case, kind: StepKind = StepKind.RESPONSE_LETTER, detail: str | None = None) -> StepOrder:
    has_text = kind is not StepKind.ACKNOWLEDGEMENT
    way = None if kind is StepKind.IDENTITY_CORRECTION else Way.EMAIL
    step = Step(key=f"{kind}.1", kind=kind, way=way, text=TEXT if has_text else None, detail=detail)
    return StepOrder(
        reference=case.reference,
        customer=case.intake.customer,
        language=case.intake.language,
        step=step,
        effect_key=effect_key(case.reference, step.key),
    )


async def attempts(house: House, effect: str) -> int:
    async with borrow(house.parts.pool) as connection:
        return int(await connection.fetchval("SELECT attempts FROM delivery WHERE effect_key = $1", effect))


async def case_of(house: House, **customer: str) -> Case:
    reference = await house.take(narrative="暖气不热", customer=customer or CUSTOMER)
    return await house.record(reference)


async def send(house: House, url: str, letter: StepOrder) -> StepReceipt:
    receipt: StepReceipt = await ActivityEnvironment().run(correspondence(house, url).send_letter, letter)
    return receipt


async def test_a_letter_is_written_in_the_customers_language_to_the_address_in_the_vault(
    house: House, mail_server: MailServer
) -> None:
    case = await case_of(house)
    await seal(house, case, "我们已更换阀门。")
    receipt = await send(house, mail_server.url, order(case))
    [delivery] = mail_server.deliveries
    assert delivery.recipients == ("li.hua@example.com",)
    assert delivery.message["Subject"] == f"您的投诉（编号 {case.reference}）处理结果"
    assert "尊敬的李华：" in delivery.message.get_content()
    assert "我们已更换阀门。" in delivery.message.get_content()
    assert receipt.evidence == delivery.message["Message-ID"]


async def test_a_letter_that_was_handed_over_is_not_sent_again(house: House, mail_server: MailServer) -> None:
    case = await case_of(house)
    notice = order(case, StepKind.ACKNOWLEDGEMENT)
    first = await send(house, mail_server.url, notice)
    again = await send(house, mail_server.url, notice)
    assert first == again
    assert len(mail_server.deliveries) == 1


async def test_a_letter_goes_out_in_a_later_attempt_and_all_of_them_are_counted(
    house: House, mail_server: MailServer
) -> None:
    case = await case_of(house)
    notice = order(case, StepKind.ACKNOWLEDGEMENT)
    mail_server.refuse("451 4.3.0 try again later")
    with pytest.raises(ApplicationError):
        await send(house, mail_server.url, notice)
    mail_server.behave()
    await send(house, mail_server.url, notice)
    assert len(mail_server.deliveries) == 1
    assert await attempts(house, notice.effect_key) == 2


@pytest.mark.parametrize(("reply", "is_final"), [("450 4.2.0 mailbox busy", False), ("550 5.1.1 no such user", True)])
async def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(
    house: House, mail_server: MailServer, reply: str, is_final: bool
) -> None:
    case = await case_of(house)
    mail_server.refuse(reply)
    with pytest.raises(ApplicationError) as refused:
        await send(house, mail_server.url, order(case, StepKind.ACKNOWLEDGEMENT))
    assert (refused.value.type, refused.value.non_retryable) == ("mail_recipient_refused", is_final)
    assert refused.value.details == (1,)  # the attempt
    assert "li.hua" not in str(refused.value)


async def test_a_mail_server_that_is_away_is_tried_again(house: House) -> None:
    case = await case_of(house)
    with pytest.raises(ApplicationError) as refused:
        await send(house, "smtp://127.0.0.1:1", order(case, StepKind.ACKNOWLEDGEMENT))
    assert (refused.value.type, refused.value.non_retryable) == ("mail_server_away", False)


async def test_a_customer_without_an_address_gets_no_letter_and_nobody_tries_again(
    house: House, mail_server: MailServer
) -> None:
    case = await case_of(house, phone="+86 10 5988 0001")
    with pytest.raises(ApplicationError) as refused:
        await send(house, mail_server.url, order(case, StepKind.ACKNOWLEDGEMENT))
    assert (refused.value.type, refused.value.non_retryable) == ("no_address", True)
    assert mail_server.deliveries == []


async def correct(house: House, correction: StepOrder) -> StepReceipt:
    keeper = IdentityKeeper(house.parts.vault, IdentityCorrections(house.parts.pool, house.parts.vault), now)
    receipt: StepReceipt = await ActivityEnvironment().run(keeper.correct_identity, correction)
    return receipt


async def test_a_correction_changes_its_field_and_no_other(house: House) -> None:
    case = await case_of(house)
    await seal(house, case, "new@example.com")
    await correct(house, order(case, StepKind.IDENTITY_CORRECTION, "email"))
    identity = await house.parts.vault.identity(case.intake.customer)
    assert (identity.email, identity.name) == ("new@example.com", "李华")


async def test_a_correction_takes_effect_once_however_often_it_is_tried(house: House) -> None:
    """A second attempt after a later change must not bring the older value back."""
    case = await case_of(house)
    await seal(house, case, "new@example.com")
    first = order(case, StepKind.IDENTITY_CORRECTION, "email")
    await correct(house, first)
    async with transaction(house.parts.pool) as connection:
        later = {"email": "later@example.com"}
        await house.parts.vault.update_identity(connection, case.intake.customer, later, "another", at=now())
    await correct(house, first)
    assert (await house.parts.vault.identity(case.intake.customer)).email == "later@example.com"


async def test_a_correction_without_its_field_is_given_up_at_once(house: House) -> None:
    case = await case_of(house)
    with pytest.raises(ApplicationError) as refused:
        await correct(house, order(case, StepKind.IDENTITY_CORRECTION))
    assert (refused.value.type, refused.value.non_retryable) == ("incomplete", True)

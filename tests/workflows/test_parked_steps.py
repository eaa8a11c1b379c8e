"""Steps that fail: parked with their error, seen by operators, retried or skipped, and never done twice."""

import asyncio
from dataclasses import replace

import pytest

from contracts.search_attributes import NEEDS_OPERATOR
from domain.complaints.facts import StepFailed
from domain.complaints.terms import Status, StepState
from runtime.assembly import case_worker
from storage.corrections import IdentityCorrections
from storage.pool import StoreAway
from storage.vault import Vault
from tests.house import House
from tests.mail_server import MailServer
from tests.workflows.conftest import OpenHouse
from tests.workflows.following import all_agree, entries, until, until_fact, until_status

ANSWER = {"way": "email", "letter": "The valve was replaced.", "outcome": "upheld", "cause": "equipment"}


async def answered(house: House) -> str:
    """A case whose answer goes out by mail; taken by phone, so that there is no notice."""
    reference = await house.take(channel="phone")
    for command, values in (("assess", {"decision": "valid"}), ("claim", {}), ("start_investigation", {})):
        await house.do(reference, command, **values)
    await house.do(reference, "respond", **ANSWER)
    return reference


async def until_parked(house: House, reference: str) -> None:
    async def is_parked() -> bool:
        return bool((await house.record(reference)).parked)

    await until(is_parked)


async def failures(house: House, reference: str) -> list[tuple[str, int]]:
    facts = [entry.fact for entry in await entries(house, reference)]
    return [(fact.error, fact.attempts) for fact in facts if isinstance(fact, StepFailed)]


async def needs_operator(house: House, reference: str) -> bool | None:
    description = await house.workflow(reference).describe()
    return description.typed_search_attributes.get(NEEDS_OPERATOR)


async def until_shown(house: House, reference: str, needed: bool) -> None:
    async def is_shown() -> bool:
        return await needs_operator(house, reference) is needed

    await until(is_shown)


async def test_a_mail_outage_parks_the_letter_until_an_operator_retries_it_and_it_goes_out_once(
    house: House, mail_server: MailServer
) -> None:
    mail_server.refuse("450 4.3.2 system not accepting network messages")
    reference = await answered(house)
    await until_parked(house, reference)

    assert await failures(house, reference) == [("mail_recipient_refused", 2)]
    assert (await house.record(reference)).status is Status.RESPONDING
    [parked] = await house.parts.steps.parked()
    assert (parked.id, parked.error) == (f"{reference}.response_letter.1", "mail_recipient_refused")
    await until_shown(house, reference, True)
    assert mail_server.deliveries == []

    mail_server.behave()
    await house.do(reference, "retry_step", by="operator", step="response_letter.1")
    await until_status(house, reference, Status.RESPONDED)
    await until_shown(house, reference, False)
    assert len(mail_server.deliveries) == 1
    assert await house.parts.steps.parked() == []


async def test_a_case_goes_on_while_a_step_is_parked(house: House, mail_server: MailServer) -> None:
    mail_server.refuse("450 4.3.2 try later")
    reference = await house.take()
    await until_parked(house, reference)
    await house.do(reference, "acknowledge", way="phone")
    await house.do(reference, "assess", decision="valid")
    claimed = await house.do(reference, "claim")
    assert claimed.status is Status.ASSIGNED
    assert [step.key for step in claimed.parked] == ["acknowledgement.1"]


async def test_a_mailbox_that_does_not_exist_parks_the_letter_after_one_attempt(
    house: House, mail_server: MailServer
) -> None:
    mail_server.refuse("550 5.1.1 no such user")
    reference = await answered(house)
    await until_parked(house, reference)
    assert await failures(house, reference) == [("mail_recipient_refused", 1)]


async def test_a_skipped_answer_goes_back_to_its_handler_who_gives_it_by_phone(
    house: House, mail_server: MailServer
) -> None:
    mail_server.refuse("550 5.1.1 no such user")
    reference = await answered(house)
    await until_parked(house, reference)
    skipped = await house.do(reference, "skip_step", by="operator", step="response_letter.1", reason="No such mailbox.")
    assert skipped.status is Status.INVESTIGATING
    await house.do(reference, "respond", **{**ANSWER, "way": "phone"})
    closed = await house.do(reference, "close")
    assert closed.status is Status.CLOSED
    await house.workflow(reference).result()
    assert mail_server.deliveries == []


async def test_a_withdrawn_case_ends_although_its_letter_was_parked(house: House, mail_server: MailServer) -> None:
    mail_server.refuse("450 4.3.2 try later")
    reference = await answered(house)
    await until_parked(house, reference)
    withdrawn = await house.do(reference, "withdraw", by="hotline", reason="Moved away.", confirmed_by="phone")
    assert [step.state for step in withdrawn.steps] == [StepState.DROPPED]
    await house.workflow(reference).result()
    assert await needs_operator(house, reference) is False


async def test_a_letter_that_cannot_be_opened_is_parked_under_the_name_of_the_error(
    unattended: OpenHouse, mail_server: MailServer
) -> None:
    async with unattended() as house:
        vault = VaultAway(house.parts.pool, house.parts.keys, house.parts.settings.default_region)
        async with case_worker(replace(house.parts, vault=vault), strict=True):
            reference = await answered(house)
            await until_parked(house, reference)
            assert await failures(house, reference) == [("store_away", 2)]

            vault.is_away = False
            await house.do(reference, "retry_step", by="operator", step="response_letter.1")
            await until_status(house, reference, Status.RESPONDED)
            assert len(mail_server.deliveries) == 1
            await all_agree(house)


class VaultAway(Vault):
    """The vault while PostgreSQL is away for it."""

    is_away = True

    async def open_text(self, item_id: str) -> str:
        if self.is_away:
            raise StoreAway("PostgreSQL is away: a test says so")
        return await super().open_text(item_id)


async def test_a_corrected_address_is_in_the_vault_before_the_next_letter_goes_out(
    unattended: OpenHouse, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The correction takes its time; the letter waits for it rather than go to a stranger."""
    real, may_go_on = IdentityCorrections.correct, asyncio.Event()

    async def slowly(self: IdentityCorrections, *correction: object, **more: object) -> None:
        await may_go_on.wait()
        await real(self, *correction, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(IdentityCorrections, "correct", slowly)
    async with unattended() as house, case_worker(house.parts, strict=True):
        reference = await house.take(channel="phone", customer={"email": "wrong@example.com", "name": "Li Hua"})
        for command, values in (("assess", {"decision": "valid"}), ("claim", {}), ("start_investigation", {})):
            await house.do(reference, command, **values)
        await house.do(reference, "correct", field="email", text="right@example.com", reason="Misheard.")
        await house.do(reference, "respond", **ANSWER)
        await asyncio.sleep(0.3)
        assert mail_server.deliveries == []

        may_go_on.set()
        await until_status(house, reference, Status.RESPONDED)
        assert [delivery.recipients for delivery in mail_server.deliveries] == [("right@example.com",)]
        identity = await house.parts.vault.identity((await house.record(reference)).intake.customer)
        assert (identity.email, identity.name) == ("right@example.com", "Li Hua")
        await until_fact(house, reference, "step.done", times=2)
        await all_agree(house)


async def test_operators_find_cases_with_a_parked_step_by_the_search_attribute(
    house: House, mail_server: MailServer
) -> None:
    mail_server.refuse("450 4.3.2 try later")
    reference = await answered(house)
    await until_parked(house, reference)
    queue = house.parts.settings.task_queue

    async def found() -> list[str]:
        query = f"{NEEDS_OPERATOR.name} = true AND TaskQueue = '{queue}'"
        return [workflow.id async for workflow in house.parts.client.list_workflows(query)]

    async def is_found() -> bool:
        return await found() == [f"complaint/{reference}"]

    await until(is_found)

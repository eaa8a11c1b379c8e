"""A case on its way, in the real workflow with the real activities."""

import asyncio
from collections.abc import Callable

import pytest
from temporalio.worker import Worker

from domain.complaints.terms import ClockState, Status
from runtime.assembly import Parts, case_activities, case_worker
from runtime.sandbox import workflow_runner
from starter.problems import Problem
from tests.house import House
from tests.mail_server import MailServer
from tests.workflows.conftest import OpenHouse
from tests.workflows.following import all_agree, entries, queried, until_fact, until_status
from workflows.complaint import ComplaintCase


def forgetful_worker(parts: Parts) -> Worker:
    """A worker that keeps no workflow in memory: each task replays the history from its beginning."""
    return Worker(
        parts.client,
        task_queue=parts.settings.task_queue,
        workflows=[ComplaintCase],
        activities=case_activities(parts),
        workflow_runner=workflow_runner(strict=True),
        max_cached_workflows=0,
    )


@pytest.mark.parametrize("worker", [case_worker, forgetful_worker])
async def test_a_valid_complaint_goes_from_intake_to_closed(
    unattended: OpenHouse, mail_server: MailServer, worker: Callable[[Parts], Worker]
) -> None:
    async with unattended() as house, worker(house.parts):
        reference = await house.take(narrative="暖气不热", customer={"name": "李华", "email": "li.hua@example.com"})
        await until_fact(house, reference, "complaint.acknowledged")
        await house.do(reference, "assess", decision="valid")
        await house.do(reference, "claim")
        await house.do(reference, "start_investigation")
        await house.do(
            reference, "respond", way="email", letter="我们已更换阀门。", outcome="upheld", cause="equipment"
        )
        await until_status(house, reference, Status.RESPONDED)
        closed = await house.do(reference, "close")

        assert closed.status is Status.CLOSED
        assert [clock.state for clock in closed.clocks] == [ClockState.MET, ClockState.MET]
        subjects = [str(delivery.message["Subject"]) for delivery in mail_server.deliveries]
        assert subjects == [f"您的投诉已受理（编号 {reference}）", f"您的投诉（编号 {reference}）处理结果"]
        assert "我们已更换阀门。" in mail_server.deliveries[1].message.get_content()
        await house.workflow(reference).result()
        await all_agree(house)


async def test_what_is_refused_costs_nothing_and_names_its_guard(house: House) -> None:
    reference = await house.take()
    await until_fact(house, reference, "complaint.acknowledged")
    with pytest.raises(Problem) as refused:
        await house.do(reference, "close")
    assert (refused.value.status, refused.value.code) == (409, "not_lawful_now")
    events = (await house.workflow(reference).fetch_history()).events
    assert not [event for event in events if event.HasField("workflow_execution_update_accepted_event_attributes")]


async def test_an_invalid_complaint_is_explained_by_mail_and_closed(house: House, mail_server: MailServer) -> None:
    reference = await house.take()
    await house.do(reference, "assess", decision="invalid", ground="customer_side")
    explaining = await house.do(reference, "explain", way="email", letter="The tap is your own.")
    assert explaining.status is Status.EXPLAINING
    closed = await until_status(house, reference, Status.CLOSED)
    assert closed.appeal_until is not None
    await house.workflow(reference).result()
    letters = [delivery.message.get_content() for delivery in mail_server.deliveries]
    assert sum("The tap is your own." in letter for letter in letters) == 1


async def test_an_explanation_given_by_phone_is_appealed_once_and_assessed_by_another(house: House) -> None:
    reference = await house.take(channel="phone", customer={"phone": "+86 10 5988 0001"})
    await house.do(reference, "assess", decision="invalid", ground="unfounded")
    closed = await house.do(reference, "explain", by="hotline", way="phone", letter="Nothing was found.")
    assert closed.status is Status.CLOSED
    first = await house.workflow(reference).describe()
    await house.workflow(reference).result()

    appealed = await house.do(reference, "appeal", by="hotline", reason="The neighbours saw it.")
    assert (await house.workflow(reference).describe()).run_id != first.run_id
    assert appealed.status == "assessing"
    with pytest.raises(Problem) as same:
        await house.do(reference, "assess", decision="valid")
    assert same.value.code == "same_assessor"
    await house.do(reference, "assess", by="another handler", decision="invalid", ground="unfounded")
    await house.do(reference, "explain", by="hotline", way="phone", letter="Still nothing.")
    with pytest.raises(Problem) as twice:
        await house.do(reference, "appeal", by="hotline", reason="Again.")
    assert twice.value.code == "already_appealed"


async def test_a_complaint_is_withdrawn(house: House) -> None:
    reference = await house.take()
    withdrawn = await house.do(reference, "withdraw", by="hotline", reason="Settled.", confirmed_by="phone")
    assert withdrawn.status is Status.WITHDRAWN
    await house.workflow(reference).result()
    assert not (await house.record(reference)).running_clocks


async def closed_case(house: House) -> str:
    reference = await house.take(channel="phone")
    await house.do(reference, "assess", decision="valid")
    await house.do(reference, "claim")
    await house.do(reference, "start_investigation")
    await house.do(reference, "respond", way="phone", letter="Mended.", outcome="resolved", cause="equipment")
    await house.do(reference, "close")
    return reference


async def test_a_closed_case_is_reopened_in_a_new_run_of_the_same_workflow(house: House) -> None:
    reference = await closed_case(house)
    await house.workflow(reference).result()
    first = (await house.workflow(reference).describe()).run_id

    reopened = await house.do(reference, "reopen", by="hotline", reason="It drips again.")

    assert (reopened.status, reopened.attempt) == (Status.ASSIGNED, 2)
    assert reopened.handler == house.people["handler"].id
    assert (await house.workflow(reference).describe()).run_id != first
    assert [clock.key for clock in (await queried(house, reference)).running_clocks] == ["final_response.2"]


async def test_notes_on_a_closed_case_are_all_kept_though_each_may_meet_the_end_of_a_run(house: House) -> None:
    reference = await closed_case(house)
    for round_ in range(4):
        await asyncio.gather(*(house.do(reference, "note", text=f"Called again, {round_}.{n}.") for n in range(4)))
    notes = [entry for entry in await entries(house, reference) if entry.fact.type == "complaint.noted"]
    assert len(notes) == len({entry.command_id for entry in notes}) == 16
    await house.workflow(reference).result()

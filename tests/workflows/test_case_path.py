"""A case on its way, in the real workflow with the real activities."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.complaints.terms import ClockState, Status, StepState
from starter.problems import Problem
from tests.house import House
from tests.mail_server import MailServer


async def until(house: House, reference: str, status: Status) -> None:
    async with asyncio.timeout(20):
        while (await house.record(reference)).status is not status:
            await asyncio.sleep(0.02)


async def until_fact(house: House, reference: str, fact: str) -> None:
    async with asyncio.timeout(20):
        while fact not in await house.facts(reference):
            await asyncio.sleep(0.02)


async def test_a_valid_complaint_goes_from_intake_to_closed(house: House, mail_server: MailServer) -> None:
    reference = await house.take(narrative="暖气不热", customer={"name": "李华", "email": "li.hua@example.com"})
    await until_fact(house, reference, "complaint.acknowledged")
    await house.do(reference, "assess", decision="valid")
    await house.do(reference, "claim")
    await house.do(reference, "start_investigation")
    await house.do(reference, "respond", way="email", letter="我们已更换阀门。", outcome="upheld", cause="equipment")
    await until(house, reference, Status.RESPONDED)
    closed = await house.do(reference, "close")

    assert closed.status is Status.CLOSED
    assert [clock.state for clock in closed.clocks] == [ClockState.MET, ClockState.MET]
    subjects = [str(delivery.message["Subject"]) for delivery in mail_server.deliveries]
    assert subjects == [f"您的投诉已受理（编号 {reference}）", f"您的投诉（编号 {reference}）处理结果"]
    assert "我们已更换阀门。" in mail_server.deliveries[1].message.get_content()
    await house.workflow(reference).result()
    assert await house.record(reference) == closed

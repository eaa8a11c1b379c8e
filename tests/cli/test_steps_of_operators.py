"""`amends steps` against a running API: causes, one step, amendments, bulk by filter, aborts, batches."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import Result

from tests.api.visitors import Api
from tests.mail_server import MailServer

Amends = Callable[..., Awaitable[Result]]


@pytest.fixture(autouse=True)
def outage(post: MailServer) -> None:
    post.refuse("550 5.1.1 no such mailbox", "gone@example.org")


@pytest.fixture
async def step(api: Api) -> str:
    """The id of a new parked step."""
    reference = await api["hotline"].take(channel="web", customer={"email": "gone@example.org"})
    async with asyncio.timeout(30):
        while not (await api.house.record(reference)).parked:
            await asyncio.sleep(0.02)
    return f"{reference}.acknowledgement.1"


async def told(amends: Amends, *words: str, **how: Any) -> Any:
    return json.loads((await amends("steps", *words, "--json", by="operator", **how)).stdout)


async def test_causes_are_counted_and_a_step_is_shown_with_its_past(amends: Amends, step: str) -> None:
    causes = (await told(amends, "causes"))["items"]
    assert [(cause["kind"], cause["error"]) for cause in causes] == [("acknowledgement", "mail_recipient_refused")]
    assert "mail_recipient_refused" in (await amends("steps", "causes", by="operator")).output
    assert (await told(amends, "show", step))["events"][0]["error"] == "mail_recipient_refused"
    shown = (await amends("steps", "show", step, by="operator")).output
    assert "parked" in shown
    assert "step.failed" in shown


async def test_a_step_is_put_off(amends: Amends, step: str) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await amends("steps", "amend", step, "--reason", "x", by="operator", code=2)
    await amends("steps", "amend", step, "--reason", "x", "--way", "visit", by="operator", code=3)
    await amends("steps", "amend", step, "--reason", "x", "--not-before", "tomorrow", by="operator", code=2)
    assert (await told(amends, "amend", step, "--reason", "x", "--not-before", tomorrow))["outcome"] == "done"
    assert (await told(amends, "show", step))["state"] == "deferred"
    await amends("steps", "abort", step, "--reason", "moved away", by="operator", code=3)


async def test_the_whole_process_is_given_up(amends: Amends, step: str) -> None:
    assert "done" in (await amends("steps", "abort", step, "--reason", "moved away", by="operator")).output
    await amends("steps", "abort", step, "--reason", "moved away", by="operator", code=3)


async def test_all_of_a_cause_are_looked_at_and_retried(amends: Amends, step: str, post: MailServer) -> None:
    of_the_cause = ("--all", "--error", "mail_recipient_refused", "--kind", "acknowledgement")
    looked = await told(amends, "retry", *of_the_cause, "--dry-run")
    assert looked["steps"] >= 1
    assert looked["outcomes"] == {"would be done": looked["steps"], "would be refused": 0}
    assert "No step" in (await amends("steps", "retry", "--all", "--error", "no_address", by="operator")).output
    await amends("steps", "retry", step, "--error", "no_address", by="operator", code=2)
    post.behave()
    done = await amends("steps", "retry", *of_the_cause, "--per-second", "50", by="operator")
    assert f"{looked['steps']} steps: {looked['steps']} done." in done.output
    assert (await told(amends, "causes"))["items"] == []


async def test_a_batch_that_goes_on_by_itself_is_looked_up_later(amends: Amends, step: str) -> None:
    words = ("skip", step, "C-2026-999999.acknowledgement.1", "--reason", "told by phone")
    batch = (await told(amends, *words, "--detach"))["id"]
    async with asyncio.timeout(30):
        while "1 done" not in (shown := await amends("steps", "batch", batch, by="operator", code=3)).output:
            await asyncio.sleep(0.1)
    assert "2 steps: 1 done, 1 refused." in shown.output
    assert "there is no such step" in shown.output

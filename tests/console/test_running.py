"""The operators' work in a real browser: parked steps one by one and in bulk, the state of the system, webhooks."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from storage.webhooks import Webhook
from tests.console.visiting import PHONE, Desk, Site, is_cut, violations
from tests.mail_server import MailServer
from tests.workflows.following import until

GONE = "gone@example.org"
NO_SUCH = "The mailbox does not exist"
SCRIPTED = pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])


@pytest.fixture(autouse=True)
async def outage(post: MailServer) -> AsyncIterator[None]:
    """Mail to one address is refused, until the server behaves again."""
    post.refuse("550 5.1.1 no such mailbox", GONE)
    yield
    post.behave()


async def parked(site: Site, count: int = 1) -> list[str]:
    """The ids of new parked steps."""
    references = [await site.house.take(customer={"email": GONE, "name": "Ann Example"}) for _ in range(count)]

    async def are_parked() -> bool:
        return all([(await site.house.record(reference)).parked for reference in references])

    await until(are_parked)
    return [f"{reference}.acknowledgement.1" for reference in references]


async def state_of(site: Site, step: str) -> str:
    reference, _, key = step.partition(".")
    found = (await site.house.record(reference)).step(key)
    assert found is not None
    return str(found.state)


async def endpoint(site: Site) -> Webhook:
    admin = site.house.people["admin"].id
    made, _ = await site.house.services.webhooks.add(
        "https://example.org/told", ("complaint.*",), "The web shop", admin, datetime.now(UTC)
    )
    return made


@SCRIPTED
async def test_an_operator_finds_why_steps_wait_and_retries_one(
    site: Site, desk: Desk, post: MailServer, scripted: bool
) -> None:
    (step,) = await parked(site)
    page = await desk.window("operator", java_script_enabled=scripted)
    await page.goto("/")
    await page.get_by_role("link", name=NO_SUCH).first.click()
    await page.goto(f"/console/steps/{step}")
    await expect(page.get_by_role("link", name="The process in Temporal")).to_have_attribute(
        "href", f"http://temporal.example.org/namespaces/default/workflows/complaint%2F{step.partition('.')[0]}"
    )
    assert "Ann Example" not in await page.content()
    post.behave()
    await page.get_by_role("button", name="Retry", exact=True).click()
    await expect(page.get_by_role("status").first).to_contain_text("tried again")

    async def is_done() -> bool:
        return await state_of(site, step) == "done"

    await until(is_done)


async def test_a_step_is_given_up_only_with_a_reason(site: Site, desk: Desk) -> None:
    (step,) = await parked(site)
    page = await desk.window("operator", "zh", java_script_enabled=False)
    await page.goto(f"/console/steps/{step}")
    form = page.locator(f"main form[action='/console/steps/{step}/skip']")
    await page.get_by_text("放弃此步骤").first.click()
    await form.locator("input[name=reason]").evaluate("e => e.required = false")
    await form.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_contain_text("请填写此项")
    await form.locator("input[name=reason]").fill("已电话告知")
    await form.get_by_role("button").click()
    await expect(page.get_by_role("status").first).to_contain_text("步骤已放弃")
    assert await state_of(site, step) == "skipped"


async def test_a_step_goes_out_another_way_and_what_cannot_be_done_is_said(site: Site, desk: Desk) -> None:
    (step,) = await parked(site)
    page = await desk.window("operator")
    await page.goto(f"/console/steps/{step}")
    form = page.locator(f"main form[action='/console/steps/{step}/amend']")
    await page.get_by_text("Change and retry").first.click()
    await form.get_by_label("Reason").fill("The mailbox is gone.")
    await form.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_contain_text("Change at least one thing")
    await form.get_by_label("Way").select_option("post")
    await form.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_contain_text("left nothing to be reached at")
    assert await form.get_by_label("Reason").input_value() == "The mailbox is gone."


async def test_a_case_is_given_up_while_a_step_waits(site: Site, desk: Desk) -> None:
    (step,) = await parked(site)
    page = await desk.window("operator")
    await page.goto(f"/console/steps/{step}")
    await page.get_by_text("Give the whole case up").first.click()
    form = page.locator(f"main form[action='/console/steps/{step}/abort']")
    await form.get_by_label("Reason").fill("Sent by a test of somebody.")
    await form.get_by_role("button").click()
    await expect(page.get_by_role("status").first).to_contain_text("The case was given up")
    assert (await site.house.facts(step.partition(".")[0]))[-1] == "complaint.aborted"


@SCRIPTED
async def test_all_steps_of_a_cause_are_looked_at_then_given_up_with_an_outcome_each(
    site: Site, desk: Desk, scripted: bool
) -> None:
    steps = await parked(site, 2)
    page = await desk.window("operator", java_script_enabled=scripted)
    await page.goto("/console/steps")
    await page.get_by_role("link", name=NO_SUCH).first.click()
    await page.get_by_role("button", name="Give all up: preview").click()
    await expect(page.get_by_role("status")).to_contain_text("Nothing has been done yet")
    assert {await state_of(site, step) for step in steps} == {"parked"}
    await page.get_by_label("Steps a second").fill("fast")
    await page.get_by_label("Reason").fill("Told by telephone.")
    await page.get_by_role("button", name="steps up").click()
    await expect(page.get_by_role("alert")).to_contain_text("Give a number")
    await page.get_by_label("Steps a second").fill("20")
    await page.get_by_role("button", name="steps up").click()
    batch = page.url.partition("?")[0]

    async def are_given_up() -> bool:
        return {await state_of(site, step) for step in steps} == {"skipped"}

    await until(are_given_up)
    for step in steps:
        await expect(page.get_by_role("row", name=step)).to_be_visible()

    async def is_finished() -> bool:
        await page.goto(batch)
        return "have their outcome" in await page.content()

    await until(is_finished)
    await expect(page.get_by_role("row", name=steps[0])).to_contain_text("done")


async def test_supervisors_see_steps_and_may_not_touch_them(site: Site, desk: Desk) -> None:
    (step,) = await parked(site)
    page = await desk.window("supervisor")
    await page.goto(f"/console/steps/{step}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(step)
    assert await page.get_by_role("button", name="Retry").count() == 0


async def test_the_state_of_the_system_names_workers_queues_and_what_waits(site: Site, desk: Desk) -> None:
    await parked(site)
    page = await desk.window("operator")

    async def is_polled() -> bool:  # Temporal tells of a worker some time after its first poll
        await page.goto("/console/operations")
        return "seen" in await page.content()

    await until(is_polled)
    await expect(page.get_by_role("row", name="decisions")).to_contain_text(site.house.parts.settings.task_queue)
    await expect(page.get_by_role("row", name="Parked steps")).to_contain_text("look at this")
    await expect(page.get_by_role("link", name="Temporal's own pages")).to_have_attribute(
        "href", "http://temporal.example.org/namespaces/default/workflows"
    )


async def test_an_endpoint_is_tested_and_told_a_window_again_once(site: Site, desk: Desk) -> None:
    hook = await endpoint(site)
    await site.house.take()
    page = await desk.window("operator")
    await page.goto("/console/webhooks")
    await page.get_by_role("link", name="The web shop").first.click()
    await page.goto(f"/console/webhooks/{hook.id}")
    await page.get_by_role("button", name="Send a test event").click()
    await expect(page.get_by_role("row", name="webhook.ping")).to_contain_text("on its way")
    await page.get_by_role("button", name="Tell again").click()
    await expect(page.locator("#begin-problem")).to_contain_text("Please fill this in")
    await page.locator("#begin").fill("2020-01-01T00:00")
    await page.locator("#end").fill(f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}")
    await page.get_by_role("button", name="Tell again").click()
    await expect(page.get_by_role("alert")).to_contain_text("at most 31 days")
    await page.locator("#begin").fill(f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M}")
    await page.get_by_role("button", name="Tell again").click()
    await expect(page.get_by_role("status").first).to_contain_text("Events are told again:")
    rows = await site.house.parts.pool.fetchval(
        "SELECT count(*) FROM webhook_delivery WHERE webhook = $1 AND type <> 'webhook.ping'", hook.id
    )
    assert rows > 0
    await page.get_by_role("link", name="on its way").click()
    await expect(page.get_by_role("row", name="complaint.received").first).to_be_visible()


@pytest.mark.parametrize(("language", "scheme"), [("zh", "dark"), ("en", "light")])
async def test_every_page_of_operators_is_accessible_and_fits_a_phone(
    site: Site, desk: Desk, language: str, scheme: Any
) -> None:
    (step,) = await parked(site)
    hook = await endpoint(site)
    await site.house.services.webhook_deliveries.ping(hook.id, datetime.now(UTC))
    page = await desk.window("operator", language, color_scheme=scheme, viewport=PHONE)
    cause = "/console/steps?kind=acknowledgement&error=mail_recipient_refused"
    paths = ("/console/steps", cause, f"/console/steps/{step}", "/console/operations", "/console/webhooks")
    for path in (*paths, f"/console/webhooks/{hook.id}"):
        await page.goto(path)
        assert await violations(page) == [], path
        assert not await is_cut(page), f"{path} is wider than a phone"
    await page.goto(cause)
    await page.locator("button[name=do]").first.click()
    assert await violations(page) == []
    assert not await is_cut(page)
    assert desk.complaints == []

"""A partner's improvement: asked by letter, accepted and reported done by the link, its effect shown, its scorecard."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.access import Role
from tests.api.visitors import Api, problem
from tests.mail_server import MailServer
from tests.pages.browsing import Browser
from tests.undertakings.test_improvements_and_incidents import command, later, until

PARTNER = "city_fitters"


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api.client)


@pytest.fixture(scope="module", autouse=True)
async def address_book(api: Api) -> None:
    entry = {"email": "desk@fitters.example.org", "language": "en"}
    assert (await api["admin"].put(f"/v1/correspondents/partner.{PARTNER}", entry)).status_code == 200


def days_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


async def agreed(api: Api, *, partner: str = PARTNER, **form: Any) -> str:
    """An improvement at a partner that was approved, and its path."""
    form = {"title": "Bring spare valves", "partner": partner, "target": {"partner": partner}} | form
    proposed = await api["handler"].post("/v1/improvements", form)
    path = f"/v1/improvements/{proposed.json()['reference']}"
    owner = api["handler"].person.id
    await command(api["supervisor"], path, "approve", owner=owner, due_at=later(days=30), window_days=20)
    return path


async def link_of(api: Api, path: str) -> str:
    given = await api["handler"].post(f"{path}/links")
    assert given.status_code == 200, given.text
    return str(given.json()["url"]).removeprefix(api.house.parts.settings.public_url)


async def letter_about(post: MailServer, reference: str) -> str:
    async with asyncio.timeout(60):
        while True:
            for message in (delivery.message for delivery in post.deliveries):
                if reference in str(message["Subject"]):
                    return str(message.get_content())
            await asyncio.sleep(0.1)


async def test_a_partner_is_asked_by_letter_and_carries_the_improvement_to_its_effect(
    api: Api, browser: Browser, post: MailServer
) -> None:
    for day in range(24, 36):
        await api.house.take(partner=PARTNER, category="repair_late", received_at=days_ago(day), customer={})
    path = await agreed(api, description="Fitters come without parts.")
    reference = path.rpartition("/")[2]
    letter = await letter_about(post, reference)
    assert "Bring spare valves" in letter
    assert "Fitters come without parts." in letter
    found = re.search(r"https?://\S+(/improvement/\S+)", letter)
    assert found is not None
    link = found.group(1)

    page = await browser.open(link)
    assert "Please carry it out by" in page.text
    accepted = await browser.send(page, {})
    assert (accepted.status, "You have accepted it." in accepted.text) == (201, True)
    progress = await browser.send(await browser.open(link), {"text": "Half of the vans have them.", "day": ""})
    assert (progress.status, "Your message has arrived." in progress.text) == (201, True)
    told = {"action": "report_done", "text": "All vans have them.", "day": days_ago(22)[:10]}
    done = await browser.send(await browser.open(link), told)
    assert (done.status, "You have reported it done." in done.text) == (201, True)

    closed = await until(api["supervisor"], path, status="closed")
    (check,) = closed["state"]["checks"]
    assert (check["before"], check["after"], check["verdict"]) == (12, 0, "effective")
    assert check["high"] < 1
    shown = await browser.open(f"{link}?lang=zh")
    assert "措施有效" in shown.text
    assert shown.forms == []
    facts = [entry.fact.type for entry in await api.house.parts.undertakings.entries(reference)]
    assert facts.count("improvement.letter_sent") == 1
    actors = {entry.actor for entry in await api.house.parts.undertakings.entries(reference)}
    assert f"partner:{PARTNER}" in actors


async def test_what_is_wrong_is_said_and_nothing_that_was_written_is_lost(api: Api, browser: Browser) -> None:
    path = await agreed(api)
    link = f"{await link_of(api, path)}?lang=en"
    await browser.send(await browser.open(link), {})
    page = await browser.send(await browser.open(link), {"action": "report_done", "text": "", "day": ""})
    assert (page.status, "Please write a message" in page.text) == (422, True)
    told = {"action": "report_done", "text": "Done it.", "day": "2199-01-01"}
    page = await browser.send(await browser.open(link), told)
    assert (page.status, "not in the future" in page.text, "Done it." in page.answer.text) == (422, True, True)
    page = await browser.send(await browser.open(link), {"action": "destroy", "text": "x", "day": ""})
    assert page.status == 422
    assert (await api["supervisor"].get(path)).json()["status"] == "in_progress"


async def test_a_link_is_good_for_its_own_improvement_only_and_can_be_taken_back(api: Api, browser: Browser) -> None:
    first, second = await agreed(api, title="First measure"), await agreed(api, title="Second measure")
    link = await link_of(api, first)
    page = await browser.open(link)
    assert "First measure" in page.text
    assert "Second measure" not in page.text
    assert (await api["handler"].post(f"{first}/links/revoke")).json() == {"revoked": True}
    assert (await browser.open(link)).status == 410
    assert await link_of(api, first) != link
    await browser.send(await browser.open(await link_of(api, second)), {})
    assert (await api["supervisor"].get(first)).json()["status"] == "approved"


async def test_an_improvement_inside_has_no_link_and_a_partners_account_reaches_no_improvement(api: Api) -> None:
    proposed = await api["handler"].post("/v1/improvements", {"title": "Train the hotline"})
    path = f"/v1/improvements/{proposed.json()['reference']}"
    problem(await api["handler"].post(f"{path}/links"), 409, "no_partner")
    account = await api.enrol("a partner's account", Role.PARTNER)
    for name, body in (("reply", {"text": "Mine?"}), ("start", {}), ("report_done", {"text": "Done."})):
        problem(await account.post(f"{path}/commands/{name}", body), 404, "not_found")


async def test_a_letter_to_a_partner_without_an_address_waits_for_the_operator(api: Api, post: MailServer) -> None:
    path = await agreed(api, partner="unknown_works")
    async with asyncio.timeout(60):
        while not (view := (await api["supervisor"].get(path)).json())["needs_operator"]:
            await asyncio.sleep(0.1)
    assert [step["error"] for step in view["state"]["steps"]] == ["no_address"]
    entry = {"email": "office@works.example.org", "language": "zh"}
    await api["admin"].put("/v1/correspondents/partner.unknown_works", entry)
    await command(api["operator"], path, "retry_step", step=view["state"]["steps"][0]["key"])
    assert "请贵方落实以下改进" in await letter_about(post, path.rpartition("/")[2])


async def test_the_scorecard_counts_what_came_up_with_the_partner(api: Api) -> None:
    partner = "meter_makers"
    for _ in range(3):
        await api.house.take(partner=partner, customer={})
    await agreed(api, partner=partner)
    card = (await api["analyst"].get(f"/v1/partners/{partner}/scorecard")).json()
    assert (card["complaints"], card["open"], card["improvements"], card["under_way"]) == (3, 3, 1, 1)
    assert card["done_in_time"] == {"events": 0, "cases": 0, "share": None, "low": None, "high": None}
    wrong = await api["analyst"].get(f"/v1/partners/{partner}/scorecard", first="2026-02-01", last="2026-01-01")
    assert [error["pointer"] for error in problem(wrong, 422, "invalid")["errors"]] == ["/first"]
    nobody = (await api["analyst"].get("/v1/partners/nobody_known/scorecard")).json()
    assert (nobody["complaints"], nobody["promises_kept"]["share"]) == (0, None)

"""The supervisors' and callers' work in a real browser: board, search, bulk, decisions, undertakings, callbacks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from domain.complaints.callback import Callback
from starter.console.callbacks import window_group
from starter.undertakings import ImprovementForm
from tests.console.visiting import PHONE, Desk, Site, is_cut, violations
from tests.workflows.following import until

SHANGHAI = ZoneInfo("Asia/Shanghai")
ANSWER = {"way": "phone", "letter": "The igniter was replaced today; it works.", "outcome": "upheld", "cause": "staff"}
CANARY = "<script>document.title='CANARY'</script><img src=x onerror=\"document.title='CANARY'\">"
SCRIPTED = pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])


async def took(site: Site, **fields: Any) -> str:
    customer = {"name": "Ann Example", "phone": "13800138000", "email": "ann@example.com", "language": "en"}
    form = {"channel": "phone", "category": "repair_late", "narrative": "The boiler is cold.", "customer": customer}
    return await site.house.take(**(form | fields))


async def with_a_handler(site: Site, **fields: Any) -> str:
    reference = await took(site, **fields)
    await site.house.do(reference, "assess", decision="valid")
    await site.house.do(reference, "claim")
    await site.house.do(reference, "start_investigation")
    return reference


async def to_be_called_back(site: Site, begin: timedelta, end: timedelta) -> str:
    """An answered case whose customer waits for a call in a window that is seen from now."""
    reference = await with_a_handler(site, policy="default")
    await site.house.do(reference, "respond", **ANSWER)
    now = datetime.now(UTC)
    window = {"window_from": (now + begin).isoformat(), "window_to": (now + end).isoformat()}
    await site.house.do(reference, "plan_callback", by="caller", **window)
    return reference


async def figure(page: Page, words: str) -> int:
    return int(await page.locator(".figures a", has_text=words).locator("b").inner_text())


async def test_the_board_shows_what_happens_without_being_reloaded(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.console.board.LOOKED_AT_EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr("starter.board.FRESH_FOR", timedelta(0))
    await with_a_handler(site)
    page = await desk.window("supervisor")
    await page.goto("/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Board")
    before = await figure(page, "Open")
    await took(site)
    await expect(page.locator(".figures a", has_text="Open").locator("b")).to_have_text(str(before + 1))
    await expect(page.get_by_role("row", name="handler").first).to_be_visible()
    await page.get_by_text("As a table").click()
    today = f"{datetime.now(SHANGHAI):%Y-%m-%d}"
    await expect(page.get_by_role("row", name=today)).to_contain_text(str(before + 1))
    await site.house.services.accounts.sign_out_everywhere(site.house.people["supervisor"].id)
    await expect(page.locator("#board-over")).to_be_visible()


async def test_without_javascript_the_board_is_reloaded_by_a_link(site: Site, desk: Desk) -> None:
    page = await desk.window("supervisor", "zh", java_script_enabled=False)
    await page.goto("/console/board")
    await page.get_by_role("link", name="刷新").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("实时看板")
    await page.locator(".figures a", has_text="未办结").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("查找个案")


async def test_a_search_is_kept_for_everybody_without_what_a_customer_is_known_by(site: Site, desk: Desk) -> None:
    reference = await took(site, category="conduct", customer={"phone": "13900139123", "language": "en"})
    page = await desk.window("supervisor", java_script_enabled=False)
    await page.goto("/console/search")
    await page.get_by_label("Find").fill("13900139123")
    await page.get_by_label("Category").select_option("conduct")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("link", name=reference)).to_be_visible()
    await page.get_by_label("Name of the search").fill("Manners")
    await page.get_by_label("For everybody").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("kept")
    await page.get_by_label("Name of the search").fill("Manners")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#name-problem")).to_contain_text("You have a search of this name")
    kept = await site.house.parts.pool.fetchval("SELECT query FROM saved_view")
    assert kept == "category=conduct"
    colleague = await desk.window("handler")
    await colleague.goto("/console/search")
    await colleague.get_by_role("link", name="Manners").click()
    assert await colleague.get_by_label("Category").input_value() == "conduct"
    assert await colleague.get_by_role("button", name="Forget").count() == 0
    await page.goto("/console/search?category=conduct")
    await page.get_by_role("button", name="Forget").click()
    await expect(page.get_by_role("status")).to_contain_text("forgotten")


@SCRIPTED
async def test_many_cases_are_assigned_after_a_look_with_an_outcome_each(
    site: Site, desk: Desk, scripted: bool
) -> None:
    handler = site.house.people["another handler"].id
    fresh, ready = await took(site), await took(site)
    await site.house.do(ready, "assess", decision="valid")
    page = await desk.window("supervisor", java_script_enabled=scripted)
    await page.goto("/console/search")
    for reference in (fresh, ready):
        await page.get_by_role("checkbox", name=reference).check()
    await page.get_by_role("button", name="Assign").click()
    await page.get_by_label("Handler").select_option(handler)
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("status")).to_contain_text("1 cases would be done, 1 would be refused")
    assert (await site.house.record(ready)).handler is None
    await page.get_by_role("button", name="Do it for 2 cases").click()
    batch = page.url.partition("?")[0]

    async def is_finished() -> bool:
        await page.goto(batch)
        return "have their outcome" in await page.content()

    await until(is_finished)
    await expect(page.get_by_role("row", name=ready)).to_contain_text("done")
    await expect(page.get_by_role("row", name=fresh)).to_contain_text("refused")
    assert (await site.house.record(ready)).handler == handler


async def test_a_command_for_all_that_fit_says_what_is_missing_in_its_form(site: Site, desk: Desk) -> None:
    await took(site, category="billing_amount")
    page = await desk.window("supervisor", "zh")
    await page.goto("/console/search?category=billing_amount")
    await page.get_by_label("符合查询条件的全部个案").check()
    await page.get_by_role("button", name="备注").click()
    await page.get_by_role("button", name="预览").click()
    await expect(page.get_by_role("alert")).to_contain_text("请填写此项")
    await page.locator("#text").fill("统一说明")
    await page.get_by_role("button", name="预览").click()
    await expect(page.get_by_role("status")).to_contain_text("1 件可以执行")
    await page.goto("/console/bulk/assign")
    await expect(page.get_by_role("alert")).to_contain_text("尚未选择个案")


async def test_a_supervisor_decides_redress_and_takes_care_of_an_escalation(site: Site, desk: Desk) -> None:
    reference = await with_a_handler(site)
    money = {"amount": "120.00", "currency": "CNY"}
    await site.house.do(reference, "request_redress", kind="refund", money=money)
    await site.house.do(reference, "escalate", level=2, reason="The customer waits for the third week.")
    page = await desk.window("supervisor", java_script_enabled=False)
    await page.goto("/console/decisions")
    row = page.get_by_role("row", name=reference)
    await row.get_by_role("link", name="Acknowledge the escalation").click()
    await page.locator("button[data-main]").click()
    await page.goto("/console/decisions?of=redress")
    await expect(page.get_by_role("row", name=reference)).to_contain_text("120.00 CNY")
    await page.get_by_role("row", name=reference).get_by_role("link", name="Reject redress").click()
    assert await page.locator("#number").input_value() == "1"
    await page.locator("#reason").fill("The customer has it already.")
    await page.locator("button[data-main]").click()
    await page.goto("/console/decisions?of=redress")
    assert await page.get_by_role("row", name=reference).count() == 0
    case = await site.house.record(reference)
    assert (case.escalation_is_open, str(case.redress[0].state)) == (False, "rejected")


@SCRIPTED
async def test_an_improvement_goes_over_the_board_from_its_proposal_to_done(
    site: Site, desk: Desk, scripted: bool
) -> None:
    title = f"Call before the visit ({'scripted' if scripted else 'plain'})"
    handler = await desk.window("handler", java_script_enabled=scripted)
    await handler.goto("/console/improvements")
    await handler.get_by_role("link", name="Propose an improvement").click()
    await handler.get_by_role("button", name="Propose").click()
    await expect(handler.locator("#title-problem")).to_contain_text("Please fill this in")
    await handler.get_by_label("Title").fill(title)
    await handler.get_by_label("Category of the complaints").select_option("repair_late")
    await handler.get_by_role("button", name="Propose").click()
    await expect(handler.get_by_role("heading", level=1)).to_have_text(title)
    page = await desk.window("supervisor", java_script_enabled=scripted)
    await page.goto("/console/decisions?of=improvements")
    await page.get_by_role("link", name=title).click()
    approval = page.locator("main form[action$='/approve']")
    await approval.get_by_label("Who carries it out").select_option(site.house.people["handler"].id)
    await approval.get_by_label("Due").fill("2020-01-01T10:00")
    await approval.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_contain_text("lies in the future")
    await approval.get_by_label("Due").fill(f"{datetime.now(SHANGHAI) + timedelta(days=9):%Y-%m-%dT%H:%M}")
    await approval.get_by_role("button").click()
    await expect(page.get_by_role("status").first).to_contain_text("Done: Approve")
    await handler.reload()
    await handler.locator("main form[action$='/start'] button").click()
    done = handler.locator("main form[action$='/report_done']")
    await done.locator("textarea").evaluate("e => { e.closest('details').open = true; }")
    await done.locator("textarea").fill(CANARY)
    await done.get_by_role("button").click()
    await expect(handler.locator("blockquote")).to_contain_text("<script>")
    await handler.goto("/console/improvements")
    await expect(handler.locator("section", has=handler.locator("#lane-done"))).to_contain_text(title)


async def test_a_suspected_incident_is_confirmed_and_shows_its_cases(site: Site, desk: Desk) -> None:
    reference = await took(site, category="supply_interruption")
    page = await desk.window("supervisor", "zh")
    await page.goto("/console/incidents/new?title=城东停气")
    await page.get_by_label("相关投诉的类别").select_option("supply_interruption")
    await page.locator("#since").fill(f"{datetime.now(SHANGHAI) - timedelta(days=1):%Y-%m-%dT%H:%M}")
    await page.locator("button[data-main]").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("城东停气")
    address = page.url.partition("?")[0]
    await page.locator("main form[action$='/confirm'] button").click()

    async def is_linked() -> bool:
        await page.goto(address)
        return await page.get_by_role("link", name=reference).count() == 1

    await until(is_linked)


async def test_an_analysis_is_read_and_signed_off_with_a_measure(site: Site, desk: Desk) -> None:
    await took(site)
    page = await desk.window("supervisor")
    await page.goto("/console/analyses/new")
    today = datetime.now(SHANGHAI)
    await page.get_by_label("First day").fill(f"{today:%Y-%m-%d}")
    await page.get_by_label("Last day").fill(f"{today - timedelta(days=3):%Y-%m-%d}")
    await page.locator("button[data-main]").click()
    await expect(page.locator("#last-problem")).to_be_visible()
    await page.get_by_label("First day").fill(f"{today - timedelta(days=3):%Y-%m-%d}")
    await page.get_by_label("Last day").fill(f"{today:%Y-%m-%d}")
    await page.locator("button[data-main]").click()
    address = page.url.partition("?")[0]

    async def is_reported() -> bool:
        await page.goto(address)
        return "To be signed off" in await page.content()

    await until(is_reported)
    await page.get_by_role("link", name="Read the report").click()
    await expect(page.locator("body")).to_contain_text("1")
    assert page.url.endswith("/report")
    await page.go_back()
    await page.locator("#measure-1-title").fill("Tell customers when the engineer is late")
    await page.locator("main form[action$='/sign_off'] button").click()
    await expect(page.get_by_role("status").first).to_contain_text("Done: Sign off")
    await page.goto("/console/analyses?ended=signed_off")
    await expect(page.get_by_role("link", name=f"{today:%Y-%m-%d}").first).to_be_visible()


@SCRIPTED
async def test_a_caller_records_a_failed_call_together_with_the_next_attempt(
    site: Site, desk: Desk, scripted: bool
) -> None:
    reference = await to_be_called_back(site, -timedelta(minutes=30), timedelta(days=6))
    page = await desk.window("caller", java_script_enabled=scripted)
    await page.goto("/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Callbacks")
    await page.locator("section", has=page.locator("#group-now")).get_by_role("link", name=f"Call {reference}").click()
    await expect(page.locator("main")).to_contain_text("13800138000")
    await page.locator("#way").select_option("phone")
    await page.locator("#result").select_option("no_answer")
    later = datetime.now(SHANGHAI) + timedelta(days=2)
    await page.locator("#window-from").fill(f"{later:%Y-%m-%dT%H:%M}")
    await page.locator("#window-to").fill(f"{later - timedelta(hours=1):%Y-%m-%dT%H:%M}")
    await page.locator("button[data-main]").click()
    await expect(page.get_by_role("alert")).to_contain_text("The end must lie after the beginning")
    assert (await site.house.record(reference)).callback.visits == ()
    await page.locator("#window-to").fill(f"{later + timedelta(days=6):%Y-%m-%dT%H:%M}")
    await page.locator("button[data-main]").click()
    await expect(page.get_by_role("status")).to_contain_text("next attempt is planned")
    await expect(page.locator("section", has=page.locator("#group-later"))).to_contain_text(reference)
    await page.goto(f"/console/callbacks/{reference}")
    await page.locator("#way").select_option("phone")
    await page.locator("#result").select_option("reached")
    await page.locator("#solved").select_option("yes")
    await page.locator("#satisfaction").select_option("5")
    await page.locator("button[data-main]").click()
    await expect(page.get_by_role("alert")).to_contain_text("the next attempt is on another day")
    assert (await site.house.facts(reference)).count("callback.visited") == 1


async def test_a_settled_call_leaves_the_list(site: Site, desk: Desk) -> None:
    reference = await to_be_called_back(site, -timedelta(minutes=30), timedelta(days=6))
    page = await desk.window("caller")
    await page.goto(f"/console/callbacks/{reference}")
    await page.locator("#way").select_option("phone")
    await page.locator("#result").select_option("reached")
    await page.locator("button[data-main]").click()
    await expect(page.get_by_role("alert")).to_contain_text("Say whether it is settled")
    await page.locator("#solved").select_option("yes")
    await page.locator("#satisfaction").select_option("5")
    await page.locator("button[data-main]").click()
    await expect(page.get_by_role("status")).to_contain_text("The call is recorded")
    assert reference not in await page.locator("main").inner_text()
    assert (await site.house.record(reference)).callback.visits[-1].found_it_settled


def test_calls_are_made_in_the_order_of_their_windows_as_the_day_of_the_callers_has_them() -> None:
    now = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
    windows = {
        "now": (-10, 10),
        "missed": (-60, 0),
        "today": (20, 90),
        "later": (30, 90),
    }
    for group, (begin, end) in windows.items():
        window = {"window_from": now + timedelta(minutes=begin), "window_to": now + timedelta(minutes=end)}
        assert window_group(Callback(**window), now, SHANGHAI) == group
    assert window_group(Callback(), now, SHANGHAI) == "unplanned"


async def pages_of(site: Site) -> list[tuple[str, str]]:
    reference = await with_a_handler(site, narrative=CANARY)
    await site.house.do(reference, "escalate", level=2, reason=CANARY)
    called = await to_be_called_back(site, -timedelta(minutes=5), timedelta(days=6))
    improvement = await site.house.services.undertaker.propose_improvement(
        site.house.people["handler"], ImprovementForm(title=CANARY, description=CANARY), None
    )
    of_supervisor = (
        *("/console/board", "/console/search", "/console/decisions", "/console/decisions?of=improvements"),
        *("/console/improvements", "/console/improvements/new", f"/console/improvements/{improvement.reference}"),
        *("/console/incidents", "/console/analyses", "/console/analyses/new"),
        f"/console/bulk/assign?reference={reference}",
    )
    of_caller = ("/console/callbacks", "/console/callbacks?view=all", f"/console/callbacks/{called}")
    return [*(("supervisor", path) for path in of_supervisor), *(("caller", path) for path in of_caller)]


@pytest.mark.parametrize(("language", "scheme"), [("zh", "dark"), ("en", "light")])
async def test_every_page_of_theirs_is_accessible_fits_a_phone_and_runs_no_script_of_others(
    site: Site, desk: Desk, language: str, scheme: Any
) -> None:
    windows = {
        who: await desk.window(who, language, color_scheme=scheme, viewport=PHONE) for who in ("supervisor", "caller")
    }
    for who, path in await pages_of(site):
        page = windows[who]
        await page.goto(path)
        assert await violations(page) == [], path
        assert not await is_cut(page), f"{path} is wider than a phone"
        assert await page.title() != "CANARY"
    assert [said for said in desk.complaints if "404" not in said] == []

"""The administrator's work in a real browser: people and their tokens, to done, in both languages."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import expect

from domain.access import Role
from tests.console.visiting import PASSWORD, PHONE, Desk, Site, is_cut, violations

CANARY = "<img src=x onerror=\"document.title='CANARY'\">"


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_somebody_new_is_enrolled_gets_a_password_and_signs_in_with_it(
    site: Site, desk: Desk, scripted: bool
) -> None:
    page, name = await desk.window("admin", java_script_enabled=scripted), f"Newcomer {scripted}"
    await page.goto("/")
    await page.get_by_role("link", name="Enrol somebody").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Enrol").click()
    await expect(page.locator("#roles-problem")).to_contain_text("Choose at least one")
    await page.get_by_label("Hotline").check()
    await page.get_by_label("Team").fill("north")
    await page.get_by_role("button", name="Enrol").click()
    await page.get_by_role("button", name="Set the password").click()
    made = await page.locator("#secret").input_value()
    stranger = await desk.window()
    await stranger.goto("/console/sign-in")
    await stranger.get_by_label("Name").fill(name)
    await stranger.get_by_label("Password").fill(made)
    await stranger.get_by_role("button", name="Sign in").click()
    await expect(stranger.locator("#phone")).to_be_visible()
    known = await site.house.parts.people.named(name)
    assert known is not None
    assert (known.roles, known.team) == (frozenset({Role.HOTLINE}), "north")


async def test_a_token_is_shown_once_works_and_is_taken_away(site: Site, desk: Desk) -> None:
    people, page = site.house.parts.people, await desk.window("admin", "zh")
    person = site.house.people["caller"]
    await page.goto(f"/console/staff/{person.id}")
    await page.get_by_label("用途").fill("夜间导入")
    await page.get_by_role("button", name="签发令牌").click()
    token = await page.locator("#secret").input_value()
    assert (await people.of_token(token)) == person
    await page.reload()  # the form is sent again: the same token, and no second one
    assert await page.locator("#secret").input_value() == token
    await page.get_by_role("link", name="已保存").click()
    assert token not in await page.content()
    await page.get_by_role("button", name="撤销：夜间导入").click()
    await expect(page.get_by_role("status")).to_contain_text("令牌已失效")
    assert await people.of_token(token) is None


async def test_whoever_is_absent_gets_no_case_and_whoever_leaves_is_out_everywhere(site: Site, desk: Desk) -> None:
    person = await site.house.parts.people.enrol("Leaver", [Role.HANDLER], datetime.now(UTC), team="north")
    site.house.people["leaver"] = person
    token = await site.house.parts.people.issue_token(person.id, datetime.now(UTC))
    own = await desk.window("leaver")
    page = await desk.window("admin")
    await page.goto(f"/console/staff/{person.id}")
    await page.get_by_label("Absent until").fill("2099-01-02T08:00")
    await page.get_by_label("Redress limit").fill("12.345")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#redress_limit")).to_have_attribute("aria-invalid", "true")
    assert await page.get_by_label("Absent until").input_value() == "2099-01-02T08:00"
    await page.get_by_label("Redress limit").fill("200")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1).locator("xpath=..")).to_contain_text("absent until 2099")
    changed = (await site.house.parts.people.people([person.id]))[person.id]
    assert (str(changed.redress_limit), changed.is_absent(datetime.now(UTC))) == ("200.00", True)
    await page.get_by_role("button", name="Has left").click()
    await expect(page.get_by_role("status")).to_contain_text("The person has left")
    await own.goto("/console/queue")
    assert own.url.endswith("/console/sign-in?next=/console/queue")
    assert await site.house.parts.people.of_token(token) is None


async def test_the_last_administrator_stays_one(site: Site, desk: Desk) -> None:
    page = await desk.window("admin", "zh")
    await page.goto(f"/console/staff/{site.house.people['admin'].id}")
    await page.get_by_role("button", name="办理离岗").click()
    await expect(page.get_by_role("alert")).to_contain_text("请先指定另一位管理员")
    assert (await site.house.parts.people.named("admin")) is not None


async def test_a_supervisor_sees_the_staff_and_changes_nothing(site: Site, desk: Desk) -> None:
    page = await desk.window("supervisor")
    await page.goto("/console/staff?role=hotline")
    await page.get_by_role("link", name="hotline", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("hotline")
    assert await page.locator("main form").count() == 0


async def test_signing_out_everywhere_ends_the_sessions_of_a_person(site: Site, desk: Desk) -> None:
    await site.house.services.accounts.set_password(site.house.people["auditor"], PASSWORD)
    own = await desk.window("auditor")
    page = await desk.window("admin")
    await page.goto(f"/console/staff/{site.house.people['auditor'].id}")
    await page.get_by_role("button", name="Sign out everywhere").click()
    await expect(page.get_by_text("Signed in at 0 places now.")).to_be_visible()
    await own.goto("/console/account")
    assert re.search(r"/console/sign-in", own.url)


async def pages_of(site: Site) -> list[str]:
    person = await site.house.parts.people.enrol(CANARY, [Role.HANDLER], datetime.now(UTC), team=CANARY)
    await site.house.parts.people.issue_token(person.id, datetime.now(UTC), CANARY)
    return ["/console/staff", "/console/staff?q=nobody+at+all", "/console/staff/new", f"/console/staff/{person.id}"]


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
async def test_every_page_is_accessible_fits_a_phone_and_runs_no_script_of_others(
    site: Site, desk: Desk, language: str, scheme: Any
) -> None:
    page = await desk.window("admin", language, color_scheme=scheme, viewport=PHONE)
    for path in await pages_of(site):
        await page.goto(path)
        assert await violations(page) == [], path
        assert not await is_cut(page), f"{path} is wider than a phone"
        assert await page.title() != "CANARY"
    assert desk.complaints == []

"""The handler's and the hotline's work in a real browser: to done, in both languages, with and without JavaScript."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from domain.complaints.taxonomy import Taxonomy
from tests.console.visiting import PASSWORD, PHONE, Desk, Site, is_cut, violations

CANARY = "<script>document.title='CANARY'</script><img src=x onerror=\"document.title='CANARY'\">"
LETTER = "We have looked into it: the igniter was not replaced. It was replaced today and the boiler works."
NUMBER = re.compile(r"C-\d{4}-\d{6,9}")


async def took(site: Site, **fields: Any) -> str:
    """A complaint by e-mail and phone that waits for a handler."""
    customer = {"name": "Ann Example", "phone": "13800138000", "email": "ann@example.com", "language": "en"}
    form = {"channel": "phone", "category": "repair_late", "narrative": "The boiler is cold.", "customer": customer}
    return await site.house.take(**(form | fields))


async def fill_in_and_confirm(page: Page, **fields: str) -> None:
    """Fill in the form of a command and send it."""
    for name, value in fields.items():
        place = page.locator(f"#{name}")
        if await place.evaluate("e => e.tagName") == "SELECT":
            await place.select_option(value)
        else:
            await place.fill(value)
    await page.locator("button[data-main]").click()


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_a_handler_brings_a_case_from_signing_in_to_its_answer(site: Site, desk: Desk, scripted: bool) -> None:
    house, reference = site.house, await took(site)
    await house.services.accounts.set_password(house.people["handler"], PASSWORD)
    await house.services.accounts.choose_language(house.people["handler"], "en")
    page = await desk.window(java_script_enabled=scripted)
    await page.goto("/")
    await page.get_by_label("Name").fill("handler")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name="To be taken").click()
    await page.get_by_label("Find").fill(reference)
    await page.get_by_role("button", name="Show").click()
    await page.get_by_role("link", name=reference).click()
    await page.get_by_role("link", name="Assess").click()
    await fill_in_and_confirm(page, decision="invalid")
    await expect(page.get_by_role("alert")).to_contain_text("Choose a ground")
    await fill_in_and_confirm(page, decision="valid")
    await page.get_by_role("button", name="Take the case").click()
    await page.get_by_role("button", name="Start investigating").click()
    await page.get_by_role("link", name="Answer the customer").click()
    await page.locator("#way").select_option("phone")
    await page.locator("#letter").fill(LETTER)
    await page.get_by_role("button", name="Preview the letter").click()
    await expect(page.locator("#letter-preview")).to_contain_text("igniter")
    await fill_in_and_confirm(page, outcome="upheld", cause="staff")
    await expect(page.get_by_role("status").first).to_contain_text("Done: Answer the customer")
    assert (await house.record(reference)).responded_at is not None
    assert "complaint.responded" in await house.facts(reference)


async def test_a_caller_is_served_by_the_keyboard_alone(site: Site, desk: Desk) -> None:
    earlier = await took(site, customer={"name": "Wang", "phone": "13900139001", "language": "zh"})
    page = await desk.window("hotline", "zh")
    await page.goto("/console/intake")
    await expect(page.locator("#phone")).to_be_focused()
    await page.keyboard.type("13900139001")
    await expect(page.locator("#known")).to_contain_text(earlier)
    await expect(page.locator("#known")).to_contain_text("Wang")
    for _ in range(4):  # past customer number, name and e-mail
        await page.keyboard.press("Tab")
    await expect(page.locator("#narrative")).to_be_focused()
    await page.keyboard.type("维修人员一直没有来。")
    await page.keyboard.press("Tab")
    await page.keyboard.type("维修 › 维修不及时")
    await expect(page.locator("#known")).to_contain_text("很可能是同一件事")
    await expect(page.locator("#known")).to_contain_text("不晚于")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".receipt h1")).to_have_text(NUMBER)
    taken = await site.house.record(await page.locator(".receipt h1").inner_text())
    assert (taken.intake.category, taken.intake.taken_by) == ("repair_late", site.house.people["hotline"].id)


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_a_safety_word_stops_the_intake_until_the_advice_was_read_out(
    site: Site, desk: Desk, scripted: bool
) -> None:
    page = await desk.window("hotline", java_script_enabled=scripted)
    await page.goto("/console/intake")
    await page.locator("#narrative").fill("There is a smell of gas in the stairs.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#danger-title")).to_contain_text("read this out first")
    assert page.url.endswith("/console/intake")
    await page.get_by_label("The customer has heard the advice").check()
    await page.get_by_role("button", name="Save").click()
    reference = await page.locator(".receipt h1").inner_text()
    assert (await site.house.record(reference)).intake.is_emergency


async def test_without_javascript_a_button_looks_the_caller_up(site: Site, desk: Desk) -> None:
    earlier = await took(site, customer={"phone": "13900139007", "language": "en"})
    page = await desk.window("hotline", java_script_enabled=False)
    await page.goto("/console/intake")
    await page.locator("#phone").fill("13900139007")
    await page.locator("#narrative").fill("Nobody came.")
    await page.get_by_role("button", name="Look the caller").click()
    await expect(page.locator("#known")).to_contain_text(earlier)
    assert await page.locator("#narrative").input_value() == "Nobody came."


async def test_what_is_wrong_is_named_beside_its_field_and_nothing_is_lost(site: Site, desk: Desk) -> None:
    page = await desk.window("hotline", "zh")
    await page.goto("/console/intake")
    await page.locator("#phone").fill("12")
    await page.locator("#category").fill("没有这个类别")
    await page.locator("#demand").fill("请尽快处理")
    await page.locator("button[data-main]").click()
    await expect(page.locator("#narrative-problem")).to_contain_text("请填写此项")
    await page.locator("#narrative").fill("灶具打不着。")
    await page.locator("button[data-main]").click()
    for field in ("category", "phone"):
        await expect(page.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
    assert await page.locator("#demand").input_value() == "请尽快处理"


async def pages_of(site: Site) -> list[tuple[str, str]]:
    reference = await took(site, narrative=CANARY, demand=CANARY, customer={"name": CANARY[:200], "language": "en"})
    await site.house.do(reference, "note", by="handler", text=CANARY)
    case = f"/console/cases/{reference}"
    own = (
        "/console/queue?view=all",
        case,
        f"{case}/do/assess",
        f"{case}/do/note",
        "/console/account",
        "/console/nowhere",
    )
    of_handler = (("handler", path) for path in (*own, "/console/components"))
    return [("", "/console/sign-in"), *of_handler, ("hotline", "/console/intake")]


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
async def test_every_page_is_accessible_fits_a_phone_and_runs_no_script_of_others(
    site: Site, desk: Desk, language: str, scheme: Any
) -> None:
    windows = {
        who: await desk.window(who or None, language, color_scheme=scheme, viewport=PHONE)
        for who in ("", "handler", "hotline")
    }
    for who, path in await pages_of(site):
        page = windows[who]
        await page.goto(path)
        assert await violations(page) == [], path
        assert not await is_cut(page), f"{path} is wider than a phone"
        assert "CANARY" not in await page.title()
    assert [said for said in desk.complaints if "404" not in said] == []


async def test_at_four_hundred_per_cent_nothing_is_cut(site: Site, desk: Desk) -> None:
    page = await desk.window("handler", viewport={"width": 320, "height": 256})
    reference = await took(site)
    for path in ("/console/queue?view=all", f"/console/cases/{reference}", f"/console/cases/{reference}/do/assess"):
        await page.goto(path)
        assert not await is_cut(page), path


async def test_the_language_is_remembered_for_the_person(site: Site, desk: Desk) -> None:
    page = await desk.window("handler", "en")
    await page.goto("/console/queue")
    await page.get_by_role("button", name="中文").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("个案列表")
    assert await page.locator("html").get_attribute("lang") == "zh-CN"


async def test_a_queue_goes_on_where_its_first_page_ends(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.console.queue.ON_A_PAGE", 2)
    wanted = {await took(site, category="conduct", policy="default") for _ in range(3)}
    page = await desk.window("handler")
    await page.goto("/console/queue?view=all&category=conduct")
    first = set(NUMBER.findall(await page.locator("tbody").inner_text()))
    await page.get_by_role("link", name="Next page").click()
    second = set(NUMBER.findall(await page.locator("tbody").inner_text()))
    assert (first | second, first & second) == (wanted, set())


async def test_every_command_of_staff_has_its_place_words_and_form(site: Site) -> None:
    from domain.access import ALLOWED, Role
    from domain.privacy import Language
    from starter.bodies import CASE_COMMANDS
    from starter.console.command_forms import GROUPS
    from starter.console.fields import fields_of
    from starter.console.wording import words

    assert isinstance(site.house.services.taxonomy, Taxonomy)
    of_staff = {name for name in CASE_COMMANDS if ALLOWED[name] - {Role.CUSTOMER, Role.PARTNER}}
    assert {name for group in GROUPS.values() for name in group} == of_staff
    for language in Language:
        said = words(language)
        assert of_staff <= set(said["commands"]["name"])
        labels = said["fields"]["label"]
        for command in of_staff:
            for field in fields_of(command):
                outer, _, inner = field.name.partition(".")
                assert labels[outer][inner] if inner else labels[outer], f"{command}: {field.name}"

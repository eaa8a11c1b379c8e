"""The survey owner's and the analyst's work in a real browser: a tree edited, a wave from its plan to its sign-off."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Page, expect

from domain.privacy import Language
from domain.surveys.waves.commands import PERSONS_WAVE_COMMANDS
from domain.surveys.waves.wave import WaveStatus
from starter.console.waves import OF_STEPS
from starter.console.wording import words
from starter.problems import Problem
from tests.console.visiting import PHONE, Desk, Site, is_cut, violations
from tests.mail_server import MailServer
from tests.surveys.field import answer, by_mail, quick_frame, record, tokens, until_fact, until_status

PATHS = (
    "/console/surveys",
    "/console/surveys/gas_utility",
    "/console/surveys/gas_utility/questionnaire",
    "/console/surveys/gas_utility/tree",
    "/console/samples?population=20000",
    "/console/samples?margin=x&confidence=200",
    "/console/waves",
)


async def stored(site: Site, survey: str = "gas_utility") -> Any:
    """The newest version; the shipped one, if there is none yet."""
    surveys = site.house.services.surveys
    try:
        return (await surveys.waves.survey(survey)).definition
    except Problem:
        await surveys.survey_records.store(by_mail(survey), site.house.people["analyst"].id, datetime.now(UTC))
        return (await surveys.waves.survey(survey)).definition


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_an_analyst_edits_the_indicators_and_stores_the_next_version(
    site: Site, desk: Desk, scripted: bool
) -> None:
    before = await stored(site)
    page = await desk.window("analyst", java_script_enabled=scripted)
    await page.goto("/console/surveys")
    await page.get_by_role("link", name="Satisfaction of gas customers").click()
    await page.get_by_role("link", name="Edit the indicators").click()
    supply, other = page.locator("[name=weight-supply]"), "50" if await _weight(before, "supply") == 0.7 else "70"
    await supply.fill(other)
    await page.get_by_role("button", name="Save as version").click()
    await expect(page.get_by_role("alert")).to_contain_text("The weights of this level must sum to 100 %")
    assert await supply.input_value() == other
    repair = 90 - int(other)
    await page.locator("[name=weight-repair]").fill(str(repair))
    await page.locator("[name=title-repair-en]").fill(f"Repairs {scripted}")
    await page.get_by_role("button", name="Save as version").click()
    await expect(page.get_by_role("status")).to_contain_text("The next version is stored")
    after = await stored(site)
    assert after.version == before.version + 1
    assert (await _weight(after, "supply"), await _weight(after, "repair")) == (int(other) / 100, repair / 100)
    assert after.questionnaire == before.questionnaire


async def _weight(survey: Any, node: str) -> float:
    return float(next(each.weight for _, _, each in survey.indicators.nodes() if each.id == node))


async def test_an_indicator_is_added_and_removed_and_a_button_brings_the_weights_to_all(site: Site, desk: Desk) -> None:
    before = await stored(site, "complaint_closed")
    page = await desk.window("analyst", "zh")
    await page.goto("/console/surveys/complaint_closed/tree")
    await page.locator("#remove-courtesy").check()
    await page.locator("#id-new").fill("manners")
    await page.locator("#title-new-zh").fill("态度")
    await page.locator("#title-new-en").fill("Manners")
    await page.locator("#weight-new").fill("30")
    await page.locator("#question-new").select_option("courtesy_rating")
    await page.get_by_role("button", name="各级权重归为 100%").click()
    await expect(page.locator("#weight-new")).not_to_have_value("30")
    await page.get_by_role("button", name="保存为版本").click()
    await expect(page.get_by_role("status")).to_contain_text("新版本已保存")
    after = await stored(site, "complaint_closed")
    names = {node.id for _, _, node in after.indicators.nodes()}
    assert names == {node.id for _, _, node in before.indicators.nodes()} - {"courtesy"} | {"manners"}
    assert sum(node.weight for _, _, node in after.indicators.nodes()) == pytest.approx(1)


async def test_the_calculator_says_how_many_to_draw_step_by_step(desk: Desk) -> None:
    page = await desk.window("analyst")
    await page.goto("/console/samples")
    await page.get_by_label("Population").fill("1000")
    await page.get_by_label("Response rate in %").fill("50")
    await page.get_by_role("button", name="Reckon").click()
    # Cochran's example of a share: 384.15, in a population of 1000 277.7, so 278 completes and 556 at a rate of a half
    await expect(page.locator("#size")).to_contain_text("556")
    await expect(page.locator("#size")).to_contain_text("278")
    await page.get_by_label("Margin of error").fill("0")
    await page.get_by_role("button", name="Reckon").click()
    await expect(page.locator("#margin-problem")).to_contain_text("not in its range")


async def test_a_wave_is_followed_from_its_plan_to_its_signed_off_report(
    site: Site, desk: Desk, post: MailServer
) -> None:
    await stored(site)
    await quick_frame(site.house, 60)
    page = await desk.window("analyst")
    await page.goto("/console/surveys/gas_utility")
    await page.get_by_role("button", name="Plan a wave").click()
    reference = page.url.split("/")[-1].partition("?")[0]
    await until_status(site.house, reference, WaveStatus.SAMPLED)
    await page.goto(f"/console/waves/{reference}")
    await page.get_by_role("button", name="Launch").click()
    await expect(page.get_by_role("status")).to_contain_text("invitations go out")
    await until_fact(site.house, reference, "wave.invited")
    for place, token in enumerate(list(tokens(post).values())[:12]):
        await answer(site.house, token, code=5 if place % 2 else 3)
    await page.reload()
    await expect(page.get_by_role("heading", name="Index so far").locator("xpath=..")).to_contain_text("95 % interval")
    await expect(page.locator("tfoot")).to_contain_text("12")
    await _revise_in_the_field(site, page, reference)
    await page.get_by_text("Close now").first.click()
    await page.get_by_role("button", name="Close now").click()
    await expect(page.locator("#close-reason-problem")).to_contain_text("Please fill this in")
    await page.locator("#close-reason").fill("enough")
    await page.get_by_role("button", name="Close now").click()
    await until_status(site.house, reference, WaveStatus.REPORTED)
    await page.reload()
    assert await page.get_by_role("button", name="Sign off").count() == 0  # whoever plans does not sign off
    await page.get_by_role("link", name="English").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("gas customers")
    boss = await desk.window("supervisor", "zh")
    await boss.goto(f"/console/waves/{reference}")
    await boss.locator("#measure-1-partner").fill("north_gas")
    await boss.get_by_role("button", name="签发").click()
    await expect(boss.get_by_role("alert")).to_contain_text("请填写")
    await boss.locator("#measure-1-title").fill("周末增加一名抢修员")
    await boss.get_by_role("button", name="签发").click()
    await expect(boss.get_by_role("status")).to_contain_text("报告已签发")
    signed = await record(site.house, reference)
    assert signed.status is WaveStatus.SIGNED_OFF
    assert [each.partner for each in signed.measures] == ["north_gas"]
    assert await violations(boss) == []


async def _revise_in_the_field(site: Site, page: Page, reference: str) -> None:
    """A version that came meanwhile is offered, and only then."""
    assert await page.get_by_text("Go on with another version").count() == 0
    before = await stored(site)
    clearer = before.model_copy(
        update={"version": before.version + 1, "title": before.title | {"en": "Satisfaction of the gas customers"}}
    )
    await site.house.services.surveys.survey_records.store(clearer, site.house.people["analyst"].id, datetime.now(UTC))
    await page.reload()
    await page.get_by_text("Go on with another version").first.click()
    assert await page.locator("#revise-version").input_value() == str(clearer.version)
    await page.get_by_role("button", name="Go on with another version").click()
    await expect(page.locator("#revise-reason-problem")).to_contain_text("Please fill this in")
    await page.locator("#revise-reason").fill("clearer words")
    await page.get_by_role("button", name="Go on with another version").click()
    await expect(page.get_by_role("status")).to_contain_text("goes on with the new version")
    assert (await record(site.house, reference)).version == clearer.version


@pytest.mark.parametrize("language", list(Language))
def test_every_command_of_a_wave_has_its_words(language: Language) -> None:
    said = words(language)["waves"]
    for kind in ("command", "about", "done"):
        assert PERSONS_WAVE_COMMANDS.keys() - OF_STEPS <= said[kind].keys()


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
async def test_every_page_is_accessible_and_fits_a_phone(site: Site, desk: Desk, language: str, scheme: Any) -> None:
    await stored(site)
    page = await desk.window("analyst", language, color_scheme=scheme, viewport=PHONE)
    for path in PATHS:
        await page.goto(path)
        assert await violations(page) == [], path
        assert not await is_cut(page), f"{path} is wider than a phone"
    assert [said for said in desk.complaints if "422" not in said] == []

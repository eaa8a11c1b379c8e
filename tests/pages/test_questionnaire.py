"""The respondent's questionnaire by a browser without JavaScript: saved page by page, once, in time."""

from typing import Any

import pytest

from domain.surveys.waves.wave import WaveStatus
from storage.pool import borrow
from tests.api.visitors import Api
from tests.house import House
from tests.mail_server import MailServer
from tests.pages.browsing import Browser, Page
from tests.surveys.field import by_mail, command, counts, fill_frame, planned, tokens, until_fact, until_status


@pytest.fixture(scope="module")
async def links(house: House, post: MailServer) -> list[str]:
    """A fielded wave of twenty contacts, and the paths of their links."""
    await fill_frame(house, 60)
    wave = await planned(house, by_mail(fieldwork__quarantine="P0D"))
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    return [f"/r/{token}" for token in tokens(post).values()]


async def reference(house: House) -> str:
    return (await house.services.surveys.wave_records.page(None, None, 1))[0].reference


async def rows(house: House, query: str) -> int:
    async with borrow(house.parts.pool) as connection:
        return int(await connection.fetchval(query))


async def written(house: House) -> tuple[int, int, int]:
    """Everything that answering writes: events, interviews, opt-outs."""
    return (
        await rows(house, "SELECT count(*) FROM contact_event WHERE kind <> 'delivered'"),
        await rows(house, "SELECT count(*) FROM response"),
        await rows(house, "SELECT count(*) FROM customer WHERE opted_out_at IS NOT NULL"),
    )


def everything(page: Page, code: str = "4") -> dict[str, Any]:
    """Every question of the page answered: ratings by the code, others by their first choice."""
    names: dict[str, list[str]] = {}
    for named in page.attributes("input"):
        if named.get("type") in {"radio", "checkbox"}:
            names.setdefault(named["name"], []).append(named["value"])
    return {name: code if code in values else values[0] for name, values in names.items()}


async def finish(browser: Browser, page: Page, code: str = "4") -> Page:
    """Answer page after page to the end."""
    while any("page" in form.fields for form in page.forms):
        page = await browser.send(page, everything(page, code) | {"action": "save"})
        assert page.status == 200, page.text
    return page


async def test_somebody_answers_page_by_page_and_is_thanked(api: Api, links: list[str]) -> None:
    browser = Browser(api.client)
    first = await browser.open(f"{links[0]}?lang=en")
    assert (first.status, "Begin" in first.text) == (200, True)
    page = await browser.send(first, {"action": "begin"}, form="begin")
    assert "Part 1 of" in page.text
    last = await finish(browser, page)
    assert "Thank you" in last.text
    assert (await counts(api.house, await reference(api.house)))["I"] == 1


async def test_looking_records_nothing(api: Api, links: list[str]) -> None:
    before = await written(api.house)
    for link in links:
        for path in (link, f"{link}?lang=zh"):
            assert (await Browser(api.client).open(path)).status == 200
            await api.client.head(path, headers=Browser(api.client).headers)
    assert await written(api.house) == before


async def test_an_interview_goes_on_where_it_stopped_on_another_device(api: Api, links: list[str]) -> None:
    browser = Browser(api.client)
    page = await browser.send(await browser.open(f"{links[1]}?lang=en"), {"action": "begin"}, form="begin")
    page = await browser.send(page, everything(page) | {"action": "save"})
    assert "Part 2 of" in page.text
    elsewhere = await Browser(api.client).open(f"{links[1]}?lang=en")
    assert "Part 2 of" in elsewhere.text
    back = await browser.send(elsewhere, {"action": "back"})
    assert "Part 1 of" in back.text
    assert back.forms[0].fields["supply_pressure"] == "4"


async def test_a_page_with_a_gap_comes_back_with_what_was_given_and_saves_nothing(api: Api, links: list[str]) -> None:
    browser = Browser(api.client)
    page = await browser.send(await browser.open(f"{links[2]}?lang=en"), {"action": "begin"}, form="begin")
    again = await browser.send(page, {"supply_pressure": "2", "action": "save"})
    assert again.status == 422
    assert "Please answer this question" in again.text
    assert again.forms[0].fields["supply_pressure"] == "2"
    assert await rows(api.house, "SELECT count(*) FROM response WHERE answers ->> 'supply_pressure' = '2'") == 0


async def test_an_answer_is_counted_once_however_often_it_is_sent(api: Api, links: list[str]) -> None:
    browser = Browser(api.client)
    page = await browser.send(await browser.open(f"{links[3]}?lang=en"), {"action": "begin"}, form="begin")
    first_page = page
    last = await finish(browser, page, "5")
    assert "Thank you" in last.text
    before = await written(api.house)
    again = await browser.send(first_page, everything(first_page, "1") | {"action": "save"})
    assert "Thank you" in again.text
    assert await written(api.house) == before


async def test_forged_links_are_unknown_and_record_nothing(api: Api, links: list[str]) -> None:
    before = await written(api.house)
    for number, link in enumerate(links[:5]):
        turned = link[:-3] + ("AAA" if not link.endswith("AAA") else "BBB")
        browser = Browser(api.client, f"198.19.0.{number + 1}")
        assert (await browser.open(turned)).status == 404
        answer = await api.client.post(turned, data={"action": "begin"}, headers=browser.headers)
        assert answer.status_code == 404
    assert await written(api.house) == before


async def test_who_opts_out_is_not_asked_again_by_anybody(api: Api, links: list[str]) -> None:
    browser = Browser(api.client)
    page = await browser.open(f"{links[4]}?lang=en")
    before = (await counts(api.house, await reference(api.house))).get("R", 0)
    unsure = await browser.send(page, {"action": "opt_out"}, form="opt-out")
    assert "Nothing was changed" in unsure.text
    page = await browser.send(page, {"action": "opt_out", "sure": "yes"}, form="opt-out")
    assert "You will not be asked again" in page.text
    assert (await counts(api.house, await reference(api.house)))["R"] == before + 1
    assert "You will not be asked again" in (await browser.open(f"{links[4]}?lang=en")).text


async def test_the_page_is_in_the_language_of_the_customer_or_the_one_asked_for(api: Api, links: list[str]) -> None:
    tags = {(await Browser(api.client).open(link)).attributes("html")[0]["lang"] for link in links[6:16]}
    assert tags == {"zh-CN", "en"}
    chinese = await Browser(api.client).open(f"{links[6]}?lang=zh")
    assert "开始作答" in chinese.text


async def test_every_question_is_labelled_and_nothing_is_loaded_or_run(api: Api, links: list[str]) -> None:
    browser = Browser(api.client)
    page = await browser.send(await browser.open(f"{links[7]}?lang=en"), {"action": "begin"}, form="begin")
    labelled = {named["for"] for named in page.attributes("label")}
    inputs = [named for named in page.attributes("input") if named["type"] != "hidden"]
    assert inputs
    assert {named["id"] for named in inputs} <= labelled
    assert not page.attributes("script")
    policy = page.answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


async def test_words_of_respondents_are_sealed_and_their_markup_is_text(api: Api, links: list[str]) -> None:
    browser, hostile = Browser(api.client), "<script>alert('CANARY')</script>"
    page = await browser.send(await browser.open(f"{links[8]}?lang=en"), {"action": "begin"}, form="begin")
    while any("page" in form.fields for form in page.forms):
        texts = {named["name"]: hostile for named in page.attributes("textarea")}
        page = await browser.send(page, everything(page) | texts | {"action": "save"})
    assert "Thank you" in page.text
    assert await rows(api.house, "SELECT count(*) FROM response WHERE answers::text LIKE '%CANARY%'") == 0
    assert await rows(api.house, "SELECT count(*) FROM vault.sealed_text WHERE kind = 'answer'") == 1


async def test_what_comes_after_the_end_is_told_so_and_not_counted(api: Api, links: list[str]) -> None:
    """The last test of the file: it ends the wave that the others answer."""
    browser, wave = Browser(api.client), await reference(api.house)
    page = await browser.send(await browser.open(f"{links[9]}?lang=en"), {"action": "begin"}, form="begin")
    await command(api.house, wave, "close", reason="enough")
    before = await written(api.house)
    late = await browser.send(page, everything(page) | {"action": "save"})
    assert (late.status, "This survey is over" in late.text) == (410, True)
    assert await written(api.house) == before
    await until_status(api.house, wave, WaveStatus.REPORTED)
    assert await written(api.house) == before

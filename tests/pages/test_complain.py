"""The public complaint form, as somebody without an account and without JavaScript uses it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.complaints.terms import Status
from starter.pages.complain import TRAP
from starter.pages.limits import Limit
from tests.api.visitors import Api
from tests.pages.browsing import Browser, Page

FILLED = {"narrative": "The engineer did not come, for the second time.", "email": "ann.lee@example.org"}
NUMBER = re.compile(r"C-\d{4}-\d{6,9}")
PICTURE = ("meter.png", b"\x89PNG\r\n\x1a\n0000", "image/png")


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api.client)


def number_on(page: Page) -> str:
    assert page.status == 201, page.text
    return NUMBER.findall(page.text)[0]


async def count_of_cases(api: Api) -> int:
    return int(await api.house.parts.pool.fetchval("SELECT count(*) FROM case_record"))


async def test_a_complaint_gets_its_number_its_promises_and_a_link_that_works(api: Api, browser: Browser) -> None:
    receipt = await browser.send(await browser.open("/complain?lang=en"), FILLED)
    case = await api.house.record(number_on(receipt))
    assert (case.intake.channel, case.intake.taken_by, case.intake.language) == ("web", "customer", "en")
    link = next(named["href"] for named in receipt.attributes("a") if named.get("class") == "link")
    page = await browser.open(link)
    assert (page.status, case.reference in page.text) == (200, True)
    assert "You get our answer by" in receipt.text


async def test_what_was_written_reaches_those_who_handle_it(api: Api, browser: Browser) -> None:
    given = FILLED | {
        "demand": "An appointment that is kept",
        "category": "repair_late",
        "occurred_on": "2026-11-20",
        "name": "Ann Lee",
        "phone": "+44 20 7946 0018",
        "address": "8 Mill Lane",
        "representative": "For my mother, with her consent",
        "vulnerability": ["age", "illness"],
    }
    reference = number_on(await browser.send(await browser.open("/complain?lang=en"), given))
    story = (await api["supervisor"].get(f"/v1/complaints/{reference}/story")).json()
    case = await api["supervisor"].read(reference)
    assert story["customer"]["name"] == "Ann Lee"
    assert (story["narrative"], story["demand"]) == (FILLED["narrative"], "An appointment that is kept")
    assert (case["category"], case["vulnerability"]) == ("repair_late", ["age", "illness"])
    record = await api.house.record(reference)
    assert record.intake.occurred_at == datetime(2026, 11, 19, 16, tzinfo=UTC), "the day begins in Shanghai"


async def test_nothing_but_the_story_is_needed_and_the_receipt_is_the_acknowledgement(
    api: Api, browser: Browser
) -> None:
    receipt = await browser.send(await browser.open("/complain"), {"narrative": "The boiler is cold."})
    case = await api.house.record(number_on(receipt))
    assert case.acknowledged_at is not None
    assert "confirm that your complaint arrived" not in receipt.text


async def test_a_form_sent_twice_is_one_complaint(api: Api, browser: Browser) -> None:
    form = await browser.open("/complain")
    first, again = await browser.send(form, FILLED), await browser.send(form, FILLED)
    assert number_on(first) == number_on(again)
    changed = await browser.send(form, FILLED | {"narrative": "Another matter."})
    assert (changed.status, "already" in changed.text) == (422, True)
    assert number_on(await browser.send(changed)) != number_on(first)


async def test_a_danger_is_answered_at_once_and_escalated(api: Api, browser: Browser) -> None:
    receipt = await browser.send(await browser.open("/complain?lang=en"), {"narrative": "There is a smell of gas."})
    assert receipt.text.index("Leave the place at once") < receipt.text.rindex("received your complaint")
    case = await api.house.record(number_on(receipt))
    assert (case.intake.severity, case.intake.is_emergency, case.escalation_is_open) == (5, True, True)


@pytest.mark.parametrize(
    "given",
    [
        {"narrative": "楼道里有很重的煤气味", "email": "no address"},
        {"narrative": "", "demand": "there was an electric shock"},
        {"narrative": "", "emergency": "yes"},
    ],
)
async def test_a_danger_is_answered_at_once_whatever_else_is_wrong(browser: Browser, given: dict[str, str]) -> None:
    page = await browser.send(await browser.open("/complain?lang=en"), given)
    assert page.status == 422
    assert "Leave the place at once" in page.text


WRONG: dict[str, Any] = {
    "narrative": "x" * 20_001,
    "demand": "x" * 20_001,
    "category": "no_such_thing",
    "occurred_on": "yesterday",
    "name": "x" * 201,
    "email": "ann at example",
    "phone": "12",
    "address": "x" * 501,
    "representative": "x" * 20_001,
    "vulnerability": "no_such_thing",
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_field_is_named_beside_the_field_and_nothing_is_lost_or_stored(
    api: Api, browser: Browser, name: str
) -> None:
    before = await count_of_cases(api)
    page = await browser.send(await browser.open("/complain?lang=en"), FILLED | {name: WRONG[name]})
    assert page.status == 422
    assert await count_of_cases(api) == before
    assert f"#{name}" in {named.get("href") for named in page.attributes("a")}
    if name != "vulnerability":
        field = next(named for tag, named in page.tags if named.get("id") == name)
        assert field["aria-invalid"] == "true"
        told = {named.get("id") for _, named in page.tags}
        assert set(field["aria-describedby"].split()) <= told
    kept = page.form().fields
    assert kept["email"] == ("ann at example" if name == "email" else FILLED["email"])
    assert number_on(await browser.send(page, {**FILLED, name: FILLED.get(name, "")}))


async def test_several_wrong_fields_are_named_in_the_order_of_the_form(browser: Browser) -> None:
    page = await browser.send(await browser.open("/complain"), {"narrative": "", "email": "?", "phone": "?"})
    named = [each["href"] for each in page.attributes("a") if each["href"].startswith("#")]
    assert named == ["#main", "#narrative", "#email", "#phone"]


async def test_a_file_comes_to_the_case(api: Api, browser: Browser) -> None:
    reference = number_on(await browser.send(await browser.open("/complain"), FILLED, files=[PICTURE]))
    [file] = (await api["supervisor"].read(reference))["files"]
    got = await api["supervisor"].get(f"/v1/complaints/{reference}/attachments/{file}")
    assert (got.content, got.headers["content-type"]) == (PICTURE[1], "image/png")


@pytest.mark.parametrize("file", [("run.exe", b"MZ", "application/x-msdownload"), ("a.png", b"GIF89a", "image/png")])
async def test_a_file_of_another_kind_is_refused(browser: Browser, file: Any) -> None:
    page = await browser.send(await browser.open("/complain?lang=en"), FILLED, files=[file])
    assert (page.status, "Choose files of the named kinds" in page.text) == (422, True)


async def test_more_files_than_are_allowed_are_a_clear_no(browser: Browser) -> None:
    page = await browser.send(await browser.open("/complain"), FILLED, files=[PICTURE] * 4)
    assert page.status in {400, 413, 422}


async def test_a_body_beyond_the_limit_is_a_page_that_says_so(browser: Browser) -> None:
    huge = ("a.txt", b"x" * 11_500_000, "text/plain")
    page = await browser.send(await browser.open("/complain?lang=en"), FILLED, files=[huge])
    assert (page.status, "10 MB" in page.text) == (413, True)


async def test_a_robot_that_fills_in_everything_stores_nothing_and_a_person_may_send_again(
    api: Api, browser: Browser
) -> None:
    before = await count_of_cases(api)
    page = await browser.send(await browser.open("/complain"), FILLED | {TRAP: "https://spam.example"})
    assert page.status == 422
    assert await count_of_cases(api) == before
    assert page.form().fields[TRAP] == ""
    assert number_on(await browser.send(page))


@pytest.mark.parametrize("key", ["", "x", "1.2.3", "1700000000.aa.bb", "é" * 90])
async def test_a_form_that_we_did_not_show_is_shown_again_with_what_was_written(browser: Browser, key: str) -> None:
    page = await browser.send(await browser.open("/complain"), FILLED | {"key": key})
    assert page.status == 422
    assert page.form().fields["narrative"] == FILLED["narrative"]
    assert number_on(await browser.send(page))


async def test_a_form_sent_from_another_site_is_refused(browser: Browser) -> None:
    form = await browser.open("/complain?lang=en")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert (await browser.send(form, FILLED, **headers)).status == 403
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "http://amends.test"}):
        assert (await browser.send(form, FILLED, **headers)).status == 201


THREE = Limit("three", 3, timedelta(hours=1))


async def test_many_complaints_from_one_address_are_slowed_down_and_others_are_not(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.house.services.limits, "_complaints", THREE)
    one, other = Browser(api.client), Browser(api.client)
    form = await one.open("/complain?lang=en")
    answers = [await one.send(form, FILLED) for _ in range(6)]
    assert [answer.status for answer in answers] == [201] * 3 + [429] * 3
    assert int(answers[-1].answer.headers["Retry-After"]) > 0
    assert "emergency" in answers[-1].text
    assert (await other.send(await other.open("/complain"), FILLED)).status == 201


async def test_machines_that_send_faster_than_people_read_are_slowed_down_sooner(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.pages.limits.HASTY", THREE)
    monkeypatch.setattr("starter.pages.complain.READING_TIME", timedelta(hours=1))
    fast = Browser(api.client)
    statuses = [(await fast.send(await fast.open("/complain"), FILLED)).status for _ in range(5)]
    assert statuses == [201] * 3 + [429] * 2
    monkeypatch.setattr("starter.pages.complain.READING_TIME", timedelta(0))
    assert (await fast.send(await fast.open("/complain"), FILLED)).status == 201


async def test_chinese_speakers_get_the_form_in_chinese(browser: Browser) -> None:
    page = await browser.open("/complain", **{"Accept-Language": "fr;q=0.9, zh-CN;q=0.8, en;q=0.5"})
    assert page.attributes("html")[0]["lang"] == "zh-CN"
    receipt = await browser.send(page, {"narrative": "报修以后等了两天才有人来。"})
    assert "您的投诉已收到" in receipt.text


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_every_field_has_a_label_and_every_id_is_there_once(browser: Browser, lang: str) -> None:
    page = await browser.open(f"/complain?lang={lang}")
    labelled = [named["for"] for named in page.attributes("label")]
    fields = [
        named["id"]
        for tag, named in page.tags
        if tag in {"input", "select", "textarea"} and named.get("type") != "hidden"
    ]
    assert sorted(fields) == sorted(labelled)
    ids = [named["id"] for _, named in page.tags if "id" in named]
    assert len(ids) == len(set(ids))
    assert sum(tag == "h1" for tag, _ in page.tags) == 1


async def test_a_page_runs_nothing_loads_nothing_from_elsewhere_and_is_kept_nowhere(browser: Browser) -> None:
    page = await browser.open("/complain")
    policy = page.answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.answer.headers["Cache-Control"] == "no-store"
    assert page.answer.headers["Referrer-Policy"] == "no-referrer"
    assert not page.attributes("script")
    assert not [named for _, named in page.tags if "style" in named or any(name.startswith("on") for name in named)]
    assert {named["href"].partition("?")[0] for named in page.attributes("link")} == {"/pages/amends.css"}
    sheet = await browser.client.get("/pages/amends.css")
    assert (sheet.status_code, sheet.headers["content-type"].partition(";")[0]) == (200, "text/css")


HOSTILE = "\"><script>alert(1)</script>'{{7*7}}<img src=x onerror=alert(1)>"


async def test_what_is_written_is_shown_as_text(browser: Browser) -> None:
    given = dict.fromkeys(("demand", "name", "address", "representative", "category", "occurred_on"), HOSTILE)
    page = await browser.send(await browser.open("/complain"), {"narrative": "", **given})
    assert not page.attributes("script")
    assert not page.attributes("img")
    assert page.form().fields["demand"] == HOSTILE
    assert "{{7*7}}" in page.answer.text


def test_both_languages_say_the_same_things() -> None:
    from domain.privacy import Language
    from starter.pages.wording import words

    zh, en = (dict(flat(words(language))) for language in (Language.ZH, Language.EN))
    assert zh.keys() == en.keys()
    assert [key for key in zh if placeholders(zh[key]) != placeholders(en[key])] == []
    assert {key.removeprefix("/status/") for key in en if key.startswith("/status/")} == {each.value for each in Status}


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from flat(part, f"{path}/{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from flat(part, f"{path}/{number}")
    else:
        yield path, value


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", text))

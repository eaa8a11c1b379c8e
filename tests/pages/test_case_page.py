"""The customer's page: it tells how the case stands, and takes what the customer has to say, through the same law."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from starter.pages.limits import GUESSES, Limit
from tests.api.visitors import Api
from tests.pages.browsing import Browser, Page

ANSWER = "We have replaced the valve and apologise."
PICTURE = ("meter.png", b"\x89PNG\r\n\x1a\n0000", "image/png")


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api.client)


async def link_of(api: Api, reference: str) -> str:
    given = await api["supervisor"].post(f"/v1/complaints/{reference}/links", {"purpose": "case"})
    return str(given.json()["url"]).removeprefix(api.house.parts.settings.public_url)


async def taken(api: Api, **fields: Any) -> str:
    return await api["hotline"].take(customer={"language": "en"}, **fields)


async def investigated(api: Api) -> str:
    handler, reference = api["handler"], await taken(api)
    await handler.do(reference, "assess", decision="valid")
    await handler.do(reference, "claim")
    await handler.do(reference, "start_investigation")
    return reference


async def answered(api: Api) -> str:
    reference = await investigated(api)
    await api["handler"].do(
        reference, "respond", way="phone", letter=ANSWER, outcome="upheld", cause="process", remedies=["repair"]
    )
    return reference


async def explained(api: Api) -> str:
    handler, reference = api["handler"], await taken(api)
    await handler.do(reference, "assess", decision="invalid", ground="unfounded")
    await handler.do(reference, "explain", way="phone", letter="The bill was right.")
    return reference


def offered(page: Page) -> set[str]:
    return {form.id for form in page.forms}


async def test_it_says_how_the_case_stands_and_what_is_promised(api: Api, browser: Browser) -> None:
    page = await browser.open(await link_of(api, await taken(api)))
    assert page.status == 200
    assert "We have received your complaint and are going to look at it." in page.text
    assert "You get our answer by" in page.text
    assert offered(page) == {"say", "withdraw"}


async def test_the_answer_is_shown_when_it_was_given_and_not_before(api: Api, browser: Browser) -> None:
    reference = await investigated(api)
    assert ANSWER not in (await browser.open(await link_of(api, reference))).text
    assert ANSWER in (await browser.open(await link_of(api, await answered(api)))).text


async def test_what_colleagues_note_among_themselves_is_not_shown(api: Api, browser: Browser) -> None:
    reference = await answered(api)
    await api["handler"].do(reference, "note", text="The customer is difficult.")
    page = await browser.open(await link_of(api, reference))
    assert "difficult" not in page.answer.text
    assert "You wrote to us" not in page.text
    assert api["handler"].person.id not in page.answer.text


async def test_who_confirms_closes_the_case(api: Api, browser: Browser) -> None:
    reference = await answered(api)
    page = await browser.open(await link_of(api, reference))
    assert offered(page) == {"confirm", "dispute", "say", "withdraw"}
    after = await browser.send(page, {"satisfaction": "4", "text": "Thank you."}, form="confirm")
    assert "Thank you. Your complaint is closed." in after.text
    case = await api.house.record(reference)
    assert case.status == "closed"
    visit = case.callback.visits[-1]
    assert (visit.caller, visit.way, visit.solved, visit.satisfaction) == ("customer", "web", "yes", 4)
    assert offered(after) == {"dispute", "say"}


async def test_who_disputes_an_answer_has_the_case_taken_up_again(api: Api, browser: Browser) -> None:
    reference = await answered(api)
    page = await browser.open(await link_of(api, reference))
    after = await browser.send(page, {"text": "The pressure is still low."}, form="dispute")
    assert "taken up again" in after.text
    assert "The pressure is still low." in after.text
    entry = (await api.house.parts.ledger.entries(reference))[-1]
    assert (entry.fact.type, entry.actor) == ("complaint.reopened", "customer")


async def test_who_disputes_a_refusal_appeals(api: Api, browser: Browser) -> None:
    reference = await explained(api)
    page = await browser.open(await link_of(api, reference))
    assert "The bill was right." in page.text
    await browser.send(page, {"text": "I have photographs."}, form="dispute", files=[PICTURE])
    case = await api.house.record(reference)
    assert (case.status, case.appealed, len(case.files)) == ("assessing", True, 1)


async def test_what_the_customer_adds_is_with_the_case_and_on_the_page(api: Api, browser: Browser) -> None:
    reference = await taken(api)
    page = await browser.open(await link_of(api, reference))
    after = await browser.send(page, {"text": "It is the red valve."}, form="say", files=[PICTURE])
    assert "It is the red valve." in after.text
    story = (await api["supervisor"].get(f"/v1/complaints/{reference}/story")).json()
    assert "It is the red valve." in story["texts"].values()
    assert len((await api.house.record(reference)).files) == 1


async def test_sent_twice_it_is_said_once(api: Api, browser: Browser) -> None:
    reference = await taken(api)
    page = await browser.open(await link_of(api, reference))
    for text in ("One.", "One.", "Two.", "One."):
        await browser.send(page, {"text": text}, form="say")
    assert (await api.house.facts(reference)).count("complaint.noted") == 2


async def test_a_complaint_is_withdrawn_only_by_who_says_so_twice(api: Api, browser: Browser) -> None:
    reference = await taken(api)
    page = await browser.open(await link_of(api, reference))
    refused = await browser.send(page, {"text": "It is settled."}, form="withdraw")
    assert (refused.status, "Please tick" in refused.text) == (422, True)
    assert (await api.house.record(reference)).status != "withdrawn"
    after = await browser.send(refused, {"sure": "yes"}, form="withdraw")
    assert "Your complaint is withdrawn." in after.text
    entry = next(e for e in await api.house.parts.ledger.entries(reference) if e.fact.type == "complaint.withdrawn")
    assert (entry.actor, getattr(entry.fact, "confirmed_by", None)) == ("customer", "web")


@pytest.mark.parametrize("action", ["dispute", "say"])
async def test_nothing_is_done_without_a_word(api: Api, browser: Browser, action: str) -> None:
    reference = await answered(api)
    before = await api.house.facts(reference)
    page = await browser.send(await browser.open(await link_of(api, reference)), form=action)
    assert (page.status, "Please write something" in page.text) == (422, True)
    assert await api.house.facts(reference) == before


async def test_reading_changes_nothing_whatever_is_asked_in_the_address(api: Api, browser: Browser) -> None:
    reference = await answered(api)
    link = await link_of(api, reference)
    before = await api.house.facts(reference)
    for asked in ("", "?action=withdraw&sure=yes", "?action=confirm", "?done=withdraw"):
        assert (await browser.open(link + asked)).status == 200
    head = await api.client.head(link, headers=browser.headers)
    assert head.status_code in {200, 405}
    assert await api.house.facts(reference) == before


@pytest.mark.parametrize(
    "action", ["close", "assess", "respond", "assign", "correct", "record_visit", "pay_redress", "reopen", "", "'"]
)
async def test_a_customer_can_do_nothing_but_what_the_page_offers(api: Api, browser: Browser, action: str) -> None:
    reference = await investigated(api)
    before = await api.house.facts(reference)
    page = await browser.open(await link_of(api, reference))
    answer = await browser.send(page, {"action": action, "text": "x", "sure": "yes", "handler": "x"}, form="say")
    assert answer.status == 409
    assert await api.house.facts(reference) == before


async def test_what_came_too_late_is_told_and_shown_with_the_state_as_it_is(api: Api, browser: Browser) -> None:
    reference = await answered(api)
    page = await browser.open(await link_of(api, reference))
    await api["supervisor"].do(reference, "refer_external", body="ombudsman")
    late = await browser.send(page, {"text": "Not settled."}, form="dispute")
    assert late.status == 409
    assert "things have moved on" in late.text
    assert "Not settled." in late.text
    assert "independent body" in late.text


async def test_a_form_that_was_open_for_days_is_shown_again_with_what_was_written(api: Api, browser: Browser) -> None:
    page = await browser.open(await link_of(api, await taken(api)))
    again = await browser.send(page, {"text": "It is the red valve.", "key": "1700000000.aa.bb"}, form="say")
    assert (again.status, again.form("say").fields["text"]) == (422, "It is the red valve.")
    assert (await browser.send(again, form="say")).status == 200


@pytest.mark.parametrize(("lang", "expected"), [(None, "en"), ("zh", "zh-CN"), ("xx", "en")])
async def test_it_speaks_the_language_of_the_case_or_the_one_that_is_asked_for(
    api: Api, browser: Browser, lang: str | None, expected: str
) -> None:
    link = await link_of(api, await taken(api))
    page = await browser.open(link + (f"?lang={lang}" if lang else ""), **{"Accept-Language": "zh"})
    assert page.attributes("html")[0]["lang"] == expected


async def test_a_forged_an_expired_and_a_revoked_link_get_a_page_that_says_which(api: Api, browser: Browser) -> None:
    reference = await taken(api)
    link = await link_of(api, reference)
    forged = await browser.open(link[:-4] + "AAAA")
    assert (forged.status, "leads nowhere" in forged.text) == (404, True)
    await api["supervisor"].post(f"/v1/complaints/{reference}/links/revoke", {"purpose": "case"})
    revoked = await browser.open(link)
    assert (revoked.status, "does not work any more" in revoked.text) == (410, True)
    expiring = await link_of(api, reference)
    await api.house.parts.pool.execute(
        "UPDATE signed_link SET expires_at = created_at WHERE subject = $1 AND revoked_at IS NULL", reference
    )
    expired = await browser.open(expiring)
    assert (expired.status, "has expired" in expired.text) == (410, True)
    assert reference not in forged.text + revoked.text + expired.text


async def test_the_link_of_a_case_opens_no_partners_page(api: Api, browser: Browser) -> None:
    link = await link_of(api, await taken(api))
    assert (await browser.open(link.replace("/case/", "/partner/"))).status == 404


async def test_who_tries_links_is_stopped_by_the_tenth_and_others_are_not(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.pages.limits.GUESSES", replace(GUESSES, refill=timedelta(hours=1)))
    link, thief = await link_of(api, await taken(api)), Browser(api.client)
    statuses = [(await thief.open(f"{link[:-6]}{number:06d}")).status for number in range(12)]
    assert statuses == [404] * 9 + [429] * 3
    assert (await Browser(api.client).open(link)).status == 200


async def test_one_link_takes_only_so_much_at_once_from_wherever_it_comes(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.pages.limits.BY_LINK", Limit("three", 3, timedelta(hours=1)))
    link, statuses = await link_of(api, await taken(api)), []
    for _ in range(5):
        somebody = Browser(api.client)
        statuses.append((await somebody.send(await somebody.open(link), form="say")).status)
    assert statuses == [422] * 3 + [429] * 2


async def test_pages_have_a_limit_by_address(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    link, eager = await link_of(api, await taken(api)), Browser(api.client)
    monkeypatch.setattr(api.house.services.limits, "_pages", Limit("three", 3, timedelta(hours=1)))
    answers = [await eager.open(link) for _ in range(30)]
    assert [answer.status for answer in answers] == [200] * 3 + [429] * 27
    assert all(int(answer.answer.headers["Retry-After"]) >= 1 for answer in answers[3:])
    assert (await Browser(api.client).open(link)).status == 200


async def test_the_customers_reads_are_logged_and_the_link_is_in_no_log(api: Api, browser: Browser, logs: Any) -> None:
    reference = await answered(api)
    link = await link_of(api, reference)
    await browser.open(link)
    subject = (await api.house.record(reference)).intake.customer
    routes = await api.house.parts.pool.fetch("SELECT * FROM personal_data_log WHERE subject = $1", subject)
    assert any("/case/{token}" in str(dict(row)) for row in routes)
    assert link.rpartition("/")[2] not in logs.getvalue()


async def test_hostile_words_of_the_customer_are_text(api: Api, browser: Browser) -> None:
    hostile = "</blockquote><script>alert(1)</script>"
    page = await browser.open(await link_of(api, await taken(api)))
    after = await browser.send(page, {"text": hostile}, form="say")
    assert hostile in after.text
    assert not after.attributes("script")


async def test_after_an_erasure_there_is_nothing_to_see(api: Api, browser: Browser) -> None:
    from datetime import UTC, datetime

    from storage.pool import transaction

    reference = await answered(api)
    link = await link_of(api, reference)
    parts = api.house.parts
    subject = (await api.house.record(reference)).intake.customer
    async with transaction(parts.pool) as connection:
        await parts.vault.erase(connection, subject, at=datetime.now(UTC))
    gone = await browser.open(link)
    assert (gone.status, "deleted on request" in gone.text) == (410, True)

"""A partner's page: the question and its answer, by a link that is good for nothing else."""

from typing import Any

import pytest

from tests.api.visitors import Api
from tests.pages.browsing import Browser

QUESTION = "When was your fitter there?"
REPORT = ("report.pdf", b"%PDF-1.7 report", "application/pdf")


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api.client)


async def asked(api: Api, **fields: Any) -> tuple[str, str]:
    """A case with a question to a partner, and the path of its link."""
    handler = api["handler"]
    reference = await api["hotline"].take(customer={"name": "Ann CANARY", "language": "en"}, **fields)
    await handler.do(reference, "assess", decision="valid")
    await handler.do(reference, "claim")
    await handler.do(reference, "start_investigation")
    await handler.do(reference, "request_partner", partner="city_fitters", question=QUESTION)
    return reference, await link_of(api, reference, 1)


async def link_of(api: Api, reference: str, number: int) -> str:
    body = {"purpose": "partner", "number": number}
    given = await api["handler"].post(f"/v1/complaints/{reference}/links", body)
    return str(given.json()["url"]).removeprefix(api.house.parts.settings.public_url)


async def test_a_partner_answers_by_the_link_and_its_clock_is_met(api: Api, browser: Browser) -> None:
    reference, link = await asked(api, policy="default")
    page = await browser.open(f"{link}?lang=en")
    assert QUESTION in page.text
    assert "Please answer by" in page.text
    thanks = await browser.send(page, {"text": "At 10:40; the valve was stuck."})
    assert (thanks.status, "your answer has arrived" in thanks.text) == (201, True)
    entry = (await api.house.parts.ledger.entries(reference))[-1]
    assert (entry.fact.type, entry.actor) == ("partner.replied", "partner:city_fitters")
    clock = next(c for c in (await api.house.record(reference)).clocks if c.kind == "partner_reply")
    assert clock.state == "met"
    story = (await api["supervisor"].get(f"/v1/complaints/{reference}/story")).json()
    assert "At 10:40; the valve was stuck." in story["texts"].values()


async def test_a_partner_sees_the_question_and_nothing_of_the_customer(api: Api, browser: Browser) -> None:
    _, link = await asked(api, narrative="CANARY narrative")
    page = await browser.open(link)
    assert QUESTION in page.text
    assert "CANARY" not in page.answer.text


async def test_an_answered_question_is_answered_once(api: Api, browser: Browser) -> None:
    reference, link = await asked(api)
    page = await browser.open(f"{link}?lang=en")
    await browser.send(page, {"text": "At 10:40."})
    again = await browser.send(page, {"text": "No, at eleven."})
    assert (again.status, "has been answered" in again.text) == (409, True)
    used = await browser.open(f"{link}?lang=en")
    assert (used.status, used.forms) == (200, [])
    assert "has been answered" in used.text
    assert QUESTION not in used.text
    assert (await api.house.facts(reference)).count("partner.replied") == 1


async def test_each_question_has_a_link_of_its_own(api: Api, browser: Browser) -> None:
    reference, first = await asked(api)
    await api["handler"].do(reference, "request_partner", partner="meter_makers", question="Which meter is it?")
    second = await link_of(api, reference, 2)
    await browser.send(await browser.open(second), {"text": "A G4."})
    requests = (await api.house.record(reference)).partner_requests
    assert [request.answer is not None for request in requests] == [False, True]
    assert (await browser.open(first)).forms


async def test_a_file_comes_with_the_answer(api: Api, browser: Browser) -> None:
    reference, link = await asked(api)
    await browser.send(await browser.open(link), {"text": "See the report."}, files=[REPORT])
    [file] = (await api.house.record(reference)).files
    got = await api["supervisor"].get(f"/v1/complaints/{reference}/attachments/{file}")
    assert got.content == REPORT[1]


async def test_an_empty_answer_is_none(api: Api, browser: Browser) -> None:
    reference, link = await asked(api)
    page = await browser.send(await browser.open(f"{link}?lang=en"), {"text": "  "})
    assert (page.status, "Please write an answer" in page.text) == (422, True)
    assert "partner.replied" not in await api.house.facts(reference)


async def test_a_late_answer_is_told_to_be_late_and_taken(api: Api, browser: Browser) -> None:
    reference, link = await asked(api, policy="default")
    await breach(api, reference)
    page = await browser.open(f"{link}?lang=en")
    assert "Your answer was due" in page.text
    assert (await browser.send(page, {"text": "At 10:40."})).status == 201
    case = await api.house.record(reference)
    assert case.partner_requests[0].answer is not None
    assert next(c for c in case.clocks if c.kind == "partner_reply").state == "breached"


async def breach(api: Api, reference: str) -> None:
    """Let the partner's clock run out, as the record of a case of last month would have it."""
    from datetime import UTC, datetime

    from domain.calendar import Calendar
    from domain.complaints.commands import Submission
    from domain.complaints.decide import decide
    from domain.complaints.evolve import fold
    from domain.complaints.situation import Circumstances

    parts = api.house.parts
    case = await api.house.record(reference)
    policy = await parts.rulebook.policy(case.policy)
    calendar: Calendar = await parts.rulebook.calendar(policy)
    tick = Submission.model_validate({"id": f"tick-{reference}", "actor": "system", "command": {"command": "tick"}})
    due = next(c for c in case.clocks if c.kind == "partner_reply").due_at
    entries = decide(case, tick, Circumstances(now=max(due, datetime.now(UTC)), policy=policy, calendar=calendar))
    await parts.ledger.append(case, entries, fold(entries, case))


async def test_when_the_case_has_ended_no_answer_is_needed(api: Api, browser: Browser) -> None:
    reference, link = await asked(api)
    page = await browser.open(f"{link}?lang=en")
    await api["supervisor"].do(reference, "withdraw", reason="It is settled.", confirmed_by="phone")
    for over in (await browser.open(f"{link}?lang=en"), await browser.send(page, {"text": "At 10:40."})):
        assert "No answer is needed any more" in over.text
    assert "partner.replied" not in await api.house.facts(reference)


async def test_a_revoked_link_takes_no_answer(api: Api, browser: Browser) -> None:
    reference, link = await asked(api)
    page = await browser.open(link)
    await api["handler"].post(f"/v1/complaints/{reference}/links/revoke", {"purpose": "partner", "number": 1})
    assert (await browser.send(page, {"text": "At 10:40."})).status == 410
    assert "partner.replied" not in await api.house.facts(reference)


async def test_the_link_of_a_question_opens_no_customers_page(api: Api, browser: Browser) -> None:
    _, link = await asked(api)
    assert (await browser.open(link.replace("/partner/", "/case/"))).status == 404

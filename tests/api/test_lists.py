"""Lists of complaints by HTTP: every filter, every order, page by page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.visitors import Api, Visitor, problem

LONG_AGO = datetime(2021, 5, 3, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
async def lot(api: Api) -> dict[str, str]:
    """Some complaints by a word for what is special about each."""
    hotline, handler = api["hotline"], api["handler"]
    lot = {
        "grave": await hotline.take(severity=5, category="safety", channel="visit"),
        "slight": await hotline.take(severity=1, category="billing", product="meter-7"),
        "late": await hotline.take(received_at=LONG_AGO.isoformat()),
        "of Ann": await hotline.take(customer={"id": "GAS-1", "email": "Ann@Example.org", "phone": "010 6552 9988"}),
        "of Ann again": await hotline.take(customer={"id": "gas 1"}),
        "of the north": await hotline.take(region="north"),
        "claimed": await hotline.take(),
        "withdrawn": await hotline.take(),
        "parked": await hotline.take(channel="web", customer={"email": "bounce@example.org"}),
    }
    await handler.do(lot["claimed"], "assess", decision="valid")
    await handler.do(lot["claimed"], "claim")
    await hotline.do(lot["withdrawn"], "withdraw", reason="x", confirmed_by="phone")
    await handler.until(lot["late"], sequence=4)
    await handler.until(lot["parked"], sequence=2)
    return lot


@pytest.fixture(scope="module", autouse=True)
def nobody_of_that_name(post: Any) -> None:
    post.refuse("550 5.1.1 no such mailbox", "bounce@example.org")


async def listed(visitor: Visitor, lot: dict[str, str], **params: Any) -> set[str]:
    """The words for the complaints that a list shows."""
    pages = await visitor.pages("/v1/complaints", limit=4, **params)
    words = {reference: word for word, reference in lot.items()}
    return {words[case["reference"]] for page in pages for case in page}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"status": "withdrawn"}, {"withdrawn"}),
        ({"status": ["withdrawn", "assigned"]}, {"withdrawn", "claimed"}),
        ({"handler": "me"}, {"claimed"}),
        ({"category": "billing"}, {"slight"}),
        ({"category": "repair"}, set()),
        ({"severity": 5}, {"grave"}),
        ({"channel": "visit"}, {"grave"}),
        ({"breached": "true"}, {"late"}),
        ({"needs_operator": "true"}, {"parked"}),
        ({"customer": "ann@example.org"}, set()),
        ({"customer": "Ann@example.org"}, {"of Ann", "of Ann again"}),
        ({"customer": "+86 10-6552-9988"}, {"of Ann", "of Ann again"}),
        ({"customer": "GAS-1"}, {"of Ann", "of Ann again"}),
        ({"customer": "nobody@example.org"}, set()),
        ({"received_to": "2022-01-01T00:00:00Z"}, {"late"}),
        ({"received_from": "2021-05-03T16:00:00+08:00", "received_to": "2021-05-03T16:00:01+08:00"}, {"late"}),
        ({"q": "GAS-1"}, {"of Ann", "of Ann again"}),
        ({"q": "north"}, {"of the north"}),
        ({"q": "meter-7"}, {"slight"}),
        ({"q": "nothing of the kind"}, set()),
        ({"severity": 5, "channel": "phone"}, set()),
    ],
)
async def test_a_filter_shows_what_it_names(
    api: Api, lot: dict[str, str], params: dict[str, Any], expected: set[str]
) -> None:
    assert await listed(api["handler"], lot, **params) == expected


async def test_a_case_is_found_by_its_number(api: Api, lot: dict[str, str]) -> None:
    assert await listed(api["supervisor"], lot, q=lot["grave"]) == {"grave"}
    assert await listed(api["supervisor"], lot, handler=api["handler"].person.id) == {"claimed"}


async def test_what_is_due_soon_is_listed_by_a_time(api: Api, lot: dict[str, str]) -> None:
    soon = datetime.now(UTC) + timedelta(days=2)
    assert await listed(api["supervisor"], lot, due_before=soon.isoformat()) == {"parked"}
    later = soon + timedelta(days=30)
    assert await listed(api["supervisor"], lot, due_before=later.isoformat()) == set(lot) - {"withdrawn", "late"}


async def test_filters_by_no_and_by_yes_share_all_out(api: Api, lot: dict[str, str]) -> None:
    for name in ("breached", "needs_operator"):
        yes, no = [await listed(api["supervisor"], lot, **{name: each}) for each in ("true", "false")]
        assert yes | no == set(lot)
        assert not yes & no


@pytest.mark.parametrize("sort", ["received", "due", "severity"])
async def test_an_order_holds_over_all_pages(api: Api, lot: dict[str, str], sort: str) -> None:
    pages = await api["supervisor"].pages("/v1/complaints", sort=sort, limit=2)
    cases = [case for page in pages for case in page]
    keys = {
        "received": lambda case: (case["received_at"], case["reference"]),
        "severity": lambda case: (case["severity"], case["reference"]),
        "due": lambda case: (
            min(clock["due_at"] for clock in case["clocks"] if clock["state"] == "running"),
            case["reference"],
        ),
    }
    assert cases == sorted(cases, key=keys[sort], reverse=sort != "due")
    assert len(cases) == len(lot) - (2 if sort == "due" else 0)
    assert all(len(page) == 2 for page in pages[:-1])
    assert all(case["source"] == "record" for case in cases)


async def test_a_cursor_belongs_to_its_order(api: Api, lot: dict[str, str]) -> None:
    cursor = (await api["supervisor"].get("/v1/complaints", limit=2)).json()["next_cursor"]
    for sort in ("due", "severity"):
        problem(await api["supervisor"].get("/v1/complaints", cursor=cursor, sort=sort), 422, "invalid")
    problem(await api["supervisor"].get("/v1/complaints", cursor=cursor[:-3]), 422, "invalid")


async def test_a_cursor_opens_no_case_out_of_sight(api: Api, lot: dict[str, str]) -> None:
    cursor = (await api["supervisor"].get("/v1/complaints", limit=1)).json()["next_cursor"]
    answer = await api["caller"].get("/v1/complaints", cursor=cursor)
    assert (answer.status_code, answer.json()) == (200, {"items": [], "next_cursor": None})

"""Calendars over HTTP: versions, differences, refusals by place, and what a new version would move.

Days were counted by hand in the calendar of China for 2026 (notice of the State Council of 4 November 2025).
"""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from domain.calendar import Calendar
from starter.api import calendars as routes
from starter.api.calendar_views import CalendarDocument
from tests.api.visitors import Api, problem, wrong_fields

WINDOW = {"opens": "09:00", "closes": "17:00"}
NAME = {"zh": "盘点", "en": "stocktaking"}
DOCUMENT: dict[str, Any] = {
    "title": "Office",
    "zone": "Asia/Shanghai",
    "week": {day: [WINDOW] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
    "known_from": "2026-01-01",
    "horizon": "2030-12-31",
}


async def put(
    api: Api, calendar: str, document: dict[str, Any], replaces: int | None = None, by: str = "admin", **params: Any
) -> httpx.Response:
    headers = None if replaces is None else {"If-Match": f'"{replaces}"'}
    body = {"reason": "as agreed", "document": document}
    return await api[by].send("PUT", f"/v1/calendars/{calendar}", json=body, headers=headers, params=params)


async def test_the_calendars_that_come_with_amends_are_listed_page_by_page(api: Api) -> None:
    pages = await api["hotline"].pages("/v1/calendars", limit=2)
    assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)
    listed = {each["id"]: each for page in pages for each in page}
    assert {"au", "cn", "england", "every-day", "us"} <= set(listed)
    assert listed["every-day"]["zone"] == "Asia/Shanghai"
    assert (listed["england"]["made_by"], listed["england"]["horizon_is_near"]) == ("system", False)


async def test_a_calendar_is_read_with_its_days_by_name(api: Api) -> None:
    answer = await api["handler"].get("/v1/calendars/cn")
    calendar = answer.json()
    assert answer.headers["etag"] == f'"{calendar["version"]}"'
    assert {"day": "2026-02-17", "name": {"zh": "春节", "en": "Chinese New Year (Spring Festival)"}} in calendar[
        "document"
    ]["closed"]
    assert calendar["document"]["week"]["monday"] == [
        {"opens": "09:00", "closes": "12:00"},
        {"opens": "13:30", "closes": "18:00"},
    ]
    problem(await api["handler"].get("/v1/calendars/mars"), 404, "not_found")
    problem(await api["handler"].get("/v1/calendars/cn", version=99), 404, "not_found")


async def test_a_new_calendar_is_made_and_its_versions_stay_readable(api: Api) -> None:
    made = await put(api, "office", DOCUMENT)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert made.json() == {
        "id": "office",
        "version": 1,
        "is_stored": True,
        "would_move": {"count": 0, "is_complete": True, "items": []},
    }
    changed = await put(api, "office", DOCUMENT | {"title": "New office"}, replaces=1)
    assert (changed.status_code, changed.headers["etag"], changed.json()["version"]) == (200, '"2"', 2)
    newest = (await api["auditor"].get("/v1/calendars/office")).json()
    assert (newest["version"], newest["title"], newest["reason"]) == (2, "New office", "as agreed")
    assert newest["made_by"] == api["admin"].person.id
    first = (await api["auditor"].get("/v1/calendars/office", version=1)).json()
    assert {name: first["document"][name] for name in DOCUMENT} == DOCUMENT | {
        "week": DOCUMENT["week"] | {"saturday": [], "sunday": []}
    }


async def test_a_document_that_was_read_can_be_set_again_and_makes_no_version(api: Api) -> None:
    read = (await api["admin"].get("/v1/calendars/us")).json()
    again = await put(api, "us", read["document"])
    assert (again.status_code, again.json()["version"], again.json()["is_stored"]) == (200, read["version"], False)
    assert (await api["admin"].get("/v1/calendars/us")).json() == read


async def test_only_the_newest_version_can_be_replaced_and_by_name(api: Api) -> None:
    problem(await put(api, "north", DOCUMENT, replaces=1), 412, "changed_meanwhile")
    await put(api, "north", DOCUMENT)
    assert wrong_fields(await put(api, "north", DOCUMENT | {"title": "North"})) == ["header If-Match"]
    assert (await put(api, "north", DOCUMENT | {"title": "North"}, replaces=1)).status_code == 200
    problem(await put(api, "north", DOCUMENT | {"title": "South"}, replaces=1), 412, "changed_meanwhile")
    assert (await api["admin"].get("/v1/calendars/north")).json()["title"] == "North"


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"zone": "Mars/Olympus"}, ["/document/zone"]),
        ({"week": {}}, ["/document/week"]),
        ({"week": {"monday": [{"opens": "22:00", "closes": "06:00"}]}}, ["/document/week/monday/0/closes"]),
        ({"week": {"monday": [WINDOW, WINDOW]}}, ["/document/week/monday"]),
        ({"week": {"moonday": [WINDOW]}}, ["/document/week/moonday"]),
        ({"version": 4}, ["/document/version"]),
        ({"horizon": "2025-12-31"}, ["/document/horizon"]),
        ({"horizon": "soon", "title": 7}, ["/document/horizon", "/document/title"]),
        ({"closed": [{"day": "2026-05-04", "name": {"en": "May Day"}}]}, ["/document/closed/0/name/zh"]),
        (
            {"closed": [{"day": "2026-05-04", "name": NAME}, {"day": "2026-05-04", "name": NAME}]},
            ["/document/closed/1"],
        ),
        ({"open_days": [{"day": "2026-05-09", "name": NAME}]}, ["/document/open_days/0"]),
        (
            {"changed_days": [{"day": "2026-05-10", "name": NAME, "windows": [WINDOW]}], "title": ""},
            ["/document/changed_days/0", "/document/title"],
        ),
    ],
)
async def test_a_wrong_document_is_refused_by_every_place(
    api: Api, changes: dict[str, Any], pointers: list[str]
) -> None:
    assert wrong_fields(await put(api, "wrong", DOCUMENT | changes)) == pointers
    assert (await api["admin"].get("/v1/calendars/wrong")).status_code == 404


async def test_an_id_or_a_reason_that_cannot_be_is_refused(api: Api) -> None:
    assert wrong_fields(await put(api, "Head Office", DOCUMENT)) == ["path calendar_id"]
    without = await api["admin"].send("PUT", "/v1/calendars/wrong", json={"document": DOCUMENT, "reason": " "})
    assert wrong_fields(without) == ["/reason"]


@pytest.mark.parametrize("visitor", ["hotline", "supervisor", "operator", "auditor"])
async def test_only_an_admin_sets_calendars(api: Api, visitor: str) -> None:
    problem(await put(api, "forbidden", DOCUMENT, by=visitor), 403, "forbidden")
    assert (await api[visitor].get("/v1/calendars/cn")).status_code == 200


async def test_what_changed_between_versions_is_told_day_by_day(api: Api) -> None:
    await put(api, "south", DOCUMENT)
    closed = {"closed": [{"day": "2026-05-04", "name": NAME}], "horizon": "2030-12-30"}
    await put(api, "south", DOCUMENT | closed, replaces=1)
    answer = await api["handler"].send("GET", "/v1/calendars/south/diff", params={"from": 1, "to": 2})
    assert answer.json() == {
        "id": "south",
        "from_version": 1,
        "to_version": 2,
        "fields": [{"field": "horizon", "before": "2030-12-31", "after": "2030-12-30"}],
        "days_changed": 1,
        "days": [
            {
                "day": "2026-05-04",
                "before": {"kind": "ordinary", "windows": [WINDOW], "name": None},
                "after": {"kind": "closed", "windows": [], "name": NAME},
            }
        ],
    }
    missing = await api["handler"].send("GET", "/v1/calendars/south/diff", params={"from": 1, "to": 3})
    problem(missing, 404, "not_found")


async def test_a_difference_of_very_many_days_is_counted_and_cut(api: Api) -> None:
    await put(api, "west", DOCUMENT)
    saturdays_too = {
        "week": DOCUMENT["week"] | {day: [WINDOW] for day in ("saturday", "sunday")},
        "horizon": "2199-12-31",
    }
    await put(api, "west", DOCUMENT | saturdays_too, replaces=1)
    answer = (await api["handler"].send("GET", "/v1/calendars/west/diff", params={"from": 1, "to": 2})).json()
    # 1 January 2026 is a Thursday and 31 December 2199 a Tuesday: 174 years have 9,079 Saturdays and 9,079 Sundays
    assert answer["days_changed"] == 18_158
    assert len(answer["days"]) == 1_000


async def every_day(api: Api) -> dict[str, Any]:
    """The calendar that the default policy counts in."""
    read: dict[str, Any] = (await api["admin"].get("/v1/calendars/every-day")).json()
    return read


async def test_a_dry_run_tells_which_running_clocks_would_move_and_moves_none(api: Api) -> None:
    reference = await api["hotline"].take(channel="web", customer={"email": "li.hua@example.com"})
    case = await api["hotline"].until(reference, sequence=3)  # acknowledged by mail: that clock runs no more
    read = await every_day(api)
    dry = await put(api, "every-day", read["document"] | {"zone": "Asia/Tokyo"}, read["version"], dry_run=True)

    assert (dry.status_code, dry.json()["is_stored"], dry.json()["version"]) == (200, False, read["version"] + 1)
    would_move = dry.json()["would_move"]
    assert would_move["is_complete"]
    assert would_move["count"] == len(would_move["items"])
    (move,) = (move for move in would_move["items"] if move["reference"] == reference)
    assert (move["kind"], move["attempt"], move["calendar"]) == ("final_response", 1, f"every-day@{read['version']}")
    assert move["due_at"] in {clock["due_at"] for clock in case["clocks"]}
    # the day of receipt does not count, and fifteen days end at the midnight after the last
    received = datetime.fromisoformat(case["received_at"]).astimezone(ZoneInfo("Asia/Tokyo")).date()
    end = datetime.combine(received + timedelta(days=16), time(), ZoneInfo("Asia/Tokyo"))
    assert datetime.fromisoformat(move["would_be_due_at"]) == end

    assert (await api["hotline"].read(reference))["clocks"] == case["clocks"]
    assert await every_day(api) == read


async def test_a_new_version_is_for_clocks_that_start_from_then_on(api: Api) -> None:
    old, read = await api["hotline"].take(), await every_day(api)
    before = await api["hotline"].read(old)
    stored = await put(api, "every-day", read["document"] | {"zone": "Europe/London"}, read["version"])
    assert (stored.status_code, stored.json()["is_stored"]) == (200, True)
    assert old in {move["reference"] for move in stored.json()["would_move"]["items"]}
    new = await api["hotline"].take()

    recorded = [await api.house.record(reference) for reference in (old, new)]
    pins = [{clock.calendar for clock in case.clocks} for case in recorded]
    assert pins == [{f"every-day@{read['version']}"}, {f"every-day@{read['version'] + 1}"}]
    assert (await api["hotline"].read(old))["clocks"] == before["clocks"]


async def test_where_too_many_cases_are_open_the_answer_says_that_it_is_not_complete(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api["hotline"].take()
    monkeypatch.setattr(routes, "MOST_PAGES", 1)
    read = await every_day(api)
    dry = await put(api, "every-day", read["document"] | {"title": "Always"}, read["version"], dry_run=True)
    assert dry.json()["would_move"]["is_complete"] is False


async def test_hours_in_which_a_running_clock_would_never_end_are_refused(api: Api) -> None:
    await put(api, "harbour", DOCUMENT)
    reference = await api["hotline"].take()
    ten_years = '{"amount": 87660, "unit": "hours", "counts_as": "received_day"}'
    await api.house.parts.pool.execute(
        """UPDATE case_record SET state = jsonb_set(jsonb_set(state, '{clocks,1,span}', $2::jsonb),
                                                    '{clocks,1,calendar}', '"harbour@1"') WHERE reference = $1""",
        reference,
        ten_years,
    )
    a_minute_a_week = DOCUMENT | {"week": {"monday": [{"opens": "09:00", "closes": "09:01"}]}}
    assert wrong_fields(await put(api, "harbour", a_minute_a_week, replaces=1)) == ["/document/week"]
    assert (await api["admin"].get("/v1/calendars/harbour")).json()["version"] == 1


def test_the_body_has_all_fields_of_a_calendar_but_its_numbers() -> None:
    assert set(CalendarDocument.model_fields) == set(Calendar.model_fields) - {"id", "version"}


async def test_the_example_in_the_schema_is_accepted(api: Api) -> None:
    schema = (await api["admin"].get("/openapi.json")).json()
    body = schema["paths"]["/v1/calendars/{calendar_id}"]["put"]["requestBody"]
    example = body["content"]["application/json"]["examples"]["example"]["value"]
    assert (await api["admin"].send("PUT", "/v1/calendars/leeds", json=example)).status_code == 201

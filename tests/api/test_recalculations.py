"""Moving running clocks to a new version of their calendar: looked at first, then done case by case, and recorded."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.api.test_batches import finished, outcomes
from tests.api.visitors import Api, problem, wrong_fields


async def moved_to(api: Api, zone: str) -> int:
    """A new version of the calendar of the plain policy, in which days end elsewhere; its number."""
    read = (await api["admin"].get("/v1/calendars/every-day")).json()
    body = {"reason": "moved", "document": read["document"] | {"zone": zone}}
    headers = {"If-Match": f'"{read["version"]}"'}
    answer = await api["admin"].send("PUT", "/v1/calendars/every-day", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["version"])


async def order(api: Api, by: str = "supervisor", key: str | None = None, **form: Any) -> httpx.Response:
    path = "/v1/calendars/every-day/recalculations"
    return await api[by].post(path, {"reason": "announced", "per_second": 50} | form, key=key)


async def ordered(api: Api, **form: Any) -> dict[str, Any]:
    answer = await order(api, **form)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def final_response(api: Api, reference: str) -> dict[str, Any]:
    clocks = (await api["supervisor"].read(reference))["clocks"]
    [clock] = [each for each in clocks if each["kind"] == "final_response"]
    return dict(clock)


def fifteen_days_end(case: dict[str, Any], zone: str) -> datetime:
    """The day of receipt does not count, and fifteen days end at the midnight after the last."""
    received = datetime.fromisoformat(case["received_at"]).astimezone(ZoneInfo(zone)).date()
    return datetime.combine(received + timedelta(days=16), time(), ZoneInfo(zone))


async def test_an_order_moves_each_case_and_records_both_due_times(api: Api) -> None:
    running, kept = await api["hotline"].take(), await api["hotline"].take()
    await api["handler"].do(kept, "assess", decision="invalid", ground="unfounded")
    await api["handler"].do(kept, "explain", way="phone", letter="Nothing was found.")
    before, before_kept = await final_response(api, running), await final_response(api, kept)
    version = await moved_to(api, "Asia/Tokyo")

    looked = await ordered(api, dry_run=True)
    assert (looked["calendar"], looked["batch"], looked["too_late"]) == (f"every-day@{version}", None, 0)
    shown = {move["reference"]: move for move in looked["would_move"]["items"]}
    assert running in shown
    assert kept not in shown
    assert await final_response(api, running) == before

    asked = await ordered(api)
    done = await finished(api, asked["batch"])
    assert outcomes(done)[running] == ("done", None)
    after = await final_response(api, running)
    assert datetime.fromisoformat(after["due_at"]) == fifteen_days_end(await api["hotline"].read(running), "Asia/Tokyo")
    assert after["due_at"] == shown[running]["would_be_due_at"]
    assert await final_response(api, kept) == before_kept

    [entry] = [
        entry
        for entry in (await api["supervisor"].get(f"/v1/complaints/{running}/timeline")).json()["items"]
        if entry["fact"]["type"] == "complaint.clocks_recalculated"
    ]
    assert entry["actor"] == api["supervisor"].person.id
    assert entry["fact"]["calendar"] == f"every-day@{version}"
    assert entry["fact"]["due_before"] == {"final_response.1": before["due_at"]}
    assert entry["fact"]["due_after"] == {"final_response.1": after["due_at"]}
    assert [clock.calendar for clock in (await api.house.record(running)).running_clocks] == [f"every-day@{version}"]


async def test_the_same_order_again_finds_nothing_to_move(api: Api) -> None:
    reference = await api["hotline"].take()
    await moved_to(api, "Europe/London")
    await finished(api, (await ordered(api))["batch"])
    facts = await api.house.facts(reference)
    assert facts.count("complaint.clocks_recalculated") == 1

    again = await ordered(api)
    assert (again["batch"], again["cases"], again["would_move"]["count"]) == (None, 0, 0)
    by_hand = await api["supervisor"].command(
        reference, "recalculate_clocks", {"calendar": again["calendar"], "reason": "again"}
    )
    problem(by_hand, 409, "nothing_moves")
    assert await api.house.facts(reference) == facts


async def test_an_order_under_a_key_is_given_once(api: Api) -> None:
    await api["hotline"].take()
    await moved_to(api, "America/New_York")
    first = await order(api, key="recalculation-1")
    second = await order(api, key="recalculation-1")
    assert second.headers["idempotency-replayed"] == "true"
    assert second.json() == first.json()
    await finished(api, first.json()["batch"])


async def test_clocks_go_back_to_an_earlier_version_by_order_too(api: Api) -> None:
    reference = await api["hotline"].take()
    before = await final_response(api, reference)
    version = await moved_to(api, "Asia/Tokyo")
    await finished(api, (await ordered(api))["batch"])
    await finished(api, (await ordered(api, version=version - 1))["batch"])
    assert (await final_response(api, reference))["due_at"] == before["due_at"]


async def test_only_a_supervisor_orders_and_only_what_there_is(api: Api) -> None:
    for role in ("admin", "handler", "auditor"):
        problem(await order(api, by=role), 403, "forbidden")
    problem(await order(api, version=99), 404, "not_found")
    assert wrong_fields(await order(api, reason="")) == ["/reason"]
    reference = await api["hotline"].take()
    unknown = {"calendar": "every-day@99", "reason": "no such version"}
    assert wrong_fields(await api["supervisor"].command(reference, "recalculate_clocks", unknown)) == ["/calendar"]


async def test_a_policy_that_does_not_exist_is_refused_before_it_reaches_the_case(api: Api) -> None:
    reference = await api["hotline"].take()
    unknown = {"policy": "plain@99", "reason": "no such version"}
    assert wrong_fields(await api["supervisor"].command(reference, "change_policy", unknown)) == ["/policy"]
    await api["supervisor"].do(reference, "note", text="The case still answers.")

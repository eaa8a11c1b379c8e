"""A defection study from end to end: who left, the interviews of managers, the regrouping, the causes, the report."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.access import Role
from starter.cli.main import app as command_line
from tests.api.visitors import Api, problem, visitors
from tests.cli.conftest import Amends, amends, url
from tests.house import House
from tests.undertakings.test_improvements_and_incidents import command, until

__all__ = ["amends", "command_line", "url"]

# Value before, value now, last score. Class A (the first 80 % of 10,000) are the four of 2,000.
CUSTOMERS = (
    [(2000, 0, 90), (2000, 500, 40), (2000, 2000, 80), (2000, 1900, 80)]
    + [(200, 0, 80)] * 4
    + [(200, 100, 30)] * 2
    + [(200, 200, 60)] * 4
)
CAUSES = {1: "late", 2: "rude", 3: "moved", 4: "late", 5: "late_fitter", 6: "late", 7: "rude"}


@pytest.fixture(scope="module")
async def api(house: House) -> AsyncIterator[Api]:
    async with visitors(house) as api:
        yield api


@pytest.fixture(scope="module", autouse=True)
async def customers(api: Api) -> None:
    rows = ["id,name,phone,value_before,value_now,last_score"]
    rows += [
        f"D-{number:03},Customer {number},+861391234{number:04},{before},{now},{score}"
        for number, (before, now, score) in enumerate(CUSTOMERS, start=1)
    ]
    rows += ["D-100,Newcomer,,0,50,", "D-101,Unreadable,,many,0,70"]
    answer = await api["analyst"].post("/v1/customers/import", None, content="\n".join(rows).encode())
    assert answer.status_code in {200, 201}, answer.text


async def begun(api: Api, title: str = "Who left", size: int = 10) -> tuple[str, dict[str, Any]]:
    answer = await api["analyst"].post("/v1/defection-studies", {"title": title, "size": size})
    assert answer.status_code == 201, answer.text
    path = f"/v1/defection-studies/{answer.json()['reference']}"
    return path, await until(api["supervisor"], path, status="interviewing")


async def assigned(api: Api, path: str, count: int) -> None:
    for number in range(1, count + 1):
        manager = api["handler"].person.id if number % 2 else api["another handler"].person.id
        await command(api["supervisor"], path, "assign", number=number, manager=manager)


def manager_of(number: int) -> str:
    return "handler" if number % 2 else "another handler"


async def interviewed(api: Api, path: str, number: int) -> dict[str, Any]:
    cause = CAUSES[number]
    kind = "life_event" if cause == "moved" else "failure"
    told = {"number": number, "cause": cause, "cause_kind": kind, "notes": "Nobody rang back."}
    return await command(api[manager_of(number)], path, "record_interview", **told)


async def test_a_study_goes_from_who_left_to_its_report(api: Api, house: House) -> None:
    path, view = await begun(api)
    state = view["state"]
    assert (state["customers"], state["unusable"]) == (14, 1)
    assert (state["left_fully"], state["left_partly"], state["satisfied_but_left"]) == (5, 3, 5)
    classes = {each["value_class"]: each for each in state["by_class"]}
    assert [classes[name]["customers"] for name in "ABC"] == [4, 8, 2]
    assert (classes["A"]["left_fully"], classes["A"]["left_partly"]) == (1, 1)
    assert classes["A"]["lost_share"] == pytest.approx((2000 + 1500) / 10_000)
    assert sum(each["lost_share"] for each in classes.values()) == pytest.approx((3500 + 800 + 200) / 10_000)
    assert len(state["interviews"]) == 8, "fewer left than were to be interviewed: all of them"

    await assigned(api, path, 8)
    for number in (1, 2):
        await interviewed(api, path, number)
    regrouping = await interviewed(api, path, 3)
    assert regrouping["status"] == "regrouping", "a third of eight is three"
    told = {"number": 4, "cause": "late", "cause_kind": "failure", "notes": "Waited."}
    problem(await api[manager_of(4)].post(f"{path}/commands/record_interview", told), 409, "wrong_status")
    await command(api["supervisor"], path, "regroup", names=[{"cause": "late", "becomes": "late_fitter"}])
    for number in range(4, 8):
        await interviewed(api, path, number)
    await command(api[manager_of(8)], path, "no_interview", number=8, reason="Does not answer.")
    await until(api["supervisor"], path, status="reported")

    figures = (await house.services.undertakings.result(path.rpartition("/")[2])).figures  # type: ignore[union-attr]
    assert [(label, count) for label, count, *_ in figures["causes"]["failure"]] == [
        ("late", 2),
        ("late_fitter", 2),
        ("rude", 2),
    ]
    assert [(label, count) for label, count, *_ in figures["causes"]["life_event"]] == [("moved", 1)]
    assert (figures["interviews"], figures["held"]) == (8, 7)
    satisfied = [each for each in state["interviews"] if each["was_satisfied"] and each["number"] < 8]
    assert figures["held_with_satisfied"] == len(satisfied)


async def test_its_report_is_had_in_every_format_and_both_languages(api: Api) -> None:
    listed = (await api["supervisor"].get("/v1/defection-studies", status="reported")).json()["items"]
    path = f"/v1/defection-studies/{listed[-1]['reference']}"
    for language, said in (("zh", "满意却离开"), ("en", "Satisfied, but left")):
        assert said in (await api["analyst"].get(f"{path}/report", format="html", lang=language)).text
    for format_, begins in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("json", b"{")):
        assert (await api["analyst"].get(f"{path}/report", format=format_)).content.startswith(begins)


async def test_only_the_manager_of_an_interview_learns_whom_it_is_with_and_records_it(api: Api, house: House) -> None:
    path, _ = await begun(api, "Whose interview")
    await command(api["supervisor"], path, "assign", number=1, manager=api["handler"].person.id)
    found = await api["handler"].get(f"{path}/interviews/1")
    assert found.json()["name"].startswith("Customer ")
    assert (await api["supervisor"].get(f"{path}/interviews/2")).status_code == 200
    problem(await api["another handler"].get(f"{path}/interviews/1"), 404, "not_found")
    problem(await api["analyst"].get(f"{path}/interviews/1"), 403, "forbidden")
    read = await house.parts.pool.fetchval(
        "SELECT count(*) FROM personal_data_log WHERE payload LIKE $1", f"%{path.rpartition('/')[2]}%"
    )
    assert read == 2
    told = {"number": 1, "cause": "price", "cause_kind": "failure", "notes": "Dear."}
    problem(await api["another handler"].post(f"{path}/commands/record_interview", told), 409, "not_yours")


async def test_an_interview_is_given_only_to_somebody_who_may_hold_it(api: Api) -> None:
    path, _ = await begun(api, "To whom")
    retired = await api.enrol("a caller", Role.CALLER)
    for manager in (retired.person.id, "per_" + "0" * 32):
        body = {"number": 1, "manager": manager}
        problem(await api["supervisor"].post(f"{path}/commands/assign", body), 409, "not_eligible")


async def test_a_study_of_customers_of_whom_nobody_left_waits_and_can_be_given_up(api: Api, house: House) -> None:
    """The step is parked with its cause; giving the study up ends it."""
    await house.parts.pool.execute(
        "UPDATE customer SET attributes = attributes || '{\"kept\": 1}' || "
        "jsonb_build_object('kept_now', attributes -> 'value_now')"
    )
    await house.parts.pool.execute(
        "UPDATE customer SET attributes = attributes || jsonb_build_object('value_now', attributes -> 'value_before')"
    )
    answer = await api["analyst"].post("/v1/defection-studies", {"title": "Nobody", "size": 10})
    path = f"/v1/defection-studies/{answer.json()['reference']}"
    async with asyncio.timeout(60):
        while not (view := (await api["supervisor"].get(path)).json())["needs_operator"]:
            await asyncio.sleep(0.1)
    assert view["state"]["steps"][0]["error"] == "nobody_left"
    ended = await command(api["supervisor"], path, "cancel", reason="Nobody left.")
    assert (ended["status"], ended["needs_operator"]) == ("cancelled", False)
    await house.parts.pool.execute(
        "UPDATE customer SET attributes = attributes || jsonb_build_object('value_now', attributes -> 'kept_now')"
    )


async def test_a_study_is_run_by_the_command_line(amends: Amends, api: Api, tmp_path: Any) -> None:
    begun = json.loads((await amends("defection", "begin", "--title", "By hand", "--json")).stdout)
    reference = begun["reference"]
    await until(api["supervisor"], f"/v1/defection-studies/{reference}", status="interviewing")
    manager = api["supervisor"].person.id
    for number in range(1, 9):
        await amends("defection", "do", "assign", reference, f"number={number}", f"manager={manager}")
        told = [f"number={number}", "cause=price", "cause_kind=failure", "notes=Dear."]
        await amends("defection", "do", "record_interview", reference, *told)
        if number == 3:
            await amends("defection", "do", "regroup", reference)
    await until(api["supervisor"], f"/v1/defection-studies/{reference}", status="reported")
    shown = (await amends("defection", "show", reference)).stdout
    assert "reported" in shown
    out = tmp_path / "study.html"
    await amends("defection", "report", reference, "--out", str(out), "--lang", "en")
    assert "price" in out.read_text()
    await amends("defection", "do", "weigh", reference, code=2)
    await amends("defection", "do", "cancel", reference, "reason=too late", code=3)

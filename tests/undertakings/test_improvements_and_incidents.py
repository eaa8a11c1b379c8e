"""Improvements and incidents by the API on the real servers: from the proposal on, and from the surge to its end."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.unstarted import Kind, Unstarted
from tests.api.visitors import Api, Visitor, problem, visitors
from tests.house import House

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
async def api(house: House) -> AsyncIterator[Api]:
    async with visitors(house) as api:
        yield api


async def command(visitor: Visitor, path: str, name: str, **body: Any) -> dict[str, Any]:
    answer = await visitor.post(f"{path}/commands/{name}", body, key=secrets.token_hex(8))
    assert answer.status_code == 200, answer.text
    return answer.json()["undertaking"]  # type: ignore[no-any-return]


async def until(visitor: Visitor, path: str, **expected: Any) -> dict[str, Any]:
    """Wait until the undertaking's state is as expected."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            view: dict[str, Any] = (await visitor.get(path)).json()
            if all(view["state"].get(name) == value for name, value in expected.items()):
                return view
            await asyncio.sleep(0.1)


async def propose(api: Api, by: str = "handler", **form: Any) -> str:
    answer = await api[by].post("/v1/improvements", {"title": "Check meters each spring"} | form)
    assert answer.status_code == 201, answer.text
    return f"/v1/improvements/{answer.json()['reference']}"


async def due_times(house: House, reference: str) -> dict[str, datetime]:
    return {clock.key: clock.due_at for clock in (await house.record(reference)).clocks}


def later(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


async def test_an_improvement_goes_from_its_proposal_to_done(api: Api) -> None:
    path = await propose(api, target={"category": "billing"}, description="Readings drift in winter.")
    owner = api["handler"].person.id
    approved = await command(api["supervisor"], path, "approve", owner=owner, due_at=later(days=30), window_days=14)
    assert (approved["status"], approved["state"]["owner"]) == ("approved", owner)
    await command(api["handler"], path, "start")
    await command(api["handler"], path, "reply", text="Half of them are checked.")
    done = await command(api["handler"], path, "report_done", text="All meters are checked.")
    assert done["status"] == "done"
    due = datetime.fromisoformat(done["state"]["effect_due_at"]) - datetime.fromisoformat(done["state"]["done_at"])
    assert due == timedelta(days=14)
    read = (await api["supervisor"].get(path)).json()
    assert read["title"] == "Check meters each spring"
    assert read["texts"]["description"] == "Readings drift in winter."


async def test_no_text_of_an_improvement_leaves_the_vault(api: Api, house: House) -> None:
    path = await propose(api, title="Herring und Quark")
    reference = path.rpartition("/")[2]
    stored = await house.parts.pool.fetch("SELECT payload FROM undertaking_ledger WHERE reference = $1", reference)
    assert not any("Herring" in row["payload"] for row in stored)


async def test_whoever_proposed_it_does_not_approve_it(api: Api) -> None:
    path = await propose(api, by="supervisor")
    body = {"owner": api["handler"].person.id, "due_at": later(days=3)}
    problem(await api["supervisor"].post(f"{path}/commands/approve", body), 409, "same_person")
    assert (await api["supervisor"].get(path)).json()["status"] == "proposed"


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("start", {}, 409, "wrong_status"),
        ("approve", {"owner": "per_" + "0" * 32, "due_at": "2100-01-01T00:00:00Z"}, 409, "not_eligible"),
        ("approve", {"owner": "per_x"}, 422, "invalid"),
        ("reject", {"reason": ""}, 422, "invalid"),
        ("reject", {"reason": "no", "more": 1}, 422, "invalid"),
    ],
)
async def test_what_is_not_lawful_is_refused_and_changes_nothing(
    api: Api, name: str, body: dict[str, Any], status: int, code: str
) -> None:
    path = await propose(api)
    before = (await api["supervisor"].get(path)).json()
    problem(await api["supervisor"].post(f"{path}/commands/{name}", body), status, code)
    after = (await api["supervisor"].get(path)).json()
    assert after["sequence"] == before["sequence"]


async def test_a_due_time_lies_in_the_future(api: Api) -> None:
    path = await propose(api)
    body = {"owner": api["handler"].person.id, "due_at": "2020-01-01T00:00:00Z"}
    problem(await api["supervisor"].post(f"{path}/commands/approve", body), 409, "in_the_past")


async def test_the_same_key_proposes_once_and_commands_once(api: Api) -> None:
    form = {"title": "One measure"}
    first, second = [await api["handler"].post("/v1/improvements", form, key="only-once") for _ in range(2)]
    assert first.json()["reference"] == second.json()["reference"]
    path = f"/v1/improvements/{first.json()['reference']}"
    replies = [
        await api["supervisor"].post(f"{path}/commands/reject", {"reason": "no"}, key="reject") for _ in range(2)
    ]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert replies[1].headers["Idempotency-Replayed"] == "true"


async def test_an_incident_links_the_open_cases_that_fit_and_each_keeps_its_clocks(api: Api, house: House) -> None:
    fits = [await house.take(category="supply_interruption", region="east") for _ in range(3)]
    other = await house.take(category="supply_interruption", region="west")
    promised = {reference: await due_times(house, reference) for reference in fits}
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    form = {
        "title": "No gas in the east",
        "target": {"category": "supply_interruption", "region": "east"},
        "since": since,
    }
    answer = await api["hotline"].post("/v1/incidents", form)
    assert answer.status_code == 201, answer.text
    path = f"/v1/incidents/{answer.json()['reference']}"
    await command(api["supervisor"], path, "confirm")
    view = await until(api["supervisor"], path, linked=3)
    assert view["status"] == "open"
    listed = (await api["supervisor"].get(f"{path}/cases")).json()["items"]
    assert listed == sorted(fits)
    assert {reference: await due_times(house, reference) for reference in fits} == promised
    assert (await house.record(other)).incident is None
    answered = await command(api["supervisor"], path, "answer", text="A main broke; it is mended.")
    assert answered["status"] == "answered"
    closed = await command(api["supervisor"], path, "close")
    assert closed["status"] == "closed"


async def test_lists_are_paged_and_narrowed(api: Api, house: House) -> None:
    made = [await propose(api, title=f"Measure {number}", partner="city_fitters") for number in range(3)]
    first = (await api["supervisor"].get("/v1/improvements", partner="city_fitters", limit=2)).json()
    second = (
        await api["supervisor"].get("/v1/improvements", partner="city_fitters", limit=2, cursor=first["next_cursor"])
    ).json()
    listed = [f"/v1/improvements/{item['reference']}" for item in first["items"] + second["items"]]
    assert listed == made[::-1]
    assert second["next_cursor"] is None
    problem(await api["supervisor"].get("/v1/improvements", cursor="nonsense"), 422, "invalid")


async def test_an_undertaking_goes_on_when_temporal_has_forgotten_it(api: Api, house: House) -> None:
    path = await propose(api)
    reference = path.rpartition("/")[2]
    handle = house.parts.client.get_workflow_handle(f"undertaking/{reference}")
    await handle.terminate("its store is lost")
    assert await Unstarted(house.parts.pool, Kind.UNDERTAKING).restart_all(datetime.now(UTC)) > 0
    await house.parts.undertaking_launcher.start_those_left()
    rejected = await command(api["supervisor"], path, "reject", reason="Too dear.")
    assert rejected["status"] == "rejected"


async def test_a_rebuilt_undertaking_takes_the_place_of_a_stale_run(api: Api, house: House) -> None:
    """As after a restore of an older store: the run that it has would be refused at its next record, and end."""
    path = await propose(api)
    reference = path.rpartition("/")[2]
    handle = house.parts.client.get_workflow_handle(f"undertaking/{reference}")
    stale = (await handle.describe()).run_id
    assert await Unstarted(house.parts.pool, Kind.UNDERTAKING).restart_all(datetime.now(UTC)) > 0
    await house.parts.undertaking_launcher.start_those_left()
    assert (await handle.describe()).run_id != stale
    assert (await command(api["supervisor"], path, "reject", reason="Too dear."))["status"] == "rejected"

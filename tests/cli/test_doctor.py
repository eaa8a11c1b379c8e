"""`amends doctor`, `workers` and the operators' view: what is well is said, what is not has a remedy."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from typer.testing import Result

from starter.doctor import Finding, State, examine
from starter.embedded import EmbeddedTemporal
from tests.api.visitors import Api, problem
from tests.house import House

Amends = Callable[..., Awaitable[Result]]


@pytest.fixture
def settings(house: House, temporal_server: EmbeddedTemporal, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of the house that the tests of this file share."""
    chosen = house.parts.settings
    for name, value in {
        "AMENDS_DATABASE_URL": chosen.database_url,
        "AMENDS_MASTER_KEY": chosen.master_key,
        "AMENDS_SMTP_URL": chosen.smtp_url,
        "AMENDS_MAIL_FROM": chosen.mail_from,
        "AMENDS_TASK_QUEUE": chosen.task_queue,
        "AMENDS_FILES_DIR": str(chosen.files_dir),
        "TEMPORAL_ADDRESS": temporal_server.address,
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


async def found() -> dict[str, Finding]:
    return {finding.check: finding for finding in await examine()}


async def test_a_healthy_installation_has_nothing_that_fails(settings: pytest.MonkeyPatch) -> None:
    findings = await found()
    assert [finding for finding in findings.values() if finding.state is State.FAIL] == []
    assert set(findings) == {
        *("settings", "disk", "mail server", "schema", "master key", "clocks", "unstarted intake", "parked steps"),
        *("ledger", "Temporal", "search attributes", "workers", "wedged workflows"),
    }


async def test_each_thing_that_is_away_fails_by_itself_and_has_a_remedy(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("AMENDS_SMTP_URL", "smtp://127.0.0.1:1")
    settings.setenv("AMENDS_TASK_QUEUE", "nobody-s")
    findings = await found()
    assert (findings["mail server"].state, findings["workers"].state) == (State.WARN, State.FAIL)
    settings.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    assert (await found())["temporal"].state is State.FAIL
    settings.setenv("AMENDS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    findings = await found()
    assert findings["database"].state is State.FAIL
    assert all(each.to_do for each in findings.values() if each.state is not State.OK)
    settings.delenv("AMENDS_MAIL_FROM")
    assert "AMENDS_MAIL_FROM" in (await found())["settings"].found


async def test_operators_see_workers_and_the_whole(api: Api, amends: Amends) -> None:
    reference = await api["hotline"].take()
    await api["supervisor"].until(reference, source="live")
    workers = (await api["operator"].get("/v1/workers")).json()
    assert {queue["kind"] for queue in workers["queues"]} == {"workflow", "activity"}
    assert all(queue["pollers"] for queue in workers["queues"])
    overview = (await api["operator"].get("/v1/operations")).json()
    assert (overview["temporal"], overview["wedged"], overview["strays"], overview["lagging"]) == ("up", [], [], [])
    problem(await api["hotline"].get("/v1/operations"), 403, "forbidden")
    shown: Any = json.loads((await amends("workers", "--json", by="operator")).stdout)
    assert shown["current_build"] is None
    assert "workflow tasks" in (await amends("workers", by="operator")).output

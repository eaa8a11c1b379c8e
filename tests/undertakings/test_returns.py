"""A return by the API and the command line, from cases that were handled."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.visitors import Api, problem
from tests.cli.conftest import Amends, amends, api, url
from tests.house import House

__all__ = ["amends", "api", "url"]

TODAY = datetime.now(UTC)


def days() -> dict[str, str]:
    return {"first": f"{TODAY - timedelta(days=100):%Y-%m-%d}", "last": f"{TODAY + timedelta(days=1):%Y-%m-%d}"}


@pytest.fixture(scope="module", autouse=True)
async def some_cases(api: Api, house: House) -> None:
    """One settled at once, one open within its eight weeks, one open beyond them, and one of another policy."""
    settled = await house.take(policy="uk-fca-disp", category="billing")
    await house.do(settled, "withdraw", by="supervisor", reason="It is settled.", confirmed_by="phone")
    await house.take(policy="uk-fca-disp", category="billing")
    await house.take(policy="uk-fca-disp", category="conduct", received_at=(TODAY - timedelta(days=70)).isoformat())
    await house.take(policy="plain")


def figures(report: dict[str, Any]) -> dict[str, float]:
    blocks = report["sections"][0]["blocks"]
    return {each["label"]["en"]: each["figure"] and each["figure"]["value"] for each in blocks[0]["figures"]}


async def test_a_return_counts_the_cases_of_its_policy(api: Api) -> None:
    answer = await api["supervisor"].get("/v1/returns/uk-fca-disp", **days())
    assert answer.status_code == 200, answer.text
    found = figures(answer.json())
    assert (found["Received"], found["Answered"], found["Still open"]) == (3, 0, 2)
    assert found["Answered within the limit"] == 0


async def test_a_return_as_of_a_past_moment_is_what_it_was(api: Api) -> None:
    past = (TODAY - timedelta(days=1)).isoformat()
    answer = await api["analyst"].get("/v1/returns/uk-fca-disp", **days(), as_of=past)
    assert figures(answer.json())["Received"] == 0


@pytest.mark.parametrize(("format_", "begins"), [("html", b"<!"), ("pdf", b"%PDF"), ("xlsx", b"PK")])
async def test_a_return_is_had_as_a_document(api: Api, format_: str, begins: bytes) -> None:
    answer = await api["auditor"].get("/v1/returns/gb-energy", **days(), format=format_, lang="zh")
    assert answer.content.lstrip().startswith(begins)


async def test_what_is_no_return_and_no_period_is_refused(api: Api) -> None:
    problem(await api["supervisor"].get("/v1/returns/nowhere", **days()), 404, "not_found")
    wrong = await api["supervisor"].get("/v1/returns/gb-energy", first="2026-02-02", last="2026-02-01")
    assert [error["pointer"] for error in problem(wrong, 422, "invalid")["errors"]] == ["/last"]
    problem(await api["handler"].get("/v1/returns/gb-energy", **days()), 403, "forbidden")


async def test_the_command_line_lists_and_writes_returns(amends: Amends, tmp_path: Any) -> None:
    listed = json.loads((await amends("analysis", "returns", "--json")).stdout)
    assert {each["id"] for each in listed} >= {"uk-fca-disp", "gb-energy", "cn-beijing-12345"}
    assert "unverified" in (await amends("analysis", "returns")).stdout
    period = days()
    out = tmp_path / "q.xlsx"
    words = ("analysis", "return", "uk-fca-disp", "--from", period["first"], "--to", period["last"])
    await amends(*words, "--out", str(out))
    assert out.read_bytes().startswith(b"PK")
    assert figures(json.loads((await amends(*words)).stdout))["Received"] == 3

"""A policy tried on recorded cases over HTTP.

The cases are received on Monday, 2 March 2026, at 17:30 in Shanghai, under the plain policy, whose fifteen calendar
days end with 17 March. They are answered on the 8th, the 14th and the 20th. Ten days end with the 12th, twenty with
the 22nd.
"""

from typing import Any

import pytest

from domain.complaints.case import Case
from storage.ledger import Ledger
from tests.api.visitors import Api, problem, wrong_fields
from tests.house import House
from tests.storage.sample_cases import TO_THE_ANSWER, made, on, opened

WITHIN = {"received_from": "2026-03-01T00:00:00Z", "received_to": "2026-04-01T00:00:00Z"}


def policy(days: int, **changes: Any) -> dict[str, Any]:
    window = {"amount": 30, "unit": "calendar_days"}
    return {
        "id": "proposal",
        "version": 1,
        "jurisdiction": "none",
        "source": "a proposal",
        "valid_from": "2026-01-01",
        "calendar": "every-day",
        "title": {"zh": "草案", "en": "Proposal"},
        "told_at_intake": ["phone"],
        "reopen_window": window,
        "appeal_window": window,
        "clocks": [{"kind": "final_response", "anchor": "received", "span": {"amount": days, "unit": "calendar_days"}}],
    } | changes


@pytest.fixture(scope="module")
async def answered(house: House) -> dict[int, str]:
    """The case numbers by the day of March on which they were answered."""
    return {day: (await answered_on(house, day)).reference for day in (8, 14, 20)}


async def answered_on(house: House, day: int) -> Case:
    ledger, case = Ledger(house.parts.pool), await opened(house.parts.pool, channel="phone")
    for command in TO_THE_ANSWER:
        entries, after = made(case, command, on(2026, 3, day))
        await ledger.append(case, entries, after)
        case = after
    return case


async def tried(api: Api, days: int, by: str = "supervisor", **form: Any) -> dict[str, Any]:
    answer = await api[by].post("/v1/policies/simulations", {"policy": policy(days), **WITHIN, **form})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def of_answers(told: dict[str, Any]) -> dict[str, int]:
    [counts] = [kind for kind in told["kinds"] if kind["kind"] == "final_response"]
    return {name: counts[name] for name in ("recorded", "simulated", "avoided", "added")}


async def test_a_shorter_span_adds_the_breach_in_between(api: Api, answered: dict[int, str]) -> None:
    told = await tried(api, 10)
    assert (told["policy"], told["cases"], told["total"], told["changed_cases"]) == ("proposal@1", 3, 3, 1)
    assert of_answers(told) == {"recorded": 1, "simulated": 2, "avoided": 0, "added": 1}
    assert told["changes"] == [
        {
            "reference": answered[14],
            "kind": "final_response",
            "attempt": 1,
            "change": "added",
            "due_at": "2026-03-12T16:00:00Z",  # midnight in Shanghai
        }
    ]


async def test_a_longer_span_avoids_the_late_one(api: Api, answered: dict[int, str]) -> None:
    told = await tried(api, 20)
    assert of_answers(told) == {"recorded": 1, "simulated": 0, "avoided": 1, "added": 0}
    [change] = told["changes"]
    assert (change["reference"], change["change"], change["due_at"]) == (
        answered[20],
        "avoided",
        "2026-03-17T16:00:00Z",
    )


async def test_the_pages_add_up_to_the_whole(api: Api, answered: dict[int, str]) -> None:
    pages = [await tried(api, 10, limit=2)]
    while cursor := pages[-1]["next_cursor"]:
        pages.append(await tried(api, 10, limit=2, cursor=cursor))
    assert [page["cases"] for page in pages] == [2, 1]
    assert [page["total"] for page in pages] == [3, None]
    assert [change["reference"] for page in pages for change in page["changes"]] == [answered[14]]


async def test_an_administrator_sees_the_figures_and_no_cases(api: Api, answered: dict[int, str]) -> None:
    assert answered
    told = await tried(api, 10, by="admin")
    assert of_answers(told)["added"] == 1
    assert (told["shows_cases"], told["changes"]) == (False, [])


async def test_nothing_is_changed_by_trying(api: Api, answered: dict[int, str]) -> None:
    before = [await api.house.facts(reference) for reference in answered.values()]
    await tried(api, 1)
    assert [await api.house.facts(reference) for reference in answered.values()] == before


async def test_a_wrong_policy_is_refused_by_every_place(api: Api) -> None:
    clock = {"kind": "lunch", "anchor": "received", "span": {"amount": 0, "unit": "calendar_days"}}
    wrong = policy(10, calendar="mars", clocks=[clock])
    answer = await api["supervisor"].post("/v1/policies/simulations", {"policy": wrong})
    assert set(wrong_fields(answer)) == {"/policy/calendar", "/policy/clocks/0/kind", "/policy/clocks/0/span/amount"}
    answer = await api["supervisor"].post("/v1/policies/simulations", {"policy": policy(10), "cursor": "x"})
    assert wrong_fields(answer) == ["/cursor"]
    problem(await api["handler"].post("/v1/policies/simulations", {"policy": policy(10)}), 403, "forbidden")

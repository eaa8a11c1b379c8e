"""Who sees which case; what is out of sight is not there (OWASP API1:2023, broken object level authorisation)."""

from typing import Any

import pytest

from domain.access import ALLOWED, Role
from starter.api.examples import COMMAND_BODIES
from starter.bodies import CASE_COMMANDS
from tests.api.visitors import Api, Visitor, problem

SEES_SOME = (Role.HOTLINE, Role.HANDLER, Role.CALLER)
NEVER_THERE = ("C-2026-999999", "C-2026-1", "nonsense", "C-2026-000001%00", "C-2026-000001'--", "..%2f..%2fetc", "中文")


async def sees(visitor: Visitor, reference: str) -> bool:
    answer = await visitor.get(f"/v1/complaints/{reference}")
    listed = await visitor.pages("/v1/complaints", limit=200)
    in_list = reference in {case["reference"] for page in listed for case in page}
    assert (answer.status_code == 200) == in_list
    return in_list


async def test_the_hotline_sees_what_it_took_and_no_more(api: Api) -> None:
    other = await api.enrol("second hotline", Role.HOTLINE)
    mine, theirs = await api["hotline"].take(), await other.take()
    assert [await sees(api["hotline"], reference) for reference in (mine, theirs)] == [True, False]
    assert [await sees(other, reference) for reference in (mine, theirs)] == [False, True]


async def test_a_handler_sees_own_cases_those_of_the_team_and_unclaimed_ones(api: Api) -> None:
    north = await api.enrol("north", Role.HANDLER, team="north")
    north_too = await api.enrol("north too", Role.HANDLER, team="north")
    south = await api.enrol("south", Role.HANDLER, team="south")
    alone = await api.enrol("alone", Role.HANDLER)
    reference = await api["hotline"].take()
    everybody = (north, north_too, south, alone, api["supervisor"], api["auditor"])
    assert [await sees(visitor, reference) for visitor in everybody] == [True] * 6
    await north.do(reference, "assess", decision="valid")
    await north.do(reference, "claim")
    assert [await sees(visitor, reference) for visitor in everybody] == [True, True, False, False, True, True]
    await api["supervisor"].do(reference, "assign", handler=alone.person.id)
    assert [await sees(visitor, reference) for visitor in everybody] == [False, False, False, True, True, True]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ANALYST, Role.PARTNER, Role.PRIVACY, Role.ADMIN])
async def test_who_has_no_business_with_cases_sees_none(api: Api, role: Role) -> None:
    reference = await api["hotline"].take()
    for path in ("", f"/{reference}", f"/{reference}/timeline", f"/{reference}/story"):
        problem(await api[role].get(f"/v1/complaints{path}"), 403, "forbidden")


async def test_a_foreign_a_missing_and_a_malformed_number_are_answered_alike(api: Api) -> None:
    other = await api.enrol("third hotline", Role.HOTLINE)
    foreign = await other.take()
    answers = set[str]()
    for reference in (foreign, *NEVER_THERE):
        for path in ("", "/timeline", "/story"):
            answer = await api["hotline"].get(f"/v1/complaints/{reference}{path}")
            if "%2f" in reference:
                problem(answer, 404, "not_found")
                continue
            answers.add(answer.text)
            problem(answer, 404, "not_found")
    assert len(answers) == 1


def examples() -> list[tuple[str, dict[str, Any]]]:
    """A body that is well-formed for every command of a case, of those who do not see all cases."""
    return [
        (command, next(iter(COMMAND_BODIES[command].values()))["value"])
        for command in CASE_COMMANDS
        if not ALLOWED[command].isdisjoint(SEES_SOME)
    ]


@pytest.mark.parametrize(("command", "body"), examples())
async def test_no_command_reaches_a_case_out_of_sight(api: Api, command: str, body: dict[str, Any]) -> None:
    visitor = await api.enrol("sees some", *SEES_SOME)
    foreign = await api["hotline"].take()
    await api["supervisor"].do(foreign, "assess", decision="valid")
    await api["supervisor"].do(foreign, "assign", handler=api["handler"].person.id)
    facts = await api.house.facts(foreign)
    answers = [await visitor.command(reference, command, body) for reference in (foreign, "C-2026-999999")]
    assert answers[0].text == answers[1].text
    for answer in answers:
        problem(answer, 404, "not_found")
    assert await api.house.facts(foreign) == facts


async def test_whoever_left_is_shut_out_at_once(api: Api) -> None:
    leaver = await api.enrol("leaver", Role.SUPERVISOR)
    assert (await leaver.get("/v1/complaints")).status_code == 200
    await api.house.parts.pool.execute("UPDATE person SET is_active = false WHERE id = $1", leaver.person.id)
    problem(await leaver.get("/v1/complaints"), 401, "unauthenticated")


async def test_a_caller_sees_what_waits_for_a_call_back(api: Api) -> None:
    reference = await api["hotline"].take()
    handler = api["handler"]
    assert not await sees(api["caller"], reference)
    await handler.do(reference, "assess", decision="valid")
    await handler.do(reference, "claim")
    await handler.do(reference, "start_investigation")
    await handler.do(reference, "respond", way="phone", letter="Mended.", outcome="resolved", cause="equipment")
    assert await sees(api["caller"], reference)
    await handler.do(reference, "close")
    assert not await sees(api["caller"], reference)


async def test_two_roles_see_what_either_sees(api: Api) -> None:
    both = await api.enrol("both", Role.HOTLINE, Role.HANDLER)
    taken = await both.take()
    await api["supervisor"].do(taken, "assess", decision="valid")
    await api["supervisor"].do(taken, "assign", handler=api["handler"].person.id)
    given = await api["hotline"].take()
    await api["supervisor"].do(given, "assess", decision="valid")
    await api["supervisor"].do(given, "assign", handler=both.person.id)
    foreign = await api["hotline"].take()
    await api["supervisor"].do(foreign, "assess", decision="valid")
    await api["supervisor"].do(foreign, "assign", handler=api["handler"].person.id)
    assert [await sees(both, reference) for reference in (taken, given, foreign)] == [True, True, False]


async def test_the_commands_offered_are_those_that_the_reader_may_give(api: Api) -> None:
    reference = await api["hotline"].take()
    offered = {
        name: (await api[name].read(reference))["allowed_commands"]
        for name in ("hotline", "handler", "supervisor", "auditor")
    }
    only = {"hotline": "withdraw", "handler": "hold", "supervisor": "merge"}
    for name, command in only.items():
        assert {"note", "correct", command} <= set(offered[name])
    assert not {"assess", "merge"} & set(offered["hotline"])
    assert not {"withdraw", "merge"} & set(offered["handler"])
    assert offered["auditor"] == []

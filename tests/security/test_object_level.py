"""Things of others, things guessed, and things that cannot exist are answered alike (S2, OWASP API1:2023)."""

import json
import os
import random
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from domain.access import ALLOWED, PUBLIC_ROUTES, Permission, Role, may
from starter.console.entry import cookie, csrf_of
from tests.api.visitors import Api, Visitor
from tests.architecture.test_routes import ROUTES, asked_for
from tests.security.figures import row

SEED = int(os.environ.get("AMENDS_SEED", "20261127"))
LONG_PROBES = 10_000
TAKES_ANY_BODY = "/commands/"

MALFORMED = {
    "reference": ("C-2026-1", "c-2026-000001", "C-2026-000001%20", "1", "C-0000-000000", "C-2026-9999999999", "Ann"),
    "customer": ("cus_1", "cus_" + "G" * 32, "Ann", "1", "CUS_" + "0" * 32),
    "batch": ("bat_", "1", "x" * 200),
    "file": ("att_", "1", "att_" + "0" * 31),
}


def of_a_case() -> Iterator[tuple[str, str, str]]:
    """Method, path and permission of every route that names a case."""
    for route in ROUTES:
        if isinstance(route, APIRoute) and "{reference}" in route.path and route.path not in PUBLIC_ROUTES:
            for method in sorted(route.methods or ()):
                yield method, route.path, asked_for(route)[0]


CASE_ROUTES = [route for route in of_a_case() if not route[1].startswith("/console/")]
CASE_PAGES = [route for route in of_a_case() if route[1].startswith("/console/")]


async def told(visitor: Visitor, method: str, path: str) -> tuple[int, str]:
    """The status and the body, without what is in every answer another."""
    answer = await visitor.send(method, path, json={})
    body = answer.json() if answer.headers.get("content-type", "").endswith("json") else answer.text
    return answer.status_code, json.dumps(body, sort_keys=True)


def outsiders(api: Api, permission: str) -> list[Visitor]:
    """Who may do such a thing with cases of their own, and sees no case of the team `far away`."""
    names = (Role.HANDLER, Role.CALLER, Role.HOTLINE)
    return [api[name] for name in names if may(api[name].person, permission)]


@pytest.fixture(scope="module")
async def foreign(api: Api) -> str:
    """A case that was taken by the supervisor and assigned to another team."""
    await api.enrol("far away", Role.HANDLER, team="far away")
    reference = await api["supervisor"].take(customer={"name": "Foreign", "email": "foreign@example.org"})
    await api["supervisor"].do(reference, "assess", decision="valid", evidence="seen")
    await api["supervisor"].do(reference, "assign", handler=api["far away"].person.id)
    return reference


@pytest.mark.parametrize(("method", "path", "permission"), CASE_ROUTES)
async def test_a_foreign_case_a_guessed_one_and_an_impossible_one_are_alike(
    api: Api, foreign: str, method: str, path: str, permission: str
) -> None:
    rest = {
        "file": "att_" + "0" * 32,
        "kind": "final_response",
        "number": "1",
        "letter": "acknowledgement",
        "item": "acknowledgement.1",
    }
    for visitor in outsiders(api, permission):
        answers = {
            reference: await told(visitor, method, path.format_map(rest | {"reference": reference}))
            for reference in (foreign, "C-2026-999999", *MALFORMED["reference"][:3])
        }
        assert len(set(answers.values())) == 1, answers
        assert next(iter(answers.values()))[0] in {404, 422}, answers


@pytest.mark.parametrize(("method", "path", "permission"), CASE_PAGES)
async def test_pages_of_a_foreign_case_a_guessed_one_and_an_impossible_one_are_alike(
    api: Api, foreign: str, method: str, path: str, permission: str
) -> None:
    rest = {"file": "att_" + "0" * 32, "command": "note"}
    for visitor in outsiders(api, permission):
        begun = await api.house.services.accounts.begin(visitor.person, None, by="test")
        session = {"Cookie": f"{cookie(api.house.services, 'session')}={begun.key}"}
        answers = set()
        for reference in (foreign, "C-2026-999999", *MALFORMED["reference"][:2]):
            there, form = path.format_map(rest | {"reference": reference}), {"csrf": csrf_of(begun.key)}
            answer = await api.client.request(method, there, headers=session, data=form)
            answers.add((answer.status_code, answer.text.replace(reference, "")))
        assert len(answers) == 1, answers
        assert next(iter(answers))[0] == 404, answers


async def test_of_very_many_guesses_none_tells_anything(api: Api, foreign: str) -> None:
    await guess(api, foreign, 400)


@pytest.mark.long
async def test_of_ten_thousand_guesses_none_tells_anything(api: Api, foreign: str) -> None:
    await guess(api, foreign, LONG_PROBES)


async def guess(api: Api, foreign: str, number: int) -> None:
    chance, answers = random.Random(SEED), set()
    visitor = api[Role.HANDLER]
    paths = ("", "/story", "/timeline", "/attachments/att_" + "0" * 32)
    for _ in range(number):
        reference = (
            foreign if chance.random() < 0.2 else f"C-20{chance.randrange(20, 40)}-{chance.randrange(10**6):06d}"
        )
        if await api.house.parts.records.find(reference) is not None and reference != foreign:
            continue
        path = f"/v1/complaints/{reference}{chance.choice(paths)}"
        answers.add(await told(visitor, "GET", path))
    assert {status for status, _ in answers} == {404}
    assert len({body for _, body in answers}) == 1
    row("S2", "guessed and foreign cases", f"{number} probes, all 404 with one body", seed=SEED)


@pytest.mark.parametrize("customer", ["cus_" + "0123456789abcdef" * 2, *MALFORMED["customer"]])
async def test_a_customer_that_is_not_there_is_answered_like_one_that_cannot_be(api: Api, customer: str) -> None:
    path = "/v1/customers/{}/personal-data"
    expected = await told(api["privacy"], "GET", path.format("cus_" + "0" * 32))
    assert await told(api["privacy"], "GET", path.format(customer)) == expected
    assert await told(api["privacy"], "DELETE", path.format(customer)) == expected


async def test_a_file_of_another_case_is_not_there(api: Api, foreign: str) -> None:
    own = await api["hotline"].take()
    path = f"/v1/complaints/{foreign}/attachments"
    added = await api["supervisor"].send("POST", path, files={"file": ("a.txt", b"text", "text/plain")})
    there = f"/v1/complaints/{own}/attachments/"
    expected = await told(api["hotline"], "GET", there + "att_" + "0" * 32)
    assert expected[0] == 404
    for file in (added.json()["id"], *MALFORMED["file"]):
        assert await told(api["hotline"], "GET", there + file) == expected


def test_every_case_route_is_tried_by_somebody_who_sees_other_cases(api: Api) -> None:
    tried = [path for _, path, permission in CASE_ROUTES if outsiders(api, permission)]
    assert len(tried) > 25
    assert Permission.READ_COMPLAINT in ALLOWED

"""Every route × every role: let in or refused, as the table of roles says (OWASP API5:2023)."""

import json
from collections.abc import Iterator
from io import StringIO

import pytest
from fastapi.routing import APIRoute

from domain.access import ALLOWED, LINK_ROUTES, PUBLIC_ROUTES, Role
from tests.api.visitors import Api, problem
from tests.architecture.test_routes import ROUTES, asked_for
from tests.security.figures import row

PLACES = {
    "reference": "C-2026-999999",
    "step_id": "C-2026-999999.acknowledgement.1",
    "person_id": "per_nobody00",
    "batch": "bat_nothing",
    "file": "att_nothing",
    "webhook": "whk_nothing",
    "calendar_id": "nowhere",
    "survey_id": "nowhere",
    "wave": "W-2026-999999",
    "import_id": "imp_nothing",
    "service_code": "nothing",
    "letter": "acknowledgement",
    "item": "acknowledgement.1",
    "who": "partner.nobody",
    "customer": "cus_" + "0" * 32,
    "kind": "final_response",
    "partner": "nobody_known",
    "return_id": "nowhere",
    "number": "1",
    "token": "0" * 16,
}


def guarded() -> Iterator[tuple[str, str, str]]:
    """Method, path and permission of every route that is not public."""
    for route in ROUTES:
        # With refusals of their own: tests/api/test_open311.py; pages know people by their session: tests/console.
        apart = route.path.startswith(("/open311/", "/console/")) or route.path == "/"
        if isinstance(route, APIRoute) and route.path not in PUBLIC_ROUTES | LINK_ROUTES and not apart:
            for method in sorted(route.methods or ()):
                yield method, route.path.format_map(PLACES), asked_for(route)[0]


@pytest.mark.parametrize(("method", "path", "permission"), [*guarded()])
async def test_a_role_comes_in_exactly_where_its_row_lets_it(api: Api, method: str, path: str, permission: str) -> None:
    for role in Role:
        answer = await api[role].send(method, path, json={})
        assert answer.status_code < 500
        if role in ALLOWED[permission]:
            assert answer.status_code not in {401, 403}, f"{role}: {answer.text}"
        else:
            assert permission in problem(answer, 403, "forbidden")["detail"]


@pytest.mark.parametrize(("method", "path", "permission"), [*guarded()])
async def test_nobody_comes_in_without_a_token_or_with_one_that_was_taken_away(
    api: Api, method: str, path: str, permission: str
) -> None:
    gone = await shut_out(api)
    for headers in ({}, {"Authorization": "Bearer amends_nonsense"}, {"Authorization": f"Bearer {gone}"}):
        problem(await api.client.request(method, path, json={}, headers=headers), 401, "unauthenticated")


async def shut_out(api: Api) -> str:
    """The token of somebody with every role who has left."""
    if "left" not in api.visitors:
        visitor = await api.enrol("left", *Role)
        await api.house.parts.pool.execute("UPDATE person SET is_active = false WHERE id = $1", visitor.person.id)
    return api["left"].token


WITHOUT_A_PROVIDER = {"/console/sign-in/provider": 404, "/console/sign-in/returned": 401}
"""What the routes of single sign-on answer where no provider is set up."""


@pytest.mark.parametrize("path", sorted(PUBLIC_ROUTES))
async def test_a_public_route_asks_for_nothing_and_tells_of_nobody(api: Api, path: str) -> None:
    reference = await api["hotline"].take(customer={"name": "Ann CANARY", "email": "canary@example.org"})
    answer = await api.client.get(path)
    assert answer.status_code == WITHOUT_A_PROVIDER.get(path, 200)
    assert "CANARY" not in answer.text
    assert "canary@example.org" not in answer.text
    assert reference not in answer.text


@pytest.mark.parametrize("path", sorted(LINK_ROUTES))
async def test_a_page_behind_a_link_opens_to_no_role_without_that_link(api: Api, path: str) -> None:
    reference = await api["hotline"].take()
    for token in ("nonsense", reference, "a.b"):
        for method in ("GET", "POST"):
            answer = await api["supervisor"].send(method, path.format(token=token))
            assert answer.status_code in {404, 429}
            assert reference not in answer.text.replace(f"/{token}", "")


async def test_every_denial_is_logged_with_who_wanted_what(api: Api, logs: StringIO) -> None:
    await api["analyst"].get("/v1/complaints")
    denials = [json.loads(line) for line in logs.getvalue().splitlines() if '"denied"' in line]
    assert (denials[-1]["permission"], denials[-1]["person"]) == ("complaint.list", api["analyst"].person.id)


def test_every_guarded_route_is_tried_as_every_role() -> None:
    """Beside these, each is tried without a token, with a wrong one, and with one of somebody who has left."""
    cells = len([*guarded()]) * (len(Role) + 3)
    assert cells > 480
    row("S1", "route × method × role", f"{cells} cells, 0 wrong")

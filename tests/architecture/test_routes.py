"""Every route asks for a permission of the one table, or is in the short list of public ones."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from domain.access import ALLOWED, LINK_ROUTES, PUBLIC_ROUTES, Role
from domain.complaints.commands import PERSONS_COMMANDS
from starter.api.app import application, read_routes
from starter.api.entry import Allowed
from starter.api.strict_json import StrictJsonRoute


def unopened() -> Any:
    raise AssertionError("routes are known without opening anything")


def routes_of(routes: list[Any]) -> Iterator[Any]:
    """All routes, those of included routers in their places."""
    for route in routes:
        included = getattr(route, "original_router", None)
        yield from routes_of(included.routes) if included is not None else [route]


ROUTES = list(routes_of(application(unopened).routes))


def permissions(dependant: Dependant) -> Iterator[str]:
    """What a route asks for, anywhere among its dependencies."""
    if isinstance(dependant.call, Allowed):
        yield dependant.call.permission
    for part in dependant.dependencies:
        yield from permissions(part)


def asked_for(route: APIRoute) -> list[str]:
    return sorted(set(permissions(route.dependant)))


def test_every_route_asks_for_one_permission_or_is_public() -> None:
    for route in ROUTES:
        if route.path in PUBLIC_ROUTES | LINK_ROUTES:
            assert not isinstance(route, APIRoute) or asked_for(route) == []
        else:
            assert isinstance(route, APIRoute), f"{route.path} is no route of the API"
            assert len(asked_for(route)) == 1, f"{route.path} asks for {asked_for(route)}"


def test_every_public_route_is_there() -> None:
    assert {route.path for route in ROUTES} >= PUBLIC_ROUTES | LINK_ROUTES


def test_every_permission_that_is_asked_for_has_a_row() -> None:
    asked = {name for route in ROUTES if isinstance(route, APIRoute) for name in asked_for(route)}
    assert asked <= set(ALLOWED)
    assert set(ALLOWED) - asked == set()


def test_every_command_of_a_person_has_a_row_and_somebody_who_may() -> None:
    assert set(PERSONS_COMMANDS) <= set(ALLOWED)
    assert all(ALLOWED[command] for command in PERSONS_COMMANDS)
    assert all(roles <= set(Role) for roles in ALLOWED.values())


def test_every_route_that_takes_json_reads_it_strictly() -> None:
    lax = [
        route.path
        for route in ROUTES
        if isinstance(route, APIRoute)
        and route.body_field is not None
        and not isinstance(route, StrictJsonRoute)
        and not route.path.endswith(("/attachments", "/v1/imports"))
    ]
    assert not lax


async def test_a_path_that_is_not_there_costs_little_once_the_routes_were_read() -> None:
    app = application(unopened)
    begun = time.process_time()
    assert read_routes(app) == len(ROUTES)
    read_at = time.process_time()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://amends.test") as client:
        assert (await client.get("/v1/nowhere")).status_code == 404
        assert (await client.delete("/v1/complaints")).headers["allow"] == "GET, POST"
    assert time.process_time() - read_at < (read_at - begun) / 3

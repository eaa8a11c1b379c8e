"""The pages of the console as one router. A new page's module is added to `PAGES`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from domain.access import Permission
from starter.console import (
    board,
    bulk,
    callbacks,
    cases,
    commands,
    decisions,
    intake,
    operations,
    queue,
    search,
    sign_in,
    staff,
    step_batches,
    steps,
    undertaking_commands,
    undertakings,
)
from starter.console.entry import ConsoleRoute, Seat, Visit, redirect
from starter.console.navigation import home_of
from starter.console.rendering import ASSETS, asset, show
from starter.problems import not_found

PAGES = (
    sign_in,
    queue,
    cases,
    commands,
    intake,
    steps,
    step_batches,
    operations,
    board,
    search,
    bulk,
    decisions,
    undertaking_commands,
    undertakings,
    callbacks,
    staff,
)

Here = Annotated[Visit, Depends(Seat(Permission.USE_CONSOLE))]

router = APIRouter(include_in_schema=False)
own = APIRouter(route_class=ConsoleRoute, include_in_schema=False)


@own.get("/")
async def home(visit: Here) -> Response:
    """Where the person who is signed in begins."""
    return redirect(home_of(visit.person))


@own.get("/console/here")
async def here(visit: Here) -> Response:  # noqa: ARG001
    """Say that somebody is still at work: asking is enough."""
    return Response(status_code=204)


@own.get("/console/components")
async def components(request: Request, visit: Here) -> Response:
    """Everything that pages are made of, in one place."""
    return show(request, "components.html.jinja", visit)


def _add_asset(name: str, media_type: str) -> None:
    async def give() -> Response:
        """Its address carries its version, so it may be kept."""
        return Response(asset(name), media_type=media_type, headers={"Cache-Control": "public, max-age=86400"})

    own.add_api_route(f"/console/{name}", give, methods=["GET"])


for _name, _type in ASSETS.items():
    _add_asset(_name, _type)

router.include_router(own)
for page in PAGES:
    router.include_router(page.router)

elsewhere = APIRouter(route_class=ConsoleRoute, include_in_schema=False)


@elsewhere.get("/console/{path:path}")
async def nothing(path: str, visit: Here) -> Response:  # noqa: ARG001
    """A page that there is not."""
    raise not_found()


router.include_router(elsewhere)

"""The ASGI application: its routers, and everything that surrounds them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from starter.api import (
    attachments,
    batches,
    calendars,
    case_packs,
    clocks,
    complaints,
    failures,
    follow_ups,
    forms,
    health,
    imports,
    interviews,
    letters,
    likeness,
    links,
    narratives,
    open311,
    operations,
    partners,
    personal_data,
    privacy,
    recalculations,
    recurrences,
    registry,
    returns,
    simulations,
    staff,
    step_batches,
    steps,
    surveys,
    trends,
    undertakings,
    waves,
    webhooks,
)
from starter.api.document import describe, problems
from starter.api.envelope import Envelope
from starter.console import site as console
from starter.pages import site
from starter.services import Services


def application(open_services: Callable[[], AbstractAsyncContextManager[Services]]) -> FastAPI:
    """The application over services that are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services() as services:
            app.state.services = services
            yield
            await services.intake.settle()

    app = FastAPI(
        title="Amends",
        version="1",
        description="Customer complaints and satisfaction as durable processes.",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    for part in (
        likeness,
        batches,
        narratives,
        complaints,
        clocks,
        attachments,
        links,
        letters,
        step_batches,
        steps,
        operations,
        registry,
        returns,
        calendars,
        recalculations,
        webhooks,
        simulations,
        staff,
        personal_data,
        privacy,
        forms,
        surveys,
        waves,
        recurrences,
        trends,
        interviews,
        follow_ups,
        case_packs,
        imports,
        partners,
    ):
        app.include_router(part.router, responses=problems())
    for router in undertakings.ROUTERS.values():
        app.include_router(router, responses=problems())
    app.include_router(open311.router)
    app.include_router(health.router)
    app.include_router(site.router)
    app.include_router(console.router)
    failures.install(app)
    app.add_middleware(Envelope)
    describe(app)
    return app


def read_routes(app: FastAPI) -> int:
    """Build all routes now; how many. It takes a second or more of a processor.

    The framework builds those of a router when it is first asked for a path behind it, so that else the first request
    for something far down, or for what is not there, pays for all of them while everybody waits. The first question
    whether we are ready is such a one, so that the start takes no longer.
    """
    return sum(1 for _ in iter_route_contexts(app.routes))

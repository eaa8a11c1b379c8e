"""The ASGI application: routers, what goes wrong, and what every answer carries."""

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from runtime import telemetry
from starter.api import complaints, health, registry, steps
from starter.api.models import ProblemView
from starter.problems import FieldError, Problem, unavailable
from starter.services import Services
from storage.pool import StoreAway

LARGEST_BODY = 1_000_000
"""Bytes of a JSON body; files have a limit of their own."""

log = structlog.get_logger(__name__)

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemView, "content": {"application/problem+json": {}}}
    for status in (401, 403, 404, 409, 412, 413, 422, 503)
}
_SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


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
        responses=_PROBLEMS,
        docs_url=None,
        redoc_url=None,
    )
    for router in (complaints.router, steps.router, registry.router, health.router):
        app.include_router(router)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(StoreAway, _on_store_away)
    app.add_exception_handler(Exception, _on_defect)
    app.middleware("http")(_observe)
    return app


async def _observe(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
    """Bound the body, name the request, measure it, and set what every answer carries."""
    request_id, begun = uuid.uuid4().hex, time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    try:
        if int(request.headers.get("content-length") or 0) > LARGEST_BODY:
            response = _answer(Problem(413, "too_large", f"a body has at most {LARGEST_BODY} bytes"))
        else:
            response = await proceed(request)
    finally:
        structlog.contextvars.unbind_contextvars("request_id")
    route = getattr(request.scope.get("route"), "path", "unknown")
    telemetry.count_request(route, request.method, response.status_code, time.perf_counter() - begun)
    response.headers.update(_SAFE_HEADERS | {"X-Request-Id": request_id})
    return response


async def _on_problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101  registered for it
    return _answer(problem)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [
        FieldError(_place(found["loc"]), str(found["msg"]).removeprefix("Value error, ")) for found in error.errors()
    ]
    named = ", ".join(error.pointer or "/" for error in errors)
    return _answer(Problem(422, "invalid", f"not accepted: {named}", errors=errors))


async def _on_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    return _answer(Problem(error.status_code, code, str(error.detail)))


async def _on_store_away(_: Request, __: Exception) -> Response:
    return _answer(unavailable("store_away", "the records cannot be reached now; nothing was stored, try again"))


async def _on_defect(_: Request, error: Exception) -> Response:
    log.error("request failed", exc_info=error)
    return _answer(Problem(500, "defect", "this is a defect of ours; the log has it under the request's id"))


def _answer(problem: Problem) -> Response:
    body = ProblemView(
        type=f"urn:amends:problem:{problem.code}",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
        errors=tuple(
            ProblemView.FieldProblem(pointer=error.pointer, message=error.message) for error in problem.errors
        ),
    )
    headers = {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(mode="json"), problem.status, headers, "application/problem+json")


def _place(location: tuple[int | str, ...]) -> str:
    """A JSON pointer into the body, or the name of the parameter."""
    kind, *path = location
    return "".join(f"/{part}" for part in path) if kind == "body" else f"{kind} {'.'.join(map(str, path))}"

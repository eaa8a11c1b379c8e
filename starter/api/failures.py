"""Whatever goes wrong as problem details (RFC 9457), in one shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import Route, compile_path

from starter.api.models import ProblemView
from starter.problems import MOST_ERRORS, FieldError, Problem, invalid, message_of, pointer_to, unavailable
from storage.pool import StoreAway
from storage.vault import Erased, Unknown

PROBLEM_JSON = "application/problem+json"

_CODES = {400: "malformed", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def install(app: FastAPI) -> None:
    """Let the application answer every failure by a problem. Defects are caught further out, by the envelope."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(StoreAway, _on_store_away)
    app.add_exception_handler(Erased, _on_erased)
    app.add_exception_handler(Unknown, _on_forgotten)


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The response that tells of a problem."""
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
    carried = dict(headers or {})
    if problem.retry_after is not None:
        carried["Retry-After"] = str(problem.retry_after)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        carried["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(mode="json"), problem.status, carried, PROBLEM_JSON)


async def _on_problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101  registered for it
    return answer(problem)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return answer(invalid(_field_error(found) for found in error.errors()[:MOST_ERRORS]))


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = _CODES.get(error.status_code, "refused")
    headers = error.headers if error.status_code != HTTPStatus.METHOD_NOT_ALLOWED else {"Allow": _allowed(request)}
    return answer(Problem(error.status_code, code, str(error.detail)), headers)


def _allowed(request: Request) -> str:
    """Every method of a path: each is a route of its own, and the framework names those of the first alone.

    A path that is written out is not what stands for any: there is no case of the number `lookup`.
    """
    path, ways = request.scope["path"], _ways(request.app)
    found = [way for way in ways if way.path == path] or [way for way in ways if way.match(path)]
    return ", ".join(sorted({method for way in found for method in way.methods}))


@dataclass(frozen=True, slots=True)
class _Way:
    """A route: its path, what matches it, and its methods."""

    path: str
    match: Callable[[str], object]
    methods: frozenset[str]


@cache
def _ways(app: FastAPI) -> tuple[_Way, ...]:
    routes = (route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, Route))
    return tuple(
        _Way(path, compile_path(path)[0].match, frozenset(route.methods or ()) - {"HEAD"})
        for route in routes
        if (path := route.path or "")
    )


async def _on_store_away(_: Request, __: Exception) -> Response:
    return answer(unavailable("store_away", "the records cannot be reached now; repeat the request"))


async def _on_erased(_: Request, __: Exception) -> Response:
    return answer(Problem(410, "erased", "this customer's data were erased on request"))


async def _on_forgotten(_: Request, __: Exception) -> Response:
    return answer(Problem(410, "erased", "this text was kept for its time and is gone"))


def _field_error(error: Mapping[str, Any]) -> FieldError:
    """A JSON pointer into the body, or the place and name of a parameter."""
    place, *path = error["loc"]
    pointer = pointer_to(path) if place == "body" else f"{place} {'.'.join(map(str, path))}"
    return FieldError(pointer, message_of(error))

"""JSON bodies without ambiguity: what two readers could understand differently is refused (RFC 8259, 4 and 6)."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from starter.problems import LONGEST_NAME


class StrictJsonRoute(APIRoute):
    """A route whose body is read strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return handle_strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        try:
            return json.loads(await self.body(), object_pairs_hook=_each_once, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, f"the body is no JSON that can be read in one way only: {_why(error)}") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Ambiguous(f"{twice[:LONGEST_NAME]} is there twice")
    return fields


def _refuse(constant: str) -> NoReturn:
    raise _Ambiguous(f"{constant} is no JSON number")


class _Ambiguous(ValueError):
    """Something that JSON leaves open."""


def _why(error: ValueError | RecursionError) -> str:
    """In words, and without quoting the body."""
    match error:
        case json.JSONDecodeError(msg=message, lineno=line, colno=column):
            return f"{message} in line {line}, column {column}"
        case _Ambiguous():
            return str(error)
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return "a number is too long"

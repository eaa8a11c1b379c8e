"""The OpenAPI document, with the failures in the form in which they are sent."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from starter.api.failures import PROBLEM_JSON
from starter.api.models import ProblemView

_FAILURES = {
    400: "The body is no JSON, or JSON that can be read in two ways",
    401: "No token, or one that is not valid",
    403: "The caller's roles do not allow it",
    404: "It is not there, or the caller may not see it",
    409: "Refused by the state of the case; `code` is the guard",
    410: "The customer's data were erased on request, or kept for their time and are gone",
    412: "The case has changed since the ETag was given",
    413: "The body is too large",
    422: "Not accepted; `errors` names every wrong field",
    500: "A defect",
    503: "Something is away; repeat the request after `Retry-After` seconds",
}


GONE: dict[int | str, dict[str, Any]] = {
    410: {"model": ProblemView, "description": "The customer's data were erased on request"}
}


def problems() -> dict[int | str, dict[str, Any]]:
    """The failures that any route of the API may answer with."""
    return {status: {"model": ProblemView, "description": said} for status, said in _FAILURES.items()}


def describe(app: FastAPI) -> None:
    """Let the application describe itself; the document is made once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI provides


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for operations in document["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                if "/ProblemView" in str(response.get("content")):
                    response["content"] = {PROBLEM_JSON: response["content"].pop("application/json")}
    return document

"""Every answer is held to the OpenAPI document: a status it names, the content type and the schema that it promises."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]

Document = dict[str, Any]

NOT_IN_THE_DOCUMENT = {"/openapi.json"}
PAGES = ("/complain", "/case/", "/partner/", "/improvement/", "/pages/", "/console/", "/r/")
"""Pages are for people; the document describes the API."""


def conforms_to(document: Document) -> Callable[[httpx.Response], Awaitable[None]]:
    """A hook for httpx that refuses an answer which the document does not describe."""
    templates = {re.compile(re.sub(r"\{\w+\}", "[^/]+", path)): path for path in document["paths"]}
    validators: dict[str, jsonschema.Draft202012Validator] = {}

    async def check(response: httpx.Response) -> None:
        await response.aread()
        request = response.request
        path = next((path for pattern, path in templates.items() if pattern.fullmatch(request.url.path)), None)
        operation = document["paths"].get(path, {}).get(request.method.lower())
        if request.url.path in NOT_IN_THE_DOCUMENT or request.url.path.startswith(PAGES):
            return
        if operation is None:
            assert response.status_code in {404, 405}, f"{request.method} {request.url.path} is not in the document"
            return
        place = f"{request.method} {path} {response.status_code}"
        described = operation["responses"].get(str(response.status_code))
        assert described is not None, f"{place} is not in the document: {response.text[:300]}"
        content_type = response.headers["content-type"].partition(";")[0]
        assert content_type in described["content"], f"{place} is {content_type}"
        if content_type.endswith("json"):
            if place not in validators:
                schema = described["content"][content_type]["schema"]
                validators[place] = jsonschema.Draft202012Validator(schema | {"components": document["components"]})
            faults = [f"{fault.json_path}: {fault.message}" for fault in validators[place].iter_errors(response.json())]
            assert not faults, f"{place}: {faults[:3]}"

    return check

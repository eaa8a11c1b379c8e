"""What GeoReport v2 (Open311) says and how: its two formats, its errors, its key.

The standard: https://wiki.open311.org/GeoReport_v2/. A failure is a list of `{code, description}` under the status of
HTTP; a missing or wrong key is 403, a request that cannot be understood is 400.
"""

import json
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Annotated, Any
from xml.etree import ElementTree

from fastapi import Depends, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from domain.access import Person, may
from starter.api.entry import Allowed, audit, services_of
from starter.problems import Problem, forbidden, pointer_to
from starter.services import Services
from storage.pool import StoreAway
from storage.vault import Erased

JSON, XML = "application/json", "text/xml"
_PLURALS = {"services": "service", "service_requests": "request", "errors": "error", "attributes": "attribute"}

Item = Mapping[str, Any]


class GeoReportRoute(APIRoute):
    """A route whose failures are told as the standard wants them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_or_tell(request: Request) -> Response:
            try:
                return await handle(request)
            except Problem as problem:
                return _told(request, _STATUS.get(problem.status, problem.status), problem.detail, problem.retry_after)
            except RequestValidationError as error:
                wrong = "; ".join(f"{pointer_to(each['loc'][1:])[1:]}: {each['msg']}" for each in error.errors()[:20])
                return _told(request, 400, wrong)
            except HTTPException as error:
                return _told(request, error.status_code, str(error.detail))
            except StoreAway:
                return _told(request, 503, "the records cannot be reached now; repeat the request", 5)
            except Erased:
                return _told(request, 410, "this customer's data were erased on request")

        return handle_or_tell


_STATUS = {401: 403, 409: 400, 412: 400, 422: 400}


async def key_holder(request: Request, services: Annotated[Services, Depends(services_of)]) -> Person:
    """Whose `api_key` this is: a token, among the parameters or the fields of the form, or as a bearer's."""
    form = await form_of(request) if request.method == "POST" else {}
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    key = form.get("api_key") or request.query_params.get("api_key") or (bearer if scheme.lower() == "bearer" else "")
    person = await services.parts.people.of_token(key) if key else None
    if person is None:
        raise Problem(403, "unauthenticated", "api_key is missing or not valid")
    return person


class KeyAllowed(Allowed):
    """`Allowed`, for who comes with an `api_key`."""

    async def __call__(self, person: Annotated[Person, Depends(key_holder)]) -> Person:
        if not may(person, self.permission):
            audit.warning("denied", permission=self.permission, person=person.id)
            raise forbidden(self.permission)
        return person


async def form_of(request: Request) -> dict[str, str]:
    """The fields of the form that have a text; read once. Raises `Problem`."""
    if not request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        raise Problem(400, "malformed", "expected the fields of a form (application/x-www-form-urlencoded)")
    form = await request.form(max_files=1, max_fields=100)
    return {name: value.strip() for name, value in form.items() if isinstance(value, str) and value.strip()}


def answered(request: Request, root: str, items: Iterable[Item] | Item, status: int = 200) -> Response:
    """The answer in the format that the path's ending asks for; without one, JSON unless XML alone is accepted."""
    if not _wants_xml(request):
        listed = dict(items) if isinstance(items, Mapping) else [dict(item) for item in items]
        return Response(json.dumps(listed, ensure_ascii=False, default=str).encode(), status, media_type=JSON)
    element = ElementTree.Element(root)
    if isinstance(items, Mapping):
        _fill(element, items)
    else:
        for item in items:
            _fill(ElementTree.SubElement(element, _PLURALS[root]), item)
    content = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return Response(content, status, media_type=XML)


def _fill(element: ElementTree.Element, item: Item) -> None:
    for name, value in item.items():
        child = ElementTree.SubElement(element, name)
        if isinstance(value, list):
            for each in value:
                _fill(ElementTree.SubElement(child, _PLURALS[name]), each)
        elif isinstance(value, bool):
            child.text = "true" if value else "false"
        elif value is not None:
            child.text = "".join(sign for sign in str(value) if sign in "\n\t" or sign.isprintable())


def _wants_xml(request: Request) -> bool:
    path, accept = request.url.path, request.headers.get("accept", "")
    return path.endswith(".xml") or (not path.endswith(".json") and "xml" in accept and "json" not in accept)


def _told(request: Request, status: int, description: str, retry_after: int | None = None) -> Response:
    answer = answered(request, "errors", [{"code": str(status), "description": description}], status)
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    return answer

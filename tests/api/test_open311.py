"""The Open311 GeoReport v2 facade, held to the standard's own words: https://wiki.open311.org/GeoReport_v2/."""

from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from fastapi.routing import APIRoute

from domain.access import ALLOWED, Role
from tests.api.visitors import Api
from tests.architecture.test_routes import ROUTES, asked_for

pytestmark = pytest.mark.services

REQUEST_FIELDS = {
    *("service_request_id", "status", "status_notes", "service_name", "service_code", "description"),
    *("agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime"),
    *("address", "address_id", "zipcode", "lat", "long", "media_url"),
}
FORM = {
    "service_code": "supply_pressure",
    "description": "No pressure since seven. <b>& cold</b>",
    "address_string": "8 Mill Lane",
    "first_name": "Ann",
    "last_name": "Lee",
    "email": "ann.lee@example.org",
}


async def call(api: Api, who: str, method: str, path: str, **request: Any) -> httpx.Response:
    """As a client of the standard does it: the key among the parameters, or in the form."""
    if method == "POST":
        data = {"api_key": api[who].token} | request.pop("data", {})
        return await api.client.post(f"/open311/v2{path}", data=data, **request)
    params = {"api_key": api[who].token} | request.pop("params", {})
    return await api.client.get(f"/open311/v2{path}", params=params, **request)


async def sent(api: Api, **fields: str) -> str:
    answer = await call(api, "hotline", "POST", "/requests.json", data=FORM | fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()[0]["service_request_id"])


def told(answer: httpx.Response, status: int) -> str:
    """The description of an error in JSON, which has the standard's shape."""
    assert answer.status_code == status, answer.text
    (error,) = answer.json()
    assert set(error) == {"code", "description"}
    assert error["code"] == str(status)
    return str(error["description"])


async def test_services_are_our_categories_in_json_and_xml(api: Api) -> None:
    listed = (await call(api, "hotline", "GET", "/services.json")).json()
    by_code = {each["service_code"]: each for each in listed}
    assert by_code["supply_pressure"] == {
        "service_code": "supply_pressure",
        "service_name": "Pressure",
        "description": "Pressure",
        "metadata": False,
        "type": "realtime",
        "keywords": "supply,pressure",
        "group": "Supply",
    }
    answer = await call(api, "hotline", "GET", "/services.xml", headers={"Accept-Language": "zh-CN"})
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    assert (root.tag, {child.tag for child in root}) == ("services", {"service"})
    names = {each.findtext("service_code"): each.findtext("service_name") for each in root}
    assert names["supply_pressure"] == "供气压力"


async def test_a_service_is_defined_and_an_unknown_one_is_not_there(api: Api) -> None:
    answer = await call(api, "hotline", "GET", "/services/billing.json")
    assert answer.json() == {"service_code": "billing", "attributes": []}
    root = ElementTree.fromstring((await call(api, "hotline", "GET", "/services/billing.xml")).content)
    assert (root.tag, root.findtext("service_code")) == ("service_definition", "billing")
    assert "service_code" in told(await call(api, "hotline", "GET", "/services/frogs.json"), 404)


async def test_a_request_becomes_a_case_with_what_was_said_and_where(api: Api) -> None:
    reference = await sent(api)
    case = await api["hotline"].read(reference)
    assert (case["channel"], case["category"], case["status"]) == ("app", "supply_pressure", "received")
    story = (await api["hotline"].get(f"/v1/complaints/{reference}/story")).json()
    assert story["narrative"] == "No pressure since seven. <b>& cold</b>\naddress_string: 8 Mill Lane"
    assert (story["customer"]["name"], story["customer"]["email"]) == ("Ann Lee", "ann.lee@example.org")


async def test_a_request_is_read_back_in_json_and_xml(api: Api) -> None:
    reference = await sent(api, lat="40.7", long="-74.0")
    (found,) = (await call(api, "hotline", "GET", f"/requests/{reference}.json")).json()
    assert set(found) == REQUEST_FIELDS
    assert (found["status"], found["service_name"]) == ("open", "Pressure")
    assert found["requested_datetime"].endswith("Z")
    root = ElementTree.fromstring((await call(api, "hotline", "GET", f"/requests/{reference}.xml")).content)
    assert root.tag == "service_requests"
    assert (root[0].tag, {child.tag for child in root[0]}) == ("request", REQUEST_FIELDS)
    assert root[0].findtext("description") == found["description"]
    told(await call(api, "hotline", "GET", "/requests/C-2026-999999.json"), 404)


async def test_requests_are_filtered_by_number_service_status_and_time(api: Api) -> None:
    first, second = await sent(api), await sent(api, service_code="conduct")
    await api["hotline"].do(second, "withdraw", reason="It has settled itself.", confirmed_by="phone")

    async def numbers(**params: str) -> set[str]:
        answer = await call(api, "supervisor", "GET", "/requests.json", params=params)
        assert answer.status_code == 200, answer.text
        return {each["service_request_id"] for each in answer.json()}

    assert await numbers(service_request_id=f"{first},{second},C-2026-999999") == {first, second}
    assert second in await numbers(service_code="conduct", status="closed")
    assert second not in await numbers(service_code="conduct", status="open")
    assert first in await numbers(status="open,closed")
    assert await numbers(start_date="2020-01-01T00:00:00Z", end_date="2020-03-01T00:00:00Z") == set()
    pages = [await numbers(page=str(page), page_size="1") for page in (1, 2)]
    assert [len(page) for page in pages] == [1, 1]
    assert pages[0] != pages[1]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"status": "ajar"}, "status"),
        ({"start_date": "yesterday"}, "start_date"),
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-12-01T00:00:00Z"}, "end_date"),
        ({"page": "0"}, "page"),
        ({"service_code": "a\u0000b"}, "service_code"),
        ({"end_date": "0001-01-01T00:00:00+14:00"}, "end_date"),
    ],
)
async def test_a_filter_that_cannot_be_understood_is_named(api: Api, params: dict[str, str], said: str) -> None:
    assert said in told(await call(api, "supervisor", "GET", "/requests.json", params=params), 400)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"service_code": "frogs"}, "service_code"),
        ({"service_code": ""}, "service_code"),
        ({"description": " "}, "description"),
        ({"address_string": ""}, "address_string"),
        ({"email": "nobody"}, "email"),
    ],
)
async def test_a_request_that_lacks_something_is_refused_by_its_name(
    api: Api, change: dict[str, str], said: str
) -> None:
    assert said in told(await call(api, "hotline", "POST", "/requests.json", data=FORM | change), 400)


async def test_errors_are_also_told_in_xml(api: Api) -> None:
    answer = await api.client.get("/open311/v2/requests.xml", params={"api_key": "amends_nonsense"})
    root = ElementTree.fromstring(answer.content)
    assert (answer.status_code, root.tag, root[0].tag, root[0].findtext("code")) == (403, "errors", "error", "403")


async def test_a_body_that_is_no_form_is_refused(api: Api) -> None:
    answer = await api.client.post("/open311/v2/requests.json", json=FORM)
    assert "form" in told(answer, 400)


def routes() -> list[tuple[str, str, str]]:
    found = [route for route in ROUTES if isinstance(route, APIRoute) and route.path.startswith("/open311/")]
    paths = {"service_code": "billing", "reference": "C-2026-999999"}
    return [
        (method, route.path.format_map(paths), asked_for(route)[0]) for route in found for method in route.methods or ()
    ]


@pytest.mark.parametrize(("method", "path", "permission"), routes())
async def test_a_role_comes_in_exactly_where_its_row_lets_it(api: Api, method: str, path: str, permission: str) -> None:
    short = path.removeprefix("/open311/v2")
    for role in Role:
        answer = await call(api, role, method, short)
        assert (answer.status_code != 403) is (role in ALLOWED[permission]), f"{role}: {answer.text}"
        assert answer.status_code < 500
    refused = await api.client.request(method, path, data={"api_key": ""} if method == "POST" else None)
    assert refused.status_code == 403

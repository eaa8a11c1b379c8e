"""The OpenAPI document is valid, complete, and its examples are what the API takes."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from domain.access import Role
from starter.api.app import application
from tests.api.visitors import Api

FAILURES = {"400", "401", "403", "404", "409", "412", "413", "422", "500", "503"}
METHODS = {"get", "post", "put", "delete", "patch"}


def unopened() -> Any:
    raise AssertionError("the document is made without opening anything")


DOCUMENT: dict[str, Any] = application(unopened).openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(part)


def schema_of_body(operation: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = operation["requestBody"]["content"]["application/json"]["schema"]
    return schema | {"components": DOCUMENT["components"]}


def bodies() -> dict[str, dict[str, Any]]:
    """The operations that take JSON; a file has no example."""
    return {
        name: operation
        for name, operation in OPERATIONS.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }


def examples(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation["requestBody"]["content"]["application/json"]
    return {title: example["value"] for title, example in content.get("examples", {}).items()}


def test_it_is_openapi_3_1_and_uses_known_methods_only() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert all(set(item) <= METHODS for item in DOCUMENT["paths"].values())


def test_every_reference_leads_somewhere() -> None:
    for node in nodes(DOCUMENT):
        if "$ref" in node:
            target: Any = DOCUMENT
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]


def test_every_schema_is_a_valid_json_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for node in nodes(DOCUMENT["paths"]):
        if "schema" in node:
            jsonschema.Draft202012Validator.check_schema(node["schema"])


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for operation in OPERATIONS.values())


def test_every_parameter_of_a_path_is_described() -> None:
    for name, operation in OPERATIONS.items():
        in_path = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert in_path == {part[1:-1] for part in name.split("/") if part.startswith("{")}


@pytest.mark.parametrize("name", [name for name in OPERATIONS if " /v1/" in name])
def test_every_failure_of_the_api_is_a_problem_in_the_document(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    assert set(responses) >= FAILURES
    for status in FAILURES:
        schema = responses[status]["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/ProblemView"}
    assert OPERATIONS[name]["security"] == [{"HTTPBearer": []}]


@pytest.mark.parametrize("name", bodies())
def test_every_body_has_an_example_that_its_schema_allows(name: str) -> None:
    operation = bodies()[name]
    assert examples(operation)
    validator = jsonschema.Draft202012Validator(schema_of_body(operation))
    for title, value in examples(operation).items():
        assert list(validator.iter_errors(value)) == [], title


ELSEWHERE = ("{step_id}", "{survey_id}", "{wave}", "{calendar_id}", "{webhook}")
UNDERTAKINGS = ("/v1/improvements", "/v1/incidents", "/v1/analyses", "/v1/defection-studies")
"""What is asked of something else than the case that is there."""


@pytest.mark.parametrize("name", [name for name in bodies() if name.startswith("POST")])
async def test_every_example_is_accepted(api: Api, name: str) -> None:
    """Refused by the state of a case, perhaps, but never for its form."""
    path = name.partition(" ")[2]
    everybody = await api.enrol("everybody", *Role)
    for title, value in examples(bodies()[name]).items():
        reference, other = await everybody.take(), await everybody.take()
        step = f"{reference}.acknowledgement.1"
        nowhere = {
            "survey_id": "nowhere",
            "wave": "W-2026-999999",
            "calendar_id": "every-day",
            "webhook": "whk_none",
            "person_id": everybody.person.id,
            "number": 1,
        }
        there = path.format(reference=reference, step_id=step, letter="acknowledgement", **nowhere)
        said = json.dumps(value).replace("C-2026-000001", other).replace("C-2026-000002", reference)
        answer = await everybody.post(there, json.loads(said))
        elsewhere = path.startswith(UNDERTAKINGS) or any(place in path for place in ELSEWHERE)
        accepted = {200, 201, 202, 404, 409} if elsewhere else {200, 201, 202, 409}
        assert answer.status_code in accepted, f"{title}: {answer.text}"


async def test_the_document_is_served_to_everybody(api: Api) -> None:
    answer = await api.client.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(api.app.openapi()))

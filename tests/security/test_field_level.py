"""No role is shown a field that its business does not need, and nobody sets one that is not theirs to set (S3)."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.access import Role
from domain.privacy import Identity
from starter.api.models import CaseDone, CaseRead
from tests.api.test_document import DOCUMENT, OPERATIONS
from tests.api.visitors import COMPLAINT, Api, wrong_fields
from tests.security.figures import row

PERSONAL = {*Identity.model_fields, "narrative", "demand", "texts", "customer", "text", "letter"}
READ_ONLY = ("reference", "status", "sequence", "epoch", "taken_by", "clocks", "handler", "id", "roles_held", "at")

CASE = frozenset(CaseRead.model_fields)
SEES = {
    **dict.fromkeys((Role.HOTLINE, Role.HANDLER, Role.SUPERVISOR, Role.AUDITOR), CASE),
    **dict.fromkeys((Role.OPERATOR, Role.ANALYST, Role.PARTNER, Role.PRIVACY, Role.ADMIN), frozenset[str]()),
}
"""Role × fields of a case; a caller sees them while the case waits for a call."""


@pytest.fixture(scope="module")
async def reference(api: Api) -> str:
    who = {"name": "CANARY Ann", "email": "canary.field@example.org", "phone": "010 6552 7788"}
    return await api["hotline"].take(customer=who, narrative="CANARY narrative", demand="CANARY demand")


@pytest.mark.parametrize("role", sorted(SEES))
async def test_a_role_sees_the_fields_of_its_row_and_no_other(api: Api, reference: str, role: Role) -> None:
    answer = await api[role].get(f"/v1/complaints/{reference}")
    seen = frozenset(answer.json()) if answer.status_code == 200 else frozenset()
    assert seen == (SEES[role] | {"earlier_cases"} if SEES[role] else frozenset())
    listed = await api[role].get("/v1/complaints", q=reference)
    fields = {name for item in listed.json().get("items", []) for name in item}
    assert fields == SEES[role]


@pytest.mark.parametrize("role", sorted(Role))
async def test_what_is_personal_is_in_no_answer_but_the_story(api: Api, reference: str, role: Role) -> None:
    """Every GET that needs no more than this case, as every role."""
    for path in readable():
        answer = await api[role].get(path.format(reference=reference))
        if "CANARY" in answer.text:
            assert path.endswith(("/story", "-form")), f"{role} at {path}"
    assert role in Role


def readable() -> Iterator[str]:
    for name in OPERATIONS:
        method, path = name.split(" ")
        if method == "GET" and path.startswith("/v1") and set(_parameters(path)) <= {"reference"}:
            yield path


def _parameters(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """The schemas of all JSON bodies."""
    for name, operation in OPERATIONS.items():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            schema = content["schema"]
            while "$ref" in schema:
                schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            yield name, schema


@pytest.mark.parametrize(("name", "schema"), [*bodies()], ids=[name for name, _ in bodies()])
async def test_a_field_that_a_body_does_not_have_is_refused_by_name(
    api: Api, name: str, schema: dict[str, Any]
) -> None:
    """What is read-only elsewhere in the API is an unknown field here: nothing can be assigned in passing."""
    everybody = await api.enrol("everybody", *Role)
    foreign = [field for field in READ_ONLY if field not in schema.get("properties", {})]
    if schema.get("additionalProperties") is not False:
        pytest.fail(f"{name} takes fields that it does not name")
    method, path = name.split(" ")
    taken = await everybody.take()
    places = {"reference": taken, "step_id": f"{taken}.acknowledgement.1", "calendar_id": "every-day"}
    there = path.format_map(_Anything(places))
    answer = await everybody.send(method, there, json=dict.fromkeys(foreign, "x"))
    if answer.status_code in {403, 404}:
        return
    assert {f"/{field}" for field in foreign} <= set(wrong_fields(answer))


class _Anything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "x"


async def test_nobody_makes_themselves_somebody_else(api: Api) -> None:
    for extra in (
        {"taken_by": api["admin"].person.id},
        {"actor": "system"},
        {"customer": {"subject": "cus_" + "0" * 32}},
    ):
        answer = await api["hotline"].post("/v1/complaints", COMPLAINT | extra)
        assert wrong_fields(answer)


def test_what_a_case_shows_has_no_personal_field() -> None:
    assert not PERSONAL & (set(CaseRead.model_fields) | set(CaseDone.model_fields))
    row(
        "S3",
        "role × field of a case, body × foreign field",
        f"{len(SEES) * len(CASE)} cells, {len([*bodies()])} bodies",
    )

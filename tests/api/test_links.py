"""Links that staff give out for a case, and take back."""

import json
from io import StringIO

from domain.access import Role
from tests.api.visitors import Api, problem, wrong_fields


async def asked(api: Api) -> str:
    """A case in which one question was put to a partner."""
    handler, reference = api["handler"], await api["hotline"].take()
    await handler.do(reference, "assess", decision="valid")
    await handler.do(reference, "claim")
    await handler.do(reference, "start_investigation")
    await handler.do(reference, "request_partner", partner="city_fitters", question="When were you there?")
    return reference


async def test_a_handler_gets_the_link_of_a_question_the_same_each_time(api: Api) -> None:
    reference = await asked(api)
    body = {"purpose": "partner", "number": 1}
    first, again = [(await api["handler"].post(f"/v1/complaints/{reference}/links", body)).json() for _ in range(2)]
    assert first["url"] == again["url"]
    assert first["url"].startswith(f"{api.house.parts.settings.public_url}/partner/")
    assert (first["purpose"], first["number"]) == ("partner", 1)


async def test_a_revoked_link_is_replaced_by_another(api: Api) -> None:
    reference = await api["hotline"].take()
    path, body = f"/v1/complaints/{reference}/links", {"purpose": "case"}
    first = (await api["hotline"].post(path, body)).json()["url"]
    assert (await api["hotline"].post(f"{path}/revoke", body)).json() == {"revoked": True}
    assert (await api["hotline"].post(f"{path}/revoke", body)).json() == {"revoked": False}
    assert (await api["hotline"].post(path, body)).json()["url"] != first


async def test_there_is_no_link_for_a_question_that_nobody_asked(api: Api) -> None:
    path = f"/v1/complaints/{await api['hotline'].take()}/links"
    problem(await api["supervisor"].post(path, {"purpose": "partner", "number": 1}), 409, "no_such_question")
    for body in ({"purpose": "partner"}, {"purpose": "case", "number": 1}):
        assert wrong_fields(await api["supervisor"].post(path, body)) == [""]
    assert wrong_fields(await api["supervisor"].post(path, {"purpose": "survey"})) == ["/purpose"]


async def test_a_link_of_a_case_out_of_sight_is_given_to_nobody(api: Api) -> None:
    other = await api.enrol("links hotline", Role.HOTLINE)
    path = f"/v1/complaints/{await api['hotline'].take()}/links"
    for place in (path, f"{path}/revoke"):
        problem(await other.post(place, {"purpose": "case"}), 404, "not_found")


async def test_who_gave_a_link_out_is_logged_and_the_link_is_not(api: Api, logs: StringIO) -> None:
    reference = await api["hotline"].take()
    url = (await api["hotline"].post(f"/v1/complaints/{reference}/links", {"purpose": "case"})).json()["url"]
    lines = [json.loads(line) for line in logs.getvalue().splitlines() if '"link given"' in line]
    assert (lines[-1]["reference"], lines[-1]["person"]) == (reference, api["hotline"].person.id)
    assert url.rpartition("/")[2] not in logs.getvalue()


async def test_nobody_is_enrolled_as_a_customer(api: Api) -> None:
    answer = await api["admin"].post("/v1/staff", {"name": "A customer", "roles": ["customer"]})
    assert wrong_fields(answer) == ["/roles"]

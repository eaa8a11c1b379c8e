"""Staff and their tokens, policies and code lists by HTTP."""

from datetime import UTC, datetime

import pytest

from domain.access import Role
from tests.api.visitors import Api, Visitor, problem, wrong_fields


async def test_a_new_person_comes_in_with_the_token_shown_once(api: Api) -> None:
    form = {"name": "王伟", "roles": ["handler"], "team": "north", "languages": ["zh", "en"], "redress_limit": "200.50"}
    created = (await api["admin"].post("/v1/staff", form)).json()
    me = await api.client.get("/v1/me", headers={"Authorization": f"Bearer {created.pop('token')}"})
    assert me.json() == created
    assert created == {
        "id": created["id"],
        "name": "王伟",
        "roles": ["handler"],
        "team": "north",
        "languages": ["zh", "en"],
        "active": True,
        "absent_until": None,
        "redress_limit": "200.50",
    }


async def test_a_known_name_gets_the_roles_added_and_a_further_token(api: Api) -> None:
    first = (await api["admin"].post("/v1/staff", {"name": "Ann", "roles": ["hotline"]})).json()
    again = (await api["admin"].post("/v1/staff", {"name": "Ann", "roles": ["caller"]})).json()
    assert (again["id"], again["roles"]) == (first["id"], ["caller", "hotline"])
    assert first["token"] != again["token"]
    for token in (first["token"], again["token"]):
        answer = await api.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["id"] == first["id"]


async def test_revoked_tokens_open_nothing_more(api: Api) -> None:
    visitor = await api.enrol("to be shut out", Role.SUPERVISOR)
    await api.house.parts.people.issue_token(visitor.person.id, datetime.now(UTC))
    assert (await visitor.get("/v1/complaints")).status_code == 200
    revoked = await api["admin"].send("DELETE", f"/v1/staff/{visitor.person.id}/tokens")
    assert (revoked.status_code, revoked.json()) == (200, {"revoked": 2})
    problem(await visitor.get("/v1/complaints"), 401, "unauthenticated")
    again = await api["admin"].send("DELETE", f"/v1/staff/{visitor.person.id}/tokens")
    assert again.json() == {"revoked": 0}


async def test_tokens_of_nobody_cannot_be_revoked(api: Api) -> None:
    problem(await api["admin"].send("DELETE", "/v1/staff/per_nobody00/tokens"), 404, "not_found")
    assert wrong_fields(await api["admin"].send("DELETE", "/v1/staff/nobody/tokens")) == ["path person_id"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, ["/name", "/roles"]),
        ({"name": "", "roles": []}, ["/name", "/roles"]),
        ({"name": "x" * 101, "roles": ["handler"]}, ["/name"]),
        ({"name": "a\u0000b", "roles": ["handler"]}, ["/name"]),
        ({"name": "A", "roles": ["king"]}, ["/roles/0"]),
        ({"name": "A", "roles": ["handler"], "active": False}, ["/active"]),
        ({"name": "A", "roles": ["handler"], "team": "a\nb"}, ["/team"]),
        ({"name": "A", "roles": ["handler"], "languages": ["中文"]}, ["/languages/0"]),
        ({"name": "A", "roles": ["handler"], "redress_limit": "-1"}, ["/redress_limit"]),
        ({"name": "A", "roles": ["handler"], "redress_limit": "NaN"}, ["/redress_limit"]),
    ],
)
async def test_a_wrong_field_of_a_person_is_named(api: Api, form: dict[str, object], expected: list[str]) -> None:
    assert wrong_fields(await api["admin"].post("/v1/staff", form)) == expected


async def test_the_registry_is_read_page_by_page(api: Api) -> None:
    pages = await api["admin"].pages("/v1/staff", limit=5)
    ids = [person["id"] for page in pages for person in page]
    assert ids == sorted(set(ids))
    assert {person.id for person in api.house.people.values()} <= set(ids)
    assert "token" not in str(pages)
    assert wrong_fields(await api["admin"].get("/v1/staff?cursor=%00")) == ["query cursor"]


async def test_policies_tell_their_source_and_whether_it_was_checked(api: Api) -> None:
    policies = {policy["id"]: policy for policy in (await api["hotline"].get("/v1/policies")).json()["items"]}
    assert {"default", "demo"} <= set(policies)
    assert all(policy["version"] >= 1 and policy["source"] and "verified_on" in policy for policy in policies.values())


async def test_the_code_lists_are_told_in_both_languages(api: Api) -> None:
    taxonomy = (await api["hotline"].get("/v1/taxonomy")).json()
    assert taxonomy["channel"]["phone"] == {"zh": "电话", "en": "Telephone", "under": None, "formerly": []}
    assert taxonomy["category"]["repair_late"]["under"] == "repair"
    assert {"ground", "cause", "outcome", "remedy"} <= set(taxonomy)


async def test_a_person_is_changed_field_by_field(api: Api) -> None:
    visitor = await api.enrol("changing", Role.HANDLER)
    here = f"/v1/staff/{visitor.person.id}"
    away = await api["admin"].send("PATCH", here, json={"absent_until": "2099-01-02T08:00:00+08:00", "team": "south"})
    assert (away.status_code, away.json()["team"], away.json()["roles"]) == (200, "south", ["handler"])
    assert away.json()["absent_until"] == "2099-01-02T00:00:00Z"
    back = await api["admin"].send("PATCH", here, json={"absent_until": None, "roles": ["caller"], "team": None})
    assert (back.json()["absent_until"], back.json()["roles"], back.json()["team"]) == (None, ["caller"], None)
    assert (await api["admin"].send("PATCH", here, json={"roles": ["customer"]})).status_code == 422


async def test_whoever_leaves_loses_every_token_for_good(api: Api) -> None:
    visitor = await api.enrol("leaving", Role.HANDLER)
    here = f"/v1/staff/{visitor.person.id}"
    problem(await api["admin"].send("PATCH", here, json={"active": 0}), 422, "invalid")
    assert (await api["admin"].send("PATCH", here, json={"active": False})).json()["active"] is False
    assert (await visitor.get("/v1/me")).status_code == 401
    await api["admin"].send("PATCH", here, json={"active": True})
    assert (await visitor.get("/v1/me")).status_code == 401


async def test_one_of_several_tokens_is_taken_away(api: Api) -> None:
    visitor = await api.enrol("several", Role.HANDLER)
    here = f"/v1/staff/{visitor.person.id}/tokens"
    made = await api["admin"].post(here, {"label": "CRM"}, key="a-token-once")
    assert (await api["admin"].post(here, {"label": "CRM"}, key="a-token-once")).json() == made.json()
    listed = (await api["admin"].get(here)).json()["items"]
    assert sorted(each["label"] for each in listed) == ["", "CRM"]
    named = next(each["id"] for each in listed if each["label"] == "CRM")
    assert (await api["admin"].delete(f"{here}/{named}")).status_code == 200
    assert (await api["admin"].delete(f"{here}/{named}")).status_code == 404
    other = Visitor(visitor.person, visitor.client, made.json()["token"])
    assert [(await each.get("/v1/me")).status_code for each in (visitor, other)] == [200, 401]


async def test_the_last_administrator_cannot_leave(api: Api) -> None:
    answer = await api["admin"].send("PATCH", f"/v1/staff/{api['admin'].person.id}", json={"active": False})
    assert problem(answer, 409, "last_administrator")

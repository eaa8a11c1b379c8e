"""Earlier cases of the same customer: looked up before saving, told with the receipt, shown with the case."""

from collections.abc import Iterator
from io import StringIO
from itertools import count

import pytest

from domain.access import Role
from tests.api.visitors import COMPLAINT, Api, problem, wrong_fields

_numbers: Iterator[int] = count(1_000)


@pytest.fixture
def phone() -> str:
    """A telephone number that no other test has."""
    return f"010 6552 {next(_numbers)}"


async def looked_up(api: Api, by: str = "hotline", **caller: str) -> dict[str, tuple[bool, list[str]]]:
    answer = await api[by].post("/v1/complaints/lookup", caller)
    assert answer.status_code == 200, answer.text
    return {each["reference"]: (each["is_likely_duplicate"], each["reasons"]) for each in answer.json()["items"]}


async def test_a_caller_is_looked_up_by_each_identifier_however_it_is_written(api: Api, phone: str) -> None:
    customer = {"phone": phone, "email": f"ann.{phone[-4:]}@example.org"}
    reference = await api["hotline"].take(customer=customer, category="billing")
    written_otherwise = f"+86 {phone[1:].replace(' ', '-')}"
    assert await looked_up(api, phone=written_otherwise, category="billing") == {
        reference: (True, ["same_phone", "same_category", "still_open", "recent"])
    }
    both = await looked_up(api, phone=phone, email=customer["email"], category="safety")
    assert both == {reference: (False, ["same_phone", "same_email", "still_open", "recent"])}
    assert await looked_up(api, email="nobody@example.org") == {}


async def test_the_taker_is_told_at_once_and_the_case_shows_it(api: Api, phone: str) -> None:
    first = await api["hotline"].take(customer={"phone": phone}, category="billing")
    other = await api["hotline"].take(customer={"phone": phone}, category="safety")
    answer = await api["hotline"].post(
        "/v1/complaints", COMPLAINT | {"customer": {"phone": phone}, "category": "billing"}
    )
    told = answer.json()["earlier_cases"]
    assert [(each["reference"], each["is_likely_duplicate"]) for each in told] == [(first, True), (other, False)]
    read = await api["hotline"].read(answer.json()["reference"])
    assert read["earlier_cases"] == told
    assert (await api["hotline"].read(first))["earlier_cases"] == []


async def test_a_customer_number_joins_cases_and_strangers_stay_apart(api: Api, phone: str) -> None:
    account = f"88-{phone[-4:]}"
    first = await api["hotline"].take(customer={"id": account, "phone": phone})
    await api["hotline"].take(customer={"phone": "010 6552 0001"})
    assert await looked_up(api, account=account) == {first: (True, ["same_account", "still_open", "recent"])}
    second = await api["hotline"].take(customer={"id": account})
    [told] = (await api["hotline"].read(second))["earlier_cases"]
    assert (told["reference"], "same_account" in told["reasons"]) == (first, True)


async def test_what_is_over_for_long_is_not_told(api: Api, phone: str) -> None:
    received = {"old": "2026-01-10T09:00:00Z", "open": "2026-01-11T09:00:00Z"}
    old, still_open = [await api["hotline"].take(customer={"phone": phone}, received_at=at) for at in received.values()]
    await api["hotline"].do(old, "withdraw", reason="settled", confirmed_by="phone")
    assert list(await looked_up(api, phone=phone)) == [still_open]


async def test_who_does_not_look_callers_up_sees_the_earlier_cases_of_the_own_reach(api: Api, phone: str) -> None:
    theirs, ours = [await api["hotline"].take(customer={"phone": phone}) for _ in range(2)]
    south = await api.enrol(f"south {phone}", Role.HANDLER, team="south")
    north = await api.enrol(f"north {phone}", Role.HANDLER, team="north")
    for reference, visitor in ((theirs, north), (ours, south)):
        await api["supervisor"].do(reference, "assess", decision="valid")
        await api["supervisor"].do(reference, "assign", handler=visitor.person.id)
    assert (await south.read(ours))["earlier_cases"] == []
    assert [each["reference"] for each in (await api["supervisor"].read(ours))["earlier_cases"]] == [theirs]
    problem(await api["handler"].post("/v1/complaints/lookup", {"phone": phone}), 403, "forbidden")


async def test_what_cannot_be_understood_is_refused_by_its_name(api: Api) -> None:
    wrong = {"phone": "none", "email": "none", "account": "--"}
    answer = await api["hotline"].post("/v1/complaints/lookup", wrong)
    assert set(wrong_fields(answer)) == {"/phone", "/email", "/account"}
    answer = await api["hotline"].post("/v1/complaints/lookup", {"category": "billing"})
    assert answer.status_code == 422
    assert "name a phone number" in answer.text


async def test_no_identifier_of_a_caller_is_logged(api: Api, logs: StringIO, phone: str) -> None:
    await looked_up(api, phone=phone, email="canary.of.lookups@example.org")
    assert "canary.of.lookups" not in logs.getvalue()
    assert phone not in logs.getvalue()
    assert phone.replace(" ", "")[1:] not in logs.getvalue()

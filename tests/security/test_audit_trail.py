"""Each change has exactly one line that says who made it, however often it was asked for (S15)."""

import asyncio
from collections import Counter

from tests.api.visitors import Api
from tests.security.figures import row


async def test_a_change_has_one_line_however_often_and_at_once_it_was_asked_for(api: Api) -> None:
    reference = await api["hotline"].take()
    path = f"/v1/complaints/{reference}/commands/note"
    asked = [(number, f"key-{number}") for number in range(12) for _ in range(3)]

    async def give(number: int, key: str) -> None:
        for _ in range(40):
            answer = await api["handler"].post(path, {"text": f"Note {number}."}, key=key)
            if answer.status_code == 200:
                return
            assert answer.status_code in {409, 503}, answer.text
            await asyncio.sleep(0.25)
        raise AssertionError(answer.text)

    await asyncio.gather(*(give(number, key) for number, key in asked))
    entries = await api.house.parts.ledger.entries(reference)
    notes = [entry for entry in entries if entry.fact.type == "complaint.noted"]
    assert len(notes) == 12
    assert max(Counter(entry.command_id for entry in notes).values()) == 1
    assert {entry.actor for entry in notes} == {api["handler"].person.id}
    row("S15", "commands asked for three times at once", f"{len(asked)} requests, {len(notes)} lines for 12 changes")


async def test_what_is_done_with_personal_data_has_one_line_an_act(api: Api) -> None:
    reference = await api["hotline"].take(customer={"phone": "010 6552 3344"})
    customer = (await api.house.record(reference)).intake.customer
    privacy = api["privacy"]
    await privacy.post("/v1/customers/find", {"phone": "010 6552 3344"})
    await api["supervisor"].get(f"/v1/complaints/{reference}/story")
    await privacy.get(f"/v1/customers/{customer}/personal-data")
    for _ in range(2):
        await privacy.post(f"/v1/complaints/{reference}/legal-hold", {"reason": "x"}, key="the same")
    await privacy.post(f"/v1/complaints/{reference}/legal-hold/lift", {"reason": "x"})
    for _ in range(3):
        await privacy.send("DELETE", f"/v1/customers/{customer}/personal-data", params={"defer": True})
    await api["hotline"].do(reference, "withdraw", reason="x", confirmed_by="phone")
    for _ in range(3):
        await privacy.send("DELETE", f"/v1/customers/{customer}/personal-data")
    lines = (await api["auditor"].get("/v1/personal-data/log", subject=customer)).json()["items"]
    acts = ["found", "read", "exported", "hold_set", "hold_lifted", "erasure_deferred", "erased"]
    assert [line["act"] for line in reversed(lines)] == acts
    assert {line["by"] for line in lines} == {privacy.person.id, api["supervisor"].person.id}
    assert all(len(line["request"]) == 32 and " /v1/" in line["route"] for line in lines)

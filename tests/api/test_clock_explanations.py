"""Why a clock is due when it is, over HTTP: which clock, in which language, for whom."""

from datetime import UTC, datetime, timedelta

from tests.api.visitors import Api, problem, wrong_fields


async def explained(
    api: Api, reference: str, kind: str, by: str = "supervisor", **request: object
) -> dict[str, object]:
    answer = await api[by].send("GET", f"/v1/complaints/{reference}/clocks/{kind}/explanation", **request)
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    assert answer.headers["content-language"] == told["language"]
    return told


async def test_the_count_agrees_with_the_recorded_due_time_and_the_language_follows_the_reader(api: Api) -> None:
    reference = await api["hotline"].take()
    [clock] = [each for each in (await api["hotline"].read(reference))["clocks"] if each["kind"] == "final_response"]
    told = await explained(api, reference, "final_response", by="hotline")
    assert (told["due_at"], told["counted_due_at"], told["language"]) == (clock["due_at"], clock["due_at"], "en")
    assert str(told["text"]).startswith("Final answer, number 1, promised from the receipt of the complaint on.")
    assert sum(day["counted"] for day in told["days"]) == 15  # type: ignore[attr-defined]

    by_header = {"headers": {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}}
    assert "处理答复（第1次）" in str((await explained(api, reference, "final_response", **by_header))["text"])
    asked_for = await explained(api, reference, "final_response", params={"lang": "en"}, **by_header)
    assert asked_for["text"] == told["text"]


async def test_a_clock_on_hold_shows_the_pause_that_goes_on_and_the_one_that_is_over(api: Api) -> None:
    reference = await api["hotline"].take(policy="default")
    await api["handler"].do(reference, "assess", decision="valid")
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    await api["supervisor"].do(reference, "hold", kind="customer", until=until, reason="waits for the meter reading")
    told = await explained(api, reference, "final_response")
    assert (told["state"], [pause["end"] for pause in told["pauses"]]) == ("paused", [None])  # type: ignore[attr-defined]
    assert "It stands still since" in str(told["text"])
    await api["supervisor"].do(reference, "resume", kind="customer")
    told = await explained(api, reference, "final_response")
    assert (told["state"], len(told["pauses"])) == ("running", 1)  # type: ignore[arg-type]
    assert told["pauses"][0]["end"] is not None  # type: ignore[index]


async def test_the_newest_clock_of_a_kind_is_told_unless_another_is_asked_for(api: Api) -> None:
    reference = await api["hotline"].take()
    await api["handler"].do(reference, "assess", decision="valid")
    for command, body in (
        ("claim", {}),
        ("start_investigation", {}),
        ("respond", {"way": "phone", "letter": "Mended.", "outcome": "upheld", "cause": "equipment"}),
    ):
        await api["handler"].do(reference, command, **body)
    await api["supervisor"].do(reference, "reopen", reason="cold again")
    newest = await explained(api, reference, "final_response")
    assert (newest["attempt"], newest["state"], newest["anchor"]) == (2, "running", "reopened")
    first = await explained(api, reference, "final_response", params={"attempt": 1})
    assert (first["attempt"], first["state"]) == (1, "met")
    assert "Kept on" in str(first["text"])


async def test_a_clock_that_is_not_there_and_a_case_out_of_sight_are_not_found(api: Api) -> None:
    reference = await api["hotline"].take()
    path = f"/v1/complaints/{reference}/clocks"
    problem(await api["supervisor"].get(f"{path}/callback/explanation"), 404, "not_found")
    problem(await api["supervisor"].get(f"{path}/final_response/explanation", attempt=2), 404, "not_found")
    problem(await api["caller"].get(f"{path}/final_response/explanation"), 404, "not_found")
    assert wrong_fields(await api["supervisor"].get(f"{path}/lunch/explanation")) == ["path kind"]
    assert wrong_fields(await api["supervisor"].get(f"{path}/final_response/explanation", lang="fr")) == ["query lang"]

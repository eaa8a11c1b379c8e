"""`amends complaint`, `bulk`, `steps`, `token` and `letters` against a running API: what they do and print."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from starter import connection
from tests.api.visitors import Api
from tests.mail_server import MailServer

Amends = Callable[..., Awaitable[Result]]


async def told(amends: Amends, *words: str, **how: Any) -> Any:
    """What a command says to a program."""
    return json.loads((await amends(*words, "--json", **how)).stdout)


async def taken(amends: Amends, *more: str, by: str = "hotline") -> str:
    words = ("complaint", "submit", "--channel", "phone", "--narrative", "The boiler is cold.", *more)
    return str((await told(amends, *words, by=by))["reference"])


async def test_a_complaint_is_submitted_and_its_promises_are_read_out(amends: Amends) -> None:
    words = ("complaint", "submit", "--channel", "web", "--narrative", "The meter runs [/backwards].")
    result = await amends(*words, "--name", "Li Hua", "--email", "li.hua@example.com", by="hotline")
    first, *promises = result.output.splitlines()
    assert first.startswith("C-")
    assert "received, policy plain@" in first
    assert [promise.split(" by ")[0].strip() for promise in promises] == ["acknowledge", "final_response"]


async def test_a_narrative_comes_from_standard_input_and_is_kept_as_it_was_written(amends: Amends) -> None:
    words = ("complaint", "submit", "--channel", "phone", "--narrative", "-", "--name", "[/x]")
    reference = (await told(amends, *words, by="hotline", stdin="Cold since [/Monday].\n"))["reference"]
    shown = await amends("complaint", "show", reference, "--story", by="hotline")
    assert "Cold since [/Monday]." in shown.output
    assert "[/x]" in shown.output
    assert (await told(amends, "complaint", "show", reference, "--story", by="hotline"))["story"]["customer"][
        "name"
    ] == "[/x]"


async def test_a_caller_is_looked_up_and_a_likely_duplicate_is_told(amends: Amends) -> None:
    phone = ("--phone", "010 6552 9955", "--category", "billing")
    assert (await amends("complaint", "lookup", *phone, by="hotline")).output == "No earlier cases.\n"
    first = await taken(amends, *phone)
    words = ("complaint", "submit", "--channel", "phone", "--narrative", "Again.", *phone)
    assert "same phone, same category, still open, recent" in (await amends(*words, by="hotline")).output
    found = await told(amends, "complaint", "lookup", *phone, by="hotline")
    assert [each["reference"] for each in found["items"]][-1] == first
    assert "earlier" in (await amends("complaint", "show", found["items"][0]["reference"])).output
    await amends("complaint", "lookup", "--category", "billing", by="hotline", code=2)


async def test_a_danger_is_said_at_once(amends: Amends) -> None:
    words = ("complaint", "submit", "--channel", "phone", "--narrative", "There is a smell of gas in the kitchen.")
    assert "Danger:" in (await amends(*words, by="hotline")).output


async def test_the_same_key_and_the_same_source_make_one_case(amends: Amends) -> None:
    key = secrets.token_hex(8)
    assert await taken(amends, "--key", key) == await taken(amends, "--key", key)
    source = secrets.token_hex(8)
    assert await taken(amends, "--source-ref", source) == await taken(amends, "--source-ref", source)


async def test_wrong_input_ends_with_two_and_names_every_field(amends: Amends) -> None:
    words = ("complaint", "submit", "--channel", "pigeon", "--narrative", "x", "--phone", "none")
    result = await amends(*words, by="hotline", code=2)
    assert "/channel: pigeon is not in the list of codes" in result.output
    assert "/customer/phone: expected a phone number" in result.output
    await amends("complaint", "do", "dance", "C-2026-000001", code=2)
    assert "expected name=value" in (await amends("complaint", "do", "claim", "C-2026-000001", "now", code=2)).output


async def test_what_a_role_may_not_or_a_guard_refuses_ends_with_three(amends: Amends) -> None:
    reference = await taken(amends)
    result = await amends("complaint", "do", "close", reference, code=3)
    assert result.output.startswith("not_lawful_now: ")
    await amends("complaint", "submit", "--channel", "phone", "--narrative", "x", by="auditor", code=3)
    result = await amends("complaint", "show", "C-2026-999999", code=1)
    assert result.output.startswith("not_found: ")


async def test_without_an_address_or_a_running_service_it_says_what_to_do(amends: Amends) -> None:
    nothing = {"AMENDS_URL": "", "AMENDS_TOKEN": ""}
    assert "--data-dir" in (await amends("complaint", "list", code=2, **nothing)).output
    away = {"AMENDS_URL": "http://127.0.0.1:1"}
    assert "does not answer" in (await amends("complaint", "list", code=1, **away)).output
    assert "unauthenticated" in (await amends("complaint", "list", code=1, AMENDS_TOKEN="amends_nonsense")).output


async def test_the_data_folder_of_this_machine_is_enough_to_find_it(
    amends: Amends, api: Api, url: str, tmp_path: Path
) -> None:
    nothing = {"AMENDS_URL": "", "AMENDS_TOKEN": ""}
    assert (
        "no data folder" in (await amends("complaint", "list", "--data-dir", str(tmp_path), code=2, **nothing)).output
    )
    connection.write(tmp_path, connection.Connection(url, api["supervisor"].token))
    await amends("complaint", "list", "--data-dir", str(tmp_path), **nothing)
    await amends("complaint", "list", AMENDS_DATA_DIR=str(tmp_path), **nothing)


async def test_lists_are_narrowed_and_paged(amends: Amends) -> None:
    phone = "010 6552 9901"
    references = [await taken(amends, "--phone", phone, "--category", "billing") for _ in range(3)]
    found = await told(amends, "complaint", "list", "--customer", phone)
    assert [case["reference"] for case in found["items"]] == references[::-1]
    first = await told(amends, "complaint", "list", "--customer", phone, "--limit", "2")
    rest = ("complaint", "list", "--customer", phone, "--cursor", first["next_cursor"])
    assert [case["reference"] for case in (await told(amends, *rest))["items"]] == references[:1]
    page = await amends("complaint", "list", "--customer", phone, "--limit", "2")
    assert f"More: --cursor {first['next_cursor']}" in page.output.replace("\n", "")
    assert references[2] in page.output
    narrow = ("--category", "billing", "--severity", "3", "--channel", "phone", "--not-breached", "--not-parked")
    searched = await told(amends, "complaint", "list", "--search", phone, *narrow, "--sort", "severity")
    assert {case["reference"] for case in searched["items"]} == set(references)
    none = await amends("complaint", "list", "--customer", phone, "--status", "withdrawn")
    assert none.output == "No complaints.\n"


async def test_a_case_is_handled_from_the_command_line(amends: Amends) -> None:
    reference = await taken(amends)
    for words in (
        ("assess", reference, "decision=valid"),
        ("claim", reference),
        ("start_investigation", reference),
        ("note", reference, "text=[sic] the meter [/x]"),
        ("respond", reference, "way=phone", "outcome=upheld", "cause=equipment", "letter=Mended.", "remedies=repair"),
    ):
        await amends("complaint", "do", *words, by="handler")
    case = await told(amends, "complaint", "show", reference, "--timeline", "--story")
    assert (case["status"], case["remedies"]) == ("responded", ["repair"])
    assert "[sic] the meter [/x]" in case["story"]["texts"].values()
    assert case["timeline"][0]["fact"]["type"] == "complaint.received"
    shown = await amends("complaint", "show", reference, "--timeline")
    assert "complaint.responded" in shown.output
    assert case["names"][case["handler"]] == case["handler_name"]
    assert case["handler_name"] in shown.output
    assert case["handler"] not in shown.output  # people read names
    assert "final_response" in shown.output
    closed = await amends("complaint", "do", "close", reference, by="handler")
    assert closed.output.startswith(f"{reference}  closed (recorded as ")


async def test_a_command_under_a_key_is_done_once(amends: Amends) -> None:
    reference, key = await taken(amends), secrets.token_hex(8)
    words = ("complaint", "do", "note", reference, "text=once", "--key", key)
    first, second = [(await told(amends, *words))["recorded_at_sequence"] for _ in range(2)]
    assert first == second


async def test_a_due_time_is_explained_in_either_language(amends: Amends) -> None:
    reference = await taken(amends)
    english = await amends("complaint", "clock", reference, "final_response")
    assert "Final answer, number 1, promised from the receipt of the complaint on." in english.output
    chinese = await amends("complaint", "clock", reference, "final_response", "--lang", "zh")
    assert "处理答复（第1次）" in chinese.output
    asked = await told(amends, "complaint", "clock", reference, "final_response")
    assert (asked["reference"], asked["state"]) == (reference, "running")
    await amends("complaint", "clock", reference, "callback", code=1)
    await amends("complaint", "clock", reference, "lunch", code=2)


async def test_a_bulk_command_is_looked_at_and_then_done(amends: Amends) -> None:
    references = [await taken(amends) for _ in range(3)]
    await amends("complaint", "do", "assess", references[0], "decision=valid", by="handler")
    named = [word for reference in references for word in ("--reference", reference)]
    words = ("bulk", "assess", "decision=valid", *named, "--per-second", "50")
    looked = await told(amends, *words, "--dry-run")
    assert looked["outcomes"] == {"would be done": 2, "would be refused": 1}
    done = await told(amends, *words)
    assert done["outcomes"] == {"done": 2, "refused": 1}
    shown = await amends(*words)
    assert shown.output.count("refused") == 3
    await amends("bulk", "retry_step", code=2)
    await amends("bulk", "assess", "decision=valid", *named, by="hotline", code=3)


async def test_parked_steps_are_listed_retried_and_skipped(amends: Amends, api: Api, post: MailServer) -> None:
    post.refuse("550 5.7.1 no relay")
    try:
        cases = [await taken(amends, "--channel", "web", "--email", "li.hua@example.com") for _ in range(2)]
        steps = [f"{reference}.acknowledgement.1" for reference in cases]
        for reference in cases:
            await parked(api, reference)
        listed = await told(amends, "steps", "list", by="operator")
        assert {step["id"] for step in listed["items"]} >= set(steps)
        assert steps[0] in (await amends("steps", "list", "--kind", "acknowledgement", by="operator")).output
    finally:
        post.behave()
    await amends("steps", "retry", steps[0], "--reason", "the server is back", by="operator")
    skipped = await told(amends, "steps", "skip", steps[1], "--reason", "told by phone", by="operator")
    assert [(step["id"], step["outcome"]) for step in skipped["items"]] == [(steps[1], "done")]
    assert skipped["outcomes"] == {"done": 1}
    again = await amends("steps", "skip", steps[1], "--reason", "again", by="operator", code=3)
    assert "refused" in again.output
    await amends("steps", "retry", by="operator", code=2)
    await amends("steps", "retry", "--all", steps[0], by="operator", code=2)
    await amends("steps", "list", by="hotline", code=3)


async def parked(api: Api, reference: str) -> None:
    async with asyncio.timeout(30):
        while not any(step["state"] == "parked" for step in (await api["supervisor"].read(reference))["steps"]):
            await asyncio.sleep(0.05)


async def test_a_token_is_made_shown_once_and_works(amends: Amends) -> None:
    words = ("token", "create", "--role", "hotline", "--role", "caller", "--name", "王 [/x]", "--team", "heating")
    made = await told(amends, *words, by="admin")
    assert (made["name"], sorted(made["roles"])) == ("王 [/x]", ["caller", "hotline"])
    result = await amends(*words, by="admin")
    assert "王 [/x]  caller, hotline" in result.output
    await amends("complaint", "list", AMENDS_TOKEN=made["token"])
    await amends(*words, by="supervisor", code=3)
    await amends("token", "create", "--role", "king", "--name", "x", by="admin", code=2)


@pytest.mark.parametrize("command", ["complaint", "bulk", "steps", "token", "calendar", "policy"])
async def test_every_command_has_a_help_text(amends: Amends, command: str) -> None:
    assert "Usage:" in (await amends(command, "--help")).output


# Letters


async def test_a_letter_is_seen_before_it_goes_out_and_what_it_lacks_is_told(amends: Amends, api: Api) -> None:
    reference = await investigated(api, policy="uk-fca-disp")
    lacking = await amends("letters", "preview", reference, "response_letter", "--text", "We are sorry.", code=3)
    assert "We are sorry." in lacking.output
    assert "external_body" in lacking.output
    complete = (
        "We uphold your complaint, because the meter was read wrongly. You can go to the Financial Ombudsman Service "
        "within six months."
    )
    seen = await amends("letters", "preview", reference, "response_letter", "--text", "-", "--json", stdin=complete)
    assert json.loads(seen.stdout)["is_complete"] is True


async def test_a_letter_to_post_is_listed_printed_and_counts_once_it_was_posted(
    amends: Amends, api: Api, tmp_path: Path
) -> None:
    reference = await investigated(api, policy="plain")
    await api["handler"].do(
        reference, "respond", way="post", letter="The valve was replaced.", outcome="upheld", cause="process"
    )
    waiting = json.loads((await amends("letters", "list", "--way", "post", "--json")).stdout)["items"]
    assert (reference, "response_letter.1") in [(each["reference"], each["item"]) for each in waiting]
    assert reference in (await amends("letters", "list")).output
    await amends("letters", "print", reference, "response_letter.1", "--output", str(tmp_path / "l.doc"), code=2)
    for ending, begins in ((".pdf", b"%PDF-"), (".html", b"<!doctype html>")):
        paper = tmp_path / f"letter{ending}"
        assert (
            "letters posted"
            in (await amends("letters", "print", reference, "response_letter.1", "--output", str(paper))).output
        )
        assert paper.read_bytes().lower().startswith(begins.lower())
    await amends("letters", "print", reference, "response_letter.9", "--output", str(tmp_path / "none.pdf"), code=3)
    posted = await amends("letters", "posted", reference, "response_letter.1", "--tracking", "RR1GB", by="handler")
    assert "responded" in posted.output
    letters = (await api["handler"].read(reference))["letters"]
    assert [(each["way"], each["evidence"]) for each in letters if each["kind"] == "response_letter"] == [
        ("post", "RR1GB")
    ]
    left = json.loads((await amends("letters", "list", "--json")).stdout)["items"]
    assert reference not in [each["reference"] for each in left]
    await amends("letters", "posted", reference, "response_letter.1", by="handler", code=3)


async def investigated(api: Api, policy: str) -> str:
    customer = {"name": "Ann Lee", "email": "ann.lee@example.com", "address": "8 Mill Lane\nLeeds"}
    reference = await api["hotline"].take(channel="phone", policy=policy, customer=customer)
    for command, body in (("assess", {"decision": "valid"}), ("claim", {}), ("start_investigation", {})):
        await api["handler"].do(reference, command, **body)
    return reference

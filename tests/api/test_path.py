"""A complaint goes its ways by HTTP alone."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from io import StringIO

from tests.api.visitors import Api, problem
from tests.mail_server import MailServer


async def test_a_valid_complaint_is_taken_answered_and_closed(api: Api, post: MailServer) -> None:
    hotline, handler = api["hotline"], api["handler"]
    received = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    taken = await hotline.post(
        "/v1/complaints",
        {
            "channel": "web",
            "received_at": received.isoformat(),
            "customer": {"name": "李华", "email": "li.hua@example.com"},
            "category": "repair_late",
            "severity": 4,
            "narrative": "维修员没有来。",
        },
    )
    receipt = taken.json()
    reference = receipt["reference"]
    assert taken.status_code == 201
    assert taken.headers["location"] == f"/v1/complaints/{reference}"
    assert receipt["received_at"] == received.isoformat().replace("+00:00", "Z")
    assert receipt["policy"] == "plain@1"
    assert [clock["kind"] for clock in receipt["clocks"]] == ["acknowledge", "final_response"]

    acknowledged = await handler.until(reference, sequence=3)
    assert {"assess", "note", "correct"} <= set(acknowledged["allowed_commands"])
    assert not {"acknowledge", "claim", "respond", "close"} & set(acknowledged["allowed_commands"])
    await handler.do(reference, "assess", decision="valid")
    assert (await handler.do(reference, "claim"))["handler"] == handler.person.id
    await handler.do(reference, "start_investigation")
    done = await handler.do(
        reference,
        "respond",
        way="email",
        letter="我们抱歉。",
        outcome="upheld",
        cause="process",
        remedies=["apology"],
    )
    assert (done["status"], done["recorded_at_sequence"]) == ("responding", done["sequence"])
    await handler.until(reference, status="responded")
    closed = await handler.do(reference, "close")

    assert closed["status"] == "closed"
    assert {clock["kind"]: clock["state"] for clock in closed["clocks"]} == {
        "acknowledge": "met",
        "final_response": "met",
    }
    assert closed["remedies"] == ["apology"]
    mails = [mail for mail in post.deliveries if reference in str(mail.message["Subject"])]
    assert [mail.recipients for mail in mails] == [("li.hua@example.com",)] * 2
    assert "我们抱歉。" in mails[1].message.get_content()


async def test_an_invalid_complaint_is_explained_and_appealed_once(api: Api) -> None:
    hotline, handler, supervisor = api["hotline"], api["handler"], api["supervisor"]
    reference = await hotline.take()
    await handler.do(reference, "assess", decision="invalid", ground="outside_terms", evidence="Clause 4.")
    explained = await handler.do(reference, "explain", way="phone", letter="The pipe is the landlord's.")
    assert explained["status"] == "closed"
    assert (await hotline.do(reference, "appeal", reason="It is not."))["status"] == "assessing"
    refused = await handler.command(reference, "assess", {"decision": "valid"})
    problem(refused, 409, "same_assessor")
    await supervisor.do(reference, "assess", decision="invalid", ground="unfounded")
    await supervisor.do(reference, "explain", way="visit", letter="We looked again.")
    problem(await hotline.command(reference, "appeal", {"reason": "Still not."}), 409, "already_appealed")


async def test_a_complaint_is_withdrawn_and_owes_nothing_more(api: Api) -> None:
    reference = await api["hotline"].take()
    withdrawn = await api["hotline"].do(reference, "withdraw", reason="It works again.", confirmed_by="phone")
    assert withdrawn["status"] == "withdrawn"
    assert {clock["state"] for clock in withdrawn["clocks"]} == {"met", "cancelled"}
    problem(await api["handler"].command(reference, "claim"), 409, "not_lawful_now")


async def test_an_answered_complaint_is_reopened_with_a_new_attempt(api: Api) -> None:
    reference = await answered(api)
    await api["handler"].do(reference, "close")
    reopened = await api["hotline"].do(reference, "reopen", reason="Cold again.")
    assert (reopened["status"], reopened["attempt"]) == ("assigned", 2)
    assert [clock["attempt"] for clock in reopened["clocks"] if clock["state"] == "running"] == [2]


async def answered(api: Api) -> str:
    reference = await api["hotline"].take()
    handler = api["handler"]
    await handler.do(reference, "assess", decision="valid")
    await handler.do(reference, "claim")
    await handler.do(reference, "start_investigation")
    await handler.do(reference, "respond", way="phone", letter="Mended.", outcome="resolved", cause="equipment")
    return reference


async def test_a_correction_keeps_the_old_code_in_the_record(api: Api) -> None:
    reference = await api["hotline"].take(category="billing")
    corrected = await api["hotline"].do(reference, "correct", field="category", code="safety", reason="Gas smell.")
    assert corrected["category"] == "safety"
    timeline = (await api["handler"].get(f"/v1/complaints/{reference}/timeline")).json()
    fact = timeline["items"][-1]["fact"]
    assert (fact["type"], fact["old_code"], fact["new_code"]) == ("complaint.corrected", "billing", "safety")
    problem(
        await api["hotline"].command(reference, "correct", {"field": "category", "code": "safety"}),
        409,
        "nothing_changes",
    )


async def test_a_corrected_address_reaches_the_story_and_the_next_letter(api: Api, post: MailServer) -> None:
    reference = await api["hotline"].take(customer={"name": "Ann Lee"})
    problem(await api["handler"].command(reference, "acknowledge", {"way": "email"}), 409, "already_acknowledged")
    await api["hotline"].do(reference, "correct", field="email", text="ann.lee@example.org")
    await api["handler"].until(reference, sequence=4)
    await api["handler"].do(reference, "assess", decision="invalid", ground="unfounded")
    await api["handler"].do(reference, "explain", way="email", letter="We could not find the fault.")
    await api["handler"].until(reference, status="closed")
    assert [mail.recipients for mail in post.deliveries if reference in str(mail.message["Subject"])] == [
        ("ann.lee@example.org",)
    ]
    story = (await api["handler"].get(f"/v1/complaints/{reference}/story")).json()
    assert story["customer"]["email"] == "ann.lee@example.org"


async def test_the_story_holds_what_was_said_and_the_case_does_not(api: Api, logs: StringIO) -> None:
    reference = await api["hotline"].take(
        customer={"name": "Ann Lee", "address": "1 High Street"}, narrative="It smells of gas.", demand="Come today."
    )
    await api["hotline"].do(reference, "note", text="She sounded worried.")
    story = (await api["handler"].get(f"/v1/complaints/{reference}/story")).json()
    assert story["customer"] == {
        "name": "Ann Lee",
        "phone": None,
        "email": None,
        "address": "1 High Street",
        "account": None,
        "language": None,
    }
    assert (story["narrative"], story["demand"]) == ("It smells of gas.", "Come today.")
    assert list(story["texts"].values()) == ["She sounded worried."]
    case, timeline = (
        await api["handler"].read(reference),
        await api["handler"].get(f"/v1/complaints/{reference}/timeline"),
    )
    for told in ("Ann Lee", "High Street", "smells", "worried"):
        assert told not in str(case)
        assert told not in timeline.text
    assert next(iter(story["texts"])) in timeline.text
    reads = [json.loads(line) for line in logs.getvalue().splitlines() if "personal data opened" in line]
    assert (reads[-1]["reference"], reads[-1]["by"]) == (reference, api["handler"].person.id)


async def test_the_timeline_is_paged_and_its_hashes_chain(api: Api) -> None:
    reference = await api["hotline"].take()
    for number in range(5):
        await api["hotline"].do(reference, "note", text=f"Note {number}.")
    pages = await api["hotline"].pages(f"/v1/complaints/{reference}/timeline", limit=3)
    seen = [entry for page in pages for entry in page]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [entry["sequence"] for entry in seen] == list(range(1, 8))
    stored = await api.house.parts.ledger.stored(reference)
    chain = b""
    for entry, (payload, _) in zip(seen, stored, strict=True):
        chain = hashlib.sha256(chain + payload.encode()).digest()
        assert entry["hash"] == chain.hex()


async def test_a_read_says_whether_the_process_or_the_record_was_asked(api: Api) -> None:
    reference = await api["hotline"].take()
    await api["hotline"].until(reference, source="live")
    await api["hotline"].do(reference, "withdraw", reason="Solved.", confirmed_by="phone")
    assert (await api["hotline"].read(reference))["source"] == "record"

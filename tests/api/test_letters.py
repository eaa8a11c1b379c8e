"""Letters over HTTP: seen before they go out, refused when they lack what they must say, posted, bounced, put off."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.access import Role
from runtime.assembly import chores
from tests.api.visitors import Api, Visitor, problem, wrong_fields
from tests.house import House
from tests.mail_server import MailServer
from tests.mailbox_server import mailbox_server
from tests.unit.test_bounced_mail import prose, report

EVERYWHERE = {
    "name": "Ann Lee",
    "email": "ann.lee@example.com",
    "phone": "+86 10 6552 9988",
    "address": "8 Mill Lane\nLeeds",
}
COMPLETE = (
    "We uphold your complaint, because the meter was read wrongly. If you are not satisfied you can go to the "
    "Financial Ombudsman Service within six months."
)
LACKING = "We are sorry about what happened."


async def investigated(api: Api, policy: str = "plain", **customer: str) -> str:
    reference = await api["hotline"].take(channel="phone", policy=policy, customer=EVERYWHERE | customer)
    for command, body in (("assess", {"decision": "valid"}), ("claim", {}), ("start_investigation", {})):
        await api["handler"].do(reference, command, **body)
    return reference


def answer(letter: str, way: str = "email") -> dict[str, Any]:
    return {"way": way, "letter": letter, "outcome": "upheld", "cause": "process"}


async def previewed(visitor: Visitor, reference: str, kind: str, **draft: Any) -> dict[str, Any]:
    seen = await visitor.post(f"/v1/complaints/{reference}/letters/{kind}/preview", draft)
    assert seen.status_code == 200, seen.text
    found: dict[str, Any] = seen.json()
    return found


async def test_a_letter_is_seen_as_it_will_go_out_with_every_point_that_the_policy_wants(api: Api) -> None:
    reference = await investigated(api, "uk-fca-disp")
    seen = await previewed(api["handler"], reference, "response_letter", text=COMPLETE)
    assert seen["template"] == "response_letter.en.1"
    assert seen["subject"] == f"Our answer to your complaint {reference}"
    assert "Dear Ann Lee," in seen["body"]
    assert COMPLETE in seen["body"]
    assert (seen["is_complete"], seen["is_statutory"]) == (True, True)
    made = {point["point"]: (point["is_made"], point["made_in"], point["words"]) for point in seen["points"]}
    assert made == {
        "outcome": (True, "text", "uphold"),
        "reasons": (True, "text", "because"),
        "external_body": (True, "text", "ombudsman"),
        "time_limit": (True, "text", "within six months"),
    }


async def test_a_letter_that_lacks_a_point_is_refused_by_name_and_nothing_is_sealed(api: Api, post: MailServer) -> None:
    reference = await investigated(api, "uk-fca-disp")
    seen = await previewed(api["handler"], reference, "response_letter", text=LACKING)
    lacking = [point["point"] for point in seen["points"] if not point["is_made"]]
    assert (seen["is_complete"], lacking) == (False, ["outcome", "reasons", "external_body", "time_limit"])
    before = len(post.deliveries)
    refused = await api["handler"].command(reference, "respond", answer(LACKING))
    said = problem(refused, 409, "letter_incomplete")
    assert {error["pointer"] for error in said["errors"]} == {"/letter"}
    assert [error["message"].partition(":")[0] for error in said["errors"]] == lacking
    story = (await api["handler"].get(f"/v1/complaints/{reference}/story")).json()
    assert story["texts"] == {}
    assert len(post.deliveries) == before
    done = await api["handler"].do(reference, "respond", **answer(COMPLETE))
    assert done["status"] == "responding"


async def test_what_must_be_written_is_not_told_by_telephone(api: Api) -> None:
    reference = await investigated(api, "uk-fca-disp")
    refused = await api["handler"].command(reference, "respond", answer(COMPLETE, "phone"))
    problem(refused, 409, "must_be_written")


async def test_a_text_message_shows_its_parameters_and_one_that_is_too_long_is_refused(api: Api) -> None:
    reference = await investigated(api)
    seen = await previewed(api["handler"], reference, "update_letter", way="sms", text="The part arrives on Friday.")
    assert seen["subject"] == ""
    assert seen["parameters"] == {"reference": reference, "text": "The part arrives on Friday."}
    assert seen["characters"] == len(seen["body"])
    long = "x" * 600
    assert not (await previewed(api["handler"], reference, "update_letter", way="sms", text=long))["is_complete"]
    refused = await api["handler"].command(reference, "update_customer", {"way": "sms", "letter": long})
    problem(refused, 409, "letter_too_long")


async def test_only_who_may_order_a_letter_may_look_at_it(api: Api) -> None:
    reference = await investigated(api)
    path = f"/v1/complaints/{reference}/letters"
    problem(await api["hotline"].post(f"{path}/response_letter/preview", {}), 403, "forbidden")
    problem(await api["operator"].post(f"{path}/response_letter/preview", {}), 403, "forbidden")
    problem(await api["handler"].post(f"{path}/identity_correction/preview", {}), 404, "not_found")
    assert wrong_fields(await api["handler"].post(f"{path}/response_letter/preview", {"words": "x"})) == ["/words"]
    stranger = await api.enrol("letters hotline", Role.HOTLINE)
    problem(await stranger.post(f"{path}/explanation_letter/preview", {}), 404, "not_found")


async def test_what_the_customer_wrote_is_no_template(api: Api) -> None:
    reference = await investigated(api, name="{{ 7 * 7 }} $reference")
    seen = await previewed(api["handler"], reference, "response_letter", text="Pay $text and {{ reference }} ${name}.")
    assert "Dear {{ 7 * 7 }} $reference," in seen["body"]
    assert "Pay $text and {{ reference }} ${name}." in seen["body"]


# Print and post


async def test_a_letter_to_print_is_listed_printed_and_counts_when_it_was_posted(api: Api) -> None:
    reference = await investigated(api)
    ordered = await api["handler"].do(reference, "respond", **answer("The valve was replaced.", "post"))
    assert ordered["status"] == "responding"
    listed = (await api["handler"].get("/v1/letters", way="post", limit=200)).json()
    [letter] = [item for item in listed["items"] if item["reference"] == reference]
    assert (letter["item"], letter["kind"], letter["way"]) == ("response_letter.1", "response_letter", "post")
    path = f"/v1/complaints/{reference}/letters/{letter['item']}"
    page = await api["handler"].send("GET", path, headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    for words in ("Ann Lee", "8 Mill Lane", "The valve was replaced.", reference):
        assert words in page.text
    paper = await api["handler"].send("GET", path, headers={"Accept": "application/pdf"})
    assert paper.content.startswith(b"%PDF-")
    problem(await api["operator"].get(path), 403, "forbidden")

    posted = await api["handler"].do(reference, "mark_posted", item="response_letter.1", tracking="RR1GB")
    assert posted["status"] == "responded"
    sent = next(letter for letter in posted["letters"] if letter["kind"] == "response_letter")
    assert (sent["way"], sent["state"], sent["evidence"]) == ("post", "done", "RR1GB")
    assert sent["template"] == "response_letter.en.1"
    assert {clock["kind"]: clock["state"] for clock in posted["clocks"]}["final_response"] == "met"
    again = (await api["handler"].get("/v1/letters", limit=200)).json()["items"]
    assert reference not in [item["reference"] for item in again]


async def test_the_queue_shows_only_cases_within_sight_and_goes_on_page_by_page(api: Api) -> None:
    references = [await investigated(api) for _ in range(3)]
    for reference in references:
        await api["handler"].do(reference, "update_customer", way="call", letter="The part has arrived.")
    stranger = await api.enrol("letters handler", Role.HANDLER)
    assert (await stranger.get("/v1/letters", way="call")).json()["items"] == []
    found, cursor = [], None
    while True:
        params = {"way": "call", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await api["supervisor"].get("/v1/letters", **params)).json()
        found += [item["reference"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert set(references) <= set(found)
    script = await api["handler"].get(f"/v1/complaints/{references[0]}/letters/update_letter.1")
    assert "+86 10 6552 9988" in script.text
    assert "The part has arrived." in script.text
    told = await api["handler"].do(references[0], "record_call", item="update_letter.1", result="reached")
    assert told["letters"][-1]["state"] == "done"


async def test_there_is_nothing_to_print_where_a_letter_goes_by_mail(api: Api) -> None:
    reference = await investigated(api)
    await api["handler"].do(reference, "update_customer", way="email", letter="Friday.")
    problem(await api["handler"].get(f"/v1/complaints/{reference}/letters/update_letter.1"), 404, "not_found")


# Bounces


async def test_a_bounce_reopens_what_the_letter_had_settled_and_is_recorded_once(api: Api) -> None:
    reference = await investigated(api)
    await api["handler"].do(reference, "respond", **answer("The valve was replaced."))
    view = await api["handler"].until(reference, status="responded")
    message_id = view["letters"][-1]["evidence"]
    report = {"message_id": message_id, "code": "mailbox_unknown"}
    problem(await api["handler"].post("/v1/bounces", report), 403, "forbidden")
    assert (await api["operator"].post("/v1/bounces", report | {"permanent": False})).json()["outcome"] == "delayed"
    taken = (await api["operator"].post("/v1/bounces", report)).json()
    assert taken == {"outcome": "recorded", "reference": reference, "item": "response_letter.1"}
    assert (await api["operator"].post("/v1/bounces", report)).json()["outcome"] == "known"
    view = await api["handler"].until(reference, status="responding")
    assert {clock["kind"]: clock["state"] for clock in view["clocks"]}["final_response"] == "running"
    letter = view["letters"][-1]
    assert (letter["state"], letter["error"], letter["bounces"]) == ("parked", "mailbox_unknown", 1)
    facts = (await api["handler"].get(f"/v1/complaints/{reference}/timeline")).json()["items"]
    assert [item["fact"]["type"] for item in facts].count("step.bounced") == 1
    stranger = await api["operator"].post("/v1/bounces", {"message_id": "<stranger@example.org>"})
    assert stranger.json() == {"outcome": "unknown", "reference": None, "item": None}


async def test_a_mail_that_comes_back_after_it_was_taken_is_followed_by_the_next_way_of_the_policy(api: Api) -> None:
    """By text message, for which there is no gateway here, and then by post."""
    reference = await investigated(api, "demo-full")
    await api["handler"].do(reference, "respond", **answer("The valve was replaced."))
    (mail,) = (await with_letter(api, reference, way="email", state="done"))["letters"]
    report = {"message_id": mail["evidence"], "code": "mailbox_unknown"}
    assert (await api["operator"].post("/v1/bounces", report)).json()["outcome"] == "recorded"
    view = await with_letter(api, reference, way="post", state="waiting")
    assert view["status"] == "responding"
    assert [(each["way"], each["state"], each["error"]) for each in view["letters"]] == [
        ("email", "replaced", "mailbox_unknown"),
        ("sms", "replaced", "no_sms_gateway"),
        ("post", "waiting", None),
    ]
    posted = await api["handler"].do(reference, "mark_posted", item="response_letter.3")
    assert posted["status"] in {"responded", "callback"}


async def test_a_bounce_that_overtakes_our_own_record_is_asked_for_again(api: Api, post: MailServer) -> None:
    """The server took the message, and the store was away before that was written into the case."""
    post.refuse("550 5.1.1 no such mailbox", "early@example.org")
    reference = await api["hotline"].take(channel="web", customer={"email": "early@example.org"})
    view = await with_letter(api, reference, state="parked")
    key, message_id = f"{reference}:acknowledgement.1", "<overtaken@example.org>"
    await api.house.parts.pool.execute(
        "UPDATE delivery SET accepted_at = now(), evidence = $2 WHERE effect_key = $1", key, message_id
    )
    report = {"message_id": message_id, "code": "mailbox_unknown"}
    problem(await api["operator"].post("/v1/bounces", report), 503, "not_settled_yet")
    assert (await api["operator"].post(f"/v1/steps/{view['letters'][0]['id']}/retry", {"reason": "x"})).is_success
    await with_letter(api, reference, state="done")
    assert (await api["operator"].post("/v1/bounces", report)).json()["outcome"] == "recorded"
    assert (await api["operator"].post("/v1/bounces", report)).json()["outcome"] == "known"


async def test_a_report_in_the_mailbox_is_recorded_once_and_kept_while_it_cannot_be(api: Api, post: MailServer) -> None:
    """The report of a server, one from somebody else, a note of a person, and prose that only its address explains."""
    reference, other = await investigated(api), await investigated(api)
    for each in (reference, other):
        await api["handler"].do(each, "respond", **answer("The valve was replaced."))
        await api["handler"].until(each, status="responded")
    letters = [(await api["handler"].read(each))["letters"][-1]["evidence"] for each in (reference, other)]
    marks = [letter.strip("<>").partition("@")[0] for letter in letters]
    async with mailbox_server() as mailbox:
        look = looking_through(api.house, mailbox.url)
        for mail in (
            report(original=f"Content-Type: text/rfc822-headers\n\nMessage-ID: {letters[0]}\n"),
            report(original="Content-Type: text/rfc822-headers\n\nMessage-ID: <stranger@example.org>\n"),
            b"From: Ann Lee <ann.lee@example.com>\nSubject: Re: Our answer\n\nThank you.\n",
            prose("550 Mailbox not found", to=f"bounces+{marks[1]}@example.org"),
        ):
            await mailbox.put(mail)
        async with while_it_is_under_way(api.house, reference):
            assert await look() == 1
        read, for_a_person = {r"\Seen"}, {r"\Seen", r"\Flagged"}
        assert await mailbox.flags() == [set(), read, for_a_person, read]
        assert await look() == 1
        assert await mailbox.flags() == [read, read, for_a_person, read]
        await mailbox.put(report(original=f"Content-Type: text/rfc822-headers\n\nMessage-ID: {letters[0]}\n"))
        assert await look() == 0
    for each, why in ((reference, "mailbox_unknown"), (other, "bounced")):
        view = await api["handler"].until(each, status="responding")
        assert (view["letters"][-1]["state"], view["letters"][-1]["error"]) == ("parked", why)
        assert (await api.house.facts(each)).count("step.bounced") == 1


def looking_through(house: House, url: str) -> Callable[[], Awaitable[int]]:
    """What a worker that knows the mailbox does again and again."""
    settings = house.parts.settings.model_copy(update={"mailbox_url": url})
    (chore,) = (each for each in chores(replace(house.parts, settings=settings)) if each.name == "fetch returned mail")
    return chore.do


@asynccontextmanager
async def while_it_is_under_way(house: House, reference: str) -> AsyncIterator[None]:
    """As while the hand-over is not recorded in the case: its letter is still under way."""
    undone = "UPDATE case_record SET state = jsonb_set(state, '{steps,0,state}', $2::jsonb) WHERE reference = $1"
    await house.parts.pool.execute(undone, reference, '"running"')
    yield
    await house.parts.pool.execute(undone, reference, '"done"')


async def with_letter(api: Api, reference: str, **expected: str) -> dict[str, Any]:
    """The case as soon as its last letter shows these values."""
    async with asyncio.timeout(20):
        while True:
            view = await api["handler"].read(reference)
            if view["letters"] and all(view["letters"][-1][name] == value for name, value in expected.items()):
                return view
            await asyncio.sleep(0.02)


# What customers do not want


async def test_a_way_that_the_customer_opted_out_of_is_refused_in_every_case_of_the_customer(api: Api) -> None:
    first = await investigated(api, id="OPT-1")
    path = f"/v1/complaints/{first}/contact"
    assert (await api["handler"].get(path)).json() == {"opted_out": [], "quiet_hours": None}
    wanted = {"opted_out": ["email", "sms"], "quiet_hours": {"begin": "20:00", "end": "09:00"}}
    assert (await api["handler"].put(path, wanted)).status_code == 200
    second = await investigated(api, id="OPT-1")
    refused = await api["handler"].command(second, "respond", answer("The valve was replaced."))
    problem(refused, 409, "opted_out")
    read = (await api["handler"].get(f"/v1/complaints/{second}/contact")).json()
    assert read["opted_out"] == ["email", "sms"]
    assert read["quiet_hours"]["ways"] == ["sms", "call"]


async def test_limits_that_mean_nothing_are_refused(api: Api) -> None:
    path = f"/v1/complaints/{await investigated(api)}/contact"
    assert wrong_fields(await api["handler"].put(path, {"opted_out": ["pigeon"]})) == ["/opted_out/0"]
    assert wrong_fields(await api["handler"].put(path, {"opted_out": ["phone"]})) == [""]
    same = {"quiet_hours": {"begin": "20:00", "end": "20:00"}}
    assert wrong_fields(await api["handler"].put(path, same)) == ["/quiet_hours"]
    problem(await api["operator"].put(path, {}), 403, "forbidden")


async def test_a_message_in_quiet_hours_waits_visibly(api: Api, post: MailServer) -> None:
    reference = await investigated(api)
    local = datetime.now(UTC) + timedelta(hours=8)
    begin, end = local - timedelta(hours=1), local + timedelta(hours=3)
    hours = {"begin": f"{begin:%H:%M}", "end": f"{end:%H:%M}", "ways": ["email"]}
    await api["handler"].put(f"/v1/complaints/{reference}/contact", {"quiet_hours": hours})
    before = len(post.deliveries)
    await api["handler"].do(reference, "respond", **answer("The valve was replaced."))
    for _ in range(500):
        view = (await api["handler"].get(f"/v1/complaints/{reference}")).json()
        if view["letters"][-1]["state"] == "deferred":
            break
    letter = view["letters"][-1]
    assert letter["state"] == "deferred"
    waits = datetime.fromisoformat(letter["not_before"]) - datetime.now(UTC)
    assert timedelta(hours=2, minutes=50) < waits <= timedelta(hours=3, minutes=1)
    assert len(post.deliveries) == before


# The address book


async def test_an_admin_keeps_the_addresses_of_partners_and_teams(api: Api) -> None:
    admin = await api.enrol("letters admin", Role.ADMIN)
    path = "/v1/correspondents/partner.city_fitters"
    assert (await admin.put(path, {"email": "desk@fitters.example"})).json()["language"] == "zh"
    listed = (await admin.get("/v1/correspondents")).json()["items"]
    assert [entry["who"] for entry in listed] == ["partner.city_fitters"]
    assert wrong_fields(await admin.put(path, {"email": "nobody"})) == ["/email"]
    assert (await admin.put("/v1/correspondents/everybody", {"email": "a@example.org"})).status_code == 422
    assert (await admin.delete(path)).json() == {"who": "partner.city_fitters"}
    problem(await admin.delete(path), 404, "not_found")
    problem(await api["supervisor"].get("/v1/correspondents"), 403, "forbidden")

"""R8, R11, R12, R17, R20: mail that fails in every way, storms of repetitions, races, poison, a graceful stop."""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest

from domain.complaints.terms import Status
from starter.demo.people import Person, Unlawful
from starter.demo.samples import complaints
from tests.chaos.business import Business, brisk_paths
from tests.chaos.clerks import Clerk
from tests.chaos.conftest import SEED, Say
from tests.chaos.evidence import Evidence
from tests.chaos.gateways import WAYS, SickEndpoint
from tests.chaos.laws import contradictions
from tests.chaos.report import figures
from tests.chaos.returned import WHY, answered_and_returned
from tests.chaos.rig import Rig
from tests.endpoints import endpoints

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 240
GRACE_SECONDS = 40
"""The worker lets activities finish for 25 seconds; the machine may be crowded."""
LETTER = {"letter": "We replaced the valve.", "outcome": "upheld", "cause": "equipment"}
GONE = "gone@example.com"


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many of everything."""

    cases: int
    requests: int
    repetitions: int
    races: int
    mail_seconds: float
    suffix: str = ""


GATE = Crowd(cases=6, requests=30, repetitions=5, races=5, mail_seconds=1.5)
LONG = Crowd(cases=40, requests=400, repetitions=5, races=80, mail_seconds=15, suffix=", long")


@pytest.fixture(params=[GATE, pytest.param(LONG, marks=pytest.mark.long)], ids=["gate", "long"])
def crowd(request: pytest.FixtureRequest) -> Crowd:
    found: Crowd = request.param
    return found


async def test_no_case_waits_for_a_mail_server_that_fails_in_every_way(
    rig: Rig, business: Business, crowd: Crowd, say: Say
) -> None:
    async def fail() -> None:
        async with rig.hurt("worker to mail"):
            for way in ("450 4.3.2 try later", "550 5.7.1 not today", "slow", "down"):
                if way == "down":
                    await rig.sink.stop()
                elif way == "slow":
                    rig.sink.dawdle(1.0)
                else:
                    rig.sink.refuse(way)
                await asyncio.sleep(crowd.mail_seconds)
                rig.sink.behave()
            await note_while_the_mail_is_away(business)
            await rig.sink.start()

    async with asyncio.TaskGroup() as group:
        group.create_task(business.run(brisk_paths(crowd.cases, random.Random(SEED)), 4 * crowd.mail_seconds))
        group.create_task(fail())
    await check(f"R8 mail out{crowd.suffix}", rig, business, say)


async def note_while_the_mail_is_away(business: Business) -> None:
    """A command on a case whose acknowledgement cannot go out is answered, and its step is not in the way."""
    reference = await taken(business, channel="web")
    supervisor = business.staff.supervisors[0]
    await supervisor.do(reference, "note", text="The customer called.")
    await supervisor.do(reference, "withdraw", reason="It is settled.", confirmed_by="phone")
    business.diary.ends[reference] = Status.WITHDRAWN


async def test_no_case_waits_for_gateways_and_endpoints_that_fail_in_every_way(
    rig: Rig, business: Business, crowd: Crowd, say: Say
) -> None:
    """Text messages are taken once whatever becomes of the answer; each event is told in its order, never in others."""
    async with endpoints() as served:
        endpoint = SickEndpoint(served, "/sick")
        hook = await at_desk_of_admin(rig, "POST", "/v1/webhooks", {"url": endpoint.url, "types": []})
        ways = WAYS if crowd is LONG else WAYS[:3]
        answered = [await answered_by_text(rig, business, way) for way in ways]
        await at_most(4, [closed_after_the_text(business, each) for each in answered])
        await business.run(brisk_paths(crowd.cases, random.Random(SEED)), 2)
        evidence = await check(
            f"R8 text messages{crowd.suffix}", rig, business, say, handed_in=sum(rig.texts.posts.values())
        )
        await until_told(endpoint, {each: len(evidence.ledger[each]) for each in answered})
        await at_desk_of_admin(rig, "DELETE", f"/v1/webhooks/{hook['id']}")
    assert rig.texts.messages.keys() >= {f"{each}:response_letter.1" for each in answered}
    assert sum(rig.texts.posts.values()) > len(rig.texts.messages)
    assert endpoint.failures > 0
    assert not endpoint.changed


async def test_an_answer_that_was_taken_and_comes_back_is_open_again_and_given_again(
    rig: Rig, business: Business, crowd: Crowd, say: Say
) -> None:
    """A server that says yes and then sends it back, once, twice at the same time, and also when the case is closed."""
    count = max(3, crowd.cases // 4)
    forms = list(walk_in(count))
    waiting = [answered_and_returned(business, form, when_closed=bool(number % 2)) for number, form in enumerate(forms)]
    references = await at_most(4, waiting)
    evidence = await check(f"R8 mail that comes back{crowd.suffix}", rig, business, say, returned=len(references))
    for reference in references:
        came_back = [row.fact["error"] for row in evidence.ledger[reference] if row.type == "step.bounced"]
        assert came_back == [WHY]


async def answered_by_text(rig: Rig, business: Business, way: str) -> str:
    """A complaint that is answered while the gateway fails so; commands on it are done all the same."""
    async with rig.hurt("worker to mail"):
        rig.texts.fail(way)
        reference = await taken(business, channel="phone", customer={"phone": "010 6552 9988", "language": "zh"})
        supervisor, handler = business.staff.supervisors[0], business.staff.handlers[0]
        await supervisor.do(reference, "assess", decision="valid")
        await handler.do(reference, "claim")
        await handler.do(reference, "start_investigation")
        await handler.do(reference, "respond", way="sms", **LETTER)
        await until_tried(rig, reference)
        await supervisor.do(reference, "note", text="The customer called.")
        rig.texts.behave()
    business.diary.ends[reference] = Status.CLOSED
    return reference


async def closed_after_the_text(business: Business, reference: str) -> None:
    handler = business.staff.handlers[0]
    await handler.until(reference, lambda case: case["status"] == "responded")
    await handler.do(reference, "close")


async def until_tried(rig: Rig, reference: str) -> None:
    """Until the hand-over of the answer was tried, whatever came of it."""
    connection = await asyncpg.connect(rig.database_url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await connection.fetchval(
                "SELECT attempts FROM delivery WHERE effect_key = $1", f"{reference}:response_letter.1"
            ):
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def until_told(endpoint: SickEndpoint, events: dict[str, int]) -> None:
    """Until the endpoint was told everything of these cases; in the order of each."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(len(endpoint.told.get(case, ())) < count for case, count in events.items()):
            await asyncio.sleep(0.2)
    for case, count in events.items():
        assert endpoint.told[case] == list(range(1, count + 1))


async def at_desk_of_admin(rig: Rig, method: str, path: str, body: Any = None) -> Any:
    async with httpx.AsyncClient(base_url=rig.url, timeout=60) as client:
        headers = {"Authorization": f"Bearer {rig.admin_token}"}
        answer = await client.request(method, path, json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def test_a_storm_of_repetitions_makes_each_request_one_case(
    rig: Rig, business: Business, crowd: Crowd, say: Say
) -> None:
    """Everybody repeats everything at once while the API is killed; what is answered twice is answered alike."""
    hotline, diary = business.staff.hotline[0], business.diary
    seen = Counter[int]()
    headers = {"Authorization": f"Bearer {hotline.token}"}
    async with httpx.AsyncClient(base_url=rig.url, timeout=30, headers=headers) as client:

        async def insist(key: str, form: dict[str, Any]) -> httpx.Response:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    try:
                        answer = await client.post("/v1/complaints", json=form, headers={"Idempotency-Key": key})
                    except httpx.TransportError:
                        await asyncio.sleep(0.3)
                        continue
                    seen[answer.status_code] += 1
                    if answer.status_code not in {409, 503}:
                        return answer
                    await asyncio.sleep(0.3)

        forms = {secrets.token_hex(8): form for form in walk_in(crowd.requests)}
        storm = [insist(key, form) for key, form in forms.items() for _ in range(crowd.repetitions)]
        random.Random(SEED).shuffle(storm)
        killed = asyncio.create_task(kill_in_the_middle(rig))
        answers = await at_most(50, storm)
        await killed
        by_key: dict[str, set[bytes]] = {}
        for answer in answers:
            assert answer.status_code == 201, answer.text
            by_key.setdefault(answer.request.headers["idempotency-key"], set()).add(answer.content)
            diary.taken[answer.request.headers["idempotency-key"]].add(answer.json()["reference"])
        assert {len(bodies) for bodies in by_key.values()} == {1}
        other = {**next(iter(forms.values())), "narrative": "Something else."}
        reused = await insist(next(iter(forms)), other)
        assert (reused.status_code, reused.json()["code"]) == (422, "key_reused")
    await withdraw_all(business, {answer.json()["reference"] for answer in answers})
    await check(
        f"R11 repetitions{crowd.suffix}",
        rig,
        business,
        say,
        requests=len(answers),
        keys=len(by_key),
        statuses=dict(seen),
    )


async def kill_in_the_middle(rig: Rig) -> None:
    await asyncio.sleep(0.7)
    await rig.replace("api")


async def test_of_two_who_act_at_once_one_wins_and_the_other_is_told_why(
    rig: Rig, business: Business, crowd: Crowd, say: Say
) -> None:
    staff, lost = business.staff, Counter[str]()
    first, second = staff.supervisors
    one, other = staff.handlers[:2]

    async def race() -> None:
        reference = await taken(business, channel="phone")
        business.diary.ends[reference] = Status.CLOSED
        await duel(
            lost, *((who.do(reference, "assess", decision=way) for who, way in ((first, "valid"), (second, "partly"))))
        )
        claimed = await duel(lost, one.do(reference, "claim"), other.do(reference, "claim"))
        handler = one if claimed["handler"] == one.id else other
        await duel(lost, *(who.do(reference, "start_investigation") for who in (handler, first)))
        await duel(lost, *(who.do(reference, "respond", way="phone", **LETTER) for who in (handler, second)))
        await duel(lost, *(who.do(reference, "close") for who in (handler, first)))

    await at_most(4, [race() for _ in range(crowd.races)])
    await check(f"R12 races{crowd.suffix}", rig, business, say, races=5 * crowd.races, losers_told=dict(lost))
    assert sum(lost.values()) == 5 * crowd.races


async def duel(lost: Counter[str], *commands: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """What the winner was answered; the loser was told the name of a guard."""
    outcomes = await asyncio.gather(*commands, return_exceptions=True)
    losers = [outcome for outcome in outcomes if isinstance(outcome, Unlawful)]
    winners = [outcome for outcome in outcomes if isinstance(outcome, dict)]
    assert (len(winners), len(losers)) == (1, 1), outcomes
    lost[losers[0].code] += 1
    return winners[0]


async def test_a_poisoned_case_waits_for_an_operator_and_its_neighbours_do_not_notice(
    rig: Rig, business: Business, say: Say
) -> None:
    rig.sink.refuse("550 5.1.1 no such mailbox", GONE)
    refused = await taken(business, channel="web", customer={"email": GONE})
    torn = await taken(business, channel="web")
    supervisor, handler = business.staff.supervisors[0], business.staff.handlers[0]
    for command, who, body in (
        ("assess", supervisor, {"decision": "valid"}),
        ("claim", handler, {}),
        ("start_investigation", handler, {}),
    ):
        await who.do(torn, command, **body)
    rig.sink.refuse("450 4.3.2 try later")
    await handler.do(torn, "respond", way="email", **LETTER)
    await damage_the_answer(rig, torn)
    await until_parked(rig, torn, "seal")  # an attempt that had read the text before may still be under way
    rig.sink._refusals.pop(None)
    await business.run(brisk_paths(3, random.Random(SEED)), 1)
    await until_parked(rig, refused, "mail_recipient_refused")
    for reference, step in ((refused, "acknowledgement.1"), (torn, "response_letter.1")):
        await skip(business.staff.operator, f"{reference}.{step}")
    await withdraw_all(business, [refused, torn])
    rig.sink.behave()
    huge = await business.staff.hotline[0].client.post(
        "/v1/complaints",
        json={**next(iter(walk_in(1))), "narrative": "x" * 2_000_000},
        headers={"Authorization": f"Bearer {business.staff.hotline[0].token}"},
    )
    assert huge.status_code == 413
    await check("R20 poison", rig, business, say)


async def damage_the_answer(rig: Rig, reference: str) -> None:
    """Flip a byte of the sealed answer, as a broken disk might."""
    connection = await asyncpg.connect(rig.database_url)
    try:
        text = await connection.fetchval("SELECT state ->> 'letter' FROM case_record WHERE reference = $1", reference)
        await connection.execute("SET session_replication_role = replica")
        changed = await connection.execute(
            "UPDATE vault.sealed_text SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 255) WHERE item_id = $1",
            text,
        )
        assert changed == "UPDATE 1"
    finally:
        await connection.close()


async def until_parked(rig: Rig, reference: str, code: str) -> None:
    """Until a step of the case waits under such a code; an operator may be trying it once more just now."""
    connection = await asyncpg.connect(rig.database_url)
    wanted = (
        "SELECT EXISTS (SELECT FROM step WHERE reference = $1 AND state = 'parked' AND error LIKE '%' || $2 || '%')"
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await connection.fetchval(wanted, reference, code):
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def skip(operator: Person, step: str) -> None:
    """Give a parked step up; tried again while the operator's own retry runs."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await operator.send("POST", f"/v1/steps/{step}/skip", json={"reason": "told by phone"})
            except Unlawful:
                await asyncio.sleep(0.2)
            else:
                return


async def test_who_is_asked_to_stop_ends_what_was_begun_and_goes(
    rig: Rig, business: Business, crowd: Crowd, say: Say
) -> None:
    seconds: dict[str, float] = {}

    async def stop_and_start(part: str) -> None:
        async with rig.hurt(part):
            begun = datetime.now(UTC)
            assert await rig.stop(part) == 0
            seconds[part] = (datetime.now(UTC) - begun).total_seconds()
            await rig.start(part)

    async def stop_both() -> None:
        for part in ("worker", "api"):
            await asyncio.sleep(1)
            await stop_and_start(part)

    async with asyncio.TaskGroup() as group:
        group.create_task(business.run(brisk_paths(crowd.cases, random.Random(SEED)), 4))
        group.create_task(stop_both())
    await check(f"R17 graceful stop{crowd.suffix}", rig, business, say, stopped_in=seconds)
    assert max(seconds.values()) < GRACE_SECONDS


async def taken(business: Business, **fields: Any) -> str:
    """A complaint taken in by the hotline."""
    key = secrets.token_hex(8)
    receipt = await business.staff.hotline[0].take({**next(iter(walk_in(1))), **fields}, key)
    return str(receipt["reference"])


def walk_in(count: int) -> Iterable[dict[str, Any]]:
    """Sample complaints, each of a source of its own."""
    return [{**form, "source_ref": secrets.token_hex(8)} for form in complaints(count, random.Random(SEED))]


async def withdraw_all(business: Business, references: Iterable[str]) -> None:
    supervisor = business.staff.supervisors[0]
    assert isinstance(supervisor, Clerk)
    waiting = [
        supervisor.do(each, "withdraw", reason="It is settled.", confirmed_by="phone") for each in sorted(references)
    ]
    await at_most(8, waiting)
    business.diary.ends.update(dict.fromkeys(references, Status.WITHDRAWN))


async def at_most(count: int, waiting: Iterable[Awaitable[Any]]) -> list[Any]:
    """The outcomes of all, so many at a time."""
    gate = asyncio.Semaphore(count)

    async def gated(one: Awaitable[Any]) -> Any:
        async with gate:
            return await one

    return await asyncio.gather(*map(gated, waiting))


async def check(name: str, rig: Rig, business: Business, say: Say, **more: object) -> Evidence:
    evidence = await rig.look(business)
    findings = contradictions(evidence)
    say(figures(name, SEED, evidence, findings, **more))
    assert not findings, rig.folder
    return evidence

"""The whole case in the real service against random commands: every status is reached, and no unlawful way is taken.

The larger machine (`tests/properties/test_whole_case.py`) asks the decider alone; this one goes through the desk, the
workflow and the ledger. Each run begins at a place of the case's life to which directed commands lead. What is lawful
is `tests.chaos.transitions`' to say, which shares nothing with the decider.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.complaints.case import Case
from domain.complaints.decide import allowed_commands
from domain.complaints.evolve import evolve
from domain.complaints.facts import Entry
from domain.complaints.situation import Circumstances
from domain.complaints.terms import Status
from starter.problems import Problem
from tests.chaos.transitions import is_lawful
from tests.house import House
from tests.mail_server import MailServer

Result = TypeVar("Result")
Command = tuple[str, str, dict[str, Any]]

ANSWER = {"letter": "Mended.", "outcome": "upheld", "cause": "equipment"}
VALID: Command = ("assess", "supervisor", {"decision": "valid"})
INVALID: Command = ("assess", "supervisor", {"decision": "invalid", "ground": "unfounded"})
EXPLAIN: Command = ("explain", "supervisor", {"way": "phone", "letter": "Nothing was found."})
TO_WORK: tuple[Command, ...] = (VALID, ("claim", "handler", {}), ("start_investigation", "handler", {}))
ANSWERED: tuple[Command, ...] = (*TO_WORK, ("respond", "handler", {"way": "phone", **ANSWER}))
REFER: Command = ("refer_external", "supervisor", {"body": "ombudsman"})

WAYS_TO: dict[str, tuple[Command, ...]] = {
    "received": (),
    "assessing": (INVALID, EXPLAIN, ("appeal", "hotline", {"reason": "no"})),
    "explaining": (INVALID,),
    "accepted": (VALID,),
    "assigned": TO_WORK[:2],
    "investigating": TO_WORK,
    "responding": (*TO_WORK, ("respond", "handler", {"way": "email", **ANSWER})),
    "responded": ANSWERED,
    "callback": (*ANSWERED, ("plan_callback", "supervisor", {})),
    "stage_two": (*ANSWERED, ("to_stage_two", "supervisor", {"reason": "no"})),
    "external": (*ANSWERED, REFER),
    "closed": (INVALID, EXPLAIN),
    "duplicate": (
        ("assess", "supervisor", {"decision": "duplicate", "ground": "already_answered", "duplicate_of": "itself"}),
        EXPLAIN,
    ),
    "transferred": (("assess", "supervisor", {"decision": "not_ours", "ground": "other_company"}), EXPLAIN),
    "withdrawn": (("withdraw", "hotline", {"reason": "settled", "confirmed_by": "phone"}),),
}

WORDS = st.sampled_from(["Seen.", "已处理。", "No."])
BODIES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "acknowledge": st.just({"way": "phone"}),
    "assess": st.sampled_from([VALID[2], INVALID[2]]),
    "explain": st.fixed_dictionaries({"way": st.just("phone"), "letter": WORDS}),
    "appeal": st.fixed_dictionaries({"reason": WORDS}),
    "assign": st.just({}),
    "claim": st.just({}),
    "start_investigation": st.just({}),
    "respond": st.just({"way": "phone", **ANSWER}),
    "close": st.just({}),
    "note": st.fixed_dictionaries({"text": WORDS}),
    "withdraw": st.fixed_dictionaries({"reason": WORDS, "confirmed_by": st.just("phone")}),
    "reopen": st.fixed_dictionaries({"reason": WORDS}),
    "escalate": st.fixed_dictionaries({"level": st.integers(1, 4), "reason": WORDS}),
    "acknowledge_escalation": st.just({}),
    "update_customer": st.fixed_dictionaries({"way": st.just("phone"), "letter": WORDS}),
    "plan_callback": st.just({}),
    "record_visit": st.sampled_from(
        [
            {"way": "phone", "result": "reached", "solved": "yes", "satisfaction": 5},
            {"way": "phone", "result": "reached", "solved": "no", "satisfaction": 1, "reason": "no"},
            {"way": "phone", "result": "no_answer"},
        ]
    ),
    "to_stage_two": st.fixed_dictionaries({"reason": WORDS}),
    "refer_external": st.just(REFER[2]),
    "record_external_outcome": st.just({"decision": "settled"}),
    "request_partner": st.fixed_dictionaries({"partner": st.just("fitters"), "question": WORDS}),
    "partner_reply": st.fixed_dictionaries({"number": st.just(1), "answer": WORDS}),
    "link_incident": st.just({"incident": "outage-7"}),
    "unlink_incident": st.fixed_dictionaries({"reason": WORDS}),
    "resume": st.just({"kind": "customer"}),
    "skip_step": st.fixed_dictionaries({"step": st.just("response_letter.1"), "reason": WORDS}),
}
PEOPLE = ("hotline", "handler", "another handler", "supervisor", "caller", "operator")

reached: Counter[str] = Counter()


class LiveCase(RuleBasedStateMachine):
    """One case of the real service; a loop of its own carries what the rules ask for."""

    house: House
    loop: asyncio.AbstractEventLoop

    @initialize(place=st.sampled_from(sorted(WAYS_TO)))
    def begin(self, place: str) -> None:
        self.reference = self.wait_for(at_place(self.house, place))

    @rule(name=st.sampled_from(sorted(BODIES)), by=st.sampled_from(PEOPLE), bodies=st.fixed_dictionaries(BODIES))
    def somebody_asks_for_anything(self, name: str, by: str, bodies: dict[str, dict[str, Any]]) -> None:
        self.give(name, by, bodies[name])

    @rule(pick=st.integers(0, 10**6), by=st.sampled_from(PEOPLE), bodies=st.fixed_dictionaries(BODIES))
    def somebody_takes_what_is_offered(self, pick: int, by: str, bodies: dict[str, dict[str, Any]]) -> None:
        """What is drawn does not depend on the case: Hypothesis wants to draw the same when the service is slower."""
        case = self.wait_for(self.house.record(self.reference))
        offered = allowed_commands(case, self.house.people[by], Circumstances(now=datetime.now(UTC)))
        known = sorted(set(offered) & set(BODIES))
        if known:
            name = known[pick % len(known)]
            self.give(name, by, bodies[name])

    def give(self, name: str, by: str, values: dict[str, Any]) -> None:
        """Done, it shows in the record; refused, nothing of it does."""
        before = self.wait_for(self.house.facts(self.reference))
        try:
            case = self.wait_for(self.house.do(self.reference, name, by, **with_window(name, values)))
        except Problem as problem:
            if problem.status not in {403, 404, 409}:
                raise
            assert beside_steps(self.wait_for(self.house.facts(self.reference))) == beside_steps(before)
            return
        assert len(self.wait_for(self.house.facts(self.reference))) > len(before)
        reached[case.status] += 1

    @invariant()
    def every_fact_led_where_it_may(self) -> None:
        if hasattr(self, "reference"):
            status, case = "", None
            entries, recorded = self.wait_for(settled(self.house, self.reference))
            for entry in entries:
                case = evolve(case, entry)
                assert is_lawful(status, entry.fact.type, case.status), (status, entry.fact.type, case.status)
                status = case.status
            assert recorded == case

    def wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


def beside_steps(facts: list[str]) -> list[str]:
    """Without what comes of letters meanwhile, by itself."""
    return [fact for fact in facts if not fact.startswith("step.")]


async def settled(house: House, reference: str) -> tuple[tuple[Entry, ...], Case]:
    """The ledger and the record, read while nothing came between."""
    while True:
        entries, recorded = await house.parts.ledger.entries(reference), await house.record(reference)
        if recorded.sequence == len(entries):
            return entries, recorded


def with_window(name: str, values: dict[str, Any]) -> dict[str, Any]:
    if name != "plan_callback":
        return values
    now = datetime.now(UTC)
    return {"window_from": now.isoformat(), "window_to": (now + timedelta(days=5)).isoformat(), **values}


async def at_place(house: House, place: str) -> str:
    """A case at a place of its life, where the real service took it."""
    policy = "default" if place in {"callback", "stage_two"} else "plain"
    reference = await house.take(channel="phone", policy=policy)
    for name, by, values in WAYS_TO[place]:
        other = {"duplicate_of": await house.take(channel="phone")} if "duplicate_of" in values else {}
        case = await house.do(reference, name, by, **with_window(name, values | other))
        reached[case.status] += 1
    reached[(await house.record(reference)).status] += 1
    return reference


async def run(house: House, mail_server: MailServer, *, examples: int, steps: int) -> None:
    """Mail is refused, so that letters are parked and a case can stay where its answer is on the way."""
    mail_server.refuse("550 5.7.1 no relay")
    machine = type("LiveCaseOfThisHouse", (LiveCase,), {"house": house, "loop": asyncio.get_running_loop()})
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=how)


@pytest.mark.slow
async def test_the_service_reaches_every_status_and_takes_no_unlawful_way(
    house: House, mail_server: MailServer
) -> None:
    mail_server.refuse("550 5.7.1 no relay")
    reached.clear()
    for place in WAYS_TO:
        reference = await at_place(house, place)
        assert (await house.record(reference)).status == place
    await run(house, mail_server, examples=20, steps=15)
    assert set(reached) == set(Status)


@pytest.mark.long
async def test_many_lives_in_the_service_take_no_unlawful_way(house: House, mail_server: MailServer) -> None:
    await run(house, mail_server, examples=300, steps=40)

"""The whole case against random commands, by random people, at random times, under policies with every feature.

What must hold is written out here a second time, from complaints.md; nothing of it is read from `law` or `overdue`.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.access import may
from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.assignment import Candidate
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.decide import allowed_commands
from domain.complaints.evolve import fold
from domain.complaints.policy import HIGHEST_LEVEL, Anchor, Money, Policy
from domain.complaints.situation import SYSTEM
from domain.complaints.terms import (
    PERSONAL,
    TO_OTHERS,
    ClockKind,
    ClockState,
    Correctable,
    Decision,
    ExternalDecision,
    HoldKind,
    Reached,
    Solved,
    Status,
    StepKind,
    StepState,
    Way,
)
from domain.ruling import Refused
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import DISPATCH, NEWER, OFFICE, PLAIN, RICH, SECONDS
from tests.unit.complaints.story import (
    CALLER,
    COLLEAGUE,
    HANDLER,
    HOTLINE,
    OPERATOR,
    STAFF,
    WAYS_TO,
    Story,
    intake,
    text,
)

OPEN = {"received", "assessing", "explaining", "accepted", "assigned", "investigating", "responding", "responded"} | {
    "callback",
    "stage_two",
    "external",
}
ENDED = {"closed", "duplicate", "transferred", "withdrawn"}
ASSESSED = {"explaining", "accepted"}
AGAIN = {"accepted", "assigned"}
ANSWERED = {"responded", "callback"}
EXPLAINED = {"closed", "duplicate", "transferred"}


def from_each(places: set[str], to: set[str]) -> dict[str, set[str]]:
    return dict.fromkeys(places, to)


LEADS_TO: dict[str, dict[str, set[str]]] = {
    "assess": from_each({"received", "assessing"}, ASSESSED),
    "explain": {"explaining": EXPLAINED},
    "appeal": from_each(EXPLAINED, {"assessing"}),
    "assign": from_each({"accepted", "assigned", "investigating"}, {"assigned"}),
    "claim": {"accepted": {"assigned"}},
    "start_investigation": from_each({"assigned", "stage_two"}, {"investigating"}),
    "respond": {"investigating": {"responding"} | ANSWERED},
    "confirm": from_each(ANSWERED, {"closed"}),
    "close": {"responded": {"closed"}},
    "reopen": from_each(ANSWERED | {"closed"}, AGAIN),
    "plan_callback": {"responded": {"callback"}},
    "record_visit": from_each(ANSWERED, {"callback", "closed", "stage_two"} | AGAIN),
    "to_stage_two": from_each(ANSWERED | {"closed"}, {"stage_two"}),
    "refer_external": from_each(ANSWERED | {"closed", "stage_two"}, {"external"}),
    "record_external_outcome": {"external": {"closed"}},
    "withdraw": from_each(OPEN, {"withdrawn"}),
    "abort": from_each(OPEN, {"closed"}),
    "skip_step": {"responding": {"investigating"}},
    "step_done": {"explaining": EXPLAINED, "responding": ANSWERED},
    "mark_posted": {"explaining": EXPLAINED, "responding": ANSWERED},
    "record_call": {"explaining": EXPLAINED, "responding": ANSWERED},
    "step_bounced": from_each(EXPLAINED | ANSWERED, {"explaining", "responding"}),
}
"""Where a command may lead from a status, besides leaving the case there; those not named never lead on."""

SINCE_NOTICE = PLAIN.model_copy(
    update={
        "id": "test-since-notice",
        "holds": RICH.holds,
        "clocks": (PLAIN.clocks[0], PLAIN.clocks[1].model_copy(update={"anchor": Anchor.ACKNOWLEDGED})),
    }
)
POLICIES = (RICH, RICH, RICH, PLAIN, SECONDS, SINCE_NOTICE, DISPATCH)
EVERY_FACT = {kind.model_fields["type"].default for kind in get_args(get_args(f.AnyFact)[0])} - {"complaint.imported"}
"""Whatever a case that is received can tell of; an import begins another way, and goes on like any other."""
CANDIDATES = tuple(Candidate(STAFF[person], load) for person, load in ((HANDLER, 3), (COLLEAGUE, 1)))

texts = st.integers(1, 99).map(text)
ways = st.sampled_from([Way.EMAIL, Way.EMAIL, *Way])
codes = st.sampled_from(["a", "b", "c"])
numbers = st.integers(1, 3)
people = st.sampled_from([*STAFF, "customer", "per_nobody1"])
spans = st.sampled_from([0, 0, 0, 0, 1, 3_600, 86_400, 3 * 86_400, 31 * 86_400]).map(lambda n: timedelta(seconds=n))
lengths = st.sampled_from([1, 3_600, 86_400, 5 * 86_400, 15 * 86_400]).map(lambda n: timedelta(seconds=n))
money = st.builds(Money, amount=st.sampled_from([Decimal(20), Decimal(300), Decimal(5_000)]), currency=st.just("GBP"))
assessments = st.one_of(
    st.builds(c.Assess, decision=st.sampled_from([Decision.VALID, Decision.VALID, Decision.PARTLY])),
    st.builds(c.Assess, decision=st.sampled_from([Decision.INVALID, Decision.NOT_OURS]), ground=codes),
    st.builds(
        c.Assess,
        decision=st.just(Decision.DUPLICATE),
        ground=codes,
        duplicate_of=st.sampled_from(["C-2026-000009", intake().reference]),
    ),
)
corrections = st.one_of(
    st.builds(c.Correct, field=st.sampled_from(sorted(set(Correctable) - PERSONAL - {"severity"})), code=codes),
    st.builds(c.Correct, field=st.just(Correctable.SEVERITY), code=st.sampled_from("12345")),
    st.builds(c.Correct, field=st.sampled_from(sorted(PERSONAL)), text=texts),
)
conversations = st.builds(
    c.RecordVisit,
    way=ways,
    result=st.just(Reached.REACHED),
    solved=st.sampled_from(Solved),
    satisfaction=st.sampled_from([None, 1, 5]),
    reason=texts,
)
attempts_in_vain = st.builds(
    c.RecordVisit, way=ways, result=st.sampled_from([Reached.NO_ANSWER, Reached.BUSY, Reached.REFUSED])
)
visits = st.one_of(attempts_in_vain, attempts_in_vain, conversations)
Bodies = Callable[[Story], st.SearchStrategy[c.Command]]


def any_time(strategy: st.SearchStrategy[c.Command]) -> Bodies:
    return lambda _: strategy


def from_now(story: Story) -> st.SearchStrategy[datetime]:
    return lengths.map(lambda length: story.now + length)


def extensions(story: Story) -> st.SearchStrategy[c.Command]:
    """Beyond the due time of a clock that runs, if one does; sometimes too far."""
    due = {clock.kind: clock.due_at for clock in story.case.running_clocks} or {ClockKind.FINAL_RESPONSE: story.now}
    offers = st.tuples(st.sampled_from(sorted(due)), lengths)
    return offers.flatmap(
        lambda o: st.builds(c.Extend, clock=st.just(o[0]), until=st.just(due[o[0]] + o[1]), way=ways, letter=texts)
    )


def steps(kind: type[c.Command], **fields: st.SearchStrategy[Any]) -> Bodies:
    def bodies(story: Story) -> st.SearchStrategy[c.Command]:
        keys = [step.key for step in story.case.unfinished_steps]
        return st.builds(kind, step=st.sampled_from([*keys, "response_letter.1"]), **fields)

    return bodies


def items(kind: type[c.Command], **fields: st.SearchStrategy[Any]) -> Bodies:
    """Of what waits for a person by post or telephone, where something does."""

    def bodies(story: Story) -> st.SearchStrategy[c.Command]:
        keys = [step.key for step in story.case.steps if step.state == "waiting"]
        return st.builds(kind, item=st.sampled_from(keys or ["update_letter.1"]), **fields)

    return bodies


def sent(story: Story) -> st.SearchStrategy[c.Command]:
    keys = [step.key for step in story.case.steps if step.state == "done" and step.is_message]
    return st.builds(c.StepBounced, step=st.sampled_from(keys or ["response_letter.1"]), error=st.just("gone"))


BODIES: dict[type[c.Command], Bodies] = {
    c.Acknowledge: any_time(st.builds(c.Acknowledge, way=ways)),
    c.Assess: any_time(assessments),
    c.Explain: any_time(st.builds(c.Explain, way=ways, letter=texts)),
    c.Appeal: any_time(st.builds(c.Appeal, reason=texts)),
    c.Assign: any_time(
        st.builds(
            c.Assign,
            handler=st.sampled_from([None, None, HOTLINE, HANDLER, COLLEAGUE]),
            team=st.sampled_from([None, None, "heating", "plumbing"]),
        )
    ),
    c.Claim: any_time(st.just(c.Claim())),
    c.StartInvestigation: any_time(st.just(c.StartInvestigation())),
    c.Respond: any_time(
        st.builds(c.Respond, way=ways, letter=texts, outcome=codes, cause=codes, remedies=st.tuples(codes))
    ),
    c.Close: any_time(st.just(c.Close())),
    c.Note: any_time(st.builds(c.Note, text=texts)),
    c.Attach: any_time(st.builds(c.Attach, file=st.sampled_from("abc").map(lambda letter: "att_" + letter * 32))),
    c.Correct: any_time(corrections),
    c.Confirm: any_time(st.builds(c.Confirm, satisfaction=st.integers(1, 5), reason=st.none() | texts)),
    c.Withdraw: any_time(st.builds(c.Withdraw, reason=texts, confirmed_by=ways)),
    c.Reopen: any_time(st.builds(c.Reopen, reason=texts)),
    c.Hold: lambda story: st.builds(c.Hold, kind=st.sampled_from(HoldKind), until=from_now(story), reason=texts),
    c.Resume: any_time(st.builds(c.Resume, kind=st.sampled_from(HoldKind))),
    c.Extend: extensions,
    c.ApproveExtension: any_time(st.builds(c.ApproveExtension, clock=st.just(ClockKind.FINAL_RESPONSE))),
    c.UpdateCustomer: any_time(st.builds(c.UpdateCustomer, way=ways, letter=texts)),
    c.Escalate: any_time(st.builds(c.Escalate, level=st.integers(1, HIGHEST_LEVEL), reason=texts)),
    c.AcknowledgeEscalation: any_time(st.just(c.AcknowledgeEscalation())),
    c.PlanCallback: lambda story: st.builds(
        c.PlanCallback,
        window_from=st.just(story.now),
        window_to=from_now(story),
        caller=st.sampled_from([None, HANDLER]),
    ),
    c.RecordVisit: any_time(visits),
    c.ToStageTwo: any_time(st.builds(c.ToStageTwo, reason=texts)),
    c.ReferExternal: any_time(st.builds(c.ReferExternal, body=codes)),
    c.RecordExternalOutcome: any_time(
        st.builds(c.RecordExternalOutcome, decision=st.sampled_from(ExternalDecision), remedies=st.tuples(codes))
    ),
    c.RequestPartner: any_time(st.builds(c.RequestPartner, partner=codes, question=texts)),
    c.PartnerReply: any_time(st.builds(c.PartnerReply, number=numbers, answer=texts)),
    c.RequestRedress: any_time(st.builds(c.RequestRedress, kind=codes, money=money)),
    c.ApproveRedress: any_time(st.builds(c.ApproveRedress, number=numbers)),
    c.RejectRedress: any_time(st.builds(c.RejectRedress, number=numbers, reason=texts)),
    c.PayRedress: any_time(st.builds(c.PayRedress, number=numbers, proof=st.just("BANK-1"))),
    c.Merge: any_time(st.builds(c.Merge, into=st.sampled_from(["C-2026-000009", intake().reference]))),
    c.Unmerge: any_time(st.builds(c.Unmerge, reason=texts)),
    c.LinkIncident: any_time(st.builds(c.LinkIncident, incident=codes)),
    c.UnlinkIncident: any_time(st.builds(c.UnlinkIncident, reason=texts)),
    c.ChangePolicy: any_time(
        st.builds(c.ChangePolicy, policy=st.sampled_from([policy.pin for policy in POLICIES]), reason=texts)
    ),
    c.RecalculateClocks: any_time(
        st.builds(c.RecalculateClocks, calendar=st.sampled_from(sorted(NEWER)), reason=texts)
    ),
    c.Abort: any_time(st.builds(c.Abort, reason=texts)),
    c.RetryStep: steps(c.RetryStep),
    c.AmendStep: steps(
        c.AmendStep,
        reason=texts,
        way=st.sampled_from([None, *Way]),
        not_before=st.sampled_from(
            [s.RECEIVED_AT, s.RECEIVED_AT + timedelta(days=9), s.RECEIVED_AT + timedelta(days=99)]
        ),
    ),
    c.SkipStep: steps(c.SkipStep, reason=texts),
    c.Tick: any_time(st.just(c.Tick())),
    c.StepDone: steps(c.StepDone),
    c.StepFailed: steps(c.StepFailed, error=st.just("no"), attempts=st.just(5), is_final=st.booleans()),
    c.StepDeferred: lambda story: steps(c.StepDeferred, until=from_now(story))(story),
    c.StepBounced: sent,
    c.MarkPosted: items(c.MarkPosted),
    c.RecordCall: items(c.RecordCall, result=st.sampled_from(Reached)),
}
SELDOM = {
    "note",
    "attach",
    "correct",
    "withdraw",
    "abort",
    "change_policy",
    "recalculate_clocks",
    "merge",
    "unmerge",
} | {
    "amend_step",
    "link_incident",
    "unlink_incident",
}
"""What is lawful nearly everywhere, or ends the story: done less, so that the stories get on."""

reached: Counter[str] = Counter()
told: Counter[str] = Counter()


class CaseMachine(RuleBasedStateMachine):
    """One case; every rule gives it commands, lawful or not, or lets time pass."""

    place = "received"

    @initialize(
        of_intake=st.fixed_dictionaries(
            {
                "channel": st.sampled_from(["web", "web", "phone"]),
                "reachable_by": st.sampled_from([(Way.EMAIL,), s.EVERY_WAY, (Way.POST,)]),
                "is_emergency": st.sampled_from([False, False, True]),
                "subject_person": st.sampled_from([None, None, COLLEAGUE]),
            }
        ),
        policy=st.sampled_from(POLICIES),
        logged_after=spans,
    )
    def begin(self, of_intake: dict[str, Any], policy: Policy, logged_after: timedelta) -> None:
        """Receive a complaint and come as far as it goes to the place where this machine begins."""
        self.story = Story(policy, logged_at=s.RECEIVED_AT + logged_after, **of_intake)
        self.story.rulebook |= {SINCE_NOTICE.pin: (SINCE_NOTICE, OFFICE)}
        self.story.candidates = CANDIDATES
        told.update(self.story.facts)
        for command in WAYS_TO[self.place]:
            self.give(command, HANDLER)

    @rule(data=st.data(), times=st.integers(1, 4), span=spans)
    def people_take_what_is_offered(self, data: st.DataObject, times: int, span: timedelta) -> None:
        self.story.wait(seconds=span.total_seconds())
        for _ in range(times):
            self.take(data, self.offers(set(c.PERSONS_COMMANDS) - SELDOM))

    @rule(data=st.data())
    def somebody_takes_what_is_seldom_done(self, data: st.DataObject) -> None:
        self.take(data, self.offers(SELDOM))

    @rule(data=st.data(), kind=st.sampled_from(list(c.PERSONS_COMMANDS.values())), by=people, span=spans)
    def somebody_asks_for_anything(self, data: st.DataObject, kind: type[c.Command], by: str, span: timedelta) -> None:
        if kind is not c.Withdraw:
            self.story.wait(seconds=span.total_seconds())
            self.give(self.draw(data, kind), by)

    @rule(data=st.data(), span=spans)
    def a_step_takes_effect(self, data: st.DataObject, span: timedelta) -> None:
        self.story.wait(seconds=span.total_seconds())
        self.give(self.draw(data, c.StepDone), SYSTEM)

    @rule(data=st.data())
    def a_message_comes_back(self, data: st.DataObject) -> None:
        self.give(self.draw(data, c.StepBounced), SYSTEM)

    @rule(data=st.data())
    def a_message_comes_into_quiet_hours(self, data: st.DataObject) -> None:
        self.give(self.draw(data, c.StepDeferred), SYSTEM)

    @rule(data=st.data(), kind=st.sampled_from([c.MarkPosted, c.RecordCall]))
    def somebody_posts_or_calls(self, data: st.DataObject, kind: type[c.Command]) -> None:
        self.give(self.draw(data, kind), HANDLER)

    @rule(data=st.data())
    def a_step_fails(self, data: st.DataObject) -> None:
        self.give(self.draw(data, c.StepFailed), SYSTEM)

    @rule(data=st.data(), kind=st.sampled_from([c.RetryStep, c.AmendStep, c.SkipStep]))
    def an_operator_helps(self, data: st.DataObject, kind: type[c.Command]) -> None:
        self.give(self.draw(data, kind), OPERATOR)

    @rule(data=st.data())
    def somebody_acknowledges_on_a_way_that_the_customer_left(self, data: st.DataObject) -> None:
        self.give(c.Acknowledge(way=data.draw(st.sampled_from(self.story.case.intake.reachable_by))), HANDLER)

    @rule(kind=st.sampled_from(HoldKind), reason=texts)
    def a_hold_is_forgotten(self, kind: HoldKind, reason: str) -> None:
        self.give(c.Hold(kind=kind, until=self.story.now + timedelta(days=5), reason=reason), HANDLER)
        for _ in range(2):
            self.the_nearest_due_time_comes()

    @rule(letter=texts)
    def the_customer_is_told_by_telephone_how_it_stands(self, letter: str) -> None:
        self.give(c.UpdateCustomer(way=Way.CALL, letter=letter), HANDLER)
        for step in self.story.case.steps_in(StepState.WAITING):
            self.give(c.RecordCall(item=step.key, result=Reached.REACHED), HANDLER)

    @rule(attempts=st.lists(attempts_in_vain, min_size=1, max_size=6))
    def the_caller_calls_in_vain(self, attempts: list[c.Command]) -> None:
        for attempt in attempts:
            self.give(attempt, CALLER)
            self.story.wait(days=1)

    @rule(data=st.data(), times=st.integers(1, 3))
    def the_caller_calls(self, data: st.DataObject, times: int) -> None:
        for _ in range(times):
            self.give(data.draw(visits), CALLER)
            self.story.wait(days=1)

    @rule()
    def the_nearest_due_time_comes(self) -> None:
        due = self.story.case.nearest_due()
        if due is not None:
            self.story.now = max(due, self.story.now)
            self.give(c.Tick(), SYSTEM)
            assert self.is_quiet()

    def offers(self, wanted: set[str]) -> dict[str, list[str]]:
        """By command, who could give it now."""
        offers: dict[str, list[str]] = {}
        for person in STAFF.values():
            for name in wanted.intersection(allowed_commands(self.story.case, person, self.story.circumstances)):
                offers.setdefault(name, []).append(person.id)
        return offers

    def take(self, data: st.DataObject, offers: dict[str, list[str]]) -> None:
        if offers:
            name = data.draw(st.sampled_from(sorted(offers)))
            self.give(self.draw(data, c.PERSONS_COMMANDS[name]), data.draw(st.sampled_from(offers[name])))

    def draw(self, data: st.DataObject, kind: type[c.Command]) -> c.Command:
        return data.draw(BODIES[kind](self.story))

    def is_quiet(self) -> bool:
        """Nothing that was due by now still is: no timer would fire twice for it."""
        due = self.story.case.nearest_due()
        return due is None or due > self.story.now

    def give(self, command: c.Command, by: str) -> None:
        story, name = self.story, type(command).model_fields["command"].default
        before = story.case
        offered = not self.is_quiet() or self.is_offered(name, by)
        try:
            made = story.do(command, by)
        except Refused:
            assert story.case is before
            return
        told.update(made)
        reached[story.case.status] += 1
        assert offered
        assert story.case.status in {before.status} | LEADS_TO.get(name, {}).get(before.status, set())
        assert self.is_quiet()
        assert before.escalation_level <= story.case.escalation_level
        if name not in {"change_policy", "recalculate_clocks", "step_bounced"}:
            assert not earlier(before, story.case)

    def is_offered(self, name: str, by: str) -> bool:
        """What a person may do is offered; roles are not looked at where there is no such person."""
        if by not in STAFF or name not in c.PERSONS_COMMANDS or not may(STAFF[by], name):
            return True
        return name in allowed_commands(self.story.case, STAFF[by], self.story.circumstances)

    @invariant()
    def the_case_stands_where_its_last_entry_does(self) -> None:
        entries = self.story.entries
        assert self.story.case.sequence == entries[-1].sequence == len(entries)

    @invariant()
    def a_clock_is_in_one_state_and_its_times_say_which(self) -> None:
        holds = {hold.kind for hold in self.story.case.holds}
        for clock in self.story.case.clocks:
            assert state_is_told_by_times(clock), clock
            is_held = bool(holds.intersection(clock.paused_by))
            assert not clock.is_open or (clock.state is ClockState.PAUSED) is is_held, clock
        assert len({clock.key for clock in self.story.case.clocks}) == len(self.story.case.clocks)

    @invariant()
    def an_ended_case_owes_money_at_most_and_says_when_it_ended(self) -> None:
        case = self.story.case
        assert case.has_ended is (case.status in ENDED) is (case.ended_at is not None)
        if case.has_ended:
            assert not case.holds
            assert {clock.kind for clock in case.clocks if clock.is_open} <= {"redress_paid", "penalty_paid"}

    @invariant()
    def an_answered_case_promises_no_answer(self) -> None:
        if self.story.case.status in ANSWERED | ENDED | {"external"}:
            still_open = {clock.kind for clock in self.story.case.clocks if clock.is_open}
            assert not still_open & {"acknowledge", "first_response", "final_response", "periodic_update"}

    @invariant()
    def the_customer_is_never_sent_two_letters_of_a_kind_at_once(self) -> None:
        unfinished = Counter(step.kind for step in self.story.case.unfinished_steps if step.is_message)
        assert all(count == 1 for kind, count in unfinished.items() if kind not in TO_OTHERS)
        assert unfinished[StepKind.EXPLANATION_LETTER] + unfinished[StepKind.RESPONSE_LETTER] <= 1

    @invariant()
    def what_runs_will_be_carried_out(self) -> None:
        case = self.story.case
        running = any(step.state == "running" for step in case.steps)
        assert bool(case.steps_to_carry_out()) or not running or bool(case.parked)

    @invariant()
    def an_extension_has_a_clock_to_extend(self) -> None:
        extension = self.story.case.extension
        assert extension is None or any(c.key == extension.clock_key and c.is_open for c in self.story.case.clocks)

    @invariant()
    def four_eyes_see_the_money(self) -> None:
        redress = self.story.case.redress
        for request in redress:
            alone = request.requested_by == request.decided_by != SYSTEM and request.state in {"approved", "paid"}
            limit = STAFF[request.requested_by].redress_limit if request.requested_by in STAFF else 0
            assert not alone or request.money.amount <= limit
            assert (request.proof is not None) is (request.state == "paid")
        penalised = [request.penalty_for for request in redress if request.is_penalty]
        assert len(set(penalised)) == len(penalised)

    @invariant()
    def others_than_before_look_at_it_again(self) -> None:
        case = self.story.case
        assert case.stage == 1 or case.handler is None or case.handler != case.stage_one_handler
        days = [visit.at.date() for visit in case.callback.visits]
        assert len(set(days)) == len(days)

    def teardown(self) -> None:
        if not hasattr(self, "story"):
            return
        story = self.story
        assert [entry.sequence for entry in story.entries] == list(range(1, len(story.entries) + 1))
        assert fold(story.entries) == story.case
        assert Case.model_validate_json(story.case.model_dump_json()) == story.case
        self.time_runs_on()

    def time_runs_on(self) -> None:
        """Each tick at its time settles what was due; only the updates that are owed until the answer recur."""
        for _ in range(40):
            due = self.story.case.nearest_due()
            if due is None:
                return
            self.story.at(due).tick()
            assert self.is_quiet()
        assert {clock.kind for clock in self.story.case.running_clocks} == {"periodic_update"}


def state_is_told_by_times(clock: Clock) -> bool:
    met, breached = clock.met_at, clock.breached_at
    match clock.state:
        case ClockState.RUNNING | ClockState.PAUSED:
            return (
                met is None and breached is None and (clock.state is ClockState.PAUSED) is (clock.paused_at is not None)
            )
        case ClockState.MET:
            in_time = met is not None and met < clock.due_at
            return breached is None and (in_time or clock.paused_at is not None)
        case ClockState.BREACHED:
            return breached is not None and breached >= clock.due_at and (met is None or met >= breached)
        case ClockState.CANCELLED:
            return met is None and breached is None


def earlier(before: Case, after: Case) -> list[str]:
    """Clocks that are due earlier than they were."""
    due = {clock.key: clock.due_at for clock in before.clocks}
    return [clock.key for clock in after.clocks if clock.due_at < due.get(clock.key, clock.due_at)]


@pytest.mark.slow
def test_whatever_is_asked_of_a_case_it_stays_lawful() -> None:
    reached.clear()
    told.clear()
    for place in WAYS_TO:
        machine = type(f"CaseFrom{place.title().replace(' ', '')}", (CaseMachine,), {"place": place})
        run_state_machine_as_test(
            machine, settings=settings(max_examples=settings.default.max_examples // 3, stateful_step_count=40)
        )
    assert set(reached) == set(Status)
    assert set(told) == EVERY_FACT

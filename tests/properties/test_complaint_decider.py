"""The decider against random commands, by random people, at random times.

What must hold is written out here a second time, from the design; nothing of it is read from `law`.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.access import Person, may
from domain.complaints import commands as c
from domain.complaints.assignment import Candidate
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.decide import allowed_commands
from domain.complaints.evolve import fold
from domain.complaints.policy import Policy
from domain.complaints.situation import SYSTEM
from domain.complaints.terms import ClockState, RedressState, Status, StepState
from tests.properties.complaint_asking import ASKING, ENDING, INTAKES, SYSTEMS, Asking, people, spans
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import PLAIN, RICH, SECONDS
from tests.unit.complaints.story import COLLEAGUE, HANDLER, HOTLINE, OPERATOR, WAYS_TO, Story, text

OPEN = (
    *("received", "assessing", "explaining", "accepted", "assigned", "investigating"),
    *("responding", "responded", "callback", "stage_two", "external"),
)
ENDED = {"closed", "duplicate", "transferred", "withdrawn"}
ASSESSED = {"explaining", "accepted"}
EXPLAINED = {"closed", "duplicate", "transferred"}
TAKEN_UP_AGAIN = {"accepted", "assigned"}
ANSWERED = {"responded", "callback"}
LEADS_TO: dict[str, dict[str, set[str]]] = {
    "assess": {"received": ASSESSED, "assessing": ASSESSED},
    "explain": {"explaining": EXPLAINED},
    "appeal": {before: {"assessing"} for before in EXPLAINED},
    "assign": {before: {"assigned"} for before in ("accepted", "investigating")},
    "claim": {"accepted": {"assigned"}},
    "start_investigation": {"assigned": {"investigating"}, "stage_two": {"investigating"}},
    "respond": {"investigating": {"responding"} | ANSWERED},
    "close": {"responded": {"closed"}},
    "plan_callback": {"responded": {"callback"}},
    "record_visit": {"callback": {"closed", "stage_two"} | TAKEN_UP_AGAIN},
    "reopen": dict.fromkeys(("closed", *ANSWERED), TAKEN_UP_AGAIN),
    "to_stage_two": {before: {"stage_two"} for before in ("closed", *ANSWERED)},
    "refer_external": {before: {"external"} for before in ("closed", "stage_two", *ANSWERED)},
    "record_external_outcome": {"external": {"closed"}},
    "withdraw": {before: {"withdrawn"} for before in OPEN},
    "abort": {before: {"closed"} for before in OPEN},
    "skip_step": {"responding": {"investigating"}},
    "step_done": {"explaining": EXPLAINED, "responding": ANSWERED},
}
"""Where a command may lead from a status, besides leaving the case there; those not named never lead on."""

OWED_AFTER_THE_END = {"redress_paid", "penalty_paid"}
ANSWERS = {"explanation_letter", "response_letter"}
ALONE = {"acknowledgement", "update_letter", "extension_letter", "callback_letter", "referral_letter"}
"""Of these the customer never gets two at once."""

reached: Counter[str] = Counter()
told: Counter[str] = Counter()


class CaseMachine(RuleBasedStateMachine):
    """One case, brought as far as it goes to a place of a case's life; every rule gives it a command, lawful or not."""

    place = "received"

    @initialize(of_intake=INTAKES, policy=st.sampled_from([PLAIN, RICH, SECONDS]), logged_after=spans)
    def begin(self, of_intake: dict[str, Any], policy: Policy, logged_after: timedelta) -> None:
        self.story = Story(policy, logged_at=s.RECEIVED_AT + logged_after, **of_intake)
        self.story.candidates = (Candidate(s.STAFF[HANDLER], 3), Candidate(s.STAFF[COLLEAGUE], 5))
        for command in WAYS_TO[self.place]:
            self.give(command, HANDLER)

    @rule(data=st.data(), times=st.integers(1, 5), span=spans)
    def people_take_what_is_offered(self, data: st.DataObject, times: int, span: timedelta) -> None:
        for _ in range(times):
            by, name = data.draw(st.sampled_from(self.offers()))
            self.ask(data.draw(ASKING[name]), by, span)

    @rule(data=st.data(), name=st.sampled_from(sorted(ASKING.keys() - ENDING)), by=people, span=spans)
    def somebody_asks_for_anything(self, data: st.DataObject, name: str, by: str, span: timedelta) -> None:
        self.ask(data.draw(ASKING[name]), by, span)

    @rule(data=st.data(), name=st.sampled_from(sorted(ENDING)), patience=st.integers(0, 9))
    def somebody_gives_up(self, data: st.DataObject, name: str, patience: int) -> None:
        if patience == 0:
            self.ask(data.draw(ASKING[name]), HOTLINE, timedelta(0))

    @rule(asking=SYSTEMS, span=spans)
    def the_system_reports_anything(self, asking: Asking, span: timedelta) -> None:
        self.ask(asking, SYSTEM, span)

    @rule(data=st.data(), works=st.booleans(), span=spans)
    def a_step_ends(self, data: st.DataObject, works: bool, span: timedelta) -> None:
        running = [step.key for step in self.story.case.steps_to_carry_out()]
        if running:
            step = data.draw(st.sampled_from(running))
            outcome = c.StepDone(step=step) if works else c.StepFailed(step=step, error="mail_refused", attempts=5)
            self.ask(lambda _: outcome, SYSTEM, span)

    @rule(data=st.data(), retries=st.booleans())
    def an_operator_looks_after_a_parked_step(self, data: st.DataObject, retries: bool) -> None:
        parked = [step.key for step in self.story.case.parked]
        if parked:
            step = data.draw(st.sampled_from(parked))
            self.give(c.RetryStep(step=step) if retries else c.SkipStep(step=step, reason=text(1)), OPERATOR)

    def offers(self) -> list[tuple[str, str]]:
        """Who could do what now; a note only where there is nothing else to do."""
        offers = [
            (person.id, name)
            for person in s.STAFF.values()
            for name in allowed_commands(self.story.case, person, self.story.circumstances)
            if name not in {"note", "attach", "correct", *ENDING}
        ]
        return offers or [(HOTLINE, "note")]

    def ask(self, asking: Asking, by: str, span: timedelta) -> None:
        self.story.wait(seconds=span.total_seconds())
        self.give(asking(self.story.now), by)

    def give(self, command: c.Command, by: str) -> None:
        """Do the command if it is lawful; whatever is raised but a refusal ends the test."""
        story, before = self.story, self.story.case
        if story.refused(command, by) is not None:
            assert story.case == before
            return
        told.update(story.do(command, by))
        name = type(command).model_fields["command"].default
        assert story.case.status in {before.status} | LEADS_TO.get(name, {}).get(before.status, set())
        assert (story.case.nearest_due() or story.now + timedelta(1)) > story.now
        assert story.case.escalation_level >= before.escalation_level
        assert story.case.stage >= before.stage

    @invariant()
    def the_case_stands_where_its_last_entry_does(self) -> None:
        reached[self.story.case.status] += 1
        assert self.story.case.sequence == self.story.entries[-1].sequence == len(self.story.entries)

    @invariant()
    def a_clock_is_in_one_state_and_its_times_say_which(self) -> None:
        clocks = self.story.case.clocks
        assert len({clock.key for clock in clocks}) == len(clocks)
        for clock in clocks:
            check_times(clock)

    @invariant()
    def an_ended_case_owes_nothing_but_money_and_waits_for_nobody(self) -> None:
        case = self.story.case
        assert case.has_ended is (case.status in ENDED)
        assert (case.ended_at is not None) is case.has_ended
        if case.has_ended:
            assert case.holds == ()
            assert {clock.kind for clock in case.clocks if clock.is_open} <= OWED_AFTER_THE_END
            assert not [clock for clock in case.clocks if clock.state is ClockState.PAUSED]

    @invariant()
    def the_customer_is_never_sent_the_same_twice_at_once(self) -> None:
        unfinished = Counter(step.kind.value for step in self.story.case.unfinished_steps)
        assert sum(unfinished[kind] for kind in ANSWERS) <= 1
        assert all(unfinished[kind] <= 1 for kind in ALONE)

    @invariant()
    def what_runs_will_be_carried_out(self) -> None:
        """No running step waits for ever, unless a parked one before it waits for an operator."""
        case = self.story.case
        running = any(step.state is StepState.RUNNING for step in case.steps)
        assert bool(case.steps_to_carry_out()) or not running or bool(case.parked)

    @invariant()
    def what_goes_on_beside_the_line_is_in_order(self) -> None:
        case = self.story.case
        assert len({hold.kind for hold in case.holds}) == len(case.holds)
        assert [redress.number for redress in case.redress] == list(range(1, len(case.redress) + 1))
        assert case.extension is None or extended(case).is_open
        for redress in case.redress:
            assert (redress.decided_by is None) is (redress.state is RedressState.REQUESTED)
            assert (redress.proof is not None) is (redress.state is RedressState.PAID)

    @rule(person=st.sampled_from(list(s.STAFF.values())))
    def what_would_be_done_is_offered(self, person: Person) -> None:
        offered = set(allowed_commands(self.story.case, person, self.story.circumstances))
        possible = {
            name for name in BODIES if may(person, name) and self.story.refused(BODIES[name], person.id) is None
        }
        assert possible <= offered
        assert offered & NEED_NO_BODY <= possible

    def teardown(self) -> None:
        if not hasattr(self, "story"):
            return
        story = self.story
        assert [entry.sequence for entry in story.entries] == list(range(1, len(story.entries) + 1))
        assert fold(story.entries) == story.case
        assert Case.model_validate_json(story.case.model_dump_json()) == story.case


def check_times(clock: Clock) -> None:
    """What the times of a clock must be in its state; one that stood still when it was met may have been overdue."""
    assert clock.first_due_at <= clock.due_at
    match clock.state:
        case ClockState.RUNNING:
            assert (clock.met_at, clock.breached_at, clock.paused_at) == (None, None, None)
        case ClockState.PAUSED:
            assert (clock.met_at, clock.breached_at) == (None, None)
            assert clock.paused_at is not None
        case ClockState.MET:
            assert clock.met_at is not None
            assert clock.met_at < clock.due_at or clock.paused_at is not None
            assert clock.breached_at is None
        case ClockState.BREACHED:
            assert clock.breached_at is not None
            assert clock.breached_at >= clock.due_at
        case ClockState.CANCELLED:
            assert clock.met_at is None


def extended(case: Case) -> Clock:
    assert case.extension is not None
    clock = case.clock(case.extension.clock_key)
    assert clock is not None
    return clock


BODIES: dict[str, c.Command] = {
    "acknowledge": s.ACKNOWLEDGE,
    "assess": s.VALID,
    "explain": s.EXPLAIN,
    "appeal": s.APPEAL,
    "claim": s.CLAIM,
    "start_investigation": s.START,
    "respond": s.RESPOND,
    "close": s.CLOSE,
    "note": s.NOTE,
    "withdraw": s.WITHDRAW,
    "reopen": s.REOPEN,
    "update_customer": s.UPDATE,
    "acknowledge_escalation": s.ACKNOWLEDGE_ESCALATION,
    "record_visit": s.SETTLED,
    "to_stage_two": s.TO_STAGE_TWO,
    "refer_external": s.REFER,
    "record_external_outcome": s.EXTERNAL_OUTCOME,
    "request_partner": s.ASK_PARTNER,
    "request_redress": s.ASK_REDRESS,
    "merge": s.MERGE,
    "unmerge": s.UNMERGE,
    "link_incident": s.LINK_INCIDENT,
    "unlink_incident": s.UNLINK_INCIDENT,
    "abort": s.ABORT,
    "hold": s.HOLD,
    "resume": s.RESUME,
    "approve_extension": s.APPROVE_EXTENSION,
    "partner_reply": s.PARTNER_REPLY,
    "approve_redress": s.APPROVE_REDRESS,
    "reject_redress": s.REJECT_REDRESS,
    "pay_redress": s.PAY_REDRESS,
}
"""A body that passes if any does, or at least one that may."""
NEED_NO_BODY = BODIES.keys() - {
    *("hold", "resume", "approve_extension", "partner_reply", "approve_redress", "reject_redress", "pay_redress"),
    *("record_visit",),
}


def test_whatever_is_asked_of_a_case_it_stays_lawful() -> None:
    reached.clear()
    told.clear()
    each = settings(max_examples=settings().max_examples // 12, stateful_step_count=25)
    for place in WAYS_TO:
        run_state_machine_as_test(type("BegunThere", (CaseMachine,), {"place": place}), settings=each)
    assert set(reached) == set(Status)
    assert {"clock.breached", "step.failed", "step.skipped", "complaint.appealed", "complaint.reopened"} <= set(told)

"""The decider against random commands, by random people, at random times.

What must hold is written out here a second time, from the design; nothing of it is read from `RULES`.
"""

from collections import Counter
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.access import Person, Role, may
from domain.complaints import commands as c
from domain.complaints.decide import allowed_commands
from domain.complaints.evolve import fold
from domain.complaints.policy import Policy
from domain.complaints.situation import SYSTEM
from domain.complaints.terms import ClockState, Correctable, Decision, Status, StepKind, StepState, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.story import COLLEAGUE, HANDLER, HOTLINE, SUPERVISOR, WAYS_TO, Story, intake, text

OPEN = ("received", "assessing", "explaining", "accepted", "assigned", "investigating", "responding", "responded")
ASSESSED = {"explaining", "accepted"}
TAKEN_UP_AGAIN = {"accepted", "assigned"}
LEADS_TO: dict[str, dict[str, set[str]]] = {
    "assess": {"received": ASSESSED, "assessing": ASSESSED},
    "explain": {"explaining": {"closed", "duplicate", "transferred"}},
    "appeal": {before: {"assessing"} for before in ("closed", "duplicate", "transferred")},
    "assign": {before: {"assigned"} for before in ("accepted", "investigating")},
    "claim": {"accepted": {"assigned"}},
    "start_investigation": {"assigned": {"investigating"}},
    "respond": {"investigating": {"responding", "responded"}},
    "close": {"responded": {"closed"}},
    "reopen": {"responded": TAKEN_UP_AGAIN, "closed": TAKEN_UP_AGAIN},
    "withdraw": {before: {"withdrawn"} for before in OPEN},
    "skip_step": {"responding": {"investigating"}},
    "step_done": {"explaining": {"closed", "duplicate", "transferred"}, "responding": {"responded"}},
}
"""Where a command may lead from a status, besides leaving the case there; those not named never lead on."""
ENDED = {"closed", "duplicate", "transferred", "withdrawn"}

OPERATOR = "per_operator1"
PEOPLE = [*s.STAFF.values(), Person(id=OPERATOR, name=OPERATOR, roles=frozenset({Role.OPERATOR}))]

texts = st.integers(1, 99).map(text)
ways = st.sampled_from([Way.EMAIL, Way.EMAIL, *Way])
codes = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,63}", fullmatch=True)
people = st.sampled_from([HOTLINE, HANDLER, COLLEAGUE, SUPERVISOR, OPERATOR, "customer", "per_nobody1"])
handlers = st.sampled_from([HOTLINE, HANDLER, COLLEAGUE, "per_nobody1"])
step_keys = st.builds("{}.{}".format, st.sampled_from(StepKind), st.integers(1, 3))
spans = st.sampled_from([0, 0, 0, 1, 60, 3_600, 86_400, 3 * 86_400, 31 * 86_400]).map(lambda n: timedelta(seconds=n))

assessments = st.one_of(
    st.builds(c.Assess, decision=st.sampled_from([Decision.VALID, Decision.PARTLY])),
    st.builds(c.Assess, decision=st.sampled_from([Decision.INVALID, Decision.NOT_OURS]), ground=codes),
    st.builds(
        c.Assess,
        decision=st.just(Decision.DUPLICATE),
        ground=codes,
        duplicate_of=st.sampled_from(["C-2026-000009", intake().reference]),
    ),
)
corrections = st.one_of(
    st.builds(c.Correct, field=st.sampled_from(["category", "product", "region", "partner"]), code=codes),
    st.builds(c.Correct, field=st.just("severity"), code=st.sampled_from("12345")),
    st.builds(c.Correct, field=st.sampled_from(["name", "phone", "email", "address", "account"]), text=texts),
)
commands: dict[type[c.Command], st.SearchStrategy[c.Command]] = {
    c.Acknowledge: st.builds(c.Acknowledge, way=ways),
    c.Assess: assessments,
    c.Explain: st.builds(c.Explain, way=ways, letter=texts),
    c.Appeal: st.builds(c.Appeal, reason=texts),
    c.Assign: st.builds(c.Assign, handler=handlers),
    c.Claim: st.just(c.Claim()),
    c.StartInvestigation: st.just(c.StartInvestigation()),
    c.Respond: st.builds(
        c.Respond, way=ways, letter=texts, outcome=codes, cause=codes, remedies=st.lists(codes, max_size=2).map(tuple)
    ),
    c.Close: st.just(c.Close()),
    c.Note: st.builds(c.Note, text=texts),
    c.Correct: corrections,
    c.Withdraw: st.builds(c.Withdraw, reason=texts, confirmed_by=ways),
    c.Reopen: st.builds(c.Reopen, reason=texts),
    c.RetryStep: st.builds(c.RetryStep, step=step_keys),
    c.SkipStep: st.builds(c.SkipStep, step=step_keys, reason=texts),
}
asides = st.one_of(commands[c.Note], commands[c.Correct])
towards_the_end = st.one_of(*(commands[kind] for kind in commands if kind not in {c.Note, c.Correct, c.Withdraw}))
of_the_system = st.one_of(
    st.just(c.Tick()),
    st.builds(c.StepDone, step=step_keys),
    st.builds(c.StepFailed, step=step_keys, error=st.just("no"), attempts=st.just(5)),
)
intakes = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["web", "email", "phone", "visit"]),
        "reachable_by": st.sampled_from([(Way.EMAIL,), (Way.EMAIL, Way.PHONE), (Way.POST,), ()]),
    }
)

reached: Counter[str] = Counter()
told: Counter[str] = Counter()


class CaseMachine(RuleBasedStateMachine):
    """One case, brought as far as it goes to a place of a case's life; every rule gives it a command, lawful or not."""

    place = "received"

    @initialize(of_intake=intakes, policy=st.sampled_from([s.DEFAULT, s.SECONDS]), logged_after=spans)
    def begin(self, of_intake: dict[str, object], policy: Policy, logged_after: timedelta) -> None:
        self.story = Story(policy, logged_at=s.RECEIVED_AT + logged_after, **of_intake)
        for command in WAYS_TO[self.place]:
            self.give(command, HANDLER, timedelta(0))

    @rule(data=st.data(), times=st.integers(1, 5), span=spans)
    def people_take_what_is_offered(self, data: st.DataObject, times: int, span: timedelta) -> None:
        for _ in range(times):
            by, name = data.draw(st.sampled_from(self.offers()))
            self.give(data.draw(commands[c.PERSONS_COMMANDS[name]]), by, span)

    @rule(command=towards_the_end, by=people, span=spans)
    def somebody_asks_for_anything(self, command: c.Command, by: str, span: timedelta) -> None:
        self.give(command, by, span)

    @rule(command=asides, by=people, span=spans)
    def somebody_notes_or_corrects(self, command: c.Command, by: str, span: timedelta) -> None:
        self.give(command, by, span)

    @rule(command=commands[c.Withdraw], patience=st.integers(0, 9))
    def the_customer_loses_patience(self, command: c.Command, patience: int) -> None:
        if patience == 0:
            self.give(command, HOTLINE, timedelta(0))

    @rule(command=of_the_system, span=spans)
    def the_system_reports_anything(self, command: c.Command, span: timedelta) -> None:
        self.give(command, SYSTEM, span)

    @rule(data=st.data(), works=st.booleans(), span=spans)
    def a_step_ends(self, data: st.DataObject, works: bool, span: timedelta) -> None:
        running = [step.key for step in self.story.case.steps_to_carry_out()]
        if running:
            step = data.draw(st.sampled_from(running))
            outcome = c.StepDone(step=step) if works else c.StepFailed(step=step, error="mail_refused", attempts=5)
            self.give(outcome, SYSTEM, span)

    @rule(data=st.data(), retries=st.booleans())
    def an_operator_looks_after_a_parked_step(self, data: st.DataObject, retries: bool) -> None:
        parked = [step.key for step in self.story.case.parked]
        if parked:
            step = data.draw(st.sampled_from(parked))
            self.give(
                c.RetryStep(step=step) if retries else c.SkipStep(step=step, reason=text(1)), OPERATOR, timedelta(0)
            )

    def offers(self) -> list[tuple[str, str]]:
        """Who could do what now; a note only where there is nothing else to do."""
        offers = [
            (person.id, name)
            for person in PEOPLE
            for name in allowed_commands(self.story.case, person, self.story.circumstances)
            if name not in {"note", "correct", "withdraw"}
        ]
        return offers or [(HOTLINE, "note")]

    def give(self, command: c.Command, by: str, span: timedelta) -> None:
        story = self.story.wait(seconds=span.total_seconds())
        before = story.case
        if story.refused(command, by) is not None:  # whatever is raised but a refusal ends the test
            assert story.case == before
            return
        made = story.do(command, by)
        told.update(made)
        name = type(command).model_fields["command"].default
        assert story.case.status in {before.status} | LEADS_TO.get(name, {}).get(before.status, set())
        assert not [clock for clock in story.case.running_clocks if clock.due_at <= story.now]

    @invariant()
    def the_case_stands_where_its_last_entry_does(self) -> None:
        reached[self.story.case.status] += 1
        assert self.story.case.sequence == self.story.entries[-1].sequence == len(self.story.entries)

    @invariant()
    def a_clock_is_in_one_state_and_its_times_say_which(self) -> None:
        for clock in self.story.case.clocks:
            match clock.state:
                case ClockState.RUNNING:
                    assert (clock.met_at, clock.breached_at) == (None, None)
                case ClockState.MET:
                    assert clock.met_at is not None
                    assert clock.met_at < clock.due_at
                    assert clock.breached_at is None
                case ClockState.BREACHED:
                    assert clock.breached_at is not None
                    assert clock.breached_at >= clock.due_at
                case ClockState.CANCELLED:
                    assert clock.met_at is None
        assert len({clock.key for clock in self.story.case.clocks}) == len(self.story.case.clocks)

    @invariant()
    def an_ended_case_owes_nothing_and_says_when_it_ended(self) -> None:
        case = self.story.case
        assert case.has_ended is (case.status in ENDED)
        assert (case.ended_at is not None) is case.has_ended
        assert not (case.has_ended and case.running_clocks)

    @invariant()
    def the_customer_is_never_sent_two_letters_at_once(self) -> None:
        unfinished = [
            step.kind for step in self.story.case.steps if step.state in {StepState.RUNNING, StepState.PARKED}
        ]
        assert sum(kind in {"explanation_letter", "response_letter"} for kind in unfinished) <= 1
        assert unfinished.count(StepKind.ACKNOWLEDGEMENT) <= 1

    @invariant()
    def what_runs_will_be_carried_out(self) -> None:
        """No running step waits for ever, unless a parked one before it waits for an operator."""
        case = self.story.case
        running = any(step.state is StepState.RUNNING for step in case.steps)
        assert bool(case.steps_to_carry_out()) or not running or bool(case.parked)

    @rule(person=st.sampled_from(PEOPLE))
    def what_is_offered_is_what_would_be_done(self, person: Person) -> None:
        offered = set(allowed_commands(self.story.case, person, self.story.circumstances))
        possible = {name for name in c.PERSONS_COMMANDS if may(person, name) and self.can(name, person)}
        assert offered == possible

    def can(self, name: str, person: Person) -> bool:
        return any(self.story.refused(command, person.id) is None for command in self.bodies(name))

    def bodies(self, name: str) -> list[c.Command]:
        """Bodies of which one passes if any does."""
        keys = [step.key for step in self.story.case.steps] or ["response_letter.1"]
        category = "a" if self.story.case.intake.category == "b" else "b"
        bodies: dict[str, list[c.Command]] = {
            "acknowledge": [s.ACKNOWLEDGE],
            "assess": [s.VALID],
            "explain": [s.EXPLAIN],
            "appeal": [s.APPEAL],
            "assign": [s.ASSIGN],
            "claim": [s.CLAIM],
            "start_investigation": [s.START],
            "respond": [s.RESPOND],
            "close": [s.CLOSE],
            "note": [s.NOTE],
            "correct": [c.Correct(field=Correctable.CATEGORY, code=category)],
            "withdraw": [s.WITHDRAW],
            "reopen": [s.REOPEN],
            "retry_step": [c.RetryStep(step=key) for key in keys],
            "skip_step": [c.SkipStep(step=key, reason=text(1)) for key in keys],
        }
        return bodies[name]

    def teardown(self) -> None:
        if not hasattr(self, "story"):
            return
        story = self.story
        assert [entry.sequence for entry in story.entries] == list(range(1, len(story.entries) + 1))
        assert fold(story.entries) == story.case
        assert type(story.case).model_validate_json(story.case.model_dump_json()) == story.case


def test_whatever_is_asked_of_a_case_it_stays_lawful() -> None:
    reached.clear()
    told.clear()
    each = settings(max_examples=settings().max_examples // 12, stateful_step_count=25)
    for place in WAYS_TO:
        run_state_machine_as_test(type("BegunThere", (CaseMachine,), {"place": place}), settings=each)
    assert set(reached) == set(Status)
    assert {"clock.breached", "step.failed", "step.skipped", "complaint.appealed", "complaint.reopened"} <= set(told)

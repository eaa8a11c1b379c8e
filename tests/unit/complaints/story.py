"""A case told command by command in the pure domain, for tests: no store, no Temporal, a clock that the test moves.

The due times that tests expect were counted by hand: the case is received on Monday, 2 March 2026, at 09:30 UTC, under
the policy `PLAIN` unless a test says so (acknowledge in 1, answer in 15 calendar days).
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from domain.access import Person, Role
from domain.calendar import Calendar
from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.assignment import Candidate
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.decide import decide, decide_intake
from domain.complaints.evolve import fold
from domain.complaints.intake import Intake
from domain.complaints.policy import Money, Policy
from domain.complaints.situation import SYSTEM, Circumstances
from domain.complaints.terms import ClockKind, Decision, ExternalDecision, HoldKind, Reached, Solved, Status, Way
from domain.ruling import Refused
from tests.unit.complaints.rulebook import CALENDARS, IN_TOKYO, NEWER, PLAIN, RULEBOOK

RECEIVED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOTLINE, HANDLER, COLLEAGUE, SUPERVISOR = "per_hotline1", "per_handler1", "per_handler2", "per_supervisor1"
CALLER, OPERATOR = "per_caller1", "per_operator1"
CUSTOMER = "customer"
STAFF = {
    person: Person(id=person, name=person, roles=frozenset({role}), team="heating", redress_limit=Decimal(limit))
    for person, role, limit in (
        (HOTLINE, Role.HOTLINE, 0),
        (HANDLER, Role.HANDLER, 50),
        (COLLEAGUE, Role.HANDLER, 50),
        (SUPERVISOR, Role.SUPERVISOR, 1_000),
        (CALLER, Role.CALLER, 0),
        (OPERATOR, Role.OPERATOR, 0),
    )
}
Told = TypeVar("Told", bound=f.Fact)


def march(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of March 2026, UTC; midnight is where the day before is used up."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def text(number: int) -> str:
    """The id of a sealed text."""
    return f"txt_{number:032x}"


def intake(**changes: Any) -> Intake:
    """A complaint from the web form, of a customer who left an e-mail address."""
    fields: dict[str, Any] = {
        "reference": "C-2026-000017",
        "channel": "web",
        "received_at": RECEIVED_AT,
        "taken_by": HOTLINE,
        "customer": "cus_" + "c" * 32,
        "reachable_by": (Way.EMAIL,),
        "narrative": text(1),
    }
    return Intake.model_validate(fields | changes)


class Story:
    """A case with all its entries; time stands still until it is moved."""

    def __init__(
        self,
        policy: Policy = PLAIN,
        calendar: Calendar | None = None,
        *,
        logged_at: datetime | None = None,
        **of_intake: Any,
    ) -> None:
        self.pin = policy.pin
        self.rulebook = RULEBOOK | {policy.pin: (policy, calendar or CALENDARS[policy.calendar])}
        self.pinned: dict[str, Calendar] = {}
        self.neighbour: Case | None = None
        self.staff = STAFF
        self.candidates: tuple[Candidate, ...] = ()
        self.now = logged_at or RECEIVED_AT
        self.entries = list(decide_intake(intake(**of_intake), "receive", self.circumstances))
        self.case = fold(self.entries)
        self._numbers = count(1)

    @property
    def circumstances(self) -> Circumstances:
        policy, calendar = self.rulebook[self.pin]
        return Circumstances(
            now=self.now,
            policy=policy,
            calendar=calendar,
            staff=self.staff,
            candidates=self.candidates,
            pinned=self.calendars,
        )

    def renew(self, calendar: Calendar) -> "Story":
        """From now on this is the newest version of the policy's calendar."""
        policy, before = self.rulebook[self.pin]
        self.pinned[before.pin] = before
        self.rulebook[self.pin] = (policy, calendar)
        return self

    @property
    def facts(self) -> list[str]:
        return [entry.fact.type for entry in self.entries]

    def told(self, kind: type[Told]) -> list[Told]:
        """The facts of a type, in their order."""
        return [entry.fact for entry in self.entries if isinstance(entry.fact, kind)]

    @property
    def clock_states(self) -> dict[str, str]:
        return {clock.key: clock.state.value for clock in self.case.clocks}

    def clock(self, key: str) -> Clock:
        return next(clock for clock in self.case.clocks if clock.key == key)

    def due(self, key: str) -> datetime:
        return self.clock(key).due_at

    def submission(self, command: c.Command, by: str = HANDLER) -> c.Submission:
        return c.Submission.model_validate({"id": f"cmd-{next(self._numbers)}", "actor": by, "command": command})

    def do(self, command: c.Command, by: str = HANDLER) -> list[str]:
        """Do a command; the types of the facts that it made."""
        made = decide(self.case, self.submission(command, by), self._circumstances_of(command))
        self.entries += made
        self.case = fold(made, self.case)
        self.pin = self.case.policy
        return [entry.fact.type for entry in made]

    def refused(self, command: c.Command, by: str = HANDLER) -> str | None:
        """The guard that refuses a command; None if it would be done. Nothing is done either way."""
        try:
            decide(self.case, self.submission(command, by), self._circumstances_of(command))
        except Refused as refusal:
            return refusal.guard
        return None

    def _circumstances_of(self, command: c.Command) -> Circumstances:
        other = self.rulebook.get(command.policy) if isinstance(command, c.ChangePolicy) else None
        renewed = self.calendars.get(command.calendar) if isinstance(command, c.RecalculateClocks) else None
        neighbour = self.neighbour if isinstance(command, c.Merge) else None
        return replace(self.circumstances, other=other, renewed=renewed, neighbour=neighbour)

    @property
    def calendars(self) -> dict[str, Calendar]:
        """Every version of a calendar that there is."""
        return NEWER | self.pinned | {calendar.pin: calendar for _, calendar in self.rulebook.values()}

    def at(self, now: datetime) -> "Story":
        self.now = now
        return self

    def wait(self, **span: float) -> "Story":
        self.now += timedelta(**span)
        return self

    def delivered(self, step: str) -> list[str]:
        return self.do(c.StepDone(step=step, evidence="<1@mail.example>"), SYSTEM)

    def failed(self, step: str, error: str = "mail_server_away") -> list[str]:
        return self.do(c.StepFailed(step=step, error=error, attempts=5), SYSTEM)

    def tick(self) -> list[str]:
        return self.do(c.Tick(), SYSTEM)


ACKNOWLEDGE = c.Acknowledge(way=Way.PHONE)
VALID = c.Assess(decision=Decision.VALID)
INVALID = c.Assess(decision=Decision.INVALID, ground="unfounded")
DUPLICATE = c.Assess(decision=Decision.DUPLICATE, ground="already_answered", duplicate_of="C-2026-000009")
NOT_OURS = c.Assess(decision=Decision.NOT_OURS, ground="other_company")
SERVICE_REQUEST = c.Assess(decision=Decision.SERVICE_REQUEST, ground="not_a_complaint")
EXPLAIN = c.Explain(way=Way.PHONE, letter=text(2))
EXPLAIN_BY_MAIL = c.Explain(way=Way.EMAIL, letter=text(2))
APPEAL = c.Appeal(reason=text(3))
ASSIGN = c.Assign(handler=COLLEAGUE)
CLAIM = c.Claim()
START = c.StartInvestigation()
RESPOND = c.Respond(way=Way.PHONE, letter=text(4), outcome="upheld", cause="equipment")
RESPOND_BY_MAIL = c.Respond(way=Way.EMAIL, letter=text(4), outcome="upheld", cause="equipment")
CLOSE = c.Close()
NOTE = c.Note(text=text(5))
WITHDRAW = c.Withdraw(reason=text(6), confirmed_by=Way.PHONE)
REOPEN = c.Reopen(reason=text(7))
HOLD = c.Hold(kind=HoldKind.CUSTOMER, until=RECEIVED_AT + timedelta(days=5), reason=text(10))
RESUME = c.Resume(kind=HoldKind.CUSTOMER)
EXTEND = c.Extend(
    clock=ClockKind.FINAL_RESPONSE, until=RECEIVED_AT + timedelta(days=18), way=Way.PHONE, letter=text(11)
)
APPROVE_EXTENSION = c.ApproveExtension(clock=ClockKind.FINAL_RESPONSE)
UPDATE = c.UpdateCustomer(way=Way.PHONE, letter=text(12))
UPDATE_BY_MAIL = c.UpdateCustomer(way=Way.EMAIL, letter=text(12))
ESCALATE = c.Escalate(level=1, reason=text(13))
ACKNOWLEDGE_ESCALATION = c.AcknowledgeEscalation()
PLAN = c.PlanCallback(window_from=RECEIVED_AT, window_to=RECEIVED_AT + timedelta(days=3))
SETTLED = c.RecordVisit(way=Way.PHONE, result=Reached.REACHED, solved=Solved.YES, satisfaction=5)
NOT_SETTLED = c.RecordVisit(way=Way.PHONE, result=Reached.REACHED, solved=Solved.NO, satisfaction=1, reason=text(14))
NO_ANSWER = c.RecordVisit(way=Way.PHONE, result=Reached.NO_ANSWER)
TO_STAGE_TWO = c.ToStageTwo(reason=text(15))
REFER = c.ReferExternal(body="ombudsman")
EXTERNAL_OUTCOME = c.RecordExternalOutcome(decision=ExternalDecision.UPHELD, remedies=("apology",))
ASK_PARTNER = c.RequestPartner(partner="installer", question=text(16))
PARTNER_REPLY = c.PartnerReply(number=1, answer=text(17))
ASK_REDRESS = c.RequestRedress(kind="refund", money=Money(amount=Decimal(200), currency="GBP"))
APPROVE_REDRESS = c.ApproveRedress(number=1)
REJECT_REDRESS = c.RejectRedress(number=1, reason=text(18))
PAY_REDRESS = c.PayRedress(number=1, proof="BANK-2026/117")
MERGE = c.Merge(into="C-2026-000009")
UNMERGE = c.Unmerge(reason=text(19))
LINK_INCIDENT = c.LinkIncident(incident="outage-7")
UNLINK_INCIDENT = c.UnlinkIncident(reason=text(20))
RECALCULATE = c.RecalculateClocks(calendar=IN_TOKYO.pin, reason=text(23))
CHANGE_POLICY = c.ChangePolicy(policy="test-seconds@1", reason=text(21))
ATTACH = c.Attach(file="att_" + "f" * 32)
ABORT = c.Abort(reason=text(22))
EVERY_WAY = (Way.EMAIL, Way.PHONE, Way.POST)
UPDATE_BY_CALL = UPDATE.model_copy(update={"way": Way.CALL})
RESPOND_BY_POST = RESPOND.model_copy(update={"way": Way.POST})

WAYS_TO: dict[str, tuple[c.Command, ...]] = {
    "received": (),
    "assessing on appeal": (INVALID, EXPLAIN, APPEAL),
    "explaining": (INVALID,),
    "accepted": (VALID,),
    "assigned": (VALID, CLAIM),
    "investigating": (VALID, CLAIM, START),
    "responding": (VALID, CLAIM, START, RESPOND_BY_MAIL),
    "responded": (VALID, CLAIM, START, RESPOND),
    "callback": (VALID, CLAIM, START, RESPOND, PLAN),
    "stage_two unassigned": (VALID, CLAIM, START, RESPOND, TO_STAGE_TWO),
    "stage_two assigned": (VALID, CLAIM, START, RESPOND, TO_STAGE_TWO, ASSIGN),
    "external": (VALID, CLAIM, START, RESPOND, REFER),
    "closed after an answer": (VALID, CLAIM, START, RESPOND, CLOSE),
    "closed as invalid": (INVALID, EXPLAIN),
    "duplicate": (DUPLICATE, EXPLAIN),
    "transferred": (NOT_OURS, EXPLAIN),
    "withdrawn": (WITHDRAW,),
}
"""How to come to each place of a case's life by the shortest way."""

STATUS_AT = {place: Status(place.split()[0]) for place in WAYS_TO}


def story_at(place: str, policy: Policy = PLAIN, calendar: Calendar | None = None, **of_intake: Any) -> Story:
    """A case at one of `WAYS_TO`; no time has passed, and its notice is on the way."""
    story = Story(policy, calendar, **of_intake)
    for command in WAYS_TO[place]:
        story.do(command)
    assert story.case.status is STATUS_AT[place]
    return story


def answered_story(policy: Policy, calendar: Calendar | None = None, **of_intake: Any) -> Story:
    """A case that was answered on the telephone, wherever the policy's callback leaves it."""
    return tell(story_at("investigating", policy, calendar, **of_intake), RESPOND)


def tell(story: Story, *commands: c.Command, by: str = HANDLER) -> Story:
    """The story after these commands of one person."""
    for command in commands:
        story.do(command, by)
    return story

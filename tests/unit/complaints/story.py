"""A case told command by command in the pure domain, for tests: no store, no Temporal, a clock that the test moves.

The due times that tests expect were counted by hand: the case is received on Monday, 2 March 2026, at 09:30 UTC, in a
calendar that is always open, under the shipped `default` policy (acknowledge in 1, answer in 15 calendar days).
"""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from domain.access import Person, Role
from domain.complaints import commands as c
from domain.complaints import shipped
from domain.complaints.decide import decide, decide_intake
from domain.complaints.evolve import fold
from domain.complaints.intake import Intake
from domain.complaints.policy import Policy
from domain.complaints.situation import SYSTEM, Circumstances, Refused
from domain.complaints.terms import Decision, Status, Way

RECEIVED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOTLINE, HANDLER, COLLEAGUE, SUPERVISOR = "per_hotline1", "per_handler1", "per_handler2", "per_supervisor1"
STAFF = {
    person: Person(id=person, name=person, roles=frozenset({role}), team="heating")
    for person, role in (
        (HOTLINE, Role.HOTLINE),
        (HANDLER, Role.HANDLER),
        (COLLEAGUE, Role.HANDLER),
        (SUPERVISOR, Role.SUPERVISOR),
    )
}
CALENDAR = shipped.every_day("UTC")
DEFAULT = next(policy for policy in shipped.policies() if policy.id == "default")
SECONDS = next(policy for policy in shipped.policies() if policy.id == "demo")


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

    def __init__(self, policy: Policy = DEFAULT, *, logged_at: datetime | None = None, **of_intake: Any) -> None:
        self.policy = policy
        self.staff = STAFF
        self.now = logged_at or RECEIVED_AT
        self.entries = list(decide_intake(intake(**of_intake), "receive", self.circumstances))
        self.case = fold(self.entries)
        self._numbers = count(1)

    @property
    def circumstances(self) -> Circumstances:
        return Circumstances(now=self.now, policy=self.policy, calendar=CALENDAR, staff=self.staff)

    @property
    def facts(self) -> list[str]:
        return [entry.fact.type for entry in self.entries]

    def submission(self, command: c.Command, by: str = HANDLER) -> c.Submission:
        return c.Submission.model_validate({"id": f"cmd-{next(self._numbers)}", "actor": by, "command": command})

    def do(self, command: c.Command, by: str = HANDLER) -> list[str]:
        """Do a command; the types of the facts that it made."""
        made = decide(self.case, self.submission(command, by), self.circumstances)
        self.entries += made
        self.case = fold(made, self.case)
        return [entry.fact.type for entry in made]

    def refused(self, command: c.Command, by: str = HANDLER) -> str | None:
        """The guard that refuses a command; None if it would be done. Nothing is done either way."""
        try:
            decide(self.case, self.submission(command, by), self.circumstances)
        except Refused as refusal:
            return refusal.guard
        return None

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

WAYS_TO: dict[str, tuple[c.Command, ...]] = {
    "received": (),
    "assessing on appeal": (INVALID, EXPLAIN, APPEAL),
    "explaining": (INVALID,),
    "accepted": (VALID,),
    "assigned": (VALID, CLAIM),
    "investigating": (VALID, CLAIM, START),
    "responding": (VALID, CLAIM, START, RESPOND_BY_MAIL),
    "responded": (VALID, CLAIM, START, RESPOND),
    "closed after an answer": (VALID, CLAIM, START, RESPOND, CLOSE),
    "closed as invalid": (INVALID, EXPLAIN),
    "duplicate": (DUPLICATE, EXPLAIN),
    "transferred": (NOT_OURS, EXPLAIN),
    "withdrawn": (WITHDRAW,),
}
"""How to come to each place of a case's life by the shortest way."""

STATUS_AT = {place: Status(place.split()[0]) for place in WAYS_TO}


def story_at(place: str, policy: Policy = DEFAULT, **of_intake: Any) -> Story:
    """A case at one of `WAYS_TO`, its notice delivered; no time has passed."""
    story = Story(policy, **of_intake)
    for command in WAYS_TO[place]:
        story.do(command)
    assert story.case.status is STATUS_AT[place]
    return story

"""Who may do what: one table for every route, command and page.

Which cases a person sees (own ones, the team's) is decided here too, so that no interface has a rule of its own.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Role(StrEnum):
    HOTLINE = "hotline"
    HANDLER = "handler"
    CALLER = "caller"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"
    ANALYST = "analyst"
    PARTNER = "partner"
    AUDITOR = "auditor"
    PRIVACY = "privacy"
    ADMIN = "admin"
    CUSTOMER = "customer"
    """Whoever holds the link of a case; never a member of staff."""


STAFF_ROLES = frozenset(Role) - {Role.CUSTOMER}
"""What can be given to people and systems of the registry."""


class Person(BaseModel):
    """A member of staff, or a system that acts like one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    roles: frozenset[Role]
    team: str | None = None
    languages: tuple[str, ...] = ()
    active: bool = True
    redress_limit: Decimal = Decimal(0)
    absent_until: datetime | None = None

    def is_absent(self, at: datetime) -> bool:
        return self.absent_until is not None and at < self.absent_until


class LinkHolder(Person):
    """Somebody outside who holds a signed link: sees one case, and does there what the link's role may do."""

    case: str


class Permission(StrEnum):
    """What can be done through an interface, apart from the commands of a case."""

    TAKE_COMPLAINT = "complaint.take"
    IMPORT_COMPLAINTS = "complaint.import"
    LOOK_UP_CALLERS = "complaint.lookup"
    LIST_COMPLAINTS = "complaint.list"
    READ_COMPLAINT = "complaint.read"
    READ_CUSTOMER = "customer.read"
    PRINT_FORMS = "form.print"
    EXPORT_CASE = "case.export"
    READ_STEPS = "step.read"
    READ_OPERATIONS = "operations.read"
    MANAGE_STAFF = "staff.manage"
    READ_STAFF = "staff.read"
    READ_POLICIES = "policy.read"
    SIMULATE_POLICIES = "policy.simulate"
    READ_TAXONOMY = "taxonomy.read"
    READ_CALENDARS = "calendar.read"
    MANAGE_CALENDARS = "calendar.manage"
    GIVE_LINKS = "link.give"
    MANAGE_WEBHOOKS = "webhook.manage"
    READ_WEBHOOKS = "webhook.read"
    REPLAY_WEBHOOKS = "webhook.replay"
    PREVIEW_LETTERS = "letter.preview"
    READ_LETTERS = "letter.list"
    PRINT_LETTERS = "letter.print"
    REPORT_BOUNCES = "bounce.report"
    READ_CONTACT = "contact.read"
    SET_CONTACT = "contact.set"
    MANAGE_CORRESPONDENTS = "correspondent.manage"
    READ_PERSONAL_DATA_LOG = "personal_data.log"
    READ_FRAME = "frame.read"
    MANAGE_FRAME = "frame.manage"
    READ_SURVEYS = "survey.read"
    MANAGE_SURVEYS = "survey.manage"
    READ_WAVES = "wave.read"
    PLAN_WAVES = "wave.plan"
    READ_RESPONSES = "wave.responses"
    REVIEW_HANDLERS = "wave.handlers"
    INTERVIEW = "wave.interview"
    IMPORT_ANSWERS = "wave.import_answers"
    FOLLOW_UP = "follow_up.do"
    READ_PERSONAL_DATA = "personal_data.read"
    ERASE_PERSONAL_DATA = "personal_data.erase"
    HOLD_PERSONAL_DATA = "personal_data.hold"
    READ_RETENTION = "retention.read"
    SEARCH_NARRATIVES = "narrative.search"
    READ_UNDERTAKINGS = "undertaking.read"
    PROPOSE_IMPROVEMENT = "improvement.propose"
    OPEN_INCIDENT = "incident.open"
    ORDER_ANALYSIS = "analysis.order"
    READ_SCORECARD = "partner.scorecard"
    READ_RETURNS = "return.read"
    BEGIN_STUDY = "defection.begin"
    USE_CONSOLE = "console.use"
    READ_INTERVIEWEE = "defection.interviewee"
    READ_BOARD = "board.read"
    KEEP_VIEWS = "view.keep"
    CALL_BACK = "callback.list"


_H, _A, _C, _S, _O = Role.HOTLINE, Role.HANDLER, Role.CALLER, Role.SUPERVISOR, Role.OPERATOR
_CASE_READERS = frozenset({_H, _A, _C, _S, Role.AUDITOR})
_EVERYONE = STAFF_ROLES - {Role.PARTNER}
_X = Role.CUSTOMER

ALLOWED: dict[str, frozenset[Role]] = {
    Permission.TAKE_COMPLAINT: frozenset({_H, _S}),
    Permission.IMPORT_COMPLAINTS: frozenset({_S}),
    Permission.LOOK_UP_CALLERS: frozenset({_H, _S}),
    Permission.LIST_COMPLAINTS: _CASE_READERS,
    Permission.READ_COMPLAINT: _CASE_READERS,
    Permission.READ_CUSTOMER: _CASE_READERS,
    Permission.PRINT_FORMS: _CASE_READERS,
    Permission.EXPORT_CASE: frozenset({_S, Role.AUDITOR}),
    Permission.READ_STEPS: frozenset({_O, _S}),
    Permission.READ_OPERATIONS: frozenset({_O, Role.ADMIN}),
    Permission.MANAGE_STAFF: frozenset({Role.ADMIN}),
    Permission.READ_STAFF: frozenset({Role.ADMIN, _S}),
    Permission.READ_POLICIES: _EVERYONE,
    Permission.SIMULATE_POLICIES: frozenset({Role.ADMIN, _S}),
    Permission.READ_TAXONOMY: _EVERYONE,
    Permission.READ_CALENDARS: _EVERYONE,
    Permission.MANAGE_CALENDARS: frozenset({Role.ADMIN}),
    Permission.GIVE_LINKS: frozenset({_H, _A, _S}),
    Permission.MANAGE_WEBHOOKS: frozenset({Role.ADMIN}),
    Permission.READ_WEBHOOKS: frozenset({Role.ADMIN, _O}),
    Permission.REPLAY_WEBHOOKS: frozenset({Role.ADMIN, _O}),
    Permission.PREVIEW_LETTERS: frozenset({_H, _A, _S}),
    Permission.READ_LETTERS: frozenset({_H, _A, _S}),
    Permission.PRINT_LETTERS: frozenset({_H, _A, _S}),
    Permission.REPORT_BOUNCES: frozenset({_O}),
    Permission.READ_CONTACT: _CASE_READERS,
    Permission.SET_CONTACT: frozenset({_H, _A, _S}),
    Permission.MANAGE_CORRESPONDENTS: frozenset({Role.ADMIN}),
    "mark_posted": frozenset({_H, _A, _S}),
    "record_call": frozenset({_H, _A, _S}),
    Permission.READ_PERSONAL_DATA_LOG: frozenset({Role.AUDITOR, Role.PRIVACY}),
    Permission.READ_FRAME: frozenset({Role.ANALYST, _S, Role.ADMIN}),
    Permission.MANAGE_FRAME: frozenset({Role.ANALYST, _S, Role.ADMIN}),
    Permission.READ_SURVEYS: frozenset({Role.ANALYST, _S, _O, Role.AUDITOR}),
    Permission.MANAGE_SURVEYS: frozenset({Role.ANALYST, _S}),
    Permission.READ_WAVES: frozenset({Role.ANALYST, _S, _O, Role.AUDITOR}),
    Permission.PLAN_WAVES: frozenset({Role.ANALYST, _S}),
    Permission.READ_RESPONSES: frozenset({Role.ANALYST, _S}),
    Permission.REVIEW_HANDLERS: frozenset({Role.ANALYST, _S, Role.AUDITOR}),
    Permission.INTERVIEW: frozenset({_C, _S}),
    Permission.IMPORT_ANSWERS: frozenset({Role.ANALYST, _S}),
    Permission.FOLLOW_UP: frozenset({_C, _S}),
    "wave.launch": frozenset({Role.ANALYST, _S}),
    "wave.pause": frozenset({Role.ANALYST, _S}),
    "wave.resume": frozenset({Role.ANALYST, _S}),
    "wave.extend": frozenset({Role.ANALYST, _S}),
    "wave.revise": frozenset({Role.ANALYST, _S}),
    "wave.close": frozenset({Role.ANALYST, _S}),
    "wave.cancel": frozenset({Role.ANALYST, _S}),
    "wave.release_reserve": frozenset({Role.ANALYST, _S}),
    "wave.sign_off": frozenset({_S}),
    "wave.retry_step": frozenset({_O}),
    "wave.skip_step": frozenset({_O}),
    Permission.READ_PERSONAL_DATA: frozenset({Role.PRIVACY}),
    Permission.ERASE_PERSONAL_DATA: frozenset({Role.PRIVACY}),
    Permission.HOLD_PERSONAL_DATA: frozenset({Role.PRIVACY}),
    Permission.READ_RETENTION: frozenset({Role.AUDITOR, Role.PRIVACY}),
    Permission.SEARCH_NARRATIVES: _CASE_READERS | {Role.PRIVACY},
    Permission.READ_UNDERTAKINGS: frozenset({_A, _S, Role.ANALYST, Role.AUDITOR}),
    Permission.PROPOSE_IMPROVEMENT: frozenset({_H, _A, _C, _S, Role.ANALYST}),
    Permission.OPEN_INCIDENT: frozenset({_H, _A, _S}),
    Permission.ORDER_ANALYSIS: frozenset({_S, Role.ANALYST}),
    Permission.READ_RETURNS: frozenset({_S, Role.ANALYST, Role.AUDITOR}),
    Permission.READ_SCORECARD: frozenset({_A, _S, Role.ANALYST, Role.AUDITOR}),
    Permission.BEGIN_STUDY: frozenset({_S, Role.ANALYST}),
    Permission.USE_CONSOLE: _EVERYONE,
    Permission.READ_INTERVIEWEE: frozenset({_A, _S}),
    Permission.READ_BOARD: frozenset({_S, Role.AUDITOR}),
    Permission.KEEP_VIEWS: _CASE_READERS,
    Permission.CALL_BACK: frozenset({_C, _S}),
    "improvement.approve": frozenset({_S}),
    "improvement.reject": frozenset({_S}),
    "improvement.start": frozenset({_A, _S, Role.PARTNER}),
    "improvement.reassign": frozenset({_S}),
    "improvement.extend": frozenset({_S}),
    "improvement.reply": frozenset({_A, _S, Role.PARTNER}),
    "improvement.report_done": frozenset({_A, _S, Role.PARTNER}),
    "improvement.cancel": frozenset({_S}),
    "incident.confirm": frozenset({_S}),
    "incident.link_more": frozenset({_S}),
    "incident.dismiss": frozenset({_S}),
    "incident.answer": frozenset({_A, _S}),
    "incident.close": frozenset({_S}),
    "analysis.sign_off": frozenset({_S}),
    "analysis.cancel": frozenset({_S, Role.ANALYST}),
    "defection.assign": frozenset({_S}),
    "defection.record_interview": frozenset({_A, _S}),
    "defection.no_interview": frozenset({_A, _S}),
    "defection.regroup": frozenset({_S}),
    "defection.cancel": frozenset({_S}),
    "acknowledge": frozenset({_H, _A, _S}),
    "assess": frozenset({_A, _S}),
    "explain": frozenset({_H, _A, _S}),
    "appeal": frozenset({_H, _S, _X}),
    "assign": frozenset({_S}),
    "claim": frozenset({_A}),
    "start_investigation": frozenset({_A, _S}),
    "respond": frozenset({_A, _S}),
    "close": frozenset({_A, _S}),
    "note": frozenset({_H, _A, _C, _S, _X}),
    "correct": frozenset({_H, _A, _S}),
    "confirm": frozenset({_X}),
    "withdraw": frozenset({_H, _S, _X}),
    "reopen": frozenset({_H, _S, _X}),
    "attach": frozenset({_H, _A, _C, _S, _X, Role.PARTNER}),
    "hold": frozenset({_A, _S}),
    "resume": frozenset({_A, _S}),
    "extend": frozenset({_A, _S}),
    "approve_extension": frozenset({_S}),
    "update_customer": frozenset({_H, _A, _S}),
    "escalate": frozenset({_H, _A, _S}),
    "acknowledge_escalation": frozenset({_S}),
    "plan_callback": frozenset({_C, _S}),
    "record_visit": frozenset({_C, _S}),
    "to_stage_two": frozenset({_H, _S}),
    "refer_external": frozenset({_S}),
    "record_external_outcome": frozenset({_S}),
    "request_partner": frozenset({_A, _S}),
    "partner_reply": frozenset({Role.PARTNER, _A, _S}),
    "request_redress": frozenset({_A, _S}),
    "approve_redress": frozenset({_S}),
    "reject_redress": frozenset({_S}),
    "pay_redress": frozenset({_A, _S}),
    "merge": frozenset({_S}),
    "unmerge": frozenset({_S}),
    "link_incident": frozenset({_S}),
    "unlink_incident": frozenset({_S}),
    "change_policy": frozenset({_S}),
    "recalculate_clocks": frozenset({_S}),
    "abort": frozenset({_O}),
    "retry_step": frozenset({_O}),
    "amend_step": frozenset({_O}),
    "skip_step": frozenset({_O}),
}
"""Roles by permission; a command of a case is a permission under its own name."""

PUBLIC_ROUTES = frozenset(
    {
        "/health/live",
        "/health/ready",
        "/metrics",
        "/openapi.json",
        "/complain",
        "/pages/amends.css",
        "/console/sign-in",
        "/console/console.css",
        "/console/console.js",
        "/console/icon.svg",
    }
)
"""What answers without a token: nothing there is about anybody. Every other route asks for a permission."""

LINK_ROUTES = frozenset({"/case/{token}", "/partner/{token}", "/improvement/{token}", "/r/{token}"})
"""What answers to whoever holds a signed link, which says what it is about."""


def may(person: Person, permission: str) -> bool:
    """Whether one of the person's roles allows it; a permission without a row allows nobody."""
    return person.active and not person.roles.isdisjoint(ALLOWED.get(permission, frozenset()))


CALLED_BACK = ("responded", "callback")
"""The statuses in which callers have to do with a case."""


@dataclass(frozen=True, slots=True)
class CaseScope:
    """Which cases a person sees: all, one, those taken, those within a handler's reach, those to be called back.

    Within a handler's reach are the own ones, the team's and those that nobody has yet.
    """

    everything: bool = False
    only: str | None = None
    taken_by: str | None = None
    handler: str | None = None
    team: str | None = None
    called_back: bool = False

    def covers(self, *, reference: str, taken_by: str, handler: str | None, team: str | None, status: str) -> bool:
        """The rule that `storage.cases` also says in SQL; a test holds the two together."""
        if reference == self.only or (self.called_back and status in CALLED_BACK):
            return True
        if self.everything or (self.taken_by is not None and self.taken_by == taken_by):
            return True
        if self.handler is None:
            return False
        of_the_team = team is not None and team == self.team
        return handler == self.handler or of_the_team or (handler is None and team is None)


def scope_of(person: Person) -> CaseScope:
    """What a person may see of all cases."""
    if isinstance(person, LinkHolder):
        return CaseScope(only=person.case)
    handles = Role.HANDLER in person.roles
    return CaseScope(
        everything=not person.roles.isdisjoint({Role.SUPERVISOR, Role.AUDITOR}),
        taken_by=person.id if Role.HOTLINE in person.roles else None,
        handler=person.id if handles else None,
        team=person.team if handles else None,
        called_back=Role.CALLER in person.roles,
    )

"""The words of complaint handling (ISO 10002, GB/T 19012) as closed lists.

Open lists that an organisation edits (channels, categories, causes …) are in `taxonomy`.
"""

from enum import StrEnum


class Status(StrEnum):
    """Where a case stands in its life."""

    RECEIVED = "received"
    ASSESSING = "assessing"
    EXPLAINING = "explaining"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    INVESTIGATING = "investigating"
    RESPONDING = "responding"
    RESPONDED = "responded"
    CALLBACK = "callback"
    STAGE_TWO = "stage_two"
    EXTERNAL = "external"
    CLOSED = "closed"
    DUPLICATE = "duplicate"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"


ENDED = frozenset({Status.CLOSED, Status.DUPLICATE, Status.TRANSFERRED, Status.WITHDRAWN})
UNANSWERED = frozenset(Status) - ENDED - {Status.RESPONDED, Status.CALLBACK, Status.EXTERNAL}
"""Where the customer waits for an answer of ours."""


class Decision(StrEnum):
    """What the validity check found (识别)."""

    VALID = "valid"
    PARTLY = "partly"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    NOT_OURS = "not_ours"
    SERVICE_REQUEST = "service_request"


UPHELD = frozenset({Decision.VALID, Decision.PARTLY})


class Way(StrEnum):
    """How something reaches the customer: by a step of ours, or told by the person who says so.

    `phone` is a conversation that took place; `call` asks a colleague to have one.
    """

    EMAIL = "email"
    PHONE = "phone"
    VISIT = "visit"
    POST = "post"
    SMS = "sms"
    CALL = "call"
    WEB = "web"
    """On a page of ours, which the customer has before the eyes."""


SENT = frozenset({Way.EMAIL, Way.SMS})
"""Handed over by a step; it has reached the customer when the channel took it."""
BY_HAND = frozenset({Way.POST, Way.CALL})
"""Done by a person: printed and posted, or told on the telephone. It has reached the customer when that is recorded."""
ORDERED = SENT | BY_HAND
"""Ways that begin with a step; by any other the customer has been told already."""
CONTACT_FOR = {Way.EMAIL: Way.EMAIL, Way.SMS: Way.PHONE, Way.CALL: Way.PHONE, Way.POST: Way.POST}
"""The contact data that each of them needs, as `reachable_by` names it."""


class ClockKind(StrEnum):
    """What is promised; `periodic_update` recurs, and `partner_reply` and `redress_paid` run once a request."""

    ACKNOWLEDGE = "acknowledge"
    ASSESS = "assess"
    EXPLAIN = "explain"
    FIRST_RESPONSE = "first_response"
    PERIODIC_UPDATE = "periodic_update"
    FINAL_RESPONSE = "final_response"
    PARTNER_REPLY = "partner_reply"
    CALLBACK = "callback"
    REDRESS_PAID = "redress_paid"
    PENALTY_PAID = "penalty_paid"


class ClockState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"


class StepKind(StrEnum):
    """An effect outside the case, carried out as an activity of its own."""

    ACKNOWLEDGEMENT = "acknowledgement"
    EXPLANATION_LETTER = "explanation_letter"
    RESPONSE_LETTER = "response_letter"
    UPDATE_LETTER = "update_letter"
    EXTENSION_LETTER = "extension_letter"
    REFERRAL_LETTER = "referral_letter"
    CALLBACK_LETTER = "callback_letter"
    HOLDING_LETTER = "holding_letter"
    SUMMARY_LETTER = "summary_letter"
    REMINDER_LETTER = "reminder_letter"
    PARTNER_REQUEST = "partner_request"
    ESCALATION_NOTICE = "escalation_notice"
    IDENTITY_CORRECTION = "identity_correction"


ANSWERS = frozenset({StepKind.RESPONSE_LETTER, StepKind.SUMMARY_LETTER})
UPDATES = frozenset({StepKind.UPDATE_LETTER, StepKind.HOLDING_LETTER})
LETTERS = ANSWERS | {StepKind.EXPLANATION_LETTER}
TO_OTHERS = frozenset({StepKind.PARTNER_REQUEST, StepKind.ESCALATION_NOTICE})
"""Not to the customer: to a partner, to staff."""


class StepState(StrEnum):
    """`waiting`: for a person who posts or calls; `deferred`: until quiet hours end; `replaced`: by another way."""

    RUNNING = "running"
    WAITING = "waiting"
    DEFERRED = "deferred"
    PARKED = "parked"
    REPLACED = "replaced"
    DONE = "done"
    SKIPPED = "skipped"
    DROPPED = "dropped"


class Correctable(StrEnum):
    """What may be corrected in a case; the first five are codes, the rest is the customer's personal data."""

    CATEGORY = "category"
    SEVERITY = "severity"
    PRODUCT = "product"
    REGION = "region"
    PARTNER = "partner"
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    ACCOUNT = "account"


PERSONAL = frozenset({Correctable.NAME, Correctable.PHONE, Correctable.EMAIL, Correctable.ADDRESS, Correctable.ACCOUNT})


class HoldKind(StrEnum):
    """Whom a held case waits for."""

    CUSTOMER = "customer"
    PARTNER = "partner"
    EVIDENCE = "evidence"
    LEGAL = "legal"
    REGULATOR = "regulator"


class Reached(StrEnum):
    """What came of an attempt to call the customer back (回访结果)."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    ANOTHER_TIME = "another_time"


class Solved(StrEnum):
    """Whether the customer finds the matter settled."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class RedressState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAID = "paid"


class ExternalDecision(StrEnum):
    """How an ombudsman, regulator or court decided."""

    UPHELD = "upheld"
    PARTLY = "partly"
    NOT_UPHELD = "not_upheld"
    SETTLED = "settled"

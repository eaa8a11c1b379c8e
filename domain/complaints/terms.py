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
    CLOSED = "closed"
    DUPLICATE = "duplicate"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"


ENDED = frozenset({Status.CLOSED, Status.DUPLICATE, Status.TRANSFERRED, Status.WITHDRAWN})


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
    """How something reaches the customer: by a step of ours, or told by the person who says so."""

    EMAIL = "email"
    PHONE = "phone"
    VISIT = "visit"
    POST = "post"


class ClockKind(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    FINAL_RESPONSE = "final_response"


class ClockState(StrEnum):
    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"


class StepKind(StrEnum):
    """An effect outside the case, carried out as an activity of its own."""

    ACKNOWLEDGEMENT = "acknowledgement"
    EXPLANATION_LETTER = "explanation_letter"
    RESPONSE_LETTER = "response_letter"
    IDENTITY_CORRECTION = "identity_correction"


LETTERS = frozenset({StepKind.EXPLANATION_LETTER, StepKind.RESPONSE_LETTER})


class StepState(StrEnum):
    RUNNING = "running"
    PARKED = "parked"
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

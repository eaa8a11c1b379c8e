"""The points that a letter may have to make: a closed list; which ones a letter must make is the policy's to say."""

from enum import StrEnum


class Point(StrEnum):
    """What the law may want to be in a letter. By which words each is recognised stands in `letters/points.toml`."""

    REFERENCE = "reference"
    OUTCOME = "outcome"
    REASONS = "reasons"
    REMEDY = "remedy"
    NEW_DATE = "new_date"
    CONTACT = "contact"
    DISAGREE = "disagree"
    EXTERNAL_BODY = "external_body"
    TIME_LIMIT = "time_limit"
    ACCEPTED_AS_RESOLVED = "accepted_as_resolved"

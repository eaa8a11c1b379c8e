"""A measure: what a signed report hands over to an improvement, the contract of analyses and waves with it."""

from domain.complaints.command_parts import Code, SealedText
from domain.undertakings.undertaking import Part, Target

MOST_MEASURES = 20
"""So many measures of a report may be accepted with one sign-off."""


class Measure(Part):
    """A measure that a sign-off accepts: an improvement is proposed for it, once. `title` is a sealed text."""

    title: SealedText
    target: Target = Target()
    partner: Code | None = None

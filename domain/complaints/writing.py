"""Letters to the customer: a template in the customer's language, filled in."""

from collections.abc import Mapping

from domain.complaints.shipped import letter
from domain.complaints.terms import StepKind

_GREETING = {"zh": ("尊敬的{name}：", "尊敬的客户："), "en": ("Dear {name},", "Dear customer,")}


def write(kind: StepKind, language: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body of a letter. `fields` are `reference`, `name` (may be empty) and `text`."""
    template = letter(kind, language)
    named, anonymous = _GREETING.get(language, _GREETING["en"])
    greeting = named.format(name=fields["name"]) if fields["name"] else anonymous
    filled = {**fields, "greeting": greeting}
    return template.subject.substitute(filled), template.body.substitute(filled)

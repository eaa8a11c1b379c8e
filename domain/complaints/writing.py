"""Writing letters: a template in the reader's language, filled in.

What people wrote is put in as it is and never read as a template. A paragraph of a template that names something
which is not known (the status link, a due time) is left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.complaints.shipped import LetterTemplate, newest_template, taxonomy, template
from domain.complaints.terms import StepKind, Way

_GREETING = {"zh": ("尊敬的{name}：", "尊敬的客户："), "en": ("Dear {name},", "Dear customer,")}
_COLLEAGUE = {"zh": "各位同事：", "en": "Dear colleagues,"}
_PARTNER = {"zh": "尊敬的合作伙伴：", "en": "Dear partner,"}
_ADDRESSED = {StepKind.ESCALATION_NOTICE: _COLLEAGUE, StepKind.PARTNER_REQUEST: _PARTNER}
_MOMENTS = frozenset({"due", "until"})
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
NOT_KNOWN = "–"
"""What stands in a registered template of a gateway where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it goes out; `parameters` are what a gateway fills into a template of its own."""

    template: str
    subject: str
    body: str
    parameters: Mapping[str, str]


def write(kind: StepKind, language: str, fields: Mapping[str, str], code: str | None = None) -> tuple[str, str]:
    """Subject and body of a letter. `fields` are `reference`, `name` (may be empty), `text` and what else is known."""
    written = compose(code or newest_template(kind, language, Way.EMAIL), fields)
    return written.subject, written.body


def compose(code: str, fields: Mapping[str, str]) -> Written:
    """The message of a template, with the greeting that its reader is due."""
    chosen = template(code)
    filled = {**fields, "greeting": _greeting(chosen, fields.get("name", ""))}
    if not chosen.subject.template:
        values = {name: filled.get(name) or NOT_KNOWN for name in chosen.parameters}
        return Written(code, "", chosen.body.substitute(values), values)
    subject = {name: filled.get(name) or NOT_KNOWN for name in chosen.subject.get_identifiers()}
    paragraphs = (_filled(paragraph, filled) for paragraph in chosen.body.template.split("\n\n"))
    body = "\n\n".join(paragraph for paragraph in paragraphs if paragraph is not None)
    return Written(code, chosen.subject.substitute(subject), body, {})


def worded(particulars: Mapping[str, str], language: str, zone: str) -> dict[str, str]:
    """What a letter names of its case, in the reader's words: dates in the zone, codes by their names."""
    return {name: _worded(name, value, language, zone) for name, value in particulars.items()}


def dated(at: datetime, language: str, zone: str) -> str:
    """A day as it is written in a letter."""
    day = at.astimezone(ZoneInfo(zone))
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _worded(name: str, value: str, language: str, zone: str) -> str:
    if name in _MOMENTS:
        return dated(datetime.fromisoformat(value), language, zone)
    term = taxonomy().body.get(value) if name == "body" else None
    return value if term is None else term.zh if language == "zh" else term.en


def _filled(paragraph: str, fields: Mapping[str, str]) -> str | None:
    """The paragraph, each name replaced once; None if it names something that is not known."""
    names = re.findall(r"\$([a-z_]+)", paragraph)
    if any(not fields.get(name) for name in names):
        return None
    return re.sub(r"\$([a-z_]+)", lambda found: fields[found[1]], paragraph)


def _greeting(chosen: LetterTemplate, name: str) -> str:
    addressed = _ADDRESSED.get(StepKind(chosen.kind))
    if addressed is not None:
        return addressed[chosen.language]
    named, anonymous = _GREETING[chosen.language]
    return named.replace("{name}", name) if name else anonymous

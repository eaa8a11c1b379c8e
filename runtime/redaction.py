"""Taking personal data and secrets out of text that is about to be logged.

This is the second net. The first is that nothing personal is logged: our code logs ids and codes. Here are caught the
texts of others: messages of libraries, of PostgreSQL and of mail servers. Patterns find addresses, numbers and secrets;
they cannot find a name or a street, so fields that are personal by name are masked whole.

A number of seven digits or more is taken for a phone number or worse, however it is grouped, unless it is part of a
time, a case reference, an id, a hash, an IP address or a short decimal.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from domain.privacy import PERSONAL_FIELDS, DataClass

LONGEST = 20_000
"""Characters of one text that are logged. It also bounds the time that the patterns below take."""

_DATE = r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"[0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:Z|[+-][0-2]\d:?[0-5]\d)?"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_KEPT = "|".join(
    (
        rf"{_DATE}(?:[T ]{_TIME})?",
        r"(?:19|20)\d{6}T\d{6}Z",  # ISO 8601, basic format
        _TIME,
        r"[A-Z]{1,3}-20\d\d-\d{6}",  # a case reference
        r"[a-z]{2,12}_[0-9a-f]{32}",  # an id of ours
        r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}",  # a UUID
        r"(?=[0-9]*[a-f])[0-9a-f]{16,128}",  # a hash: hexadecimal, with a letter in it
        r"0x[0-9a-f]+",  # an address in memory
        rf"{_OCTET}(?:\.{_OCTET}){{3}}(?::\d{{1,5}})?",  # an IPv4 address and port
        r"(?:0|[1-9]\d{0,2})\.\d{1,6}",  # a decimal, such as seconds
    )
)
_KEPT_WHOLE = rf"(?<![0-9A-Za-z.])(?:{_KEPT})(?![0-9A-Za-z]|\.\d)"
_SEPARATOR = r"[\s().\-–/ ]{1,3}"
_NUMBER = rf"\+?\d(?:(?:{_SEPARATOR}(?!{_KEPT_WHOLE}))?\d){{6,}}[Xx]?"  # X ends some Chinese identity numbers
_NUMBERS = re.compile(rf"(?P<kept>{_KEPT_WHOLE})|{_NUMBER}")

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # What pydantic quotes of a refused value.
    (re.compile(r"input_value=.*?(?=, input_type=|\]|$)", re.DOTALL), "input_value=[value]"),
    # What asyncio quotes of a task that failed unheard.
    (re.compile(r"exception=([\w.]+)\(.*\)>", re.DOTALL), r"exception=\1([value])>"),
    # user:password@ of a URL; a password may hold anything but a blank, and the user may be an e-mail address.
    (re.compile(r"://(?:[^\s:/?#]{0,200}:\S{0,200}|[^\s/?#]{0,200})@"), "://[credentials]@"),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{4,}", re.IGNORECASE), r"\1 [token]"),
    (
        re.compile(
            r"\b(authorization|password|passwd|secret|token|api[_-]?key|master[_-]?key)(\\?[\"']?\s*[=:]\s*\\?[\"']?)"
            r"(?!\[token\])[^\s\"',;&\\]+",
            re.IGNORECASE,
        ),
        r"\1\2[secret]",
    ),
    # Links that open a case or a questionnaire to whoever holds them.
    (re.compile(r"(/(?:case|r)/)[\w.~-]{16,}"), r"\1[token]"),
    # RFC 5321 and 6531; %40 in a URL and the full-width ＠ are the same sign.
    (re.compile(r"[^\s@＠<>()\[\],;:\"]{1,64}(?:[@＠]|%40)[\w-]{1,63}(?:[.。．][\w-]{1,63}){1,8}"), "[email]"),
)

_HIDDEN_FIELDS = frozenset(
    name for name, field in PERSONAL_FIELDS.items() if field.data_class is not DataClass.PREFERENCE
)


def redact(text: str) -> str:
    """The text without e-mail addresses, phone-like numbers, tokens, passwords and quoted values; cut when too long."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… [{len(text) - LONGEST} characters cut]"
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return _NUMBERS.sub(lambda found: found["kept"] or "[number]", text)


_redact_name = lru_cache(maxsize=1024)(redact)  # the names of fields are few and come on every line


def redact_value(value: Any) -> Any:
    """A value of a log entry, redacted however deep it is nested; unknown objects become redacted text."""
    match value:
        case None | bool():
            return value
        case str():
            return redact(value)
        case int() | float():
            return value if abs(value) < 1_000_000 else redact(str(value))
        case Mapping():
            return redact_fields(value)
        case list() | tuple() | set() | frozenset():
            return [redact_value(item) for item in value]
        case _:
            return redact(str(value))


def redact_fields(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """The fields of a log entry; those that are personal by name are hidden whole."""
    return {
        _redact_name(str(name)): "[hidden]" if name in _HIDDEN_FIELDS else redact_value(value)
        for name, value in fields.items()
    }

"""The limits of a question as parts of its XLSForm constraint, and found in it again."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.surveys.questionnaire import Answerable, Matrix, MultipleChoice, Number, OpenText

_NUMBER = r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_WHOLE = r"(\d+)"

LIMITS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "number": {
        "minimum": re.compile(rf"\.\s*>=\s*{_NUMBER}"),
        "maximum": re.compile(rf"\.\s*<=\s*{_NUMBER}"),
    },
    "text": {"longest": re.compile(rf"string-length\(\s*\.\s*\)\s*<=\s*{_WHOLE}")},
    "multiple": {
        "least": re.compile(rf"count-selected\(\s*\.\s*\)\s*>=\s*{_WHOLE}"),
        "most": re.compile(rf"count-selected\(\s*\.\s*\)\s*<=\s*{_WHOLE}"),
        "exclusive": re.compile(
            r"""not\(\s*selected\(\s*\.\s*,\s*['"]([^'"]+)['"]\s*\)\s+and\s+count-selected\(\s*\.\s*\)\s*>\s*1\s*\)"""
        ),
    },
}
"""By type of question: what each limit looks like; `exclusive` may be there for several choices."""

_SIGN = re.compile(r"'[^']*'|\"[^\"]*\"|[()]|\b(?:and|or)\b(?![-(])")


@dataclass(frozen=True, slots=True)
class Limited:
    """What a constraint says: limits as pairs of field and value, and what else must hold."""

    limits: tuple[tuple[str, str], ...]
    rest: str | None


def with_limits(question: Answerable | Matrix) -> str | None:
    """The question's own constraint and its limits as one expression of XLSForm."""
    limits = [*_limits(question)]
    if not limits:
        return question.constraint
    return " and ".join([f"({question.constraint})", *limits] if question.constraint else limits)


def without_limits(constraint: str, kind: str) -> Limited:
    """Take the limits that a question of this kind has out of an expression of XLSForm."""
    limits, others = [], []
    for part in _conjuncts(constraint):
        found = [(field, match[1]) for field, form in LIMITS.get(kind, {}).items() if (match := form.fullmatch(part))]
        limits += found
        others += [] if found else [part]
    if not limits:
        return Limited((), constraint)
    return Limited(tuple(limits), _joined(others))


def _limits(question: Answerable | Matrix) -> Iterator[str]:
    match question:
        case Number(minimum=minimum, maximum=maximum):
            yield f". >= {_shortest(minimum)}"
            yield f". <= {_shortest(maximum)}"
        case OpenText(longest=longest):
            yield f"string-length(.) <= {longest}"
        case MultipleChoice(least=least, most=most):
            yield from [f"count-selected(.) >= {least}"] if least else []
            yield from [f"count-selected(.) <= {most}"] if most else []
            alone = [choice.code for choice in question.choices if choice.exclusive]
            yield from (f"not(selected(., '{code}') and count-selected(.) > 1)" for code in (*alone, *question.missing))


def _shortest(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _joined(parts: Sequence[str]) -> str | None:
    if len(parts) == 1 and parts[0].startswith("(") and parts[0].endswith(")"):
        return parts[0][1:-1]
    return " and ".join(parts) or None


def _conjuncts(text: str) -> list[str]:
    """What "and" joins outside brackets and quotes; the whole where "or" joins something there."""
    parts, start, depth = [], 0, 0
    for sign in _SIGN.finditer(text):
        depth += (sign[0] == "(") - (sign[0] == ")")
        if depth == 0 and sign[0] == "or":
            return [text]
        if depth == 0 and sign[0] == "and":
            parts.append(text[start : sign.start()].strip())
            start = sign.end()
    return [*parts, text[start:].strip()]

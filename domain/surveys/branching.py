"""The small language of `relevant` and `constraint`: comparisons, and/or/not, selected(). Parsed here, never evaluated
by an interpreter of anything larger.

It is a subset of XLSForm's, so that forms travel unchanged:

    expression  = conjunction { "or" conjunction }
    conjunction = condition { "and" condition }
    condition   = "not" "(" expression ")" | "(" expression ")" | comparison
                | "selected" "(" reference "," text ")"
    comparison  = operand ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) operand
    operand     = reference | number | text
    reference   = "${" id "}" | "."             "." is the answer that a constraint is about
    text        = "'" … "'" | '"' … '"'

A comparison with a question that has no answer is false, whatever the operator; so is an order of a text and a number.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import TypeAlias

LONGEST_EXPRESSION = 1_000
DEEPEST_NESTING = 20
OWN_ANSWER = "."

Answer: TypeAlias = int | float | str | tuple[str, ...] | None
"""A number or scale code, a choice or missing code or text, the chosen codes, or nothing."""

_COMPARE: dict[str, Callable[[int | float | str, int | float | str], bool]] = {
    "=": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}

_TOKEN = re.compile(
    r"""
        \$\{(?P<reference>[a-z][a-z0-9_]*)\}
      | (?P<number>-?\d+(?:\.\d+)?)
      | '(?P<single>[^']*)' | "(?P<double>[^"]*)"
      | (?P<operator>!=|<=|>=|=|<|>)
      | (?P<word>[a-z]+)
      | (?P<mark>[().,])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """The answer to a question, or with `OWN_ANSWER` the answer that is being checked."""

    question: str


@dataclass(frozen=True, slots=True)
class Literally:
    value: float | str


@dataclass(frozen=True, slots=True)
class Comparison:
    left: "Operand"
    operator: str
    right: "Operand"


@dataclass(frozen=True, slots=True)
class Selected:
    reference: Reference
    code: str


@dataclass(frozen=True, slots=True)
class Not:
    part: "Expression"


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: "tuple[Expression, ...]"


Operand: TypeAlias = Reference | Literally
Expression: TypeAlias = Comparison | Selected | Not | AllOf | AnyOf


@lru_cache(maxsize=4_096)
def parse_expression(text: str) -> Expression:
    """Parse an expression; raises ValueError that names the position and what was expected there."""
    if len(text) > LONGEST_EXPRESSION:
        raise ValueError(f"an expression may have {LONGEST_EXPRESSION} characters, not {len(text)}")
    return _Parser(tuple(_tokens(text))).whole()


def holds(expression: Expression, answers: Mapping[str, Answer]) -> bool:
    """Whether an expression is true of the answers by question id (`OWN_ANSWER` for the one being checked)."""
    match expression:
        case AllOf(parts):
            return all(holds(part, answers) for part in parts)
        case AnyOf(parts):
            return any(holds(part, answers) for part in parts)
        case Not(part):
            return not holds(part, answers)
        case Selected(reference, code):
            return _is_selected(answers.get(reference.question), code)
        case Comparison(left, operator, right):
            return _compares(_value(left, answers), operator, _value(right, answers))


def conditions(expression: Expression) -> Iterator[Comparison | Selected]:
    """The comparisons and selections that an expression is made of."""
    match expression:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from conditions(part)
        case Not(part):
            yield from conditions(part)
        case _:
            yield expression


def references(expression: Expression) -> frozenset[str]:
    """The questions that an expression looks at, `OWN_ANSWER` among them."""
    return frozenset(name for condition in conditions(expression) for name in _referenced(condition))


def _referenced(condition: Comparison | Selected) -> Iterator[str]:
    operands = (condition.reference,) if isinstance(condition, Selected) else (condition.left, condition.right)
    yield from (operand.question for operand in operands if isinstance(operand, Reference))


def _value(operand: Operand, answers: Mapping[str, Answer]) -> Answer:
    return operand.value if isinstance(operand, Literally) else answers.get(operand.question)


def _is_selected(answer: Answer, code: str) -> bool:
    return code in answer if isinstance(answer, tuple) else answer == code


def _compares(left: Answer, operator: str, right: Answer) -> bool:
    if left is None or right is None or isinstance(left, tuple) or isinstance(right, tuple):
        return False
    alike = isinstance(left, str) == isinstance(right, str)
    return _COMPARE[operator](left, right) if alike or operator in {"=", "!="} else False


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def _tokens(text: str) -> Iterator[_Token]:
    position = _next_sign(text, 0)
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise ValueError(f"position {position + 1}: {text[position]!r} is not part of the language")
        yield _Token(match.lastgroup, match[match.lastgroup], position + 1)
        position = _next_sign(text, match.end())
    yield _Token("end", "the end", len(text) + 1)


def _next_sign(text: str, position: int) -> int:
    return len(text) - len(text[position:].lstrip())


class _Parser:
    """Recursive descent over the tokens; each method reads one rule of the grammar."""

    def __init__(self, tokens: tuple[_Token, ...]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Expression:
        expression = self._expression()
        if self._peek.kind != "end":
            raise self._unexpected("and, or, or the end")
        return expression

    def _expression(self) -> Expression:
        parts = [self._conjunction()]
        while self._accept("word", "or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _conjunction(self) -> Expression:
        parts = [self._condition()]
        while self._accept("word", "and"):
            parts.append(self._condition())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _condition(self) -> Expression:
        if self._accept("word", "not"):
            return Not(self._in_brackets())
        if self._accept("word", "selected"):
            return self._selection()
        if self._peek.text == "(" and self._peek.kind == "mark":
            return self._in_brackets()
        return self._comparison()

    def _in_brackets(self) -> Expression:
        self._expect("(")
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            raise ValueError(f"brackets may be nested {DEEPEST_NESTING} deep")
        expression = self._expression()
        self._depth -= 1
        self._expect(")")
        return expression

    def _selection(self) -> Selected:
        self._expect("(")
        if self._peek.kind != "reference" and self._peek.text != OWN_ANSWER:
            raise self._unexpected("a question")
        reference = Reference(self._take().text)
        self._expect(",")
        if self._peek.kind not in {"single", "double"}:
            raise self._unexpected("a code in quotes")
        code = self._take().text
        self._expect(")")
        return Selected(reference, code)

    def _comparison(self) -> Comparison:
        left = self._operand()
        if self._peek.kind != "operator":
            raise self._unexpected("a comparison")
        operator = self._take().text
        return Comparison(left, operator, self._operand())

    def _operand(self) -> Operand:
        token = self._peek
        if token.kind == "reference":
            return Reference(self._take().text)
        if token.kind == "number":
            return Literally(float(self._take().text))
        if token.kind in {"single", "double"}:
            return Literally(self._take().text)
        if self._accept("mark", OWN_ANSWER):
            return Reference(OWN_ANSWER)
        raise self._unexpected("a question, a number or a text in quotes")

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._peek
        self._next += 1
        return token

    def _accept(self, kind: str, text: str) -> bool:
        found = self._peek.kind == kind and self._peek.text == text
        self._next += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._accept("mark", mark):
            raise self._unexpected(f'"{mark}"')

    def _unexpected(self, expected: str) -> ValueError:
        return ValueError(f"position {self._peek.position}: {expected} is expected, not {self._peek.text!r}")

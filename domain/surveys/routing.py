"""Whether conditions, constraints and texts refer to what is there: earlier questions, their codes, their scales.

Whether anybody can get through is the matter of `reachability`.
"""

from collections.abc import Iterator, Mapping

from domain.surveys.branching import (
    OWN_ANSWER,
    Comparison,
    Expression,
    Literally,
    Operand,
    Reference,
    Selected,
    conditions,
    references,
)
from domain.surveys.errors import Problem
from domain.surveys.questionnaire import (
    PLACEHOLDER,
    Answerable,
    Item,
    MultipleChoice,
    Number,
    OpenText,
    Order,
    Questionnaire,
    Ranking,
    Rating,
    SingleChoice,
)

Known = Mapping[str, Answerable | None]
"""What may be referred to: questions by id; none for a known attribute, whose values are free."""


def reference_faults(questionnaire: Questionnaire) -> Iterator[Problem]:
    """Every reference of a condition, constraint or text that does not hold, by question."""
    for item, known in _with_what_is_known(questionnaire):
        for expression in item.conditions:
            yield from (Problem(f"{item.id} relevant", fault) for fault in _expression_faults(expression, known))
        if item.constraint is not None:
            own = {**known, OWN_ANSWER: item.question}
            yield from (Problem(f"{item.id} constraint", fault) for fault in _expression_faults(item.constraint, own))
        for place, text in item.question.texts():
            named = {name for each in text.values() for name in PLACEHOLDER.findall(each)}
            yield from (Problem(f"{item.id} {place}", _not_earlier(name)) for name in sorted(named - known.keys()))


def _with_what_is_known(questionnaire: Questionnaire) -> Iterator[tuple[Item, Known]]:
    """Each item with the attributes and the questions asked before it: none of its own page if that is in any order."""
    known: dict[str, Answerable | None] = dict.fromkeys(questionnaire.known)
    for page in questionnaire.pages:
        items = [item for item in questionnaire.items() if item.page == page.id]
        on_page: dict[str, Answerable | None] = {}
        for item in items:
            yield item, dict(known) if page.order is Order.RANDOM else {**known, **on_page}
            on_page[item.id] = item.question
        known |= on_page


def _expression_faults(expression: Expression, known: Known) -> Iterator[str]:
    for condition in conditions(expression):
        unknown = sorted(references(condition) - known.keys())
        yield from map(_not_earlier, unknown)
        if not unknown:
            yield from _condition_faults(condition, known)


def _not_earlier(name: str) -> str:
    return f"{name} is not an earlier question"


def _condition_faults(condition: Comparison | Selected, known: Known) -> Iterator[str]:
    match condition:
        case Selected(Reference(name), code):
            yield from _code_faults(name, known[name], code)
        case Comparison(Literally(), _, Literally()):
            yield "a comparison needs a question"
        case Comparison(left, operator, right):
            yield from _operand_faults(left, operator, right, known)
            yield from _operand_faults(right, operator, left, known)


def _operand_faults(operand: Operand, operator: str, other: Operand, known: Known) -> Iterator[str]:
    """What is wrong with comparing this operand, if it is a question, with the other one."""
    if isinstance(operand, Literally):
        return
    name, question = operand.question, known[operand.question]
    if isinstance(question, MultipleChoice | Ranking):
        yield f"{name} has several answers: selected() asks for one of them"
    elif operator not in {"=", "!="} and not isinstance(question, Rating | Number):
        yield f"{name} has no order, so {operator} says nothing"
    elif isinstance(other, Literally):
        yield from _code_faults(name, question, other.value)


def _code_faults(name: str, question: Answerable | None, value: float | str) -> Iterator[str]:
    if question is not None and value not in question.missing and not _can_be(question, value):
        yield f"{name} never is {value!r}" if isinstance(value, str) else f"{name} never is {value:g}"


def _can_be(question: Answerable, value: float | str) -> bool:
    match question:
        case Rating(scale=scale):
            return not isinstance(value, str) and scale.minimum <= value <= scale.maximum and value == int(value)
        case Number():
            return not isinstance(value, str)
        case SingleChoice() | MultipleChoice() | Ranking():
            return value in question.codes
        case OpenText():
            return isinstance(value, str)

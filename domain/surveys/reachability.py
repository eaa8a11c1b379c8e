"""Whether respondents get through: questions that nobody is ever asked, and questions that nobody can leave.

Earlier answers are tried out case by case instead of being reasoned about, so that a finding is a fact with an
example: of each question what the conditions can tell apart, and no more cases than a bound.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

from domain.surveys.answering import Answers, fault_of_answer
from domain.surveys.branching import (
    OWN_ANSWER,
    Answer,
    Comparison,
    Literally,
    Operand,
    Reference,
    Selected,
    conditions,
    holds,
    references,
)
from domain.surveys.errors import Problem
from domain.surveys.questionnaire import (
    Answerable,
    Item,
    MultipleChoice,
    Number,
    OpenText,
    Questionnaire,
    Ranking,
    Rating,
    SingleChoice,
)

MOST_CASES = 50_000
MOST_CODES_TRIED = 10
SOMETHING_ELSE = "something else"

Values: TypeAlias = tuple[float | str, ...]


class _TooManyCasesError(Exception):
    """The conditions of a question depend on more cases than are tried."""


def reachability_faults(questionnaire: Questionnaire) -> Iterator[Problem]:
    """Questions never asked and dead ends, by question. All references must be sound (`routing`)."""
    route = _Route(questionnaire)
    for item in questionnaire.items():
        try:
            yield from route.faults(item)
        except _TooManyCasesError:
            yield Problem(item.id, f"its conditions depend on more than {MOST_CASES:,} cases of earlier answers")


class _Route:
    """The items in their order, and of each the answers worth trying."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._items = {item.id: item for item in questionnaire.items()}
        self._order = (*questionnaire.known, *self._items)
        self._values = _values_compared_with(questionnaire)

    def faults(self, item: Item) -> Iterator[Problem]:
        asked = False
        for answers in self._cases(self._looked_at_by(item)):
            if all(holds(condition, answers) for condition in item.conditions):
                asked = True
                if not self._possible_answers(item, answers):
                    yield Problem(item.id, f"a dead end: it has no valid answer {_after(answers)}")
                    return
                if not _references_of_constraint(item):
                    return
        if not asked:
            yield Problem(item.id, "nobody is ever asked: its conditions cannot all hold")

    def _looked_at_by(self, item: Item) -> list[str]:
        """Known attributes and items, in their order, on which the item depends, and those on which they depend."""
        found: set[str] = set()
        waiting = [item]
        while waiting:
            new = _references_of(waiting.pop()) - found
            found |= new
            waiting += [self._items[name] for name in new if name in self._items]
        return [name for name in self._order if name in found]

    def _cases(self, names: list[str]) -> Iterator[Answers]:
        """Every combination of answers that somebody can have given to these."""
        tried = 0
        waiting: list[dict[str, Answer]] = [{}]
        while waiting:
            tried += 1
            if tried > MOST_CASES:
                raise _TooManyCasesError
            answers = waiting.pop()
            if len(answers) == len(names):
                yield answers
            else:
                name = names[len(answers)]
                waiting += [{**answers, name: answer} for answer in self._answers_to(name, answers)]

    def _answers_to(self, name: str, answers: Answers) -> list[Answer]:
        item = self._items.get(name)
        if item is None:
            return [SOMETHING_ELSE, *self._values[name]]
        is_asked = all(holds(condition, answers) for condition in item.conditions)
        return self._possible_answers(item, answers) if is_asked else [None]

    def _possible_answers(self, item: Item, answers: Answers) -> list[Answer]:
        tried = _representatives(item.question, self._values[item.id])
        return [answer for answer in tried if fault_of_answer(item, answer, answers) is None]


def _references_of(item: Item) -> set[str]:
    return {name for condition in item.conditions for name in references(condition)} | _references_of_constraint(item)


def _references_of_constraint(item: Item) -> frozenset[str]:
    return references(item.constraint) - {OWN_ANSWER} if item.constraint else frozenset()


def _after(answers: Answers) -> str:
    given = [f"{name} = {answer}" for name, answer in answers.items() if answer is not None]
    return f"after {', '.join(given)}" if given else "whatever was answered before"


def _values_compared_with(questionnaire: Questionnaire) -> dict[str, Values]:
    """By question or attribute: the literals it is held against, and the codes or ends of the questions that it is."""
    values: dict[str, dict[float | str, None]] = defaultdict(dict)
    for item in questionnaire.items():
        expressions = (*item.conditions, *([item.constraint] if item.constraint else []))
        for condition in (each for expression in expressions for each in conditions(expression)):
            for reference, others in _held_against(condition, questionnaire):
                values[item.id if reference == OWN_ANSWER else reference] |= dict.fromkeys(others)
    return defaultdict(tuple, {name: tuple(found) for name, found in values.items()})


def _held_against(
    condition: Comparison | Selected, questionnaire: Questionnaire
) -> Iterator[tuple[str, Iterable[float | str]]]:
    match condition:
        case Selected(Reference(name), code):
            yield name, [code]
        case Comparison(left, _, right):
            for one, other in ((left, right), (right, left)):
                if isinstance(one, Reference):
                    yield one.question, _values_of(other, questionnaire)


def _values_of(operand: Operand, questionnaire: Questionnaire) -> Iterable[float | str]:
    if isinstance(operand, Literally):
        return [operand.value]
    item = questionnaire.item(operand.question)
    match item and item.question:
        case Rating(scale=scale):
            return range(scale.minimum, scale.maximum + 1)
        case Number(minimum=minimum, maximum=maximum):
            return [minimum, maximum]
    return []


def _representatives(question: Answerable, values: Values) -> list[Answer]:
    """Answers of every kind that the values can tell apart, no answer and the missing codes among them."""
    return [None, *question.missing, *_given_answers(question, values)]


def _given_answers(question: Answerable, values: Values) -> Iterable[Answer]:
    match question:
        case Rating(scale=scale):
            codes = range(scale.minimum, scale.maximum + 1)
            return {
                tuple((code > edge) - (code < edge) for edge in _numbers_in(values)): code for code in codes
            }.values()
        case SingleChoice():
            return question.codes
        case MultipleChoice():
            return _choices(question, values, max(question.least, 1))
        case Ranking():
            return _choices(question, values, question.places or len(question.codes))
        case Number():
            return _numbers(question, values)
        case OpenText():
            return [SOMETHING_ELSE[: question.longest], *(value for value in values if isinstance(value, str))]


def _numbers_in(values: Values) -> list[float]:
    return [value for value in values if not isinstance(value, str)]


def _choices(question: MultipleChoice | Ranking, values: Values, least: int) -> Iterator[tuple[str, ...]]:
    """Every choice among the codes that matter, filled up with others to the least that must be chosen."""
    told_apart = [code for code in question.codes if code in values]
    if len(told_apart) > MOST_CODES_TRIED:
        raise _TooManyCasesError
    alone = {choice.code for choice in question.choices if choice.exclusive}
    others = sorted({*question.codes} - {*told_apart}, key=lambda code: (code in alone, code))
    for size in range(len(told_apart) + 1):
        for chosen in combinations(told_apart, size):
            yield chosen if alone & {*chosen} else (*chosen, *others[: max(least - size, 0)])


def _numbers(question: Number, values: Values) -> Sequence[Answer]:
    """The boundaries and a step to either side of them."""
    step = 1.0 if question.whole else 1e-6 * max(question.maximum - question.minimum, 1e-6)
    edges = {question.minimum, question.maximum, *_numbers_in(values)}
    return sorted({edge + shift for edge in edges for shift in (-step, 0.0, step)})

"""Which questions are asked after given answers, and whether an answer is one. Owns no text for respondents."""

import math
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum

from domain.surveys.branching import OWN_ANSWER, Answer, holds
from domain.surveys.errors import Problem, refuse_if_any
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

Answers = Mapping[str, Answer]
"""By question or matrix row; none, an empty text and an empty choice are no answer."""


class AnswerFault(StrEnum):
    """Why an answer is refused; the renderer says it in the respondent's language."""

    UNKNOWN_QUESTION = "there is no such question"
    NOT_ASKED = "it is not asked after these answers"
    MISSING = "an answer is expected"
    OFF_SCALE = "it is not on the scale"
    UNKNOWN_CODE = "it is not one of the choices"
    WRONG_NUMBER_OF_CHOICES = "too few or too many are chosen"
    NOT_TOGETHER = "these cannot be chosen together"
    NOT_A_NUMBER = "a number in the range is expected"
    NOT_A_TEXT = "a text of the allowed length is expected"
    CONSTRAINT = "the constraint does not hold"


def items_asked(questionnaire: Questionnaire, answers: Answers, known: Answers | None = None) -> tuple[Item, ...]:
    """The items asked of somebody with these answers and known attributes; answers to others have no effect."""
    return tuple(item for item, _ in _walk(questionnaire, answers, known))


def answer_faults(
    questionnaire: Questionnaire,
    answers: Answers,
    known: Answers | None = None,
    pages: Collection[str] | None = None,
) -> dict[str, AnswerFault]:
    """What is wrong with the answers, by question; `pages` limits it to the pages answered so far."""
    ids = {item.id for item in questionnaire.items()}
    faults = dict.fromkeys((name for name in answers if name not in ids), AnswerFault.UNKNOWN_QUESTION)
    asked = set()
    for item, visible in _walk(questionnaire, answers, known):
        asked.add(item.id)
        fault = fault_of_answer(item, answers.get(item.id), visible)
        if fault is not None and (pages is None or item.page in pages):
            faults[item.id] = fault
    not_asked = (name for name in ids - asked if not is_empty(answers.get(name)))
    return faults | dict.fromkeys(sorted(not_asked), AnswerFault.NOT_ASKED)


def refuse_faulty_answers(questionnaire: Questionnaire, answers: Answers, known: Answers | None = None) -> None:
    """Refuse with SurveyProblem, by question, answers that are not what the questionnaire asks for."""
    faults = answer_faults(questionnaire, answers, known)
    refuse_if_any(Problem(name, fault) for name, fault in faults.items())


def fault_of_answer(item: Item, answer: Answer, visible: Answers) -> AnswerFault | None:
    """What is wrong with one answer, given the answers before it."""
    if is_empty(answer):
        return AnswerFault.MISSING if item.question.required else None
    if isinstance(answer, str) and answer in item.question.missing:
        return None
    fault = _fault_of_kind(item.question, answer)
    if fault is None and item.constraint is not None and not holds(item.constraint, {**visible, OWN_ANSWER: answer}):
        return AnswerFault.CONSTRAINT
    return fault


def is_empty(answer: Answer) -> bool:
    """No answer at all, which is not the same as a missing code."""
    return answer is None or answer == () or (isinstance(answer, str) and not answer.strip())


def _walk(questionnaire: Questionnaire, answers: Answers, known: Answers | None) -> Iterator[tuple[Item, Answers]]:
    """The items asked, each with the answers and attributes visible before it."""
    visible: dict[str, Answer] = dict(known or {})
    for item in questionnaire.items():
        if all(holds(condition, visible) for condition in item.conditions):
            yield item, dict(visible)
            visible[item.id] = None if is_empty(answers.get(item.id)) else answers[item.id]


def _fault_of_kind(question: Answerable, answer: Answer) -> AnswerFault | None:
    match question:
        case Rating(scale=scale):
            on_scale = type(answer) is int and scale.minimum <= answer <= scale.maximum
            return None if on_scale else AnswerFault.OFF_SCALE
        case SingleChoice():
            return None if answer in question.codes else AnswerFault.UNKNOWN_CODE
        case MultipleChoice():
            return _fault_of_choices(question, answer)
        case Ranking():
            places = question.places or len(question.codes)
            return _fault_of_codes(question.codes, answer, places, places)
        case Number():
            return None if _is_number(question, answer) else AnswerFault.NOT_A_NUMBER
        case OpenText():
            fits = isinstance(answer, str) and len(answer) <= question.longest
            return None if fits else AnswerFault.NOT_A_TEXT


def _fault_of_choices(question: MultipleChoice, answer: Answer) -> AnswerFault | None:
    alone = {choice.code for choice in question.choices if choice.exclusive}
    if isinstance(answer, tuple) and alone & {*answer}:
        return _fault_of_codes(question.codes, answer, 1, 1) and AnswerFault.NOT_TOGETHER
    return _fault_of_codes(question.codes, answer, question.least, question.most or len(question.codes))


def _fault_of_codes(codes: tuple[str, ...], answer: Answer, least: int, most: int) -> AnswerFault | None:
    if not isinstance(answer, tuple) or not {*answer} <= {*codes}:
        return AnswerFault.UNKNOWN_CODE
    fits = least <= len(answer) <= most and len({*answer}) == len(answer)
    return None if fits else AnswerFault.WRONG_NUMBER_OF_CHOICES


def _is_number(question: Number, answer: Answer) -> bool:
    if isinstance(answer, bool) or not isinstance(answer, int | float) or not math.isfinite(answer):
        return False
    return question.minimum <= answer <= question.maximum and (not question.whole or answer == int(answer))

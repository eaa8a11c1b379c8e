"""Why something was not done, in the reader's words: refusals by their guards, wrong fields by what was expected."""

import re
from functools import cache

from domain.privacy import Language
from starter.console.wording import words
from starter.problems import Problem


def in_words(problem: Problem, language: Language) -> tuple[dict[str, str], list[str]]:
    """What is wrong by field, and what is wrong with the whole."""
    errors = {error.pointer: said(error.message, language) for error in reversed(problem.errors)}
    if problem.status == 422:
        return errors, []
    guards = words(language)["faults"]["guards"]
    whole = guards.get(problem.code) or f"{words(language)['faults']['refused']} {problem.detail}"
    return errors, [str(whole)]


def said(message: str, language: Language) -> str:
    """A message of a check in the reader's language; one that has no translation stays as it is."""
    for pattern, translated in _patterns(language):
        found = pattern.search(message)
        if found is not None:
            return translated.format(*found.groups())
    return message


@cache
def _patterns(language: Language) -> tuple[tuple[re.Pattern[str], str], ...]:
    listed = words(language)["faults"]["messages"]
    return tuple((re.compile(each["when"]), str(each["say"])) for each in listed)

"""Reading a policy from a file that a person wrote: every problem at once, each by its place.

The model stops at its first contradiction, names no place there, and does not know which calendars there are.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from domain.calendar import Problem
from domain.complaints.policy import ClockRule, ExtensionRule, HoldRule, Policy

Rule = TypeVar("Rule", bound=BaseModel)


class PolicyError(ValueError):
    """A policy was refused; `problems` name each place, such as `clocks[2].span.amount`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


def read_policy(document: Mapping[str, Any], calendars: Collection[str]) -> Policy:
    """The policy of a parsed TOML document. Raises PolicyError with every problem and its place."""
    contradictions = list(_contradictions(document, calendars))
    try:
        policy = Policy.model_validate(document)
    except ValidationError as error:
        raise PolicyError([*_shown_by_the_model(error, beside=contradictions), *contradictions]) from error
    if contradictions:
        raise PolicyError(contradictions)
    return policy


def _contradictions(document: Mapping[str, Any], calendars: Collection[str]) -> Iterator[Problem]:
    """What single fields do not show, as far as the document can be understood."""
    calendar = document.get("calendar")
    if isinstance(calendar, str) and calendar not in calendars:
        yield Problem("calendar", f"there is no calendar {calendar}; there are {', '.join(sorted(calendars))}")
    begins, ends = document.get("valid_from"), document.get("valid_to")
    if isinstance(begins, date) and isinstance(ends, date) and ends < begins:
        yield Problem("valid_to", f"expected a day from {begins}, valid_from, on; found {ends}")
    yield from _never_asked("clocks", _understood(document.get("clocks"), ClockRule), _clock_covers)
    yield from _never_asked("holds", _understood(document.get("holds"), HoldRule), _hold_covers)
    yield from _never_asked("extensions", _understood(document.get("extensions"), ExtensionRule), _extension_covers)


def _understood(rules: object, model: type[Rule]) -> dict[int, Rule]:
    """The rules of a list that are in order by themselves, by their places."""
    understood: dict[int, Rule] = {}
    for place, rule in enumerate(rules if isinstance(rules, list | tuple) else ()):
        try:
            understood[place] = model.model_validate(rule)
        except ValidationError:
            continue
    return understood


def _never_asked(name: str, rules: Mapping[int, Rule], covers: Callable[[Rule, Rule], bool]) -> Iterator[Problem]:
    """The first rule that fits is taken, so one that stands behind a wider one is without effect."""
    for place, rule in rules.items():
        wider = next((earlier for earlier in rules if earlier < place and covers(rules[earlier], rule)), None)
        if wider is not None:
            yield Problem(f"{name}[{place}]", f"has no effect: {name}[{wider}] fits wherever this one does")


def _clock_covers(wider: ClockRule, rule: ClockRule) -> bool:
    return (
        (wider.kind, wider.anchor) == (rule.kind, rule.anchor)
        and wider.severity_from <= rule.severity_from
        and _take_in(wider.categories, rule.categories)
    )


def _hold_covers(wider: HoldRule, rule: HoldRule) -> bool:
    return wider.kind is rule.kind


def _extension_covers(wider: ExtensionRule, rule: ExtensionRule) -> bool:
    of_the_clock = wider.kind is rule.kind and wider.anchor in {None, rule.anchor}
    return of_the_clock and _take_in(wider.categories, rule.categories)


def _take_in(wider: tuple[str, ...], categories: tuple[str, ...]) -> bool:
    """Whether all these categories are among the wider ones; none named is any."""
    return not wider or (bool(categories) and set(categories) <= set(wider))


def _shown_by_the_model(error: ValidationError, *, beside: list[Problem]) -> Iterator[Problem]:
    """What the model says of fields; of the whole, it says one thing only, and only what was not seen before."""
    for problem in error.errors(include_url=False):
        if problem["loc"] or not beside:
            yield Problem(_place(problem["loc"]), problem["msg"].removeprefix("Value error, "))


def _place(path: Iterable[int | str]) -> str:
    """`clocks[2].span` from its parts; none is the whole policy."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(parts).removeprefix(".") or "policy"

"""The command of a situation, as the kind that an act expects."""

from typing import TypeVar

from domain.complaints.commands import Command
from domain.complaints.situation import Situation

_Kind = TypeVar("_Kind", bound=Command)


def given(situation: Situation, kind: type[_Kind]) -> _Kind:
    """The command. Acts are called with the kind that their rule stands under; anything else is a defect."""
    if not isinstance(situation.command, kind):
        raise TypeError(f"{kind.__name__} expected, not {type(situation.command).__name__}")
    return situation.command

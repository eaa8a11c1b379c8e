"""What an interface says when it does not do what was asked: the same for HTTP, CLI and console (RFC 9457)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from starter.bodies import ONE_LINE, PARAGRAPHS

MOST_ERRORS = 100
LONGEST_NAME = 100
_IN_WORDS = {
    ONE_LINE: "holds control characters; expected one line of text",
    PARAGRAPHS: "holds control characters; expected text",
}
"""What is said in place of a pattern that nobody wants to read."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field that is wrong: where (a JSON pointer) and what was expected."""

    pointer: str
    message: str


class Problem(Exception):
    """A request that was not done. `code` is for programs, `detail` for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Iterable[FieldError] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after = retry_after

    def within(self, prefix: str) -> "Problem":
        """The same of a part of a body: its pointers begin where the part stands."""
        errors = [FieldError(prefix + error.pointer, error.message) for error in self.errors]
        return invalid(errors) if errors else self


def invalid(errors: Iterable[FieldError]) -> Problem:
    listed = tuple(errors)
    named = ", ".join(error.pointer or "/" for error in listed)
    return Problem(422, "invalid", f"not accepted: {named}", errors=listed)


def not_found(what: str = "there is nothing here that you may see") -> Problem:
    return Problem(404, "not_found", what)


def forbidden(permission: str) -> Problem:
    return Problem(403, "forbidden", f"your roles do not allow {permission}")


def unavailable(code: str, detail: str) -> Problem:
    return Problem(503, code, detail, retry_after=5)


def field_errors(errors: Iterable[Mapping[str, Any]], prefix: str = "") -> Iterable[FieldError]:
    """The errors of a model (pydantic's `errors()`) by JSON pointer.

    What was given is not repeated: it may be personal.
    """
    for error in islice(errors, MOST_ERRORS):
        yield FieldError(prefix + pointer_to(error["loc"]), message_of(error))


def pointer_to(path: Iterable[int | str]) -> str:
    """RFC 6901. The name of an unknown field is the caller's, so it is cut."""
    return "".join(f"/{str(step)[:LONGEST_NAME].replace('~', '~0').replace('/', '~1')}" for step in path)


def message_of(error: Mapping[str, Any]) -> str:
    """What was expected, in words."""
    if error["type"] == "string_pattern_mismatch":
        return _IN_WORDS.get(error["ctx"]["pattern"], str(error["msg"]))
    return str(error["msg"]).removeprefix("Value error, ")

"""What an interface says when it does not do what was asked: the same for HTTP, CLI and console (RFC 9457)."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError


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


def field_errors(error: ValidationError, prefix: str = "") -> Iterable[FieldError]:
    """The errors of a model by JSON pointer. What was given is not repeated: it may be personal."""
    for found in error.errors(include_input=False, include_url=False, include_context=False):
        path = "".join(f"/{part}" for part in found["loc"] if part != "body")
        yield FieldError(prefix + path, str(found["msg"]).removeprefix("Value error, "))

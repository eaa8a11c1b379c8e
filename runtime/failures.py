"""An exception as it may be logged: its type, its code, where it came from, and its message if that is safe.

The message of a stranger's exception may quote whatever it was given (`invalid literal for int(): '王小明'`), and no
pattern finds a name. So only messages that speak of code or of the system are shown, redacted; type, code and place
are enough for the rest. Lines of source are shown for our own frames only, and values of variables never.
"""

import linecache
import traceback
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from runtime.redaction import redact

OUR_PACKAGES = frozenset(
    {"activities", "contracts", "domain", "gateways", "runtime", "starter", "storage", "workflows", "worker.py"}
)
_HOUSE = Path(__file__).resolve().parents[1]
_MOST_FRAMES = 30
_MOST_CAUSES = 8
_MOST_MEMBERS = 5
_WITHHELD = "[message withheld]"
_SPEAK_OF_CODE = (TypeError, AttributeError, NameError, ImportError, AssertionError, RuntimeError)
_SPEAK_OF_THE_SYSTEM = frozenset({"temporalio", "httpx", "uvicorn"})
_SQL_DATA_EXCEPTION = "22"  # its message quotes the value; that of all others names columns and constraints


def describe_exception(error: BaseException) -> str:
    """The chain of causes, the first one first, each with its trace and its message redacted."""
    chain = list(islice(_causes(error), _MOST_CAUSES))
    return "\n-> led to\n".join(_describe_one(link) for link in reversed(chain))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _describe_one(error: BaseException) -> str:
    lines = [*_frames(error.__traceback__), f"{_name(error)}{_code(error)}: {_message(error)}"]
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions[:_MOST_MEMBERS]:
            lines += ["  | " + line for line in describe_exception(member).splitlines()]
    return "\n".join(lines)


def _frames(trace: TracebackType | None) -> Iterator[str]:
    frames = list(traceback.walk_tb(trace))
    if len(frames) > _MOST_FRAMES:
        yield f"  … {len(frames) - _MOST_FRAMES} frames left out"
    for frame, line in frames[-_MOST_FRAMES:]:
        path, is_ours = _place(frame.f_code.co_filename)
        yield f"  {path}:{line} in {frame.f_code.co_name}"
        if is_ours:
            yield f"    {linecache.getline(frame.f_code.co_filename, line).strip()}"


def _place(filename: str) -> tuple[str, bool]:
    """A file's path from the package on, and whether it is one of ours."""
    path = Path(filename)
    if path.is_relative_to(_HOUSE) and path.relative_to(_HOUSE).parts[0] in OUR_PACKAGES:
        return str(path.relative_to(_HOUSE)), True
    return "/".join(path.parts[-3:]), False


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def _code(error: BaseException) -> str:
    """The code that PostgreSQL, Temporal and our refusals give their errors."""
    for attribute in ("sqlstate", "code", "type"):
        code = getattr(error, attribute, None)
        if isinstance(code, str | int):
            return f" ({redact(str(code))})"
    return ""


def _message(error: BaseException) -> str:
    match error:
        case ValidationError():  # its own text quotes what was refused
            faults = error.errors(include_input=False, include_context=False, include_url=False)
            return redact("; ".join(f"{'.'.join(map(str, fault['loc']))} {fault['type']}" for fault in faults))
        case OSError(strerror=str() as reason):  # without the name of the file
            return redact(reason)
        case _ if _has_safe_message(error):
            return redact(str(error.args[0]) if error.args else "")
        case _:
            return _WITHHELD


def _has_safe_message(error: BaseException) -> bool:
    package = type(error).__module__.partition(".")[0]
    if package == "asyncpg":  # its first argument is the message; the detail, which quotes the row, comes apart
        return not str(getattr(error, "sqlstate", "")).startswith(_SQL_DATA_EXCEPTION)
    if isinstance(error, ApplicationError):  # what was raised in an activity, by anybody
        return False
    return package in OUR_PACKAGES or package in _SPEAK_OF_THE_SYSTEM or isinstance(error, _SPEAK_OF_CODE)

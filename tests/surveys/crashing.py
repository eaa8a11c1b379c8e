"""The parts of a wave that crash right after they committed: what they did stays, and nobody hears of it."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from activities.ports import AlreadyRecorded, Behind
from runtime.survey_assembly import SurveyParts

COMMITS: dict[str, tuple[str, ...]] = {
    "waves": ("append",),
    "frame": ("draw",),
    "fieldwork": ("reserve_askings", "put_off", "record", "hand_over", "reminded", "release_reserve"),
    "results": ("freeze", "keep_report"),
    "deliveries": ("accept",),
}
"""What commits, by part. Between a mail server's acceptance and `accept` no program can know whether it was sent."""


class CrashedError(ConnectionError):
    """The worker is gone; what was committed is not."""


class Crashes:
    """Decides when to crash; `at` counts the crashes by what had just been committed."""

    def __init__(self, should: Callable[[str, int], bool], crash: Callable[[], None]) -> None:
        self._should = should
        self._crash = crash
        self._calls: Counter[str] = Counter()
        self.at: Counter[str] = Counter()

    def after(self, commit: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def committing(*arguments: Any, **named: Any) -> Any:
            done = await call(*arguments, **named)
            if isinstance(done, Behind | AlreadyRecorded):
                return done  # nothing was committed
            self._calls[commit] += 1
            if self._should(commit, self._calls[commit]):
                self.at[commit] += 1
                self._crash()
            return done

        return committing


def crash_here() -> None:
    raise CrashedError("the worker was killed: a test says so")


class _Crashing:
    """A part whose commits crash; everything else is the part's own."""

    def __init__(self, part: Any, name: str, crashes: Crashes) -> None:
        self._part = part
        for commit in COMMITS[name]:
            setattr(self, commit, crashes.after(f"{name}.{commit}", getattr(part, commit)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


def crashing(parts: SurveyParts, crashes: Crashes) -> SurveyParts:
    """The parts of surveys, every commit of which may be the last thing that a worker does."""
    wrapped: dict[str, Any] = {name: _Crashing(getattr(parts, name), name, crashes) for name in COMMITS}
    return replace(parts, **wrapped)

"""Where what is done now comes from: the route and the id of a request, or the name of a command line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """A route, which may be known only later than its request's id."""

    name_route: Callable[[], str]
    request: str

    @property
    def route(self) -> str:
        return self.name_route()


_NOWHERE = Origin(lambda: "inside", "-")
_current: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Everything that is done inside comes from there."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def origin() -> Origin:
    return _current.get()

"""Keeps the parts of one machine running: starts them in order, restarts what dies, stops them in reverse order.

Owns order, back-off and signals; how a part starts and stops is the part's own business.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Protocol, Self, TypeVar

from starter.embedded.process import LeftoverProcess, ProcessDied

logger = logging.getLogger(__name__)

START_ATTEMPTS = 5
FIRST_DELAY_SECONDS = 0.25
LONGEST_DELAY_SECONDS = 10.0
STEADY_AFTER_SECONDS = 30.0
WATCH_SECONDS = 0.1
SIGNALS = (signal.SIGTERM, signal.SIGINT)

Found = TypeVar("Found")
Found_co = TypeVar("Found_co", covariant=True)


class Part(Protocol[Found_co]):
    """Something that runs: a server or a program of ours. It bounds its own start and stop in time."""

    @property
    def name(self) -> str: ...
    async def start(self) -> Found_co: ...
    async def stop(self) -> None: ...
    def is_alive(self) -> bool: ...
    def trim_log(self) -> None: ...


class Supervisor:
    """An async context: parts are added inside it, and all are stopped when it is left, by a signal or otherwise."""

    def __init__(self) -> None:
        self._parts: list[Part[object]] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._owner: asyncio.Task[object] | None = None
        self._signalled = False

    async def __aenter__(self) -> Self:
        self._owner = asyncio.current_task()
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._end, number)
        return self

    async def add(self, part: Part[Found], on_restart: Callable[[Found], Awaitable[None]] | None = None) -> Found:
        """Start the part, watch it from then on, and return what its start returned.

        `on_restart` gets what each later start returns; an error it raises ends the supervision. Raises ProcessDied
        when the part does not come up in START_ATTEMPTS attempts, LeftoverProcess when its last run cannot be ended.
        """
        self._parts.append(part)  # before its start: a part interrupted while it starts is stopped too
        found = await _start_at_last(part)
        logger.info("%s is running", part.name)
        self._watchers.append(asyncio.create_task(_keep_alive(part, on_restart), name=f"watch {part.name}"))
        return found

    async def until_signalled(self) -> None:
        """Wait for SIGTERM or SIGINT, which end the whole context without an error."""
        await asyncio.gather(*self._watchers)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for part in reversed(self._parts):
            await _stop(part)
        for number in SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)
        ended_by_signal = self._signalled and isinstance(error, asyncio.CancelledError)
        if ended_by_signal and self._owner:
            self._owner.uncancel()
        return ended_by_signal

    def _end(self, number: signal.Signals) -> None:
        """Once: a second signal must not interrupt the stopping, which is bounded anyway."""
        if self._signalled or self._owner is None:
            return
        logger.info("%s received, stopping", number.name)
        self._signalled = True
        self._owner.cancel()


async def _start_at_last(part: Part[Found]) -> Found:
    delay = FIRST_DELAY_SECONDS
    for _ in range(START_ATTEMPTS - 1):
        try:
            return await part.start()
        except ProcessDied as error:
            logger.warning("%s did not start, trying again in %g s: %s", part.name, delay, error)
        await asyncio.sleep(delay)
        delay *= 2
    return await part.start()


async def _keep_alive(part: Part[Found], on_restart: Callable[[Found], Awaitable[None]] | None) -> None:
    """Restart the part whenever it is dead, after a delay that doubles up to a bound while it does not stay up."""
    clock = asyncio.get_running_loop().time
    delay = FIRST_DELAY_SECONDS
    while True:
        started_at = clock()
        await _until_dead(part)
        if clock() - started_at > STEADY_AFTER_SECONDS:
            delay = FIRST_DELAY_SECONDS
        logger.error("%s died, starting it again in %g s", part.name, delay)
        await asyncio.sleep(delay)
        delay = min(2 * delay, LONGEST_DELAY_SECONDS)
        try:
            found = await part.start()
        except (ProcessDied, LeftoverProcess) as error:
            logger.error("%s did not start: %s", part.name, error)  # noqa: TRY400 (the message holds the part's log)
            continue
        logger.info("%s is running again", part.name)
        if on_restart:
            await on_restart(found)


async def _until_dead(part: Part[object]) -> None:
    while part.is_alive():
        part.trim_log()
        await asyncio.sleep(WATCH_SECONDS)


async def _stop(part: Part[object]) -> None:
    logger.info("stopping %s", part.name)
    try:
        await part.stop()
    except LeftoverProcess:
        logger.exception("%s could not be stopped", part.name)

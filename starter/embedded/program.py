"""A program of ours that runs beside the engines: its command, its environment, and how to tell that it is ready."""

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from starter.embedded.process import OwnedProcess, Probe

READY_WITHIN = timedelta(minutes=2)
LEFTOVER_WITHIN = timedelta(seconds=10)
PROBE_TIMEOUT_SECONDS = 2


class Program:
    """One child process, named once in a data folder; the environment is added to ours."""

    def __init__(
        self,
        name: str,
        folder: Path,
        argv: Sequence[str],
        *,
        ready: Probe,
        environment: Mapping[str, str] | None = None,
        stop_within: timedelta = timedelta(seconds=60),
    ) -> None:
        self.name = name
        self._argv = argv
        self._environment = {**os.environ, **(environment or {})}
        self._ready = ready
        self._stop_within = stop_within
        self._process = OwnedProcess(name, folder.absolute())

    async def start(self) -> None:
        """Run the program and return when its probe says yes; raises ProcessDied, LeftoverProcess."""
        await self._process.end_leftovers(LEFTOVER_WITHIN)
        self._process.spawn(self._argv, env=self._environment)
        await self._process.until_ready(self._ready, READY_WITHIN)

    async def stop(self) -> None:
        await self._process.stop(self._stop_within)

    def kill(self) -> None:
        """End the program as a power cut would."""
        self._process.kill()

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def trim_log(self) -> None:
        self._process.trim_log()


def answers(url: str) -> Probe:
    """A probe: whether a GET of the address succeeds."""

    async def probe() -> bool:
        import httpx

        try:
            async with httpx.AsyncClient(timeout=PROBE_TIMEOUT_SECONDS) as client:
                return (await client.get(url)).is_success
        except httpx.HTTPError:
            return False

    return probe

"""One process of a data folder: in a group of its own, logged to a file, stopped for certain, never forgotten.

Owns `<folder>/run/<name>.pid` and `<folder>/logs/<name>.log`. The process inherits the pid file with an advisory lock
on it, and so do its children; the kernel lets go of the lock when the last of them is gone. Whether anything of an
earlier run is left is thus one question to the kernel, even after the process that asks was killed in between. What
the process does, and what makes it ready, is for others to know.
"""

import asyncio
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from starter.embedded.data_folder import try_lock

logger = logging.getLogger(__name__)

Probe = Callable[[], Awaitable[bool]]

POLL_SECONDS = 0.02
LOG_LIMIT_BYTES = 32 * 1024 * 1024
LOG_TAIL_LINES = 15
GONE_BY_THEMSELVES = timedelta(seconds=1)
GONE_AFTER_KILL = timedelta(seconds=15)


class ProcessDied(RuntimeError):
    """A process ended, or was not ready in time, while it was being started; carries the end of its log."""


class LeftoverProcess(RuntimeError):
    """Something of an earlier run is alive and cannot be ended."""


class OwnedProcess:
    """The one process that has this name in this data folder."""

    def __init__(self, name: str, folder: Path, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        self.name = name
        self.log = folder / "logs" / f"{name}.log"
        self._pid_file = folder / "run" / f"{name}.pid"
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    async def end_leftovers(self, limit: timedelta) -> None:
        """End what an owner that was killed left running, politely within the limit; raises LeftoverProcess.

        PostgreSQL's backends notice by themselves that their server was killed; they are given a moment for it.
        """
        await self._until(lambda: not self._is_left(), GONE_BY_THEMSELVES)
        if not self._is_left():
            return
        group = self._pid_file.read_text().strip()
        if not group.isdecimal():
            raise LeftoverProcess(f"an unknown process holds {self._pid_file}; end it and start again")
        logger.warning("%s: process group %s of an earlier run is still alive, ending it", self.name, group)
        await self._end_group(int(group), limit)

    def spawn(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        account: tuple[int, int] | None = None,
    ) -> None:
        """Start the program; `account` is (user id, group id) for a root that must not run it as itself."""
        user, group = account or (None, None)
        self._pid_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._pid_file.open("a+") as pid_file, self.log.open("ab") as log:
            if not try_lock(pid_file):
                raise LeftoverProcess(f"something of the last {self.name} is alive and holds {self._pid_file}")
            self._process = subprocess.Popen(  # noqa: S603 (the parts' own commands)
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=env,
                cwd=cwd,
                user=user,
                group=group,
                extra_groups=[] if account else None,
                start_new_session=True,
                pass_fds=[pid_file.fileno()],
            )
            pid_file.truncate(0)
            pid_file.write(str(self._process.pid))

    async def until_ready(self, probe: Probe, limit: timedelta) -> None:
        """Wait until the probe says yes; raises ProcessDied if the process ends or the limit passes, and ends it."""
        deadline = _now() + limit.total_seconds()
        while not await probe():
            if not self.is_alive():
                raise ProcessDied(f"{self.name} ended with exit code {self._exit_code()}:\n{self._log_tail()}")
            if _now() > deadline:
                self.kill()
                raise ProcessDied(f"{self.name} was not ready after {limit.total_seconds():g} s:\n{self._log_tail()}")
            await asyncio.sleep(POLL_SECONDS)

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id, also of a process that has ended; None before the first start."""
        return self._process.pid if self._process else None

    async def stop(self, limit: timedelta) -> None:
        """Ask the process to stop, kill what is left of its group after the limit, and return when all is gone."""
        if self._process is None:
            return
        if self.is_alive():
            self._process.send_signal(self._stop_signal)
        await self._until(lambda: not self.is_alive(), limit)
        await self._end_group(self._process.pid, timedelta(0))

    def kill(self) -> None:
        """End the whole process group at once, with no chance to tidy up."""
        if self._process is not None and self.is_alive():
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def trim_log(self) -> None:
        """Keep the log within its limit: a full one becomes `.1`, the writer goes on in the emptied file.

        Lines written between the copy and the emptying are lost; a rename would leave the writer in the old file.
        """
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    async def _end_group(self, group: int, limit: timedelta) -> None:
        for signal_number, patience in ((self._stop_signal, limit), (signal.SIGKILL, GONE_AFTER_KILL)):
            if not self._is_left():
                return
            with suppress(ProcessLookupError):
                os.killpg(group, signal_number)
            await self._until(lambda: not self._is_left(), patience)
        if self._is_left():
            raise LeftoverProcess(f"{self.name}: process group {group} does not end; see {self._pid_file}")

    def _is_left(self) -> bool:
        """Whether anything of the process is there; a program that closes what it inherits is known by its number."""
        if self.is_alive():
            return True
        if not self._pid_file.exists():
            return False
        with self._pid_file.open("a+") as pid_file:
            return not try_lock(pid_file)

    async def _until(self, condition: Callable[[], bool], limit: timedelta) -> None:
        deadline = _now() + limit.total_seconds()
        while not condition() and _now() < deadline:
            await asyncio.sleep(POLL_SECONDS)

    def _exit_code(self) -> int | None:
        return self._process.returncode if self._process else None

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])


def _now() -> float:
    return asyncio.get_running_loop().time()

"""What tests of processes need: a Python program of their own, whether one runs, whether a file has come."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starter.embedded.process import Probe

ROOT = Path(__file__).parents[2]


@contextmanager
def python_program(script: str, *arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A Python program of this checkout and the first line it printed; it is killed at the end if it still runs."""
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        yield program, program.stdout.readline().strip()
        program.kill()


def runs(pid: int) -> bool:
    """Whether the process exists and is not merely a zombie whose parent has not looked."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def has_line(path: Path) -> Probe:
    """A probe: whether the file holds at least one whole line."""

    async def probe() -> bool:
        return path.exists() and path.read_text().endswith("\n")  # noqa: ASYNC240 (a few bytes)

    return probe


def gone(pid: int) -> Probe:
    """A probe: whether the process has ended; it lets go of its files a moment before."""

    async def probe() -> bool:
        return not runs(pid)

    return probe


async def until(probe: Probe, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await probe():
            await asyncio.sleep(0.02)

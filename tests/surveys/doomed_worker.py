"""A worker of waves that is killed right after a commit that nobody chose. `test_killed_workers` runs it."""

import asyncio
import os
import random
import signal
from dataclasses import replace

from runtime.assembly import assemble, case_worker
from runtime.settings import load_settings
from tests.surveys.crashing import Crashes, crashing

COMMITS_LIVED_THROUGH = 400


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def work() -> None:
    chance = random.Random()
    left = chance.randrange(COMMITS_LIVED_THROUGH)

    def is_the_last(commit: str, call: int) -> bool:
        nonlocal left
        left -= 20 if commit == "waves.append" else 1
        return left < 0

    async with assemble(load_settings(), name="doomed", lazy=False) as parts:
        doomed = replace(parts, surveys=crashing(parts.surveys, Crashes(is_the_last, kill)))
        async with case_worker(doomed, strict=True):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work())

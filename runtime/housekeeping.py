"""What every installation does again and again beside its work: start what was left, anchor the ledger, prune.

Each task may run in several processes at once; the statements behind them claim their rows.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """A task with the pause between two of its runs; `do` says how much it did."""

    name: str
    every: timedelta
    do: Callable[[], Awaitable[int]]


async def keep_house(chores: Sequence[Chore]) -> None:
    """Run every chore at its interval until cancelled; a failure is logged and tried again at the next turn."""
    async with asyncio.TaskGroup() as group:
        for chore in chores:
            group.create_task(_repeat(chore), name=chore.name)


async def _repeat(chore: Chore) -> None:
    while True:
        try:
            done = await chore.do()
        except Exception:  # a chore must outlive every outage
            log.warning("chore failed", extra={"chore": chore.name}, exc_info=True)
        else:
            if done:
                log.debug("chore done", extra={"chore": chore.name, "count": done})
        await asyncio.sleep(chore.every.total_seconds())

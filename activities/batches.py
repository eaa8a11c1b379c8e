"""Batches: one command for many cases, a page at a time, at a bounded rate."""

import asyncio
import time

from temporalio import activity

from activities.ports import Batches, BatchItem, CaseCommands, CaseUnavailable, Refusal
from contracts.batches import BatchPage, BatchStart
from contracts.names import CARRY_OUT_PAGE

PAGE = 200
LONGEST_PAGE_SECONDS = 300.0
HEARTBEAT_SECONDS = 10.0
AT_ONCE = 8
"""Also how many turns may be made up for at once after a delay: more would be a rush that the rate forbids."""
TRIES = 5
PAUSE_SECONDS = 1.0


class BatchWorker:
    """Carries out the items that have no outcome yet. A page that is repeated finds the settled ones settled, and the
    command of an item has an id, so that it is done once whatever happens in between.
    """

    def __init__(self, batches: Batches, cases: CaseCommands) -> None:
        self._batches = batches
        self._cases = cases

    @activity.defn(name=CARRY_OUT_PAGE)
    async def carry_out_page(self, start: BatchStart) -> BatchPage:
        """Settle the next items of a batch, each in its turn at the rate; a stopping worker leaves the rest."""
        pause = 1 / await self._batches.per_second(start.batch)
        limit = page_size(pause)
        items = await self._batches.waiting(start.batch, limit)
        gate = asyncio.Semaphore(AT_ONCE)
        turn, given = time.monotonic(), 0
        async with asyncio.TaskGroup() as group:
            for item in items:
                turn = max(turn + pause, time.monotonic() - AT_ONCE * pause)
                await _until(turn)
                await gate.acquire()
                if activity.is_worker_shutdown():
                    break
                activity.heartbeat(item.position)
                group.create_task(self._settle(start.batch, item, gate))
                given += 1
        return BatchPage(settled=given, is_last=given == len(items) < limit)

    async def _settle(self, batch: str, item: BatchItem, gate: asyncio.Semaphore) -> None:
        try:
            outcome, code, detail = await self._outcome(item)
            await self._batches.settle(batch, item.position, outcome, code, detail)
        finally:
            gate.release()

    async def _outcome(self, item: BatchItem) -> tuple[str, str | None, str | None]:
        for _ in range(TRIES):
            try:
                await self._cases.give(item.reference, item.submission)
            except Refusal as refusal:
                return "refused", refusal.guard, refusal.detail
            except CaseUnavailable:
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return "done", None, None
        return "unavailable", "case_unavailable", "the case did not answer; it can be tried again by itself"


def page_size(pause: float) -> int:
    """As many items as a page can bring to their turn in time: what dies with a page is begun again."""
    return max(1, min(PAGE, int(LONGEST_PAGE_SECONDS / pause)))


async def _until(moment: float) -> None:
    """Wait for a turn, telling Temporal meanwhile that we live."""
    while (wait := moment - time.monotonic()) > 0 and not activity.is_worker_shutdown():
        activity.heartbeat()
        await asyncio.sleep(min(wait, HEARTBEAT_SECONDS))

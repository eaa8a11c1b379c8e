"""Batches: one command for many cases, a page at a time, at a bounded rate."""

import asyncio

from temporalio import activity

from activities.ports import Batches, BatchItem, CaseCommands, CaseUnavailable, Refusal
from contracts.batches import BatchPage, BatchStart
from contracts.names import CARRY_OUT_PAGE

PAGE = 200
AT_ONCE = 8
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
        """Settle the next items of a batch."""
        items = await self._batches.waiting(start.batch, PAGE)
        pause = 1 / await self._batches.per_second(start.batch)
        gate = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for item in items:
                await asyncio.sleep(pause)
                await gate.acquire()
                activity.heartbeat(item.position)
                group.create_task(self._settle(start.batch, item, gate))
        return BatchPage(settled=len(items), is_last=len(items) < PAGE)

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

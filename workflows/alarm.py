"""One timer for the nearest due time of a workflow."""

import asyncio
from datetime import datetime

from temporalio import workflow


class Alarm:
    """Rings at the earliest time it was set for. It is not moved later: a needless ring is cheaper than a new timer."""

    def __init__(self) -> None:
        self.has_rung = False
        self._due: datetime | None = None
        self._timer: asyncio.Task[None] | None = None

    def set_for(self, due: datetime | None) -> None:
        if due is None or (self._due is not None and self._due <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = asyncio.create_task(self._ring(due))

    def hush(self) -> None:
        self.has_rung = False

    async def _ring(self, due: datetime) -> None:
        wait = (due - workflow.now()).total_seconds()
        await workflow.sleep(max(wait, 0), summary="nearest due time")
        self._due, self._timer, self.has_rung = None, None, True

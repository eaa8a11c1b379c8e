"""One timer for the nearest due time of a workflow."""

import asyncio
from datetime import UTC, datetime

from temporalio import workflow

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Alarm:
    """Rings at the due time it was set for last; with nothing due any more it is left to ring in vain.

    It is moved at once, also to a later time: within a task that is two events and one action (cancel, new timer), a
    ring in vain is five and one, and it wakes a worker. Only a case that ends before the old due time pays for it.

    A ring is proof that its due time has come, `workflow.now()` is not: a query that comes between a timer's firing
    and the workflow task for it makes the SDK run on with the time of the task before (SDK 1.35, seen in the kill
    storm). Whoever believed it would wait for the same due time once more, and replay would not follow.
    """

    def __init__(self) -> None:
        self.has_rung = False
        self.rang_for = _LONG_AGO
        self._due: datetime | None = None
        self._timer: asyncio.Task[None] | None = None

    def set_for(self, due: datetime | None) -> None:
        if due is None or due == self._due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = asyncio.create_task(self._ring(due))

    def hush(self) -> None:
        self.has_rung = False

    def now(self) -> datetime:
        """The time of the workflow, never before the last ring."""
        return max(workflow.now(), self.rang_for)

    async def _ring(self, due: datetime) -> None:
        wait = (due - self.now()).total_seconds()
        await workflow.sleep(max(wait, 0), summary="nearest due time")
        self._due, self._timer, self.has_rung, self.rang_for = None, None, True, due

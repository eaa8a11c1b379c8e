"""A worker that is killed right after each commit, before Temporal hears of it. `test_crash_points` runs it.

The window between the commit and the completion of the workflow task is some milliseconds wide: random kills miss it.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import replace

from activities.ports import AlreadyRecorded, Appended, Behind
from domain.complaints.case import Case
from domain.complaints.facts import Entry
from runtime.assembly import assemble, case_worker
from runtime.settings import load_settings
from storage.ledger import Ledger


class DoomedLedger(Ledger):
    async def append(
        self, expected: Case, entries: Sequence[Entry], after: Case
    ) -> Appended | Behind | AlreadyRecorded:
        outcome = await super().append(expected, entries, after)
        if isinstance(outcome, Appended):
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome


async def work() -> None:
    async with assemble(load_settings(), name="doomed", lazy=False) as parts:
        doomed = replace(parts, ledger=DoomedLedger(parts.pool))
        async with case_worker(doomed, strict=True):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work())

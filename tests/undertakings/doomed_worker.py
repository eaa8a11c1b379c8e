"""A worker that is killed in the middle of an analysis: observed, but not kept. `test_killed_workers` runs it."""

import asyncio
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from runtime.assembly import assemble, case_worker
from runtime.settings import load_settings
from runtime.undertaking_desk import UndertakingDesk


class DoomedDesk(UndertakingDesk):
    async def keep(self, *_: Any, **__: Any) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("killed")


async def work() -> None:
    async with assemble(load_settings(), name="doomed", lazy=False) as parts:
        desk = DoomedDesk(parts.pool, parts.vault, parts.undertakings, lambda: datetime.now(UTC))
        async with case_worker(replace(parts, undertaking_desk=desk), strict=True):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work())

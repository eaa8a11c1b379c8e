"""Running a worker until it is told to stop."""

import asyncio
import logging
import signal

from runtime.assembly import assemble, case_worker, chores
from runtime.housekeeping import keep_house
from runtime.logs import configure
from runtime.settings import Settings, load_settings

log = logging.getLogger(__name__)


def run_worker() -> None:
    """Run a worker with the settings of the environment; ends with status 0 on SIGTERM or SIGINT."""
    settings = load_settings()
    configure(settings)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    async with assemble(settings, name="amends-worker", lazy=False) as parts:
        house = asyncio.create_task(keep_house(chores(parts)))
        async with case_worker(parts):
            log.info("worker runs", extra={"task_queue": settings.task_queue})
            await stop.wait()
            log.info("worker stops: activities may finish")
        house.cancel()

"""Standard cases end to end: how many a second and what processor time each costs, beside a bare one-activity workflow.

Through the API of a real installation (API, one worker, Temporal, PostgreSQL, each a process), people at work at once.

Run: python -m benchmarks.throughput
"""

import asyncio
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
from temporalio.client import Client

from benchmarks.bare import READY, TASK_QUEUE, OneActivity
from benchmarks.processes import group_seconds, parts_seconds
from benchmarks.servers import conditions
from contracts.names import case_workflow_id
from starter.demo.people import Staff, enrol
from tests.chaos.installation import ROOT, Installation, environment, installed
from tests.mail_server import MailServer

CASES, BARE, AT_ONCE, WARM_UP = 60, 200, 12, 6
LOOK_AGAIN_SECONDS = 0.1
LETTER = {"way": "email", "letter": "We replaced the valve.", "outcome": "upheld", "cause": "equipment"}
VISIT = {"way": "phone", "result": "reached", "solved": "yes", "satisfaction": 5}


async def main() -> None:
    print(conditions())
    mail = MailServer()
    await mail.start()
    try:
        async with installed({"AMENDS_SMTP_URL": mail.url, "AMENDS_DEFAULT_POLICY": "default"}, workers=1) as house:
            await _measure(house)
    finally:
        await mail.stop()
    print(conditions())


async def _measure(house: Installation) -> None:
    temporal, unsealed = await house.temporal(), await Client.connect(house.temporal_address)
    async with (
        httpx.AsyncClient(base_url=house.url, timeout=60) as http,
        _bare_worker(house.temporal_address) as bare_worker,
    ):
        staff = await enrol(http, house.admin_token)

        async def case(_: int) -> None:
            await _case(staff, temporal)

        async def bare(number: int) -> None:
            name = f"bare-{secrets.token_hex(8)}"
            await unsealed.execute_workflow(OneActivity.run, number, id=name, task_queue=TASK_QUEUE)

        def spent() -> dict[str, float]:
            return {**parts_seconds(house), "bare worker": group_seconds(bare_worker)}

        await _all(case, WARM_UP)
        await _all(bare, WARM_UP)
        of_bare = await _rate("bare one-activity workflow", bare, BARE, spent)
        of_cases = await _rate("standard case", case, CASES, spent)
        again = await _rate("bare one-activity workflow", bare, BARE, spent)
        print(f"a case costs the processor time of {of_cases / ((of_bare + again) / 2):.1f} bare workflows")


async def _case(staff: Staff, temporal: Client) -> None:
    """The standard case at one go; its days are passed in benchmarks.standard_case."""
    supervisor, handler = staff.supervisors[0], staff.handlers[0]
    number = secrets.token_hex(8)
    form = {
        "channel": "web",
        "narrative": "The gas pressure drops every evening and the boiler stops.",
        "customer": {"email": f"ann.{number}@example.com"},
    }
    reference = (await staff.hotline[0].take(form, number))["reference"]
    await supervisor.do(reference, "assess", decision="valid")
    await handler.do(reference, "claim")
    await handler.do(reference, "start_investigation")
    await handler.do(reference, "respond", **LETTER)
    while (await handler.read(reference))["status"] != "callback":
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    await staff.caller.do(reference, "record_visit", **VISIT)
    await temporal.get_workflow_handle(case_workflow_id(reference)).result()


async def _rate(
    name: str, one: Callable[[int], Awaitable[None]], count: int, spent: Callable[[], dict[str, float]]
) -> float:
    """Show the rate and the processor time of each; the milliseconds of all parts together."""
    before, begin = spent(), time.perf_counter()
    await _all(one, count)
    seconds, after = time.perf_counter() - begin, spent()
    each = {part: (after[part] - before[part]) / count * 1e3 for part in after}
    parts = " · ".join(f"{part} {cost:.0f}" for part, cost in each.items() if cost >= 1)
    print(f"{name}: {count} at {count / seconds:.1f} a second, {AT_ONCE} at once; ms of processor each: {parts}")
    return sum(each.values())


async def _all(one: Callable[[int], Awaitable[None]], count: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def gated(number: int) -> None:
        async with gate:
            await one(number)

    await asyncio.gather(*map(gated, range(count)))


@asynccontextmanager
async def _bare_worker(temporal_address: str) -> AsyncIterator[int]:
    """A worker process for the bare workflow; its process group."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "benchmarks.bare"],
        cwd=ROOT,
        env=environment({"TEMPORAL_ADDRESS": temporal_address}),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        while READY.encode() not in await process.stdout.readline():
            if process.returncode is not None:
                raise SystemExit("the bare worker did not come up")
        yield os.getpgid(process.pid)
    finally:
        process.terminate()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(main())

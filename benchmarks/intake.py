"""Taking complaints in: from the request to 201, beside a bare `start_workflow`, and until the workflow runs.

Clients that each do both in turn, so that both meet the same machine: an intake by HTTP through the real API process,
and a start of a workflow that nobody works on, which is what an intake without records of its own would at least do.
How soon the workflow runs is measured at a steady rate: clients that push as hard as they can only measure a queue.

Run: python -m benchmarks.intake
"""

import asyncio
import secrets
import time
from dataclasses import dataclass, field

import asyncpg
import httpx
from temporalio.client import Client

from benchmarks.bare import OneActivity
from benchmarks.processes import percentile
from benchmarks.servers import conditions
from contracts.names import case_workflow_id
from starter.demo.people import Person, enrol
from tests.chaos.installation import Installation, installed
from tests.mail_server import MailServer

CLIENTS, ROUNDS, WARM_UP = (1, 4), 160, 20
A_SECOND, PACED = 3, 180
"""The rate at which the department works: at 3 a second, 10,000 complaints come in an hour."""
STARTED_WITHIN_SECONDS = 1.0


@dataclass
class Measured:
    """Seconds of each request, and until each workflow's first task began."""

    intakes: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    begun: dict[str, float] = field(default_factory=dict)
    """Wall time of each request by the case number."""


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
    temporal = await house.temporal()
    async with httpx.AsyncClient(base_url=house.url, timeout=30) as http:
        hotline = (await enrol(http, house.admin_token)).hotline[0]
        await _rounds(Measured(), temporal, hotline, WARM_UP)
        for clients in CLIENTS:
            measured = Measured()
            share = [ROUNDS // clients] * clients
            await asyncio.gather(*(_rounds(measured, temporal, hotline, rounds) for rounds in share))
            _show(clients, measured)
        await _until_quiet(house)
        await _show_how_soon(await _paced(temporal, hotline), temporal)


async def _until_quiet(house: Installation) -> None:
    """Until the workers have caught up with what the clients pushed."""
    connection = await asyncpg.connect(house.database_url)
    try:
        while await connection.fetchval("SELECT count(*) FROM step WHERE state = 'running'"):
            await asyncio.sleep(0.5)
    finally:
        await connection.close()


async def _paced(temporal: Client, hotline: Person) -> Measured:
    """Intakes at a steady rate, whatever became of the ones before."""
    measured, begin = Measured(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(PACED):
            await asyncio.sleep(max(0.0, begin + number / A_SECOND - time.perf_counter()))
            group.create_task(_rounds(measured, temporal, hotline, 1))
    return measured


async def _rounds(measured: Measured, temporal: Client, hotline: Person, rounds: int) -> None:
    for _ in range(rounds):
        at, begin = time.time(), time.perf_counter()
        taken = await hotline.take(_form(), secrets.token_hex(16))
        measured.intakes.append(time.perf_counter() - begin)
        measured.begun[taken["reference"]] = at
        begin = time.perf_counter()
        await temporal.start_workflow(OneActivity.run, 1, id=f"bare-{secrets.token_hex(8)}", task_queue="nobody")
        measured.starts.append(time.perf_counter() - begin)


def _form() -> dict[str, object]:
    number = secrets.token_hex(4)
    return {
        "channel": "web",
        "narrative": "The gas pressure drops every evening and the boiler stops.",
        "category": "supply_pressure",
        "customer": {"name": f"Ann {number}", "email": f"ann.{number}@example.com", "phone": "+86 138 0000 1234"},
    }


def _show(clients: int | str, measured: Measured) -> None:
    print(f"\n{clients} clients, {len(measured.intakes)} of each{'':20}p50       p95")
    for name, values in (("intake, request to 201", measured.intakes), ("bare start_workflow", measured.starts)):
        print(f"  {name:32}{percentile(values, 50) * 1e3:8.1f}  {percentile(values, 95) * 1e3:8.1f} ms")
    ratio = percentile(measured.intakes, 95) / percentile(measured.starts, 95)
    print(f"  p95 of intake by bare start     {ratio:8.2f} ×  (goal: 1.00)")


async def _show_how_soon(measured: Measured, temporal: Client) -> None:
    _show(f"{A_SECOND} a second, so many", measured)
    until_run = [await _until_run(temporal, *case) for case in measured.begun.items()]
    p50, p95 = percentile(until_run, 50), percentile(until_run, 95)
    goal = "met" if p95 <= STARTED_WITHIN_SECONDS else "MISSED"
    print(f"  request until the workflow runs {p50 * 1e3:8.1f}  {p95 * 1e3:8.1f} ms (goal: 1 s, {goal})")


async def _until_run(temporal: Client, reference: str, begun: float) -> float:
    """Seconds from the request until the first task of the case's workflow began."""
    handle = temporal.get_workflow_handle(case_workflow_id(reference))
    while True:
        async for event in handle.fetch_history_events():
            if event.HasField("workflow_task_started_event_attributes"):
                return event.event_time.ToMicroseconds() / 1e6 - begun
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main())

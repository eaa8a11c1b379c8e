"""The respondent's pages at fifty arrivals a second for a minute, beside the cheapest page that the same process has.

Run: python -m benchmarks.respondents [--seconds 60] [--rate 50]

An installation with its processes. Each arrival has a link of its own and looks at the questionnaire; one in ten also
begins and sees the first page. Arrivals come whether the ones before are served or not. Beside them, ten times a
second, `/health/live` is asked for, which reads nothing: what the process, the socket and the machine cost themselves.
"""

import argparse
import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import httpx

from benchmarks.processes import percentile
from benchmarks.servers import conditions
from domain.links import LinkPurpose
from runtime.assembly import assemble
from runtime.settings import Settings
from starter.demo.people import Person
from starter.demo.wave import enrolled
from tests.chaos.installation import Installation, installed
from tests.surveys.field import by_mail

LIMIT_SECONDS = 0.1
BESIDE_A_SECOND = 10
PATIENCE_SECONDS = 600.0
Seen = dict[str, list[float]]


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--rate", type=int, default=50)
    given = arguments.parse_args()
    print(conditions(), flush=True)
    settings = {"AMENDS_SMTP_URL": "smtp://127.0.0.1:1", "AMENDS_PUBLIC_PAGES_PER_MINUTE": "1000000"}
    async with (
        installed(settings, workers=1) as house,
        httpx.AsyncClient(
            base_url=house.url, timeout=60, limits=httpx.Limits(max_connections=200, keepalive_expiry=1)
        ) as client,
    ):
        paths = await _links(house, client, given.seconds * given.rate)
        seen = await _arrivals(client, paths, given.rate)
    _show(seen, given.rate, given.seconds)
    print(conditions())


async def _links(house: Installation, client: httpx.AsyncClient, count: int) -> list[str]:
    """The links of a wave whose contacts are called by telephone, so that no mail server is measured."""
    admin = Person("admin", client, house.admin_token)
    analyst = await enrolled(admin, "analyst", "analyst")
    rows = [f"K-{number:05},Customer {number},+86138{number:08},en,east,household" for number in range(count)]
    content = "\n".join(["id,name,phone,language,district,customer_type", *rows])
    await analyst.send("POST", "/v1/customers/import", content=content)
    definition = by_mail(sampling={"method": "census"}, fieldwork__channels=["telephone"])
    await analyst.send("POST", "/v1/surveys", json={"definition": definition.model_dump(mode="json")})
    wave = (await analyst.send("POST", f"/v1/surveys/{definition.id}/waves", json={}))["reference"]
    await _until(analyst, wave, lambda view: view["status"] == "sampled")
    await analyst.send("POST", f"/v1/waves/{wave}/commands/launch", json={})
    await _until(analyst, wave, lambda view: view["steps"][-1]["state"] == "done")
    return await _given(house, wave, count)


async def _given(house: Installation, wave: str, count: int) -> list[str]:
    settings = Settings(
        database_url=house.database_url,
        master_key=house.keys.reveal(),
        smtp_url="smtp://127.0.0.1:1",
        mail_from="care@example.org",
    )
    now = datetime.now(UTC)
    async with assemble(settings, name="benchmark", lazy=True) as parts:
        contacts = [f"{wave}/{number}" for number in range(1, count + 1)]
        links = await parts.links.give(LinkPurpose.SURVEY, contacts, now, now.replace(year=now.year + 1))
    return ["/r/" + links[contact].url.rpartition("/")[2] for contact in contacts]


async def _until(analyst: Person, wave: str, is_so: Callable[[dict[str, object]], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so(await analyst.send("GET", f"/v1/waves/{wave}")):
            await asyncio.sleep(0.2)


async def _arrivals(client: httpx.AsyncClient, paths: list[str], rate: int) -> Seen:
    seen: Seen = defaultdict(list)

    async def timed(what: str, request: Callable[[], Awaitable[httpx.Response]], status: int) -> None:
        begun = time.monotonic()
        answer = await request()
        seen[what].append(time.monotonic() - begun)
        if answer.status_code != status:
            raise RuntimeError(f"{what} answered {answer.status_code}")

    async def arrive(path: str, *, begins: bool) -> None:
        await timed("look at the questionnaire", lambda: client.get(path), 200)
        if begins:
            await timed("begin", lambda: client.post(path, data={"action": "begin"}), 303)
            await timed("see the first page", lambda: client.get(path), 200)

    async with asyncio.TaskGroup() as group:
        begun = time.monotonic()
        for number, path in enumerate(paths):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            group.create_task(arrive(path, begins=number % 10 == 0))
            if number % max(1, rate // BESIDE_A_SECOND) == 0:
                group.create_task(timed("/health/live", lambda: client.get("/health/live"), 200))
    return seen


def _show(seen: Seen, rate: int, seconds: int) -> None:
    live = percentile(seen["/health/live"], 95)
    print(f"{rate} arrivals a second for {seconds} s{'p50':>13}{'p95':>10}{'p99':>10}")
    for what, each in seen.items():
        p50, p95, p99 = (percentile(each, share) * 1_000 for share in (50, 95, 99))
        print(f"  {what:28}{p50:10.1f}{p95:10.1f}{p99:10.1f} ms   ({p95 / live / 1_000:.1f} × /health/live)")
    met = all(percentile(each, 95) <= LIMIT_SECONDS for each in seen.values())
    print(f"limit of {LIMIT_SECONDS * 1_000:.0f} ms at p95: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    asyncio.run(main())

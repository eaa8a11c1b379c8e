"""How soon an acknowledgement is handed to its channel, at three cases a second: durable, and beside it sent at once.

Cases come in at a steady rate; for each the time from the call to take it in until the mail server accepted its notice
is measured. The baseline takes the same complaints in at the same rate and hands the same notice to the same server
right behind the answer, without a process: what no crash survives.

Run: python -m benchmarks.dispatch [--seconds 60] [--rate 3]
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session

from activities.ports import Letter
from benchmarks.servers import Servers, conditions, servers
from domain.complaints.shipped import newest_template
from domain.complaints.terms import StepKind, Way
from domain.complaints.writing import compose
from gateways.mail import MailPost
from gateways.mail import MailServer as Address
from runtime.assembly import case_worker
from tests.house import House, open_house
from tests.mail_server import MailServer

GOAL_SECONDS, GOAL_SHARE = 10.0, 0.95
PATIENCE_SECONDS = 120.0
Take = Callable[[House, int], Awaitable[str]]


class TimedMail(MailServer):
    """Remembers when each notice was accepted, by the number in its subject."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted_at: dict[str, float] = {}

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = await super().handle_DATA(server, session, envelope)
        reference = next(word for word in str(self.deliveries[-1].message["Subject"]).split() if word.startswith("C-"))
        self.accepted_at.setdefault(reference, time.monotonic())
        return reply


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from taking a complaint in to the acceptance of its notice, sorted."""

    seconds: tuple[float, ...]
    missing: int

    def quantile(self, share: float) -> float:
        return self.seconds[min(len(self.seconds) - 1, round(share * len(self.seconds)))]

    def within(self, limit: float) -> float:
        return sum(each <= limit for each in self.seconds) / (len(self.seconds) + self.missing)


async def durable(house: House, number: int) -> str:
    return await house.take(**complaint(number))


async def at_once(house: House, number: int) -> str:
    """Take the complaint in and hand the notice over in the same breath."""
    reference = await house.take(**complaint(number) | {"channel": "phone"})
    code = newest_template(StepKind.ACKNOWLEDGEMENT, "en", Way.EMAIL)
    written = compose(code, {"reference": reference, "name": "", "text": ""})
    post = MailPost(Address.from_url(house.parts.settings.smtp_url), house.parts.settings.mail_from)
    to = complaint(number)["customer"]["email"]
    await post.send(Letter(f"{reference}:acknowledgement.1", to, written.subject, written.body, "en"))
    return reference


def complaint(number: int) -> dict[str, dict[str, str]]:
    return {"customer": {"email": f"customer{number}@example.com"}}


async def measured(house: House, mail: TimedMail, take: Take, rate: float, count: int) -> Times:
    """Take complaints in at the rate and wait for their notices."""
    begun: dict[str, float] = {}

    async def one(number: int) -> None:
        at = time.monotonic()
        begun[await take(house, number)] = at

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(one(number))
            await asyncio.sleep(1 / rate)
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and not begun.keys() <= mail.accepted_at.keys():
        await asyncio.sleep(0.1)
    waits = sorted(mail.accepted_at[ref] - at for ref, at in begun.items() if ref in mail.accepted_at)
    return Times(tuple(waits), len(begun) - len(waits))


async def run(found: Servers, rate: float, count: int) -> tuple[Times, Times]:
    mail = TimedMail()
    await mail.start()
    try:
        async with open_house(found.database_url, found.client, found.keys, smtp_url=mail.url) as house:
            baseline = await measured(house, mail, at_once, rate, count)
        async with (
            open_house(found.database_url, found.client, found.keys, smtp_url=mail.url) as house,
            case_worker(house.parts),
        ):
            ours = await measured(house, mail, durable, rate, count)
    finally:
        await mail.stop()
    return ours, baseline


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--rate", type=float, default=3.0)
    given = arguments.parse_args()
    print(conditions())
    async with servers() as found:
        show(await run(found, given.rate, round(given.seconds * given.rate)), given.rate)
    print(conditions())


def show(both: Sequence[Times], rate: float) -> None:
    ours, baseline = both
    print(f"\n{len(ours.seconds)} cases at {rate:g} a second{'p50':>15}{'p95':>9}{'p99':>9}{'within 10 s':>14}")
    for name, times in (("durable", ours), ("sent at once", baseline)):
        quantiles = "".join(f"{times.quantile(share):8.2f}s" for share in (0.5, 0.95, 0.99))
        print(f"{name:26}{quantiles:>30}{times.within(GOAL_SECONDS):>13.1%}")
    print(f"ratio at p50 {ours.quantile(0.5) / baseline.quantile(0.5):.1f}, at p95 ", end="")
    print(f"{ours.quantile(0.95) / baseline.quantile(0.95):.1f}")
    is_met = ours.within(GOAL_SECONDS) >= GOAL_SHARE
    print(f"goal of {GOAL_SHARE:.0%} within {GOAL_SECONDS:g} s: {'met' if is_met else 'MISSED'}")


if __name__ == "__main__":
    asyncio.run(main())

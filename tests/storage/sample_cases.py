"""Cases made by the domain itself, for tests of how they are stored."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from activities.ports import Appended
from domain.access import Person, Role
from domain.complaints import commands as c
from domain.complaints import shipped
from domain.complaints.case import Case
from domain.complaints.decide import decide, decide_intake
from domain.complaints.evolve import fold
from domain.complaints.facts import Entry
from domain.complaints.intake import Intake
from domain.complaints.situation import Circumstances
from storage.intakes import open_case
from storage.ledger import Ledger
from storage.pool import Pool, transaction

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TEXT = "txt_" + "0b" * 16
HANDLER = Person(id="per_00handler", name="Handler", roles=frozenset({Role.HANDLER}), team="north")
POLICY = next(policy for policy in shipped.policies() if policy.id == "plain")
CALENDAR = shipped.every_day("Asia/Shanghai")

_numbers = count(1)


def circumstances(at: datetime = AT) -> Circumstances:
    return Circumstances(now=at, policy=POLICY, calendar=CALENDAR, staff={HANDLER.id: HANDLER})


def first_entries(reference: str, at: datetime = AT, **fields: Any) -> tuple[Entry, ...]:
    """The entries with which a case begins."""
    known: dict[str, Any] = {
        "channel": "web",
        "received_at": at,
        "taken_by": "per_0hotline",
        "customer": "cus_" + "0a" * 16,
        "narrative": TEXT,
    }
    intake = Intake(reference=reference, **{**known, **fields})
    return decide_intake(intake, f"receive-{reference}", circumstances(at))


async def opened(pool: Pool, reference: str | None = None, at: datetime = AT, **fields: Any) -> Case:
    """A new case in the store."""
    entries = first_entries(reference or f"C-2026-{next(_numbers):06d}", at, **fields)
    case = fold(entries)
    async with transaction(pool) as connection:
        await open_case(connection, entries, case, at)
    return case


def made(
    case: Case, command: c.AnyCommand, at: datetime = AT + timedelta(minutes=5), command_id: str | None = None
) -> tuple[tuple[Entry, ...], Case]:
    """The entries that a command makes and the case behind them; nothing is stored."""
    submission_id = command_id or f"{command.command}-{next(_numbers)}"
    submission = c.Submission(id=submission_id, actor=HANDLER.id, command=command)
    entries = decide(case, submission, circumstances(at))
    return entries, fold(entries, case)


async def done(ledger: Ledger, case: Case, *commands: c.AnyCommand) -> Case:
    """The case after commands that were decided and recorded one by one."""
    for command in commands:
        entries, after = made(case, command)
        assert await ledger.append(case, entries, after) == Appended()
        case = after
    return case


def note() -> c.Note:
    return c.Note(text=TEXT)


TO_THE_ANSWER: tuple[c.AnyCommand, ...] = (
    c.Assess(decision="valid"),
    c.Claim(),
    c.StartInvestigation(),
    c.Respond(way="phone", letter=TEXT, outcome="upheld", cause="process"),
)


def on(year: int, month: int, day: int) -> datetime:
    return datetime.combine(date(year, month, day), AT.timetz())

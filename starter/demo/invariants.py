"""What must hold at the end, whatever happened on the way. Reads the stores, not the processes."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.complaints.case import Case
from domain.complaints.evolve import fold
from domain.complaints.facts import ClockBreached, Entry
from domain.complaints.steps import Step
from domain.complaints.terms import ClockState, StepState, Way
from starter.demo.endings import wrong_turns
from starter.demo.mailbox import Mailbox
from storage import chains
from storage.cases import CaseRecords
from storage.keys import MasterKeys
from storage.ledger import Ledger
from storage.pool import open_pool
from storage.unstarted import Kind, Unstarted

LOOKS = 60
"""How often, a second apart, it is looked whether what was taken in has been started."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was counted, and every invariant that does not hold."""

    cases: int
    facts: int
    statuses: Counter[str]
    clocks: Counter[str]
    mails: int
    repeated_mails: int
    broken: tuple[str, ...]


async def examine(database_url: str, keys: MasterKeys, paths: Mapping[str, str], mailbox: Mailbox) -> Findings:
    """Check every acknowledged case against its ledger, its read model, its path and the mail that went out.

    `paths` says of each case which path it was taken.
    """
    pool = await open_pool(database_url, size=4)
    try:
        ledger, records = Ledger(pool), CaseRecords(pool)
        await chains.anchor(pool, keys.anchor(), datetime.now(UTC))
        verified = await chains.verify(pool, keys.anchor())
        broken = [f"{damage.place}: {damage.finding}" for damage in verified.damages]
        statuses, clocks = Counter[str](), Counter[str]()
        letters = 0
        for reference, path in paths.items():
            entries, record = await ledger.entries(reference), await records.find(reference)
            case = fold(entries)
            broken += [f"{reference}: {finding}" for finding in _contradictions(case, entries, record)]
            broken += [f"{reference}: {finding}" for finding in wrong_turns(path, case, entries)]
            statuses[case.status] += 1
            clocks.update(clock.state for clock in case.clocks)
            letters += sum(_mails_of(step) for step in case.steps)
        letters += await pool.fetchval(
            "SELECT count(*) FROM contact WHERE channel = 'email' AND invited_at IS NOT NULL"
        )
        broken += [
            f"a {kind} was taken in and never started"
            for kind in Kind
            if not await _all_started(Unstarted(pool, kind), before=datetime.now(UTC))
        ]
    finally:
        await pool.close()
    if len(mailbox.acceptances) != letters:
        broken.append(f"{letters} letters were recorded as sent, the mail server knows {len(mailbox.acceptances)}")
    repeated = sum(count - 1 for count in mailbox.acceptances.values())
    return Findings(
        verified.cases, verified.entries, statuses, clocks, len(mailbox.acceptances), repeated, tuple(broken)
    )


async def _all_started(unstarted: Unstarted, *, before: datetime) -> bool:
    """Whether what was taken in until now is started soon; other scenes go on meanwhile."""
    for _ in range(LOOKS):
        oldest = await unstarted.oldest()
        if oldest is None or oldest > before:
            return True
        await asyncio.sleep(1)
    return False


def _mails_of(step: Step) -> int:
    """How many mails a step stands for: one that it was, and one more for each that came back."""
    return (step.bounces + (step.state is StepState.DONE)) if step.way is Way.EMAIL else 0


def _contradictions(case: Case, entries: Iterable[Entry], record: Case | None) -> Iterator[str]:
    if record != case:
        yield "the read model is not what the ledger makes"
    if case.parked or case.steps_in(StepState.RUNNING):
        yield "a step was left unfinished"
    breaches = {
        (entry.fact.kind, entry.fact.attempt): entry for entry in entries if isinstance(entry.fact, ClockBreached)
    }
    for clock in case.clocks:
        breach = breaches.get((clock.kind, clock.attempt))
        if (clock.state is ClockState.BREACHED) != (breach is not None):
            yield f"clock {clock.key} is {clock.state}, which its facts do not say"
        if breach is not None and breach.at < clock.due_at:
            yield f"clock {clock.key} fired before it was due"
        if clock.state is ClockState.RUNNING and case.has_ended:
            yield f"clock {clock.key} runs on after the end"

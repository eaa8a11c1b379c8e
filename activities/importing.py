"""Taking over the rows of an import, chunk after chunk; each is one transaction, so that a repeated page goes on."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime

from temporalio import activity

from activities.import_ports import Chunk, ImportedRows, ImportJob, Placed, PoliciesByDay, TakenOver
from contracts.imports import ImportPage, ImportStart
from contracts.names import IMPORT_PAGE
from domain.complaints.decide import decide_import
from domain.complaints.evolve import fold
from domain.complaints.facts import Imported
from domain.complaints.importing import Found, understand
from domain.complaints.intake import HIGHEST_SEVERITY, Intake
from domain.complaints.situation import Circumstances
from domain.complaints.taxonomy import Taxonomy
from domain.complaints.terms import Way

CHUNKS_PER_PAGE = 50
_REACHED_AT = {"email": Way.EMAIL, "phone": Way.PHONE, "address": Way.POST}


class ImportWorker:
    """Makes cases of rows. What is remembered between two chunks is nothing: memory does not grow with the file."""

    def __init__(
        self, rows: ImportedRows, rulebook: PoliciesByDay, taxonomy: Taxonomy, policy: str, now: Callable[[], datetime]
    ) -> None:
        self._rows = rows
        self._rulebook = rulebook
        self._taxonomy = taxonomy
        self._policy = policy
        self._now = now

    @activity.defn(name=IMPORT_PAGE)
    async def import_page(self, start: ImportStart) -> ImportPage:
        """Take over the next rows of an import."""
        job, settled = await self._rows.job(start.batch), 0
        for _ in range(CHUNKS_PER_PAGE):
            chunk = await self._rows.next_chunk(start.batch)
            if chunk is None:
                await self._rows.finish(start.batch, self._now())
                return ImportPage(settled=settled, is_last=True)
            await self._take_over(job, chunk)
            settled += len(chunk.rows)
            activity.heartbeat(chunk.number)
        return ImportPage(settled=settled, is_last=False)

    async def _take_over(self, job: ImportJob, chunk: Chunk) -> None:
        now = self._now()
        found = await asyncio.to_thread(self._understand, job, chunk, now)
        usable = [each for each in found if each.is_usable]
        placed, known = await self._rows.place(job, usable)
        rules = await self._rules(job, placed, now)
        cases = await asyncio.to_thread(self._decide, job, placed, rules)
        left_out = [each.row for each in found if not each.is_usable]
        await self._rows.write(job, chunk, cases, known, left_out, now)

    def _understand(self, job: ImportJob, chunk: Chunk, now: datetime) -> list[Found]:
        return [understand(job.plan, self._taxonomy, row, cells, now) for row, cells in chunk.rows]

    async def _rules(self, job: ImportJob, placed: Sequence[Placed], now: datetime) -> dict[date, Circumstances]:
        """The policy in force on each day of receipt, with its calendar; before there was one, the oldest version."""
        wanted = job.plan.mapping.policy or self._policy
        days = {received.date() for each in placed if (received := each.found.received_at) is not None}
        policies = {day: await self._rulebook.in_force_or_oldest(wanted, day) for day in days}
        one_of_each = {each.calendar: each for each in policies.values()}
        known = {name: await self._rulebook.calendar(policy) for name, policy in one_of_each.items()}
        return {
            day: Circumstances(now=now, policy=policy, calendar=known[policy.calendar])
            for day, policy in policies.items()
        }

    def _decide(self, job: ImportJob, placed: Sequence[Placed], rules: dict[date, Circumstances]) -> list[TakenOver]:
        return [self._case(job, each, rules) for each in placed]

    def _case(self, job: ImportJob, placed: Placed, rules: dict[date, Circumstances]) -> TakenOver:
        found = placed.found
        assert found.received_at is not None  # noqa: S101  a usable row has it
        circumstances = rules[found.received_at.date()]
        assert circumstances.policy is not None  # noqa: S101
        fact = Imported(
            intake=self._intake(job, placed),
            policy=circumstances.policy.pin,
            source=job.plan.mapping.id,
            batch=job.batch,
            row=found.row,
            legacy=found.legacy,
            is_closed=not found.is_open,
            ended_at=found.ended_at,
        )
        entries = decide_import(fact, f"import-{placed.reference}", circumstances)
        return TakenOver(placed, entries, fold(entries))

    def _intake(self, job: ImportJob, placed: Placed) -> Intake:
        found = placed.found
        assert found.received_at is not None  # noqa: S101
        is_emergency = found.is_open and self._taxonomy.names_a_danger(found.narrative)
        return Intake(
            reference=placed.reference,
            received_at=found.received_at,
            taken_by=job.asked_by,
            customer=placed.customer,
            language=job.plan.mapping.language,
            reachable_by=tuple(way for field, way in _REACHED_AT.items() if field in placed.identity),
            narrative=placed.narrative,
            demand=placed.demand,
            severity=HIGHEST_SEVERITY if is_emergency else found.severity,
            is_emergency=is_emergency,
            occurred_at=found.occurred_at,
            **found.codes,
        )

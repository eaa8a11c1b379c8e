"""Operators' commands for many parked steps: looked at first (dry run), then done as a durable batch.

The one reason of such a command is about none of the customers: it is sealed once, under a subject of the batch's own.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.access import Person
from domain.complaints.commands import Submission
from domain.complaints.decide import check
from domain.complaints.situation import Circumstances
from domain.privacy import Identity, TextKind
from domain.ruling import Refused
from runtime.launcher import TEMPORAL_AWAY
from starter.bodies import command_of
from starter.keys import RequestKeys
from starter.problems import FieldError, Problem, invalid
from storage.batches import Item, keep
from storage.cases import CaseRecords
from storage.pool import Pool, transaction
from storage.steps import ParkedStep, StepFilter, StepRecords
from storage.vault import Vault

MOST_STEPS = 10_000
LOOKS_BETWEEN_TURNS = 100
_SOME_TEXT = "txt_" + "0" * 32

NOT_FOUND = ("not_found", "there is no such step")


@dataclass(frozen=True, slots=True)
class StepSelection:
    """Which steps: those named, or the parked ones of a filter."""

    ids: tuple[str, ...] = ()
    narrowed_to: StepFilter | None = None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would become of a step's command now: nothing is wrong, or the guard that would refuse it."""

    id: str
    guard: str | None = None
    detail: str | None = None


class StepDesk:
    """Takes commands for many steps."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        steps: StepRecords,
        cases: CaseRecords,
        keys: RequestKeys,
        start: Callable[[str], Awaitable[None]],
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._steps = steps
        self._cases = cases
        self._keys = keys
        self._start = start

    async def look(self, person: Person, name: str, selection: StepSelection) -> list[Prospect]:
        """What the command would do to each step as it is now; nothing is done. Raises `Problem`."""
        prospects = []
        for number, (step_id, step) in enumerate(await self._selected(selection)):
            if number % LOOKS_BETWEEN_TURNS == 0:
                await asyncio.sleep(0)  # thousands of cases are folded: others have their turn between
            prospects.append(await self._prospect(person, name, step_id, step))
        return prospects

    async def start(
        self, person: Person, name: str, selection: StepSelection, reason: str | None, per_second: float
    ) -> tuple[str, int]:
        """Keep a batch with every step of the selection and start it: its id, and how many steps it has."""
        batch, now = f"bat_{secrets.token_hex(10)}", datetime.now(UTC)
        selected = await self._selected(selection)
        text = None if reason is None else self._keys.text(batch, "reason")
        items = [
            self._item(person, name, batch, text, number, step_id, step)
            for number, (step_id, step) in enumerate(selected, start=1)
        ]
        async with transaction(self._pool) as connection:
            if text is not None and reason is not None:
                of_the_batch = await self._vault.create_subject(connection, Identity(), at=now)
                await self._vault.seal(connection, of_the_batch, text, TextKind.REASON, reason, at=now)
            await keep(connection, batch, name, person.id, now, per_second, items)
        with suppress(*TEMPORAL_AWAY):  # it is kept, and a chore starts what is left
            await self._start(batch)
        return batch, len(items)

    def _item(
        self,
        person: Person,
        name: str,
        batch: str,
        text: str | None,
        number: int,
        step_id: str,
        step: ParkedStep | None,
    ) -> Item:
        reference, _, _ = step_id.partition(".")
        submission = self._submission(person, name, step_id, text, batch, 0 if step is None else step.sequence)
        outcome, code, detail = ("refused", *NOT_FOUND) if step is None else (None, None, None)
        return Item(number, reference, submission, outcome, code, detail)

    def _submission(
        self, person: Person, name: str, step_id: str, text: str | None, batch: str, sequence: int
    ) -> Submission:
        reference, _, key = step_id.partition(".")
        given: dict[str, Any] = {"step": key} | ({} if text is None else {"reason": text})
        submission_id = self._keys.submission(name, person.id, reference, f"{key}:{batch}")
        return Submission(id=submission_id, actor=person.id, command=command_of(name, given), as_of=sequence)

    async def _prospect(self, person: Person, name: str, step_id: str, step: ParkedStep | None) -> Prospect:
        case = None if step is None else await self._cases.find(step.reference)
        if case is None:
            return Prospect(step_id, *NOT_FOUND)
        submission = self._submission(person, name, step_id, _SOME_TEXT, "", case.sequence)
        try:
            check(case, submission, Circumstances(now=datetime.now(UTC)))
        except Refused as refusal:
            return Prospect(step_id, refusal.guard, refusal.detail)
        return Prospect(step_id)

    async def _selected(self, selection: StepSelection) -> Sequence[tuple[str, ParkedStep | None]]:
        """The steps that are meant, by id; None for one that is not there. Raises `Problem`."""
        if selection.ids and selection.narrowed_to not in {None, StepFilter()}:
            raise invalid([FieldError("/ids", "name steps, or give a filter; not both")])
        if selection.ids:
            found = {step.id: step for step in await self._steps.named(selection.ids)}
            return [(step_id, found.get(step_id)) for step_id in dict.fromkeys(selection.ids)]
        steps = await self._steps.parked(selection.narrowed_to or StepFilter(), limit=MOST_STEPS + 1)
        if len(steps) > MOST_STEPS:
            raise Problem(413, "too_many", f"more than {MOST_STEPS} steps are parked so; narrow the filter")
        return [(step.id, step) for step in steps]

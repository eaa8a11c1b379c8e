"""A whole house of Amends in one process, for tests: real PostgreSQL, real Temporal, real mail, our own desks."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle

from contracts.names import case_workflow_id
from domain.access import Person, Role
from domain.complaints.case import Case
from runtime.assembly import Parts, case_worker, plug_together
from runtime.settings import Settings
from starter.desk import Request
from starter.intake import ComplaintForm
from starter.problems import Problem
from starter.services import Services, services
from storage.keys import MasterKeys
from storage.pool import open_pool

UNANSWERED_TRIES = 4
EVERY_ROLE = frozenset({Role.HOTLINE, Role.HANDLER, Role.SUPERVISOR, Role.OPERATOR})


@dataclass
class House:
    """The services, with people in them, and short words for what tests do."""

    services: Services
    people: dict[str, Person]

    @property
    def parts(self) -> Parts:
        return self.services.parts

    async def take(self, **fields: Any) -> str:
        """Take a complaint in by `hotline`; its number."""
        form = {"channel": "web", "narrative": "The boiler is cold.", "customer": {"email": "li.hua@example.com"}}
        taken = await self.services.intake.take(self.people["hotline"], ComplaintForm(**{**form, **fields}), None)
        assert taken.reference is not None
        return taken.reference

    async def do(self, reference: str, command: str, by: str = "handler", **values: Any) -> Case:
        """Do a command, and repeat it under its key while a busy machine does not answer."""
        request = Request(self.people[by], reference, command, values, key=uuid.uuid4().hex)
        for _ in range(UNANSWERED_TRIES):
            try:
                done = await self.services.cases.perform(request)
            except Problem as problem:
                if problem.status != 503:
                    raise
                unanswered = problem
            else:
                assert done.case is not None
                return done.case
        raise unanswered

    async def record(self, reference: str) -> Case:
        case = await self.parts.records.find(reference)
        assert case is not None
        return case

    async def facts(self, reference: str) -> list[str]:
        return [entry.fact.type for entry in await self.parts.ledger.entries(reference)]

    def workflow(self, reference: str) -> WorkflowHandle[Any, Any]:
        return self.parts.client.get_workflow_handle(case_workflow_id(reference))


@asynccontextmanager
async def open_house(
    database_url: str, client: Client, keys: MasterKeys, *, smtp_url: str = "smtp://127.0.0.1:1", **settings: Any
) -> AsyncIterator[House]:
    """A house without a worker."""
    chosen = Settings(
        database_url=database_url,
        master_key=keys.reveal(),
        smtp_url=smtp_url,
        mail_from="Customer care <care@example.org>",
        task_queue=f"test-{uuid.uuid4().hex}",
        **{"default_policy": "plain", "step_attempts": 2, "step_first_wait": timedelta(milliseconds=50), **settings},
    )
    pool = await open_pool(database_url, size=10)
    try:
        parts = plug_together(chosen, keys, pool, client)
        made = services(parts)
        people = {role: await _enrolled(parts, role) for role in Role}
        people["another handler"] = await _enrolled(parts, Role.HANDLER, "another handler")
        yield House(made, {str(name): person for name, person in people.items()})
        await made.intake.settle()
    finally:
        await pool.close()


@asynccontextmanager
async def working_house(database_url: str, client: Client, keys: MasterKeys, **settings: Any) -> AsyncIterator[House]:
    """A house with a worker."""
    async with open_house(database_url, client, keys, **settings) as house, case_worker(house.parts, strict=True):
        yield house


async def _enrolled(parts: Parts, role: Role, name: str | None = None) -> Person:
    return await parts.people.enrol(name or role, [role], datetime.now(UTC))

"""Looking for earlier cases of a customer: before a complaint is saved, when it is taken, when a case is read."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.access import CaseScope, Permission, Person, may, scope_of
from domain.complaints.case import Case
from domain.complaints.likeness import Likeness, Matter, compare
from domain.privacy import IDENTIFYING, Act
from starter.reading import Reads
from storage.earlier_cases import Kin, earlier_cases, known_by, same_customer
from storage.identities import LookupField
from storage.pool import Connection, Pool, borrow
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class LikenessDesk:
    """Finds earlier cases of the same customer, and says which are likely about the same."""

    pool: Pool
    vault: Vault
    reads: Reads

    async def of_caller(self, person: Person, identifiers: Mapping[LookupField, str], matter: Matter) -> list[Likeness]:
        """The earlier cases of whoever has one of these identifiers, which are understood."""
        async with borrow(self.pool) as connection:
            found = {
                field: await self.vault.subjects_seen_by(connection, field, value)
                for field, value in identifiers.items()
            }
            likely = await _compared(connection, known_by(found), matter, reach_of(person))
        subjects = {subject for each in found.values() for subject in each}
        await self.reads.note_all(person.id, ((subject, None) for subject in subjects), IDENTIFYING, Act.FOUND)
        return likely

    async def of_case(self, person: Person, case: Case) -> list[Likeness]:
        """The earlier cases beside a case."""
        async with borrow(self.pool) as connection:
            return await likenesses(connection, person, case)


async def likenesses(connection: Connection, person: Person, case: Case) -> list[Likeness]:
    """The same, as the caller's transaction sees it."""
    intake = case.intake
    matter = Matter(at=intake.received_at, category=intake.category, product=intake.product)
    kin = await same_customer(connection, intake.customer)
    return await _compared(connection, kin, matter, reach_of(person), leaving_out=case.reference)


def reach_of(person: Person) -> CaseScope:
    """Who looks callers up sees all earlier cases of a caller in a line each; others those of their own reach."""
    return CaseScope(everything=True) if may(person, Permission.LOOK_UP_CALLERS) else scope_of(person)


async def _compared(
    connection: Connection, kin: Kin, matter: Matter, scope: CaseScope, leaving_out: str = ""
) -> list[Likeness]:
    """The likely duplicates in front, each group with the newest first."""
    found = await earlier_cases(connection, kin, scope, until=matter.at, leaving_out=leaving_out) if kin else []
    return sorted((compare(matter, case) for case in found), key=lambda each: not each.is_likely_duplicate)

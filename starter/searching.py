"""Searching in narratives: they are sealed, so a search opens them one page of cases after the other.

Bounded: a search looks at so many cases and says where to go on. Logged: every case that was looked into has a line,
as no answer tells something about a case too. The words that were looked for are in no log.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from domain.access import CaseScope, Person, Role, scope_of
from domain.complaints.case import Case
from domain.privacy import Act, TextKind
from starter.reading import TEXTS, Reads
from storage.cases import MAX_PAGE, CaseFilter, CaseRecords
from storage.vault import Vault

MOST_SCANNED = 1_000
MOST_FOUND = 100
AROUND = 60
"""Characters shown on either side of what was found."""


@dataclass(frozen=True, slots=True)
class Match:
    """A case in whose words it was found, in which of them, and what stands around it."""

    reference: str
    kind: TextKind
    excerpt: str


@dataclass(frozen=True, slots=True)
class Searched:
    """What was found in how many cases, and where to go on."""

    matches: tuple[Match, ...]
    scanned: int
    next_cursor: str | None


class NarrativeSearch:
    """Looks for words in what customers said."""

    def __init__(self, records: CaseRecords, vault: Vault, reads: Reads) -> None:
        self._records = records
        self._vault = vault
        self._reads = reads

    async def search(
        self, person: Person, wanted: CaseFilter, words: str, *, cursor: str | None, at_most: int
    ) -> Searched:
        """Look into at most so many cases of the filter that the person may see. Raises BadCursor."""
        matches: list[Match] = []
        scanned, needle = 0, _plain(words)
        while scanned < at_most and len(matches) < MOST_FOUND:
            size = min(MAX_PAGE, at_most - scanned)
            page = await self._records.page(wanted, _scope(person), cursor=cursor, limit=size)
            matches += await self._look_into(person, page.cases, needle)
            scanned, cursor = scanned + len(page.cases), page.next_cursor
            if cursor is None:
                break
        return Searched(tuple(matches), scanned, cursor)

    async def _look_into(self, person: Person, cases: Sequence[Case], needle: str) -> list[Match]:
        opened = [(case.intake.customer, case.reference) for case in cases]
        await self._reads.note_all(person.id, opened, TEXTS, Act.SEARCHED)
        sealed = [
            (case.reference, kind, item)
            for case in cases
            for kind, item in ((TextKind.NARRATIVE, case.intake.narrative), (TextKind.DEMAND, case.intake.demand))
            if item is not None
        ]
        texts = await self._vault.open_kept_texts(item for _, _, item in sealed)
        found = ((reference, kind, _around(texts.get(item, ""), needle)) for reference, kind, item in sealed)
        return [Match(reference, kind, excerpt) for reference, kind, excerpt in found if excerpt is not None]


def _scope(person: Person) -> CaseScope:
    """Privacy officers look for a person wherever the person is spoken of."""
    return CaseScope(everything=True) if Role.PRIVACY in person.roles else scope_of(person)


def _plain(text: str) -> str:
    """Without what two writers may write differently: width, case, composed signs."""
    return unicodedata.normalize("NFKC", text).casefold()


def _around(text: str, needle: str) -> str | None:
    """What stands around the first place of the needle; None where it is not. Folding may move it by some signs."""
    at = _plain(text).find(needle)
    return None if at < 0 else text[max(0, at - AROUND) : at + len(needle) + AROUND]

"""The forms of a case, filled from its ledger and, for those who may see it, from the vault.

What a form says is `domain.complaints.forms`; how it looks is `documents.forms`.
"""

from collections.abc import Iterable, Mapping

from domain.access import Permission, Person, may
from domain.complaints.case import Case
from domain.complaints.facts import Entry
from domain.complaints.forms import CaseFile, FormKind, form_of, text_ids_in
from domain.complaints.forms.filling import people_in
from domain.complaints.forms.paper import Form
from domain.complaints.forms.wording import Words
from domain.complaints.taxonomy import Taxonomy
from domain.privacy import Act, Language, mask_identity
from starter.desk import CaseDesk
from starter.reading import STORY, Reads
from storage.ledger import Ledger
from storage.people import People
from storage.vault import MOST_ITEMS, Erased, Vault


class FormDesk:
    """Fills forms in, and hands out empty ones."""

    def __init__(
        self,
        *,
        vault: Vault,
        ledger: Ledger,
        people: People,
        cases: CaseDesk,
        reads: Reads,
        taxonomy: Taxonomy,
        zone: str,
    ) -> None:
        self._vault = vault
        self._ledger = ledger
        self._people = people
        self._cases = cases
        self._reads = reads
        self._taxonomy = taxonomy
        self._zone = zone

    async def filled(self, person: Person, reference: str, kind: FormKind, language: Language) -> Form:
        """The form of a case; the read of personal data is logged. Raises `Problem`: 404."""
        case = await self._cases.visible_case(person, reference)
        words = self.words(language, case.legacy)
        entries = await self._ledger.entries(case.reference)
        return form_of(kind, words, await self.case_file(person, case, entries, words))

    def blank(self, kind: FormKind, language: Language) -> Form:
        """An empty form to fill in by hand."""
        return form_of(kind, self.words(language), None)

    async def case_file(
        self, person: Person, case: Case, entries: tuple[Entry, ...], words: Words, act: Act = Act.READ
    ) -> CaseFile:
        """The case with its story, as far as the person may see it; that it is opened is logged."""
        names = {each.id: each.name for each in (await self._people.people(people_in(entries))).values()}
        if not may(person, Permission.READ_CUSTOMER):
            masked = await self._masked(case)
            return CaseFile(case, entries, masked, {}, names, words.said("form.hidden"))
        await self._reads.note(person.id, case.intake.customer, STORY, case.reference, act)
        texts = await self._texts(entries)
        return CaseFile(case, entries, await self._identity(case, words), texts, names, words.said("form.erased"))

    async def _identity(self, case: Case, words: Words) -> dict[str, str]:
        try:
            identity = await self._vault.identity(case.intake.customer)
        except Erased:
            return {"name": words.said("form.erased")}
        return identity.model_dump(mode="json", exclude_none=True)

    async def _masked(self, case: Case) -> dict[str, str]:
        try:
            return mask_identity(await self._vault.identity(case.intake.customer))
        except Erased:
            return {}

    async def _texts(self, entries: tuple[Entry, ...]) -> dict[str, str]:
        """The sealed texts of the case, opened; those of an erased customer are left out."""
        texts: dict[str, str] = {}
        for ids in _in_pages(text_ids_in(entries)):
            texts |= await self._vault.open_kept_texts(ids)
        return texts

    def words(self, language: Language, legacy: Mapping[str, str] | None = None) -> Words:
        """The words of the forms, at the times of this installation."""
        return Words(language, self._taxonomy, self._zone, legacy)


def _in_pages(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + MOST_ITEMS] for start in range(0, len(ids), MOST_ITEMS))

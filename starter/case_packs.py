"""Case packs for an ombudsman: one archive with the case on paper, as data, and as its ledger, hashes over all."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from documents.forms import FormFormat, render_form
from documents.pack import LEDGER, as_json, bind, ledger_lines
from domain.access import Person
from domain.complaints.evolve import fold
from domain.complaints.facts import read_entry
from domain.complaints.forms.case_pack import CasePack, FileOfCase, pack_form
from domain.complaints.forms.wording import Words
from domain.privacy import Act, Language
from starter.desk import CaseDesk
from starter.forms import FormDesk
from storage.attachments import Attachments
from storage.ledger import Ledger


class PackDesk:
    """Binds cases into packs."""

    def __init__(self, *, ledger: Ledger, attachments: Attachments, cases: CaseDesk, forms: FormDesk) -> None:
        self._ledger = ledger
        self._attachments = attachments
        self._cases = cases
        self._forms = forms

    async def pack(self, person: Person, reference: str, language: Language) -> bytes:
        """The pack of a case as it is recorded now; that it was handed out is logged. Raises `Problem`: 404."""
        await self._cases.visible_case(person, reference)
        stored = [(payload, digest.hex()) for payload, digest in await self._ledger.stored(reference)]
        entries = tuple(read_entry(json.loads(payload)) for payload, _ in stored)
        case = fold(entries)
        words = self._forms.words(language, case.legacy)
        pack = CasePack(
            file=await self._forms.case_file(person, case, entries, words, Act.EXPORTED),
            hashes=tuple(digest for _, digest in stored),
            files=tuple(FileOfCase(*each) for each in await self._attachments.of_case(reference)),
            made_at=datetime.now(UTC),
            made_by=person.name,
        )
        return await asyncio.to_thread(_bound, words, pack, stored)


def _bound(words: Words, pack: CasePack, stored: list[tuple[str, str]]) -> bytes:
    made = {"made_at": pack.made_at.isoformat(), "made_by": pack.made_by, "language": str(words.language)}
    parts = {
        "case.pdf": render_form(pack_form(words, pack), FormFormat.PDF),
        "case.json": as_json(_document(pack)),
        LEDGER: ledger_lines(stored),
    }
    return bind(pack.file.case.reference, pack.hashes[-1], made, parts)


def _document(pack: CasePack) -> dict[str, Any]:
    """The pack as data."""
    file = pack.file
    return {
        "reference": file.case.reference,
        "case": file.case.model_dump(mode="json"),
        "customer": dict(file.identity),
        "texts": dict(file.texts),
        "people": dict(file.names),
        "timeline": [
            {"hash": digest, **entry.model_dump(mode="json", exclude={"reference", "epoch", "schema_version"})}
            for entry, digest in zip(file.entries, pack.hashes, strict=True)
        ],
        "files": [{"id": each.id, "size": each.size, "sha256": each.sha256} for each in pack.files],
    }

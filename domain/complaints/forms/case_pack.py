"""The case file for an ombudsman (案卷): what was said, what happened in which order, which files, and both forms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.complaints import facts as f
from domain.complaints.forms import register, visit_record
from domain.complaints.forms.filling import CaseFile
from domain.complaints.forms.paper import Field, Form, Listing, Room, Section, Sheet, Written
from domain.complaints.forms.wording import Words

_HASH_GROUP = 16


@dataclass(frozen=True, slots=True)
class FileOfCase:
    """A file of the case: its id, how many bytes it has, and their SHA-256."""

    id: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class CasePack:
    """A case as it is handed to an ombudsman: the hashes are those of its ledger's entries, in order."""

    file: CaseFile
    hashes: tuple[str, ...]
    files: tuple[FileOfCase, ...]
    made_at: datetime
    made_by: str


def pack_form(words: Words, pack: CasePack) -> Form:
    """The whole pack as one document: the case file, then both forms."""
    title = words.said("form.pack")
    return Form(
        language=words.language,
        title=title,
        number_label=words.said("form.number"),
        number=pack.file.case.reference,
        date_label=words.said("form.date"),
        note=words.said("form.zone").format(zone=words.zone_name),
        sheets=(
            Sheet(tuple(_sections(words, pack)), (), title),
            *_titled(register.sheets(words, pack.file), words.said("form.register")),
            *_titled(visit_record.sheets(words, pack.file), words.said("form.visit")),
        ),
    )


def _titled(sheets: Sequence[Sheet], title: str) -> Iterator[Sheet]:
    return (Sheet(sheet.sections, sheet.signatures, title) for sheet in sheets)


def _sections(words: Words, pack: CasePack) -> Iterator[Section]:
    yield Section(words.said("section.summary"), tuple(_summary(words, pack)))
    yield Section(words.said("section.letters"), tuple(_statements(words, pack.file)))
    yield Section(words.said("section.timeline"), (_timeline(words, pack),))
    yield Section(words.said("section.attached"), (_files(words, pack),))


def _summary(words: Words, pack: CasePack) -> Iterator[Field]:
    case, file = pack.file.case, pack.file
    told = {
        "case": case.reference,
        "status": words.said(f"status.{case.status}"),
        "name": file.identity.get("name", ""),
        "account": file.identity.get("account", ""),
        "received": words.moment(case.intake.received_at),
        "responded": words.moment(case.responded_at),
        "closed": words.moment(case.ended_at),
        "policy": case.policy,
        "category": words.code("category", case.intake.category),
        "outcome": words.code("outcome", case.outcome),
        "made_at": words.moment(pack.made_at),
        "made_by": pack.made_by,
        "facts": str(len(file.entries)),
    }
    for name, text in told.items():
        yield Field(words.label(name), Written(text), Room.SHORT)
    yield Field(words.label("head"), Written(_grouped(pack.hashes[-1])))


def _statements(words: Words, file: CaseFile) -> Iterator[Field]:
    """What the customer said, and every letter, in the order in which they stand in the ledger."""
    given = file.case.intake
    yield Field(words.label("narrative"), Written(file.text(given.narrative)), Room.PARAGRAPH)
    if given.demand:
        yield Field(words.label("demand"), Written(file.text(given.demand)), Room.PARAGRAPH)
    written: set[str] = set()
    for entry in file.entries:
        letter = getattr(entry.fact, "letter", None)
        if isinstance(letter, str) and letter not in written:
            written.add(letter)
            label = f"{words.moment(entry.at)} {entry.fact.type.partition('.')[2].replace('_', ' ')}"
            yield Field(label, Written(file.text(letter)), Room.PARAGRAPH)


def _timeline(words: Words, pack: CasePack) -> Field:
    rows = [
        _line(words, pack.file, entry, digest) for entry, digest in zip(pack.file.entries, pack.hashes, strict=True)
    ]
    columns = tuple(words.said(f"column.{name}") for name in ("number", "at", "what", "by", "hash"))
    return Field("", Listing(columns, tuple(rows), widths=(2, 4, 7, 5, 7)), Room.PAGE)


def _line(words: Words, file: CaseFile, entry: f.Entry, digest: str) -> tuple[str, ...]:
    what = entry.fact.type.replace(".", ": ").replace("_", " ")
    return (str(entry.sequence), words.moment(entry.at), what, file.person(entry.actor), _grouped(digest))


def _files(words: Words, pack: CasePack) -> Field:
    rows = tuple((file.id, f"{file.size:,}", _grouped(file.sha256)) for file in pack.files)
    columns = (words.said("column.file"), words.said("column.size"), "SHA-256")
    return Field("", Listing(columns, rows, spare=int(not rows), widths=(10, 3, 12)), Room.PAGE)


def _grouped(digest: str) -> str:
    """A hash in groups, so that it can be read and its lines can be broken."""
    return " ".join(digest[start : start + _HASH_GROUP] for start in range(0, len(digest), _HASH_GROUP))

"""Answers from paper, or from another system, as a CSV file: a row a contact, a column a question.

The file is checked whole: every wrong cell is named by row and column, and then nothing is written. Brought in again,
it changes nothing.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.access import Person
from domain.privacy import Language
from domain.surveys.answering import answer_faults
from domain.surveys.branching import Answer
from domain.surveys.dispositions import Channel
from domain.surveys.waves.wave import Wave
from starter.answer_texts import answer_in_cell
from starter.interviewers import faults_in_row
from starter.problems import FieldError, invalid
from starter.respondents import RespondentDesk, Visit
from storage.responses import Manner, Standing

MOST_ROWS = 5_000
OWN_COLUMNS = ("contact", "language")


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What a file came to: answers taken, contacts that had answered already, and those that cannot answer any more."""

    taken: int
    already: tuple[int, ...]
    refused: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    language: str
    answers: Mapping[str, Answer]
    visit: Visit


class PaperDesk:
    """Takes files of answers in."""

    def __init__(self, respondents: RespondentDesk) -> None:
        self._respondents = respondents

    async def bring_in(self, person: Person, wave: Wave, content: bytes, channel: Channel) -> BroughtIn:
        """Take a file in. Raises `Problem` 422 with every wrong cell; then nothing is written."""
        rows = await self._understood(wave, content)
        taken, already, refused = 0, [], []
        for row in rows:
            if row.visit.standing is Standing.COMPLETED:
                already.append(row.number)
                continue
            contact = f"{wave.reference}/{row.number}"
            saved = await self._respondents.enter(contact, row.answers, row.language, Manner(channel, person.id))
            if saved is not None and not saved.faults and saved.visit.standing is Standing.COMPLETED:
                taken += 1
            else:
                refused.append(row.number)
        return BroughtIn(taken, tuple(already), tuple(refused))

    async def _understood(self, wave: Wave, content: bytes) -> list[_Row]:
        rows: list[_Row] = []
        errors: list[FieldError] = []
        seen: dict[int, int] = {}
        for place, cells in _rows(content):
            number = int(cells["contact"]) if cells["contact"].isascii() and cells["contact"].isdecimal() else 0
            visit = await self._respondents.visit(f"{wave.reference}/{number}") if 0 < number < 2**31 else None
            if visit is None:
                errors.append(FieldError(f"/rows/{place}/contact", "there is no contact of this number in the wave"))
                continue
            if number in seen:
                errors.append(FieldError(f"/rows/{place}/contact", f"the same contact stands in row {seen[number]}"))
            seen[number] = place
            language = cells.get("language") or visit.interview.language
            if language not in set(Language):
                errors.append(FieldError(f"/rows/{place}/language", f"expected one of {', '.join(Language)}"))
            answers, unknown = _answers(visit, cells)
            errors += [FieldError(f"/rows/{place}/{name}", "there is no such question") for name in unknown]
            if visit.standing is not Standing.COMPLETED:
                errors += faults_in_row(place, answer_faults(visit.definition.questionnaire, answers, visit.known()))
            rows.append(_Row(number, language, answers, visit))
        if errors:
            raise invalid(errors)
        return rows


def _answers(visit: Visit, cells: Mapping[str, str]) -> tuple[dict[str, Answer], list[str]]:
    """The answers of a row, and columns that are no question of the contact's version."""
    answers: dict[str, Answer] = {}
    unknown: list[str] = []
    for name, cell in cells.items():
        item = visit.definition.questionnaire.item(name)
        if name in OWN_COLUMNS or not cell.strip():
            continue
        if item is None:
            unknown.append(name)
        else:
            answers[name] = answer_in_cell(item.question, cell)
    return answers, unknown


def _rows(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of the file, counted as a spreadsheet counts them. Raises `Problem` 422."""
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True, restkey="")
        headings = [heading.strip() for heading in lines.fieldnames or []]
        lines.fieldnames = headings
        if "contact" not in headings or len(set(headings)) < len(headings):
            raise invalid([FieldError("/headings", "expected different headings, a column contact among them")])
        for place, row in enumerate(lines, start=2):
            if place > MOST_ROWS + 1:
                raise invalid([FieldError(f"/rows/{place}", f"a file has at most {MOST_ROWS} rows")])
            if None in row.values() or "" in row:
                raise invalid([FieldError(f"/rows/{place}", f"{len(headings)} cells are expected")])
            yield place, {name: cell.strip() for name, cell in row.items()}
    except (UnicodeDecodeError, csv.Error) as error:
        raise invalid([FieldError("", f"no CSV in UTF-8: {type(error).__name__}")]) from None

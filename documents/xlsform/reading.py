"""An XLSForm workbook as a survey's definition, or as a questionnaire where it was not written by us."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from documents.xlsform.addresses import Addresses
from documents.xlsform.foreign import kind_of, list_of, unsupported, unsupported_in
from documents.xlsform.places import nested
from documents.xlsform.questions import matrix, question
from documents.xlsform.sheets import Row, Sheets, pyxform_problems, read_sheets
from documents.xlsform.vocabulary import (
    CHOICES,
    OWN,
    OWN_ORDER,
    PAGE,
    SURVEY,
    THANKS,
    standing_text,
)
from domain.surveys.definition import SurveyDefinition
from domain.surveys.errors import Problem, SurveyProblem, parse_document, refuse_if_any
from domain.surveys.questionnaire import Answerable, Matrix, Questionnaire
from domain.surveys.reachability import reachability_faults
from domain.surveys.routing import reference_faults


def read_xlsform(content: bytes) -> SurveyDefinition | Questionnaire:
    """The definition that `as_xlsform` wrote, with what was changed in it since; of another form the questionnaire.

    Raises SurveyProblem with every fault by sheet, cell and column: what XLSForm's converter refuses, what a survey
    cannot do, and what its parts must be together.
    """
    sheets = read_sheets(content)
    refuse_if_any(sheets.problems)
    reader = _Reader(sheets)
    pages = reader.pages()
    refuse_if_any([*unsupported(sheets), *pyxform_problems(content), *reader.problems])
    try:
        return _checked(sheets, {**reader.frame(), "pages": pages})
    except SurveyProblem as refusal:
        raise Addresses(sheets).located(refusal) from refusal


def _checked(sheets: Sheets, content: dict[str, Any]) -> SurveyDefinition | Questionnaire:
    questionnaire = parse_document(Questionnaire, content)
    if OWN in sheets.rows:
        own = {**_own(sheets), "id": sheets.setting("form_id"), "version": sheets.setting("version")}
        return parse_document(SurveyDefinition, {**own, "questionnaire": questionnaire})
    refuse_if_any(_faults(questionnaire))
    return questionnaire


def _own(sheets: Sheets) -> dict[str, Any]:
    try:
        return nested((row.get("place"), row.get("content")) for row in sheets.of(OWN))
    except ValueError as error:
        raise SurveyProblem(Problem(OWN, str(error))) from error


def _faults(questionnaire: Questionnaire) -> Iterator[Problem]:
    """What the definition would refuse in a questionnaire by itself."""
    languages = dict.fromkeys(language for _, text in questionnaire.texts() for language in text)
    for place, text in questionnaire.texts():
        missing = [language for language in languages if language not in text]
        if missing:
            yield Problem(place, f"not translated to {', '.join(missing)}")
    references = tuple(reference_faults(questionnaire))
    yield from references or reachability_faults(questionnaire)


@dataclass(frozen=True, slots=True)
class _Node:
    """A row, and of a group the rows within."""

    row: Row
    children: "list[_Node]" = field(default_factory=list)

    def holds(self, appearance: str) -> bool:
        return kind_of(self.row) == "begin_group" and appearance in self.row.get("appearance")

    @property
    def is_page(self) -> bool:
        return kind_of(self.row) == "begin_group" and not self.holds("table-list")


def _outline(rows: Iterable[Row]) -> list[_Node]:
    """The rows nested by group; groups that do not match are the converter's to refuse."""
    top: list[_Node] = []
    within = [top]
    for row in rows:
        if kind_of(row) == "end_group":
            del within[max(len(within) - 1, 1) :]
            continue
        node = _Node(row)
        within[-1].append(node)
        if kind_of(row) == "begin_group":
            within.append(node.children)
    return top


class _Reader:
    """The survey's rows as pages, and what is wrong with them."""

    def __init__(self, sheets: Sheets) -> None:
        self.problems: list[Problem] = []
        self._sheets = sheets
        nodes = _outline(sheets.of(SURVEY))
        self._known = [node.row.get("name") for node in nodes if kind_of(node.row) == "hidden"]
        asked = [node for node in nodes if kind_of(node.row) != "hidden"]
        self._introduction = self._note(asked, 0)
        self._thanks = self._note(asked[1:] if self._introduction else asked, -1)
        self._asked = [node for node in asked if node.row not in (self._introduction, self._thanks)]

    def frame(self) -> dict[str, Any]:
        """What stands around the pages; forms without notes are introduced by their title."""
        languages = dict.fromkeys(tag for row in self._sheets.of(SURVEY) for tag in row.said("label"))
        title = self._sheets.setting("form_title")
        introduction = dict.fromkeys(languages, title or self._sheets.setting("form_id") or SURVEY)
        thanks = {language: standing_text(THANKS, language) for language in languages}
        return {
            "introduction": self._introduction.said("label") if self._introduction else introduction,
            "thanks": self._thanks.said("label") if self._thanks else thanks,
            "known": self._known,
        }

    def pages(self) -> list[dict[str, Any]]:
        """A page for each group, and for the questions between two groups."""
        pages = []
        for is_page, nodes in groupby(self._asked, key=lambda node: node.is_page):
            if is_page:
                pages += [self._page(node) for node in nodes]
            else:
                pages.append({"id": f"page_{len(pages) + 1}", "questions": self._questions(nodes)})
        return pages

    @staticmethod
    def _note(nodes: Sequence[_Node], position: int) -> Row | None:
        found = nodes[position].row if nodes else None
        return found if found and kind_of(found) == "note" else None

    def _page(self, node: _Node) -> dict[str, Any]:
        row = node.row
        own = {"title": row.said("label"), "relevant": row.get("relevant"), "order": row.get(OWN_ORDER)}
        given = {name: value for name, value in own.items() if value}
        return {"id": row.get("name").removeprefix(PAGE), **given, "questions": self._questions(node.children)}

    def _questions(self, nodes: Iterable[_Node]) -> list[Answerable | Matrix]:
        """Those that can be read; a row that `unsupported` refuses is left out without another word."""
        questions = []
        for node in nodes:
            if any(unsupported_in(node.row)):
                continue
            try:
                questions.append(self._question(node))
            except SurveyProblem as refusal:
                self.problems += refusal.problems
        return questions

    def _question(self, node: _Node) -> Answerable | Matrix:
        row = node.row
        if node.holds("table-list"):
            rows = [child.row for child in node.children]
            return matrix(row, rows, self._choices(rows[0]) if rows else ())
        if node.is_page:
            raise SurveyProblem(Problem(row.place("type"), "a group within a page is not supported, except table-list"))
        if kind_of(row) in {"note", "hidden"}:
            message = "only the first and the last row may be a note; hidden ones stand outside groups"
            raise SurveyProblem(Problem(row.place("type"), message))
        return question(row, self._choices(row))

    def _choices(self, row: Row) -> Sequence[Row]:
        name = list_of(row)
        return [choice for choice in self._sheets.of(CHOICES) if name and choice.get("list_name") == name]

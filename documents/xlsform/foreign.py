"""What XLSForm can do and a survey cannot: each use of it, by cell, so that nothing is lost without a word."""

import re
from collections.abc import Iterator

from documents.xlsform.sheets import Row, Sheets
from documents.xlsform.vocabulary import CHOICES, SURVEY
from domain.surveys.errors import Problem

SELECTS = {
    "select_one": "select_one",
    "select1": "select_one",
    "select_multiple": "select_multiple",
    "rank": "rank",
}
GROUPS = {"begin_group", "end_group"}
PLAIN = {"text": "text", "string": "text", "integer": "integer", "int": "integer", "decimal": "decimal"}
KINDS = (*("select_one", "select_multiple", "rank", "text", "integer", "decimal"), "note", "hidden", *sorted(GROUPS))

_REFUSED_COLUMNS = re.compile(
    r"calculation|default|trigger|choice_filter|(repeat_)?count|read_only|save_to|(required_message|guidance_hint)(::.*)?|"
    r"autoplay|(media::)?(image|big-image|audio|video)(::.*)?|(bind|body|control|instance)::.*|noapperrorstring"
)
_REFUSED_SHEETS = ("external_choices", "entities", "osm")
_TRUTHS = {"yes": True, "true": True, "true()": True, "no": False, "false": False, "false()": False, "": False}


def kind_of(row: Row) -> str:
    """The kind of row in XLSForm's present words."""
    word = row.get("type").split(maxsplit=1)[0].lower() if row.get("type") else ""
    pair = re.sub(r"\s+", "_", row.get("type").lower())
    if pair in GROUPS:
        return pair
    return SELECTS.get(word) or PLAIN.get(pair) or pair


def list_of(row: Row) -> str:
    """The list of choices that a select names."""
    return row.get("type").split()[1] if len(row.get("type").split()) > 1 else ""


def is_true(text: str) -> bool | None:
    """Yes or no; none for anything else, an expression for example."""
    return _TRUTHS.get(text.lower())


def unsupported(sheets: Sheets) -> Iterator[Problem]:
    """Every use of what a survey cannot do."""
    for name in _REFUSED_SHEETS:
        yield from (Problem(row.place("").strip(), "this sheet is not supported") for row in sheets.of(name)[:1])
    for row in sheets.of(SURVEY):
        yield from unsupported_in(row)
    for row in sheets.of(CHOICES):
        yield from _refused_columns(row)


def unsupported_in(row: Row) -> Iterator[Problem]:
    """What a survey cannot do in one row of the sheet of questions."""
    yield from _refused_columns(row)
    yield from _refused_kind(row)
    if is_true(row.get("required")) is None:
        yield Problem(row.place("required"), "yes or no is expected; expressions are not supported")
    if row.get("parameters").replace(" ", "").lower() not in {"", "randomize=true", "randomize=false"}:
        yield Problem(row.place("parameters"), "only randomize=true is supported")


def _refused_columns(row: Row) -> Iterator[Problem]:
    refused = (column for column in row.cells if _REFUSED_COLUMNS.fullmatch(column))
    yield from (Problem(row.place(column), "this column is not supported") for column in refused)


def _refused_kind(row: Row) -> Iterator[Problem]:
    kind = kind_of(row)
    is_known = len(row.get("type").split()) == 2 if kind in SELECTS.values() else kind in KINDS
    if not is_known:
        yield Problem(row.place("type"), f"{row.get('type')} is not supported; known: {', '.join(KINDS)}")
    if kind in GROUPS | {"note", "hidden"} and row.get("constraint"):
        yield Problem(row.place("constraint"), "only questions have one")
    if kind in {"note", "hidden"} and row.get("relevant"):
        yield Problem(row.place("relevant"), f"a {kind} is not asked")

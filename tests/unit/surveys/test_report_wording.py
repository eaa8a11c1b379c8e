"""Every sentence of a report is there in both languages, asks for the same parts, and is said somewhere."""

import ast
import tomllib
from enum import StrEnum
from pathlib import Path
from string import Template

import pytest

from domain.surveys.comparison.importance_performance import Quadrant
from domain.surveys.loyalty import LoyaltyZone
from domain.surveys.path_model.document import InnerScheme
from domain.surveys.quality.flags import QualityFlag
from domain.surveys.report.cells import Number
from domain.surveys.report.wording import ReportLanguage, Wording, listed, phrase

REPORT = Path(__file__).parents[3] / "domain" / "surveys" / "report"
PHRASES = tomllib.loads((REPORT / "phrases.toml").read_text("utf-8"))
KEYS = {f"{section}.{name}": texts for section, names in PHRASES.items() for name, texts in names.items()}


CODES: dict[str, type[StrEnum]] = {
    "drivers": Quadrant,
    "loyalty": LoyaltyZone,
    "care": QualityFlag,
    "sensitivity": InnerScheme,
}
"""Code lists whose values are names of phrases."""


def texts_in_code() -> set[str]:
    trees = (ast.parse(file.read_text("utf-8")) for file in REPORT.rglob("*.py"))
    constants = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {node.value for node in constants if isinstance(node.value, str)}


def test_every_phrase_is_in_both_languages_with_the_same_parts() -> None:
    assert [key for key, texts in KEYS.items() if set(texts) != {"zh", "en"}] == []
    assert [key for key, texts in KEYS.items() if parts_of(texts["zh"]) != parts_of(texts["en"])] == []


def parts_of(text: str) -> set[str]:
    return set(Template(text).get_identifiers())


def test_phrases_are_plain_text() -> None:
    marks = ("  ", "<b", "**", "...")
    assert [key for key, texts in KEYS.items() if any(mark in text for mark in marks for text in texts.values())] == []


def test_every_phrase_is_said_somewhere() -> None:
    """By its whole key, by its name where the section is put before it, or as a value of a code list."""
    written = texts_in_code()
    said = {key for key in KEYS if key in written or key.partition(".")[2] in written}
    said |= {f"{section}.{code}" for section, kind in CODES.items() for code in kind}
    assert sorted(set(KEYS) - said) == []


def test_every_value_of_a_code_list_has_a_phrase() -> None:
    missing = [f"{section}.{code}" for section, kind in CODES.items() for code in kind if code not in PHRASES[section]]
    assert missing == []


def test_parts_are_said_in_the_language_of_the_sentence() -> None:
    within = phrase("report.within", outer=Wording(zh="供气", en="Supply"), inner="P1")
    assert within == Wording(zh="供气：P1", en="Supply: P1")
    assert phrase("report.subtitle", count=Number.count(1604)).en == "1,604 respondents"


def test_a_part_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        phrase("report.subtitle")


def test_names_are_listed_in_the_manner_of_the_language() -> None:
    both = listed((Wording(zh="压力", en="pressure"), Wording(zh="质量", en="quality")))
    assert both == Wording(zh="压力、质量", en="pressure, quality")


def test_a_text_without_one_of_the_languages_stands_in_for_it() -> None:
    assert Wording.of({"en": "Pressure"}).said(ReportLanguage.CHINESE) == "Pressure"
    assert Wording.of({"fr": "Pression"}).said(ReportLanguage.ENGLISH) == "Pression"
    assert Wording.of({"zh": "压力", "en": "Pressure"}).zh == "压力"

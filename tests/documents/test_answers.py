"""Files of answers: what they hold whatever wrote them, and faults by row and column."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from documents.answers.responses import DesignColumns, read_responses
from documents.answers.tables import AnswerTable, read_answers
from domain.surveys.errors import SurveyProblem
from domain.surveys.indicators import IndicatorTree
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.subject import Subject
from tests.documents.sav_file import sav_file

TREE = IndicatorTree.model_validate(
    {
        "id": "small",
        "title": {"zh": "小", "en": "Small"},
        "scale_map": "minmax",
        "children": [
            {"id": "one", "title": {"en": "One"}, "weight": 0.5, "question": "q1"},
            {"id": "two", "title": {"en": "Two"}, "weight": 0.5, "question": "q2"},
        ],
    }
)
SUBJECT = Subject.of(TREE, None)
ANSWERS = [["q1", "q2"], ["5", "4"], ["3", ""], ["1", "2"]]


def written(folder: Path, name: str, content: bytes | str) -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    return "".join(f"{delimiter.join(row)}\n" for row in rows)


def as_xlsx(rows: list[list[Any]]) -> bytes:
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(buffer)
    return buffer.getvalue()


def responses(table: AnswerTable, **design: str) -> Responses:
    return read_responses(table, SUBJECT, DesignColumns(**design))


def refusal(table: AnswerTable, **design: str) -> list[str]:
    with pytest.raises(SurveyProblem) as refused:
        responses(table, **design)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("comma.csv", as_csv(ANSWERS)),
        ("semicolon.csv", as_csv(ANSWERS, ";")),
        ("tab.csv", as_csv(ANSWERS, "\t")),
        ("marked.csv", "\ufeff" + as_csv(ANSWERS)),
        ("numbers.xlsx", as_xlsx([["q1", "q2"], [5, 4], [3, None], [1, 2]])),
        ("texts.xlsx", as_xlsx([["q1", "q2"], ["5", "4"], ["3", "NA"], ["1", "2"]])),
        ("statistics.sav", sav_file({"q1": [5, 3, 1], "q2": [4, None, 2]})),
    ],
)
def test_the_answers_are_the_same_whatever_wrote_the_file(name: str, content: bytes | str, tmp_path: Path) -> None:
    found = responses(read_answers(written(tmp_path, name, content)))
    np.testing.assert_array_equal(found.codes["q1"], [5, 3, 1])
    np.testing.assert_array_equal(found.codes["q2"], [4, np.nan, 2])


def test_a_spreadsheet_in_chinese_may_save_in_its_own_encoding(tmp_path: Path) -> None:
    text = "q1,q2,地区\n5,4,东城\n3,2,西城\n"
    file = written(tmp_path, "chinese.csv", text.encode("gb18030"))
    assert read_answers(file).columns["地区"] == ("东城", "西城")


@pytest.mark.parametrize("code", ["", " ", "NA", "n/a", ".", "-", "NaN", "dont_know", "not_applicable"])
def test_what_stands_for_no_answer_is_missing(code: str, tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", as_csv([["q1", "q2"], ["5", "4"], ["3", code]]))
    assert np.isnan(responses(read_answers(file)).codes["q2"][1])


def test_every_faulty_cell_is_named_by_its_row_and_column(tmp_path: Path) -> None:
    rows = [["q1", "q2"], *([["5", "4"]] * 15), ["4", "x"], ["0", "3.5"], ["6", "4"]]
    assert refusal(read_answers(written(tmp_path, "a.csv", as_csv(rows)))) == [
        "row 18, column q1: expected a number from 1 to 5, found 0",
        "row 19, column q1: expected a number from 1 to 5, found 6",
        "row 17, column q2: expected a number from 1 to 5, found x",
        "row 18, column q2: expected a number from 1 to 5, found 3.5",
    ]


def test_a_statistics_package_counts_its_rows_from_one(tmp_path: Path) -> None:
    table = read_answers(written(tmp_path, "a.sav", sav_file({"q1": [5, 9], "q2": [4, 4]})))
    assert refusal(table) == ["row 2, column q1: expected a number from 1 to 5, found 9"]


def test_dates_and_truths_in_a_workbook_are_no_answers(tmp_path: Path) -> None:
    file = written(tmp_path, "a.xlsx", as_xlsx([["q1", "q2"], [5, True], [4, 4]]))
    assert refusal(read_answers(file)) == ["row 2, column q2: expected a number from 1 to 5, found True"]


def test_columns_that_are_missing_are_named() -> None:
    assert refusal(AnswerTable("a", "", {"q1": ("5",)}, 2)) == ["column q2: the file has no such column"]


def test_weights_strata_and_units_make_the_design(tmp_path: Path) -> None:
    rows = [
        ["q1", "q2", "w", "h", "k"],
        *([code, "4", "1.5", "a" if k < 2 else "b", str(k)] for k in range(4) for code in "35"),
    ]
    found = responses(read_answers(written(tmp_path, "a.csv", as_csv(rows))), weights="w", strata="h", units="k")
    assert (found.count, found.strata, found.sampling_units) == (8, 2, 4)
    assert found.design.weights.sum() == 12.0
    assert not found.is_weighted


def test_faulty_weights_and_missing_strata_are_named(tmp_path: Path) -> None:
    rows = [["q1", "q2", "w", "h"], ["5", "4", "-1", "a"], ["5", "4", "", "a"], ["5", "4", "2", ""]]
    table = read_answers(written(tmp_path, "a.csv", as_csv(rows)))
    assert refusal(table, weights="w", strata="h") == [
        "row 2, column w: expected a weight of at least 0, found -1",
        "row 3, column w: expected a weight of at least 0, found nothing",
        "row 4, column h: expected a label, found nothing",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "headings and at least one row"),
        ("q1,q2\n", "headings and at least one row"),
        ("q1,q1\n1,2\n", "column q1: 2 columns have this heading"),
        ("q1,,q2\n1,2,3\n", "row 1, column number 2: a heading is expected"),
        ("q1,q2\n1,2\n3\n", "row 3: 2 cells are expected, found 1"),
        ("q1,q2\n1,2,9\n", "row 2: 2 cells are expected, found 3"),
        ('q1,q2\n"1,2\n', "no CSV"),
    ],
)
def test_a_table_that_is_none_is_refused(content: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(SurveyProblem, match=expected):
        read_answers(written(tmp_path, "a.csv", content))


@pytest.mark.parametrize("name", ["a.xlsx", "a.sav"])
def test_a_file_that_is_not_what_its_ending_says_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SurveyProblem, match=r"no (XLSX workbook|SAV file)"):
        read_answers(written(tmp_path, name, "q1,q2\n1,2\n"))


def test_empty_rows_at_the_end_are_none(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", as_csv([*ANSWERS, ["", ""], ["", ""]]))
    assert read_answers(file).rows == 3


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    """As `printf 'q1,q2\\n1,2\\n' | sha256sum` prints it."""
    table = read_answers(written(tmp_path, "a.csv", "q1,q2\n1,2\n"))
    assert table.sha256 == "44980ab40db3d82ae41861eaa583fd08bc496851590509eed6e85cca7ef3b2f3"

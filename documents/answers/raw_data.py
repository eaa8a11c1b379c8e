"""Raw data of a survey as files for other programs: CSV for spreadsheets, SAV for statistics packages."""

import csv
import io
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from documents.xlsx import harmless
from domain.surveys.report.raw_data import DataColumn
from domain.surveys.report.wording import ReportLanguage

LONGEST_VARIABLE_LABEL = 255
LONGEST_VALUE_LABEL = 120
"""In bytes of UTF-8; what is longer, statistics packages cut in the middle of a character."""


class DataFormat(StrEnum):
    """Named like the ending of the file."""

    CSV = "csv"
    SAV = "sav"


def write_raw_data(columns: Sequence[DataColumn], kind: DataFormat, language: ReportLanguage) -> bytes:
    """The columns as a file: CSV holds codes under their names, SAV also what they mean in that language.

    The same columns give the same bytes as CSV; a SAV file carries the moment of its writing.
    """
    return _as_csv(columns) if kind is DataFormat.CSV else _as_sav(columns, language)


def _as_csv(columns: Sequence[DataColumn]) -> bytes:
    """In UTF-8 with its mark, so that spreadsheets show Chinese; no text can become a formula."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(column.name for column in columns)
    writer.writerows(zip(*(_texts(column) for column in columns), strict=True))
    return lines.getvalue().encode("utf-8-sig")


def _texts(column: DataColumn) -> list[str]:
    """The cells as they are written; each distinct one is worded once, for a column has few."""
    cells = column.cells.tolist()
    known = {cell: _text(cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def _text(cell: Any) -> str:
    if isinstance(cell, float):
        return "" if cell != cell else f"{cell:.0f}" if cell.is_integer() else repr(cell)  # noqa: PLR0124  not a number
    return harmless(str(cell))


def _as_sav(columns: Sequence[DataColumn], language: ReportLanguage) -> bytes:
    """By way of a file of its own: the writer knows no other target."""
    import pandas
    import pyreadstat

    frame = pandas.DataFrame({column.name: column.cells for column in columns})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "raw.sav"
        pyreadstat.write_sav(
            frame,
            file,
            column_labels={
                column.name: _cut(column.label.said(language), LONGEST_VARIABLE_LABEL) for column in columns
            },
            variable_value_labels={
                column.name: {
                    float(code): _cut(label.said(language), LONGEST_VALUE_LABEL)
                    for code, label in column.labels.items()
                }
                for column in columns
                if column.labels
            },
        )
        return file.read_bytes()


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode(errors="ignore")

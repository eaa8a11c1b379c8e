"""Files with the records of another system, read row by row: nothing of them is kept in memory."""

import csv
import io
import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import BinaryIO

from domain.complaints.importing import Mapping, Unusable

MOST_ROWS = 1_000_000
LONGEST_CELL = 100_000
FIRST_ROW = 2
"""Rows are counted as a spreadsheet does: the header is row 1."""


def header_of(file: BinaryIO, mapping: Mapping) -> list[str]:
    """The names of the columns. Raises Unusable."""
    return next(_lines(file, mapping), [])


def rows_of(file: BinaryIO, mapping: Mapping) -> Iterator[tuple[int, list[str]]]:
    """Every row that says something, by its number. Raises Unusable."""
    for number, cells in enumerate(islice(_lines(file, mapping), 1, None), start=FIRST_ROW):
        if number > MOST_ROWS:
            raise Unusable("", f"the file has more than {MOST_ROWS} rows; hand it in in parts")
        if any(cell.strip() for cell in cells):
            yield number, cells


def _lines(file: BinaryIO, mapping: Mapping) -> Iterator[list[str]]:
    file.seek(0)
    csv.field_size_limit(LONGEST_CELL)
    encoding = "utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding
    text = io.TextIOWrapper(file, encoding, newline="")
    reader = csv.reader(text, delimiter=mapping.delimiter, strict=True)
    try:
        yield from reader
    except UnicodeDecodeError:
        after = f"behind line {reader.line_num}"
        raise Unusable("", f"the file is not {mapping.encoding} {after}; name its encoding in the mapping") from None
    except csv.Error as error:
        raise Unusable("", f"line {reader.line_num}: {error}") from None
    finally:
        text.detach()  # the file is the caller's to close


class Earlier:
    """Which rows were there before, in a file of its own that goes by itself: memory does not grow."""

    def __init__(self) -> None:
        self._store = sqlite3.connect("", check_same_thread=False)
        self._store.execute("PRAGMA journal_mode = OFF")
        self._store.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID")

    def row_of(self, row: int, said: Sequence[str]) -> int | None:
        """The first row that said the same, if there was one."""
        digest = blake2b("\x1f".join(said).encode("utf-8", "surrogatepass"), digest_size=12).digest()
        if self._store.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, row)).rowcount:
            return None
        found: tuple[int] = self._store.execute("SELECT row FROM seen WHERE digest = ?", (digest,)).fetchone()
        return found[0]

    def close(self) -> None:
        self._store.close()

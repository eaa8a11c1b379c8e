"""How the command line speaks: tables for people, JSON for programs, and exit codes."""

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

stdout = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
WIDTH_OF_A_PIPE = 160
"""Tables that go to a file or a pager are not squeezed into the width of a terminal that is not there."""


class Exit(IntEnum):
    """0 done, 1 failed, 2 used wrongly, 3 refused by a guard or a missing role."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3


def show_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table, or a sentence where there is nothing to list. Cells are text, never markup; a `Text` keeps its style."""
    listed = list(rows)
    if not listed:
        stdout.print(empty)
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in listed:
        table.add_row(*map(_as_text, row))
    Console(highlight=False, width=table_width()).print(table)


def table_width() -> int | None:
    """The columns a table may take: as COLUMNS says, else as the terminal has, else as a pipe can take."""
    if (columns := os.environ.get("COLUMNS", "")).isdecimal():
        return int(columns)
    return None if stdout.is_terminal else WIDTH_OF_A_PIPE


def show_fields(fields: Mapping[str, object]) -> None:
    """Names and values below each other; what is empty is left out."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        if value not in (None, "", (), [], {}, False):
            stdout.print(Text.assemble((f"{name:<{width}}", "bold"), "  ", _as_text(value)), soft_wrap=True)


def moment(value: object) -> str:
    """A moment as people read it, to the minute and by this computer's clock; whatever else it is, as it is."""
    text = "" if value is None else str(value)
    if _MOMENT.fullmatch(text) is None:
        return text
    return datetime.fromisoformat(text).astimezone().isoformat(" ", "minutes").replace("+00:00", "Z")


def _as_text(value: object) -> Text:
    return value if isinstance(value, Text) else Text(moment(value))


def progress_bar(*, quiet: bool) -> Progress:
    """How far long work is, on the terminal; nothing for programs and in pipes."""
    return Progress(
        TextColumn("{task.completed:.0f} of {task.total} {task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=stderr,
        disable=quiet or not stderr.is_terminal,
        transient=True,
    )


def fail(message: str, code: Exit = Exit.FAILED) -> NoReturn:
    stderr.print(message, style="red" if stderr.is_terminal else "", markup=False, soft_wrap=True)
    raise typer.Exit(code)

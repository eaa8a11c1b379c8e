"""`amends index`: the satisfaction index of a file of answers, and its report. Works without any server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeAlias, TypeVar

import typer

from domain.surveys.report.wording import ReportLanguage
from starter.cli.client import AsJson
from starter.cli.output import Exit, fail, stderr, stdout, table_width

if TYPE_CHECKING:
    from documents.answers.raw_data import DataFormat
    from documents.answers.responses import DesignColumns
    from documents.answers.tables import AnswerTable
    from documents.rendering import ReportFormat
    from domain.surveys.errors import SurveyProblem
    from domain.surveys.report.document import KeyFigures, Report
    from domain.surveys.report.evaluation import Evaluation
    from domain.surveys.report.tables import Table

SEED = 1
"""Of the bootstrap, always the same: the same file gives the same report."""
SHOWN_SECTIONS = ("one_page", "tree", "structure")
MOST_PROBLEMS = 20

Announce: TypeAlias = Callable[[str], None]
_Format = TypeVar("_Format", bound=StrEnum)


def index(
    file: Annotated[Path, typer.Argument(help="Answers: a .csv, .xlsx or .sav file, a column for each question.")],
    tree: Annotated[str | None, typer.Option(help="Indicator tree: a shipped survey or a .toml or .json file.")] = None,
    model: Annotated[str | None, typer.Option(help="Path model: a shipped one or a .toml or .json file.")] = None,
    weights: Annotated[str | None, typer.Option(metavar="COLUMN", help="Survey weights.")] = None,
    strata: Annotated[str | None, typer.Option(metavar="COLUMN", help="Strata of the sample.")] = None,
    psu: Annotated[str | None, typer.Option(metavar="COLUMN", help="Primary sampling units.")] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(metavar="OUT", help="Write the report: .html, .pdf, .xlsx or .json. Repeatable."),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="OUT", help="Write the answers with weights, strata and flags: .csv or .sav. Repeatable."),
    ] = None,
    lang: Annotated[ReportLanguage, typer.Option(help="Language of tables and reports.")] = ReportLanguage.ENGLISH,
    replicates: Annotated[
        int, typer.Option(min=0, max=20_000, help="Bootstrap replicates of the path model; 0 for no intervals.")
    ] = 1_000,
    as_json: AsJson = False,
) -> None:
    """Compute the satisfaction index of a file of answers: by --tree, by --model, or by both.

    Ends with 1 where the answers are refused, each fault by row and column, and with 2 where the command is.
    """
    from documents.answers.responses import DesignColumns

    outputs = [(path, _report_format(path)) for path in report or []]
    data_outputs = [(path, _data_format(path)) for path in data or []]
    with _shown_progress(steps=7 + len(outputs) + len(data_outputs)) as announce:
        computed = _computed(file, (tree, model), DesignColumns(weights, strata, psu), replicates, announce)
        written = computed.report
        for path, kind in outputs:
            announce(f"writing {path.name}")
            _write(written, path, kind, lang)
        for path, form in data_outputs:
            announce(f"writing {path.name}")
            _write_data(computed.evaluation, path, form, lang)
    if as_json:
        from documents.rendering import as_json as json_of

        stdout.file.write(json_of(written).decode())
    else:
        _show(written, lang)


class _Computed(NamedTuple):
    report: "Report"
    evaluation: "Evaluation"


def _computed(
    file: Path, named: tuple[str | None, str | None], design: "DesignColumns", replicates: int, announce: Announce
) -> _Computed:
    from importlib.metadata import version

    from documents.answers.responses import read_responses
    from domain.surveys.report.evaluation import evaluate
    from domain.surveys.report.subject import Subject
    from domain.surveys.report.writing import write_report
    from starter.cli.instruments import digest, label, read_model, read_tree

    with _refusing(Exit.USAGE):
        tree = None if named[0] is None else read_tree(named[0])
        model = None if named[1] is None else read_model(named[1])
        subject = Subject.of(tree, model)
    with _refusing(Exit.FAILED):
        announce(f"reading {file.name}")
        table = _read(file, design)
        announce("checking the answers")
        responses = read_responses(table, subject, design)
        evaluation = evaluate(
            subject, responses, replicates=replicates, seed=SEED, announce=lambda step: announce(f"computing: {step}")
        )
    report = write_report(
        evaluation,
        inputs={table.name: table.sha256},
        definitions={label(each): digest(each) for each in (tree, model) if each is not None},
        program=f"amends {version('amends')}",
    )
    return _Computed(report, evaluation)


def _read(file: Path, design: "DesignColumns") -> "AnswerTable":
    """The table; an unknown kind of file and a column that only the command names are faults of the command."""
    from documents.answers.tables import SUFFIXES, read_answers

    if file.suffix.lower() not in SUFFIXES:
        fail(f"{file}: {', '.join(SUFFIXES)} is expected", Exit.USAGE)
    table = read_answers(file)
    unknown = [name for name in design.named() if name not in table.columns]
    if unknown:
        fail(f"the file has no column {', '.join(unknown)}; it has: {', '.join(table.columns)}", Exit.USAGE)
    return table


@contextmanager
def _refusing(code: Exit) -> Iterator[None]:
    """End the command with the faults that were found, or with what could not be read or is not installed."""
    from domain.surveys.errors import SurveyProblem

    try:
        yield
    except SurveyProblem as refusal:
        fail(_listed(refusal), code)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}", Exit.USAGE)
    except ModuleNotFoundError as error:
        fail(f"{error.name} is not installed: pip install 'amends[reports]'")


def _listed(refusal: "SurveyProblem") -> str:
    lines = [str(problem) for problem in refusal.problems[:MOST_PROBLEMS]]
    left = len(refusal.problems) - len(lines)
    return "\n".join([*lines, f"and {left:,} more"] if left else lines)


@contextmanager
def _shown_progress(steps: int) -> Iterator[Announce]:
    """A bar on the terminal, of so many steps; silent where nobody watches."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        task = progress.add_task("", total=steps)

        def announce(step: str) -> None:
            progress.update(task, advance=1, description=step)

        yield announce


def _report_format(path: Path) -> "ReportFormat":
    from documents.rendering import ReportFormat

    return _format_of(path, ReportFormat)


def _data_format(path: Path) -> "DataFormat":
    from documents.answers.raw_data import DataFormat

    return _format_of(path, DataFormat)


def _format_of(path: Path, known: type[_Format]) -> _Format:
    """The format that the ending says, of a file that can be written where it is to stand."""
    try:
        kind = known(path.suffix.lower().removeprefix("."))
    except ValueError:
        fail(f"{path}: {', '.join(f'.{each}' for each in known)} is expected", Exit.USAGE)
    if not path.parent.is_dir():
        fail(f"{path.parent} is no folder", Exit.USAGE)
    return kind


def _write(report: "Report", path: Path, kind: "ReportFormat", language: ReportLanguage) -> None:
    from documents.rendering import render

    with _refusing(Exit.FAILED):
        path.write_bytes(render(report, kind, language))


def _write_data(evaluation: "Evaluation", path: Path, form: "DataFormat", language: ReportLanguage) -> None:
    from documents.answers.raw_data import write_raw_data
    from domain.surveys.report.raw_data import raw_data

    with _refusing(Exit.FAILED):
        path.write_bytes(write_raw_data(raw_data(evaluation), form, language))


def _show(report: "Report", language: ReportLanguage) -> None:
    """The first page and the results on the terminal; everything else is in the report."""
    from domain.surveys.report.document import KeyFigures

    heading = f"{report.title.said(language)} · {report.subtitle.said(language)}"
    stdout.print(heading, style="bold", markup=False, soft_wrap=True)
    for section in report.sections:
        if section.id in SHOWN_SECTIONS:
            for block in section.blocks:
                if isinstance(block, KeyFigures):
                    _show_figures(block, language)
            for table in section.tables():
                _show_table(table, language)


def _show_figures(figures: "KeyFigures", language: ReportLanguage) -> None:
    from domain.surveys.report.cells import said

    stdout.print()
    for each in figures.figures:
        note = "" if each.note is None else f" ({each.note.said(language)})"
        line = f"{each.label.said(language)}: {said(each.figure, language)}{note}"
        stdout.print(line, markup=False, soft_wrap=True)


def _show_table(table: "Table", language: ReportLanguage) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Grid

    from domain.surveys.report.cells import said

    grid = Grid(
        title=escape(table.title.said(language)), title_justify="left", box=None, pad_edge=False, header_style="bold"
    )
    for number, heading in enumerate(table.columns):
        grid.add_column(
            escape(heading.said(language)), justify="right" if table.holds_figures(number) else "left", overflow="fold"
        )
    for row in table.rows:
        first, *others = (escape(said(cell, language)) for cell in row.cells)
        grid.add_row("  " * row.level + first, *others)
    Console(width=table_width()).print("", grid, sep="\n")

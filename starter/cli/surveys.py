"""`amends survey`: definitions of surveys as files, without any server. The commands of waves are in `waves`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from starter.cli.client import AsJson
from starter.cli.output import Exit, fail, show_fields, show_json, show_table, stderr, stdout

app = typer.Typer(no_args_is_help=True, help="Surveys: definitions in files, and waves in a running system.")

Source = Annotated[
    Path, typer.Argument(metavar="FILE", help="A .toml, .json or .xlsx file, or a shipped survey's name.")
]


@app.command("list", epilog="Example: amends survey list --json")
def list_shipped(as_json: AsJson = False) -> None:
    """List the surveys and add-ons that come with Amends."""
    from starter.cli.survey_files import shipped_summaries

    rows = list(shipped_summaries())
    if as_json:
        show_json(rows)
        return
    columns = ("name", "kind", "title", "questions", "languages")
    shown = ({**row, "title": row["title"]["en"], "languages": ", ".join(row["languages"])} for row in rows)
    show_table(columns, ([row[column] for column in columns] for row in shown), empty="No surveys.")


@app.command(epilog="Examples: amends survey check my_survey.toml · amends survey check form.xlsx --json")
def check(file: Source, as_json: AsJson = False) -> None:
    """Check a definition: translations, references, dead ends, weights. Ends with 1 and every fault by its place."""
    from starter.cli.survey_files import read_document, summary

    with refusals(as_json=as_json):
        found = summary(file.stem, read_document(file))
    if as_json:
        show_json({"problems": [], **found})
        return
    show_fields({**found, "title": " · ".join(found["title"].values()), "languages": ", ".join(found["languages"])})
    stdout.print("Everything fits.")


@app.command(
    epilog="Examples: amends survey convert gas_utility --to xlsx --out gas.xlsx · "
    "amends survey convert gas.xlsx --to toml --out gas.toml"
)
def convert(
    file: Source,
    to: Annotated[Literal["toml", "json", "xlsx"], typer.Option(help="What to write; xlsx is an XLSForm workbook.")],
    out: Annotated[Path, typer.Option(help="The file to write; one that is there is replaced.")],
    as_json: AsJson = False,
) -> None:
    """Write a definition in another format. Nothing is written if it does not pass the check."""
    from starter.cli.survey_files import Format, document_bytes, read_document

    with refusals(as_json=as_json):
        content = document_bytes(read_document(file), Format(to))
    try:
        out.write_bytes(content)
    except OSError as error:
        fail(f"{out}: {error.strerror}", Exit.USAGE)
    if as_json:
        show_json({"problems": [], "written": str(out), "bytes": len(content)})
    else:
        stdout.print(f"Written: {out}", soft_wrap=True)


@contextmanager
def refusals(*, as_json: bool) -> Iterator[None]:
    """End with 1 where the document is refused, with 2 where the file is."""
    from domain.surveys.errors import SurveyProblem
    from starter.cli.survey_files import UnusableFileError

    try:
        yield
    except UnusableFileError as error:
        fail(str(error), Exit.USAGE)
    except SurveyProblem as refusal:
        if as_json:
            show_json({"problems": [{"place": each.place, "message": each.message} for each in refusal.problems]})
        for problem in () if as_json else refusal.problems:
            stderr.print(str(problem), markup=False, soft_wrap=True)
        raise typer.Exit(Exit.FAILED) from refusal

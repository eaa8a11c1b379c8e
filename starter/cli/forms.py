"""`amends complaint form`: the forms of the procedure as files to print."""

from pathlib import Path
from typing import Annotated

import typer

from domain.complaints.forms import FormKind
from domain.privacy import Language
from starter.cli.client import DataDir, Token, Url, remote
from starter.cli.output import Exit, fail, stdout

MEDIA_TYPES = {".pdf": "application/pdf", ".html": "text/html"}


def form(
    reference: Annotated[str | None, typer.Argument(help="The case number; absent: an empty form.")] = None,
    kind: Annotated[FormKind, typer.Option(help="The handling register or the visit record.")] = FormKind.REGISTER,
    language: Annotated[Language, typer.Option("--lang", help="Language of the form.")] = Language.ZH,
    out: Annotated[
        Path | None, typer.Option(help="File to write, .pdf or .html; one that is there is replaced.")
    ] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Write a form of a case, filled in as far as you may see it, or an empty one to fill in by hand."""
    target = out or Path(f"{reference or 'empty'}-{kind}-{language}.pdf")
    media_type = MEDIA_TYPES.get(target.suffix.lower())
    if media_type is None:
        fail(f"--out: expected a file that ends in {' or '.join(MEDIA_TYPES)}, found {target.name}", Exit.USAGE)
    path = f"/v1/complaints/{reference}/{kind}-form" if reference else f"/v1/forms/{kind}"
    there = remote(url, token, data_dir)
    target.write_bytes(there.fetch(path, params={"lang": language}, headers={"Accept": media_type}))
    stdout.print(f"Wrote {target}", soft_wrap=True)

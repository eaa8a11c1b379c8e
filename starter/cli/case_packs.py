"""`amends complaint pack` and `amends verify pack`: a case for an ombudsman, and the check that it is whole."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from domain.privacy import Language
from starter.cli.client import AsJson, DataDir, Token, Url, remote
from starter.cli.output import Exit, fail, show_json, show_table, stdout


def pack(
    reference: Annotated[str, typer.Argument(help="The case number.")],
    language: Annotated[Language, typer.Option("--lang", help="Language of the document.")] = Language.ZH,
    out: Annotated[Path | None, typer.Option(help="File to write; one that is there is replaced.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Write a case with its timeline, letters, forms and hashes as one archive (logged)."""
    target = out or Path(f"{reference}.zip")
    there = remote(url, token, data_dir)
    target.write_bytes(there.fetch(f"/v1/complaints/{reference}/pack", params={"lang": language}))
    stdout.print(f"Wrote {target}", soft_wrap=True)


def verify_pack(
    file: Annotated[Path, typer.Argument(help="The archive.", exists=True, dir_okay=False)], as_json: AsJson = False
) -> None:
    """Check a case pack: the hash of every part, and the chain of the ledger. Needs no server; 1 if it does not fit."""
    from documents.pack import verify

    try:
        found = verify(file.read_bytes())
    except ValueError as error:
        fail(f"{file}: {error}")
    if as_json:
        show_json(asdict(found))
    else:
        stdout.print(f"{found.reference}: {found.entries} entries, head {found.head}", soft_wrap=True)
        show_table(("what does not fit",), ((each,) for each in found.findings), empty="Everything fits.")
    if found.findings:
        raise typer.Exit(Exit.FAILED)

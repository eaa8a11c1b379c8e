"""`amends steps`: what failed and waits for an operator."""

from typing import Annotated, Any

import typer

from starter.cli.client import AsJson, DataDir, Token, Url, remote
from starter.cli.output import Exit, fail, show_json, show_table, stdout

app = typer.Typer(no_args_is_help=True, help="See, retry and skip steps that failed.")

Ids = Annotated[list[str] | None, typer.Argument(help="Ids of steps; with --all none.")]
All = Annotated[bool, typer.Option("--all", help="All parked steps (of a kind).")]
Kind = Annotated[str | None, typer.Option(help="Only this kind: acknowledgement, response_letter …")]


@app.command("list", epilog="Example: amends steps list --kind response_letter --json")
def page(
    kind: Kind = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most this many.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List parked steps."""
    narrowed = {name: value for name, value in {"cursor": cursor, "kind": kind}.items() if value is not None}
    found = remote(url, token, data_dir).call("GET", "/v1/steps", params={"limit": limit, **narrowed})
    if as_json:
        show_json(found)
        return
    show_table(
        ("id", "kind", "error", "rounds", "since"),
        ((s["id"], s["kind"], s["error"], s["rounds"], s["changed_at"]) for s in found["items"]),
        empty="No step waits for an operator.",
    )
    if found["next_cursor"]:
        stdout.print(f"More: --cursor {found['next_cursor']}", soft_wrap=True)


@app.command(epilog="Examples: amends steps retry C-2026-000001.response_letter.1 · amends steps retry --all")
def retry(
    ids: Ids = None,
    every: All = False,
    kind: Kind = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Try parked steps again."""
    body = _selection(ids, every, kind) | ({"reason": reason} if reason else {})
    _report(remote(url, token, data_dir).call("POST", "/v1/steps/bulk/retry", json=body), as_json)


@app.command(epilog='Example: amends steps skip C-2026-000001.acknowledgement.1 --reason "told by phone"')
def skip(
    reason: Annotated[str, typer.Option(help="Why it need not be done; kept in the record.")],
    ids: Ids = None,
    every: All = False,
    kind: Kind = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give parked steps up, with a reason."""
    body = _selection(ids, every, kind) | {"reason": reason}
    _report(remote(url, token, data_dir).call("POST", "/v1/steps/bulk/skip", json=body), as_json)


def _selection(ids: list[str] | None, every: bool, kind: str | None) -> dict[str, Any]:
    if bool(ids) == every:
        fail("name steps, or say --all", Exit.USAGE)
    return ({"ids": ids} if ids else {}) | ({"kind": kind} if kind else {})


def _report(found: dict[str, Any], as_json: bool) -> None:
    """Every step's outcome; ends with 3 when one of them was refused."""
    if as_json:
        show_json(found)
    else:
        show_table(
            ("id", "outcome", "why"),
            ((s["id"], s["outcome"], s["detail"]) for s in found["items"]),
            empty="No step waits for an operator.",
        )
    if any(step["outcome"] != "done" for step in found["items"]):
        raise typer.Exit(Exit.REFUSED)

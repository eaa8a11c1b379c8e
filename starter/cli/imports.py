"""`amends import`: the records of another system, looked at first."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.complaints.importing import mapping_text, shipped_mappings
from starter.cli.client import AsJson, DataDir, Remote, Token, Url, remote
from starter.cli.output import Exit, fail, show_fields, show_json, show_table, stderr, stdout

LOOK_EVERY_SECONDS = 0.5
UPLOAD_SECONDS = 600
SHOWN_PROBLEMS = 30
SHOWN_CODES = 10


def import_records(
    file: Annotated[Path | None, typer.Argument(help="The CSV file.", exists=True, dir_okay=False)] = None,
    mapping: Annotated[
        str | None, typer.Option("--map", help="cfpb, nyc311, or a file with a mapping of yours.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what the file would bring.")] = False,
    leave_out_bad_rows: Annotated[
        bool, typer.Option("--leave-out-bad-rows", help="Take the others over; otherwise a bad row refuses the file.")
    ] = False,
    example_map: Annotated[
        bool, typer.Option("--example-map", help="Print a mapping to write yours from; with --map NAME that one.")
    ] = False,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Import complaints from a CSV file. The same file again adds nothing; what was broken off goes on."""
    names = [shipped.id for shipped in shipped_mappings()]
    if example_map:
        typer.echo(mapping_text(mapping if mapping in names else "example"), nl=False)
        return
    if file is None or mapping is None:
        fail("name the file and its mapping: amends import FILE --map cfpb", Exit.USAGE)
    there = remote(url, token, data_dir)
    wishes = {"mapping": _mapping(mapping), "dry_run": dry_run, "leave_out_bad_rows": leave_out_bad_rows}
    with file.open("rb") as content:
        sent = {"file": (file.name, content, "text/csv")}
        begun = there.call("POST", "/v1/imports", data=wishes, files=sent, timeout=UPLOAD_SECONDS)
    if not as_json:
        _show_report(begun["report"])
    done = begun if dry_run else _followed(there, begun, quiet=as_json)
    if as_json:
        show_json(done)
    elif not dry_run:
        stdout.print(f"{done['imported']} imported, {done['known']} known before, {done['left_out']} left out.")


def _mapping(named: str) -> str:
    """The name of a shipped mapping, or the text of the user's own."""
    names = [shipped.id for shipped in shipped_mappings()]
    if named in names:
        return named
    try:
        return Path(named).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"--map: expected {', '.join(names)} or a TOML file; {named}: {error}", Exit.USAGE)


def _followed(there: Remote, begun: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """The import at its end, with a bar on the way."""
    from rich.progress import Progress

    with Progress(console=stderr, disable=quiet or not stderr.is_terminal) as bar:
        task = bar.add_task("rows", total=begun["rows"])
        for state in _states(there, begun["id"]):
            bar.update(task, completed=state["imported"] + state["known"] + state["left_out"])
    return state


def _states(there: Remote, batch: str) -> Iterator[dict[str, Any]]:
    while True:
        state: dict[str, Any] = there.call("GET", f"/v1/imports/{batch}", params={"limit": 1})
        yield state
        if state["is_finished"]:
            return
        time.sleep(LOOK_EVERY_SECONDS)


def _show_report(report: dict[str, Any]) -> None:
    show_fields(
        {
            "rows": f"{report['rows']}, of which {report['usable']} can be taken over",
            "open, closed": f"{report['open']}, {report['closed']}",
            "received": f"{report['first_received']} … {report['last_received']}",
            "dates": ", ".join(f"{column}: {name}" for column, name in report["formats"].items()),
            "not in the file": ", ".join(report["absent_columns"]),
            "not in the mapping": ", ".join(report["columns_left_out"]),
            "exact repetitions": report["repetitions"] or "",
        }
    )
    for field, values in report["unknown_codes"].items():
        shown = ", ".join(f"{value} ({count})" for value, count in list(values.items())[:SHOWN_CODES])
        more = f" and {len(values) - SHOWN_CODES} more" if len(values) > SHOWN_CODES else ""
        stdout.print(f"kept as legacy codes, {field}: {shown}{more}", markup=False, soft_wrap=True)
    if report["first_problems"]:
        stdout.print()
        problems = report["first_problems"][:SHOWN_PROBLEMS]
        show_table(
            ("row", "column", "problem", ""),
            ((p["row"], p["column"], p["problem"], "kept out" if p["is_fatal"] else "kept") for p in problems),
            empty="",
        )

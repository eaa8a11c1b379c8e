"""`amends privacy`: what is stored about a person, erasing it, holding it, and what retention will take."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starter.cli.client import AsJson, DataDir, Token, Url, remote
from starter.cli.output import Exit, fail, moment, show_json, show_table, stderr, stdout

if TYPE_CHECKING:
    from runtime.assembly import Parts

app = typer.Typer(no_args_is_help=True, help="Personal data: tell, erase, hold, and see who read it.")

Customer = Annotated[str, typer.Argument(help="The id of a customer, as `amends privacy find` says: cus_…")]
Reference = Annotated[str, typer.Argument(help="A case number such as C-2026-000001.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="At most this many.")]
Reason = Annotated[str, typer.Option(help="Why; kept sealed beside the case.")]


@app.command(
    epilog="Examples: amends privacy find --phone '010 6552 9988' · amends privacy find --reference C-2026-000001"
)
def find(
    phone: Annotated[str | None, typer.Option(help="A phone number.")] = None,
    email: Annotated[str | None, typer.Option(help="An e-mail address.")] = None,
    account: Annotated[str | None, typer.Option(help="Your own customer number.")] = None,
    reference: Annotated[str | None, typer.Option(help="A case number.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Find the id of a person by one thing that is known."""
    known = {"phone": phone, "email": email, "account": account, "reference": reference}
    body = {name: value for name, value in known.items() if value is not None}
    found = remote(url, token, data_dir).call("POST", "/v1/customers/find", json=body)
    _table(found, as_json, ("customer", "created_at", "erased_at", "cases"), "Nobody is known by that.")


@app.command(epilog="Example: amends privacy show cus_0123… > person.json")
def show(customer: Customer, url: Url = None, token: Token = None, data_dir: DataDir = None) -> None:
    """Print all that is stored about a person, as JSON: for the person, and only for the person."""
    show_json(remote(url, token, data_dir).call("GET", f"/v1/customers/{customer}/personal-data"))


@app.command(epilog="Examples: amends privacy erase cus_0123… · amends privacy erase cus_0123… --defer --yes")
def erase(
    customer: Customer,
    defer: Annotated[
        bool, typer.Option("--defer", help="Where it cannot be done now, do it as soon as it can.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Erase a person for good. Refused (3) while a case is open, held, or kept by its policy."""
    if not yes:
        typer.confirm(f"Destroy the key of {customer}? Nobody can take that back", abort=True)
    path = f"/v1/customers/{customer}/personal-data"
    done = remote(url, token, data_dir).call("DELETE", path, params={"defer": defer})
    if as_json:
        show_json(done)
    elif "erased_at" in done:
        stdout.print(f"{customer} was erased at {moment(done['erased_at'])}.", markup=False)
    else:
        stdout.print(f"{customer} will be erased. It waits, as {'; '.join(done['because'])}.", markup=False)


@app.command(epilog="Example: amends privacy erasures --waiting --json")
def erasures(
    waiting: Annotated[bool, typer.Option("--waiting", help="Those that were asked for and wait.")] = False,
    limit: Limit = 50,
    cursor: Annotated[str, typer.Option(help="Where the page before ended.")] = "",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List who was erased when: ids, no data."""
    path = "/v1/erasures/waiting" if waiting else "/v1/erasures"
    found = remote(url, token, data_dir).call("GET", path, params={"limit": limit, "cursor": cursor})
    columns = ("customer", "asked_at", "asked_by") if waiting else ("customer", "erased_at", "by", "ground")
    _table(found, as_json, columns, "None.")


@app.command(epilog='Example: amends privacy hold C-2026-000001 --reason "Proceedings before the district court"')
def hold(
    reference: Reference,
    reason: Reason,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Put a case under a legal hold: nothing of it goes until the hold is lifted."""
    done = remote(url, token, data_dir).call("POST", f"/v1/complaints/{reference}/legal-hold", json={"reason": reason})
    _said(done, as_json, f"{reference} is under a legal hold.")


@app.command(epilog='Example: amends privacy lift C-2026-000001 --reason "Settled"')
def lift(
    reference: Reference,
    reason: Reason,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Lift a legal hold."""
    path = f"/v1/complaints/{reference}/legal-hold/lift"
    done = remote(url, token, data_dir).call("POST", path, json={"reason": reason})
    _said(done, as_json, f"{reference} is under no legal hold any more.")


@app.command(epilog="Example: amends privacy holds --json")
def holds(
    limit: Limit = 50,
    cursor: Annotated[str, typer.Option(help="Where the page before ended.")] = "",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List legal holds with their reasons."""
    found = remote(url, token, data_dir).call("GET", "/v1/legal-holds", params={"limit": limit, "cursor": cursor})
    _table(found, as_json, ("reference", "customer", "since", "set_by", "reason"), "No case is held.")


@app.command(epilog="Examples: amends privacy retention · amends privacy retention --at 2027-12-31T00:00:00Z --json")
def retention(
    at: Annotated[str | None, typer.Option(help="As things will be then (RFC 3339); now, if absent.")] = None,
    limit: Limit = 50,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Preview what retention takes: closed cases whose time is over, what goes, and what stays for what reason."""
    params = {"limit": limit} | ({"at": at} if at else {})
    found = remote(url, token, data_dir).call("GET", "/v1/retention/preview", params=params)
    _table(found, as_json, ("reference", "customer", "goes", "stays", "because"), "Nothing's time is over.")


@app.command(epilog="Example: amends privacy search 'smell of gas' --status received --from 2026-01-01T00:00:00Z")
def search(
    words: Annotated[str, typer.Argument(help="Words as they stand in a narrative or a demand.")],
    status: Annotated[list[str] | None, typer.Option(help="Only cases of this status.")] = None,
    category: Annotated[str | None, typer.Option(help="Only cases of this category.")] = None,
    received_from: Annotated[str | None, typer.Option("--from", help="Received from then on (RFC 3339).")] = None,
    received_to: Annotated[str | None, typer.Option("--to", help="Received before then (RFC 3339).")] = None,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="Look into at most so many cases.")] = 2_000,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Search in what customers said; every case that is looked into is logged."""
    from rich.progress import Progress

    wanted = {
        "status": status,
        "category": category,
        "received_from": received_from,
        "received_to": received_to,
    }
    query: dict[str, Any] = {"contains": words, "filter": {name: value for name, value in wanted.items() if value}}
    there, scanned, cursor = remote(url, token, data_dir), 0, None
    found: list[Any] = []
    with Progress(console=stderr, transient=True) as progress:
        task = progress.add_task("looking into cases", total=most)
        while scanned < most:
            body = query | {"scan": min(500, most - scanned)} | ({"cursor": cursor} if cursor else {})
            page = there.call("POST", "/v1/complaints/search-narratives", json=body)
            found, scanned, cursor = [*found, *page["items"]], scanned + page["scanned"], page["next_cursor"]
            progress.update(task, completed=scanned)
            if cursor is None:
                break
    told = {"items": found, "scanned": scanned, "all_scanned": cursor is None}
    _table(told, as_json, ("reference", "kind", "excerpt"), f"Not found in {scanned} cases.")


@app.command(epilog="Examples: amends privacy log --reference C-2026-000001 · amends privacy log --by per_0123… --json")
def log(
    customer: Annotated[str | None, typer.Option(help="Whose data.")] = None,
    by: Annotated[str | None, typer.Option(help="The id of who did it.")] = None,
    reference: Annotated[str | None, typer.Option(help="On which case.")] = None,
    limit: Limit = 50,
    cursor: Annotated[int | None, typer.Option(help="Where the page before ended.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Read who opened, searched, exported or erased whose data, the newest first."""
    wanted = {"subject": customer, "by": by, "reference": reference, "cursor": cursor, "limit": limit}
    params = {name: value for name, value in wanted.items() if value is not None}
    found = remote(url, token, data_dir).call("GET", "/v1/personal-data/log", params=params)
    _table(found, as_json, ("number", "at", "by", "act", "reference", "classes", "route"), "No line.")


@app.command("export-erasures", epilog="Example: amends privacy export-erasures > /elsewhere/erasures.jsonl")
def export_erasures(data_dir: DataDir = None) -> None:
    """Print every erasure as a signed line: keep them apart from the backups.

    Works on the records, with the settings of the environment or a data folder.
    """

    async def run() -> None:
        async with _parts(data_dir) as parts:
            async for line in parts.eraser.tombstones():
                sys.stdout.write(f"{line}\n")

    asyncio.run(run())


@app.command("reapply-erasures", epilog="Example: amends privacy reapply-erasures /elsewhere/erasures.jsonl")
def reapply_erasures(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="What export-erasures or AMENDS_ERASURES_FILE holds.")
    ],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Erase again whom a restored backup brought back; lines that are not ours are refused and nothing is done."""
    from runtime.erasing import ForgedTombstone

    lines = [line for line in file.read_text("utf-8").splitlines() if line.strip()]

    async def run() -> list[str]:
        async with _parts(data_dir) as parts:
            return await parts.eraser.reapply(lines)

    try:
        again = asyncio.run(run())
    except ForgedTombstone as forged:
        fail(str(forged), Exit.REFUSED)
    _said({"lines": len(lines), "erased_again": again}, as_json, f"{len(lines)} lines; {len(again)} erased again.")


@asynccontextmanager
async def _parts(data_dir: Path | None) -> "AsyncIterator[Parts]":
    """The parts of a process; Temporal is not needed."""
    from runtime.assembly import assemble
    from starter.cli.environment import chosen_settings

    async with assemble(chosen_settings(data_dir), name="amends-privacy", lazy=True) as parts:
        yield parts


def _table(found: dict[str, Any], as_json: bool, columns: tuple[str, ...], empty: str) -> None:
    if as_json:
        show_json(found)
        return
    show_table(columns, ([_cell(item[name]) for name in columns] for item in found["items"]), empty=empty)
    if found.get("next_cursor"):
        stdout.print(f"More: --cursor {found['next_cursor']}", soft_wrap=True, markup=False)


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


def _said(done: Any, as_json: bool, words: str) -> None:
    if as_json:
        show_json(done)
    else:
        stdout.print(words, markup=False)

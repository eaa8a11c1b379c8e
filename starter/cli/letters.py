"""`amends letters`: see letters before they go out, print and post them, report those that came back."""

import sys
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from domain.bounced_mail import Returned, read_bounce
from starter.cli.client import TIMEOUT_SECONDS, AsJson, DataDir, Token, Url, remote
from starter.cli.output import Exit, fail, show_fields, show_json, show_table, stdout

app = typer.Typer(no_args_is_help=True, help="Letters: previewed, printed, posted, told by telephone, bounced.")

Number = Annotated[str, typer.Argument(help="The case number.")]
Item = Annotated[str, typer.Argument(help="The letter, such as response_letter.1.")]


@app.command(epilog='Example: amends letters preview C-2026-000001 response_letter --text "We have …" --way sms')
def preview(
    reference: Number,
    kind: Annotated[str, typer.Argument(help="response_letter, explanation_letter, update_letter …")],
    text: Annotated[str | None, typer.Option(help="Your own words; - reads them from standard input.")] = None,
    way: Annotated[str, typer.Option(help="email, post, call or sms.")] = "email",
    until: Annotated[str | None, typer.Option(help="The new date, for an extension (RFC 3339).")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a letter as it would go out, and what it still lacks; ends with 3 if it would be refused."""
    words = sys.stdin.read() if text == "-" else text
    body = {name: value for name, value in {"way": way, "text": words, "until": until}.items() if value is not None}
    path = f"/v1/complaints/{reference}/letters/{kind}/preview"
    seen = remote(url, token, data_dir).call("POST", path, json=body)
    if as_json:
        show_json(seen)
    else:
        _show(seen)
    if not seen["is_complete"]:
        raise typer.Exit(Exit.REFUSED)


@app.command("list", epilog="Example: amends letters list --way post")
def page(
    way: Annotated[str | None, typer.Option(help="Only post, or only call.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most this many.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List letters to print and post, and calls to make."""
    wanted = {"way": way, "limit": limit, "cursor": cursor}
    params = {name: value for name, value in wanted.items() if value is not None}
    found = remote(url, token, data_dir).call("GET", "/v1/letters", params=params)
    if as_json:
        show_json(found)
        return
    show_table(
        ("case", "letter", "by", "since", "next due"),
        ((i["reference"], i["item"], i["way"], i["since"], i["next_due"]) for i in found["items"]),
        empty="Nothing waits to be posted or called.",
    )
    if found["next_cursor"]:
        stdout.print(f"More: --cursor {found['next_cursor']}", soft_wrap=True)


@app.command("print", epilog="Example: amends letters print C-2026-000001 response_letter.1 --output letter.pdf")
def print_letter(
    reference: Number,
    item: Item,
    output: Annotated[Path, typer.Option(help="The file to write: .pdf or .html.")],
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Write a letter to a file to print (the read is logged)."""
    media = {".pdf": "application/pdf", ".html": "text/html"}.get(output.suffix)
    if media is None:
        fail("expected --output with the ending .pdf or .html", Exit.USAGE)
    there = remote(url, token, data_dir)
    headers = {"Authorization": f"Bearer {there.token}", "Accept": media}
    path = f"/v1/complaints/{reference}/letters/{item}"
    try:
        answer = httpx.get(there.url + path, headers=headers, timeout=TIMEOUT_SECONDS)
    except httpx.TransportError as error:
        fail(f"{there.url} does not answer: {error}. Is `amends up` running?")
    if not answer.is_success:
        problem = answer.json()
        fail(f"{problem['code']}: {problem['detail']}", Exit.REFUSED)
    output.write_bytes(answer.content)
    stdout.print(f"Wrote {output}. Once it is posted: amends letters posted {reference} {item}", soft_wrap=True)


@app.command(epilog="Example: amends letters posted C-2026-000001 response_letter.1 --tracking RR123456789CN")
def posted(
    reference: Number,
    item: Item,
    tracking: Annotated[str | None, typer.Option(help="The post's number of it.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Record that a letter was posted: now it counts as sent."""
    body = {"item": item} | ({"tracking": tracking} if tracking else {})
    _done(remote(url, token, data_dir).call("POST", _command(reference, "mark_posted"), json=body), as_json)


@app.command(epilog="Example: amends letters called C-2026-000001 update_letter.1 reached")
def called(
    reference: Number,
    item: Item,
    result: Annotated[str, typer.Argument(help="reached, no_answer, busy, wrong_number, refused or another_time.")],
    text: Annotated[str | None, typer.Option(help="What the customer said.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Record a call that was asked for."""
    body = {"item": item, "result": result} | ({"text": text} if text else {})
    _done(remote(url, token, data_dir).call("POST", _command(reference, "record_call"), json=body), as_json)


@app.command(epilog='Example, in /etc/aliases: bounces: "|amends letters bounce"')
def bounce(
    message_id: Annotated[str | None, typer.Option(help="The Message-ID; without it a report is read.")] = None,
    code: Annotated[str, typer.Option(help="Why, as a code.")] = "bounced",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Report a message that came back: by its id, or by a mail server's report (RFC 3464) on standard input."""
    returned = Returned(message_id, code, permanent=True) if message_id else read_bounce(sys.stdin.buffer.read())
    if returned is None:
        fail("that is no delivery status report of a mail server", Exit.USAGE)
    body = {"message_id": returned.message_id, "code": returned.code, "permanent": returned.permanent}
    taken = remote(url, token, data_dir).call("POST", "/v1/bounces", json=body)
    if as_json:
        show_json(taken)
        return
    stdout.print(f"{taken['outcome']} {taken['reference'] or ''} {taken['item'] or ''}".strip())


@app.command(epilog="Example: amends letters contact C-2026-000001 --opt-out sms --quiet 20:00-09:00")
def contact(
    reference: Number,
    opt_out: Annotated[list[str] | None, typer.Option(help="A way not wanted; may be given again.")] = None,
    quiet: Annotated[str | None, typer.Option(help="Hours in which nobody is disturbed, such as 20:00-09:00.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="No limits any more.")] = False,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show, or set anew, by which ways and when a customer does not want to be reached."""
    there, path = remote(url, token, data_dir), f"/v1/complaints/{reference}/contact"
    begin, dash, end = (quiet or "").partition("-")
    if quiet and not dash:
        fail("expected --quiet as 20:00-09:00", Exit.USAGE)
    limits = {"opted_out": opt_out or []} | ({"quiet_hours": {"begin": begin, "end": end}} if quiet else {})
    sets_something = bool(opt_out or quiet or clear)
    found = there.call("PUT", path, json=limits) if sets_something else there.call("GET", path)
    if as_json:
        show_json(found)
        return
    hours = found["quiet_hours"]
    show_fields(
        {
            "not by": ", ".join(found["opted_out"]) or None,
            "quiet": f"{hours['begin']}-{hours['end']} for {', '.join(hours['ways'])}" if hours else None,
        }
    )


@app.command(epilog="Example: amends letters address partner.city_fitters desk@fitters.example.org --language zh")
def address(
    who: Annotated[
        str | None, typer.Argument(help="staff, team.<code> or partner.<code>; without it all are listed.")
    ] = None,
    email: Annotated[str | None, typer.Argument(help="Where they are written to.")] = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show or set where partners, teams and the staff are written to."""
    there = remote(url, token, data_dir)
    if who is not None and email is not None:
        there.call("PUT", f"/v1/correspondents/{who}", json={"email": email, "language": language})
    found = there.call("GET", "/v1/correspondents")
    if as_json:
        show_json(found)
        return
    entries = [entry for entry in found["items"] if who in {None, entry["who"]}]
    show_table(
        ("who", "address", "language"),
        ((entry["who"], entry["email"], entry["language"]) for entry in entries),
        empty="Nobody is in the address book.",
    )


def _command(reference: str, name: str) -> str:
    return f"/v1/complaints/{reference}/commands/{name}"


def _done(case: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(case)
        return
    stdout.print(f"[bold]{case['reference']}[/bold]  {case['status']} (recorded as {case['recorded_at_sequence']})")


def _show(seen: dict[str, Any]) -> None:
    show_fields({name: seen[name] for name in ("template", "subject", "characters", "is_statutory")})
    stdout.print()
    stdout.print(seen["body"], markup=False)
    stdout.print()
    show_table(
        ("point", "made", "by", "words, or what is expected"),
        (
            (point["point"], "yes" if point["is_made"] else "no", point["made_in"], point["words"] or point["expected"])
            for point in seen["points"]
        ),
        empty="The policy asks nothing particular of this letter.",
    )

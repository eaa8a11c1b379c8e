"""`amends complaint`: take, list, read and act on cases."""

import json
import sys
from typing import Annotated, Any

import typer

from domain.complaints.commands import PERSONS_COMMANDS, STEP_COMMANDS
from domain.complaints.terms import ClockKind
from domain.privacy import Language
from starter.cli.client import AsJson, DataDir, Token, Url, remote
from starter.cli.output import Exit, fail, moment, show_fields, show_json, show_table, stdout

app = typer.Typer(no_args_is_help=True, help="Take, list, read and act on complaints.")

_LISTS = frozenset({"remedies"})
"""Fields that are lists also where one value is given."""

SHOWN_APART = frozenset(
    {"clocks", "steps", "allowed_commands", "timeline", "names", "story", "callback", "earlier_cases", "handler_name"}
)
"""Fields of a case that have a table of their own, or stand in another one's place."""

COMMANDS = ", ".join(sorted(PERSONS_COMMANDS.keys() - STEP_COMMANDS))


@app.command(
    epilog='Example: amends complaint submit --data-dir ./data --channel phone --name "Li Hua" '
    '--phone "010 8888 6666" --narrative "The gas pressure drops every evening."'
)
def submit(
    channel: Annotated[str, typer.Option(help="How it arrived: phone, visit, email, web …")],
    narrative: Annotated[str, typer.Option(help="What happened; - reads standard input.")],
    name: Annotated[str | None, typer.Option(help="Customer's name.")] = None,
    phone: Annotated[str | None, typer.Option(help="Customer's phone number.")] = None,
    email: Annotated[str | None, typer.Option(help="Customer's e-mail address.")] = None,
    address: Annotated[str | None, typer.Option(help="Customer's address.")] = None,
    customer_id: Annotated[str | None, typer.Option(help="Your own customer number.")] = None,
    language: Annotated[str | None, typer.Option(help="zh or en.")] = None,
    demand: Annotated[str | None, typer.Option(help="What the customer wants.")] = None,
    category: Annotated[str | None, typer.Option(help="Code of the category.")] = None,
    severity: Annotated[int | None, typer.Option(min=1, max=5, help="1 slight … 5 grave.")] = None,
    received_at: Annotated[str | None, typer.Option(help="When it reached you: 2026-03-01T09:30:00+08:00.")] = None,
    source_ref: Annotated[str | None, typer.Option(help="The id that the source gave it.")] = None,
    policy: Annotated[str | None, typer.Option(help="Id of the policy.")] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key: the same key is done once.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take a complaint in."""
    customer = {"id": customer_id, "name": name, "phone": phone, "email": email, "address": address}
    form = {
        "channel": channel,
        "narrative": sys.stdin.read() if narrative == "-" else narrative,
        "customer": _given(customer | {"language": language}),
        "demand": demand,
        "category": category,
        "severity": severity,
        "received_at": received_at,
        "source_ref": source_ref,
        "policy": policy,
    }
    taken = remote(url, token, data_dir).call("POST", "/v1/complaints", json=_given(form), headers=_key(key))
    if as_json:
        show_json(taken)
        return
    stdout.print(f"[bold]{taken['reference']}[/bold]  {taken['status']}, policy {taken['policy']}")
    if taken["advice"]:
        stdout.print(taken["advice"], style="bold red", soft_wrap=True)
    for clock in taken["clocks"]:
        stdout.print(f"  {clock['kind']} by {moment(clock['due_at'])} ({clock['state']})")
    _show_earlier(taken["earlier_cases"])


@app.command(epilog='Example: amends complaint lookup --phone "010 8888 6666" --category billing')
def lookup(
    phone: Annotated[str | None, typer.Option(help="A phone number.")] = None,
    email: Annotated[str | None, typer.Option(help="An e-mail address.")] = None,
    account: Annotated[str | None, typer.Option(help="Your own customer number.")] = None,
    category: Annotated[str | None, typer.Option(help="Code of the new complaint's category.")] = None,
    product: Annotated[str | None, typer.Option(help="Code of the new complaint's product.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Look a caller up before a complaint is saved: earlier cases, and which are likely about the same."""
    caller = _given({"phone": phone, "email": email, "account": account, "category": category, "product": product})
    found = remote(url, token, data_dir).call("POST", "/v1/complaints/lookup", json=caller)
    if as_json:
        show_json(found)
        return
    _show_earlier(found["items"], empty="No earlier cases.")


@app.command("list", epilog="Example: amends complaint list --status assigned --handler me --sort due")
def page(
    status: Annotated[list[str] | None, typer.Option(help="Only these statuses.")] = None,
    handler: Annotated[str | None, typer.Option(help="Only this person's; `me` for your own.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    team: Annotated[str | None, typer.Option(help="Only this team's.")] = None,
    severity: Annotated[int | None, typer.Option(min=1, max=5, help="Only this severity.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    due_before: Annotated[str | None, typer.Option(help="A running clock ends before this time.")] = None,
    received_from: Annotated[str | None, typer.Option(help="Received at or after this time.")] = None,
    received_to: Annotated[str | None, typer.Option(help="Received before this time.")] = None,
    breached: Annotated[bool | None, typer.Option("--breached/--not-breached", help="Only (not) breached.")] = None,
    needs_operator: Annotated[
        bool | None, typer.Option("--parked/--not-parked", help="A step is (not) parked.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="Phone, e-mail or number of a customer.")] = None,
    q: Annotated[str | None, typer.Option("--search", help="A case number, a code, or what --customer takes.")] = None,
    sort: Annotated[str, typer.Option(help="received, due or severity.")] = "received",
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most this many.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List complaints that you may see."""
    wanted = {
        "status": status,
        "handler": handler,
        "category": category,
        "team": team,
        "severity": severity,
        "channel": channel,
        "due_before": due_before,
        "received_from": received_from,
        "received_to": received_to,
        "breached": breached,
        "needs_operator": needs_operator,
        "customer": customer,
        "q": q,
    }
    found = remote(url, token, data_dir).call(
        "GET", "/v1/complaints", params=_given(wanted | {"sort": sort, "limit": limit, "cursor": cursor})
    )
    if as_json:
        show_json(found)
        return
    show_table(
        ("number", "status", "received", "category", "severity", "handler", "next due"),
        (
            (
                case["reference"],
                case["status"],
                case["received_at"],
                case["category"],
                case["severity"],
                case["handler_name"] or case["handler"],
                _next_due(case),
            )
            for case in found["items"]
        ),
        empty="No complaints.",
    )
    if found["next_cursor"]:
        stdout.print(f"More: --cursor {found['next_cursor']}", soft_wrap=True)


@app.command(epilog="Example: amends complaint show C-2026-000001 --timeline")
def show(
    reference: Annotated[str, typer.Argument(help="The case number.")],
    timeline: Annotated[bool, typer.Option("--timeline", help="Also what happened, in order.")] = False,
    story: Annotated[bool, typer.Option("--story", help="Also who complained and what was said (logged).")] = False,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Read a case."""
    there, path = remote(url, token, data_dir), f"/v1/complaints/{reference}"
    case = there.call("GET", path)
    if timeline:
        told = there.call("GET", f"{path}/timeline", params={"limit": 200})
        case |= {"timeline": told["items"], "names": told["names"]}
    if story:
        case["story"] = there.call("GET", f"{path}/story")
    if as_json:
        show_json(case)
        return
    _show(case)


@app.command(
    "do",
    epilog="Examples: amends complaint do assess C-2026-000001 decision=valid · "
    'amends complaint do respond C-2026-000001 way=email outcome=upheld cause=process letter="We have …"',
)
def do(
    command: Annotated[str, typer.Argument(help=f"One of: {COMMANDS}.")],
    reference: Annotated[str, typer.Argument(help="The case number.")],
    fields: Annotated[list[str] | None, typer.Argument(help="The command's fields as name=value.")] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key: the same key is done once.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a command to a case."""
    if command not in PERSONS_COMMANDS or command in STEP_COMMANDS:
        fail(f"there is no command {command}; expected one of: {COMMANDS}", Exit.USAGE)
    body = command_fields(fields or [])
    path = f"/v1/complaints/{reference}/commands/{command}"
    case = remote(url, token, data_dir).call("POST", path, json=body, headers=_key(key))
    if as_json:
        show_json(case)
        return
    stdout.print(f"[bold]{reference}[/bold]  {case['status']} (recorded as {case['recorded_at_sequence']})")


@app.command(epilog="Example: amends complaint clock C-2026-000001 final_response --lang zh")
def clock(
    reference: Annotated[str, typer.Argument(help="The case number.")],
    kind: Annotated[ClockKind, typer.Argument(help="Which clock.")],
    attempt: Annotated[int | None, typer.Option(min=1, help="Which of its kind; the newest, if absent.")] = None,
    language: Annotated[Language, typer.Option("--lang", help="Language of the explanation.")] = Language.EN,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say why a clock is due when it is."""
    told = remote(url, token, data_dir).call(
        "GET",
        f"/v1/complaints/{reference}/clocks/{kind.value}/explanation",
        params=_given({"attempt": attempt, "lang": language.value}),
    )
    if as_json:
        show_json(told)
        return
    names = ("kind", "attempt", "state", "due_at", "calendar", "zone")
    show_fields({name: told[name] for name in names} | {"provisional": told["provisional"]})
    stdout.print()
    for sentence in told["sentences"]:
        stdout.print(sentence, markup=False, soft_wrap=True)


def _show(case: dict[str, Any]) -> None:
    told = case | {"handler": case["handler_name"] or case["handler"]}
    show_fields({name: value for name, value in told.items() if name not in SHOWN_APART})
    show_fields({"you may": ", ".join(case["allowed_commands"])})
    stdout.print()
    show_table(
        ("clock", "attempt", "state", "due", "met"),
        ((c["kind"], c["attempt"], c["state"], c["due_at"], c["met_at"]) for c in case["clocks"]),
        empty="No clocks.",
    )
    if case["steps"]:
        stdout.print()
        show_table(
            ("step", "state", "way", "error"),
            ((step["id"], step["state"], step["way"], step["error"]) for step in case["steps"]),
            empty="",
        )
    if case["earlier_cases"]:
        stdout.print()
        _show_earlier(case["earlier_cases"])
    if "timeline" in case:
        names = case["names"]
        stdout.print()
        show_table(
            ("#", "at", "what", "by"),
            ((e["sequence"], e["at"], e["fact"]["type"], names.get(e["actor"], e["actor"])) for e in case["timeline"]),
            empty="",
        )
    if "story" in case:
        stdout.print()
        show_fields({**case["story"]["customer"], "demand": case["story"]["demand"]})
        stdout.print(case["story"]["narrative"], markup=False)


def _show_earlier(cases: list[dict[str, Any]], *, empty: str = "") -> None:
    if cases or empty:
        show_table(
            ("earlier", "status", "received", "category", "the same?", "why"),
            (
                (
                    each["reference"],
                    each["status"],
                    each["received_at"],
                    each["category"],
                    "likely" if each["is_likely_duplicate"] else "",
                    ", ".join(each["reasons"]).replace("_", " "),
                )
                for each in cases
            ),
            empty=empty,
        )


def _next_due(case: dict[str, Any]) -> str | None:
    return min((clock["due_at"] for clock in case["clocks"] if clock["state"] == "running"), default=None)


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _key(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Idempotency-Key": key}


def command_fields(pairs: list[str]) -> dict[str, Any]:
    """The fields from `name=value` words; a name given several times is a list."""
    fields: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            fail(f"expected name=value, found {pair}", Exit.USAGE)
        given = _value(value)
        if name in fields:
            before = fields[name] if isinstance(fields[name], list) else [fields[name]]
            fields[name] = [*before, given]
        else:
            fields[name] = [given] if name in _LISTS and isinstance(given, str) else given
    return fields


def _value(text: str) -> Any:
    """What was written: JSON where it is a whole object or list, else the text itself."""
    if text[:1] not in {"{", "["}:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text

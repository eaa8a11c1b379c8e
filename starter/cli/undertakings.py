"""`amends improvement`, `amends incident`, `amends defection`: what is undertaken beside single cases.

They have the same commands, as the API has the same routes: list, show, do; each opens in its own words.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from starter.cli.analyses import format_of
from starter.cli.client import AsJson, DataDir, Token, Url, remote
from starter.cli.complaints import command_fields
from starter.cli.output import Exit, fail, show_fields, show_json, show_table, stdout
from starter.undertakings import commands_of

improvement_app = typer.Typer(no_args_is_help=True, help="Improvements, inside and at partners.")
incident_app = typer.Typer(no_args_is_help=True, help="Incidents: one cause behind many complaints.")
defection_app = typer.Typer(no_args_is_help=True, help="Studies of customers who left, and why.")

PATHS = {"improvement": "/v1/improvements", "incident": "/v1/incidents", "defection": "/v1/defection-studies"}
Title = Annotated[str, typer.Option(help="What it is called.")]
Reference = Annotated[str, typer.Argument(help="Its number, such as I-2026-000001.")]
Fields = Annotated[list[str] | None, typer.Argument(help="Fields as name=value.")]
Key = Annotated[str | None, typer.Option(help="Idempotency key: the same key is done once.")]


@improvement_app.command(
    epilog='Example: amends improvement propose --title "Check meters each spring" target={"category":"billing_meter"}'
)
def propose(
    title: Title,
    fields: Fields = None,
    key: Key = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Propose an improvement: fields are description, target, partner, source."""
    _opened("improvement", {"title": title} | command_fields(fields or []), key, url, token, data_dir, as_json)


@incident_app.command(
    epilog='Example: amends incident suspect --title "No gas in the east" '
    'target={"category":"supply_interruption","region":"east"} since=2026-03-01T08:00:00+08:00'
)
def suspect(
    title: Title,
    fields: Fields = None,
    key: Key = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say that one cause may be behind many complaints: fields are target, since, description."""
    _opened("incident", {"title": title} | command_fields(fields or []), key, url, token, data_dir, as_json)


@defection_app.command(epilog='Example: amends defection begin --title "Who left in the year" --size 12')
def begin(
    title: Title,
    size: Annotated[int, typer.Option(help="How many interviews, 10 to 25.")] = 10,
    key: Key = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Draw customers who left, by the values that the customers' import has brought, for interviews."""
    _opened("defection", {"title": title, "size": size}, key, url, token, data_dir, as_json)


@defection_app.command(epilog="Example: amends defection report D-2026-000001 --out study.pdf --lang zh")
def report(
    reference: Reference,
    out: Annotated[Path, typer.Option(help="Where to write it: .html, .pdf, .xlsx or .json.", dir_okay=False)],
    lang: Annotated[str, typer.Option("--lang", help="zh or en.")] = "zh",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Write the report of a study that is over."""
    params = {"format": format_of(out), "lang": lang}
    out.write_bytes(remote(url, token, data_dir).fetch(f"{PATHS['defection']}/{reference}/report", params=params))
    stdout.print(str(out), markup=False)


def _opened(
    kind: str,
    body: dict[str, Any],
    key: str | None,
    url: str | None,
    token: str | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    view = remote(url, token, data_dir).call("POST", PATHS[kind], json=body, headers=_keyed(key))
    if as_json:
        show_json(view)
    else:
        stdout.print(f"{view['reference']}  {view['status']}  {view['title']}", markup=False)


def _list_command(kind: str) -> Callable[..., None]:
    def list_(
        status: Annotated[str | None, typer.Option(help="Only those that stand so.")] = None,
        limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
        url: Url = None,
        token: Token = None,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """List them, the newest first."""
        params = {"limit": limit} | ({} if status is None else {"status": status})
        found = remote(url, token, data_dir).call("GET", PATHS[kind], params=params)["items"]
        if as_json:
            show_json(found)
            return
        rows = [(each["reference"], each["status"], each["title"]) for each in found]
        show_table(("number", "status", "title"), rows, empty="There are none yet.")

    return list_


def _show_command(kind: str) -> Callable[..., None]:
    def show(
        reference: Reference, url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False
    ) -> None:
        """Show where one stands, and what you may ask of it now."""
        view = remote(url, token, data_dir).call("GET", f"{PATHS[kind]}/{reference}")
        if as_json:
            show_json(view)
            return
        stdout.print(f"{view['reference']}  {view['status']}  {view['title']}", markup=False)
        hidden = {"reference", "kind", "status", "steps", "interviews", "by_class", "checks"}
        plain = {name: value for name, value in view["state"].items() if name not in hidden}
        show_fields(plain | {"may be done": ", ".join(view["allowed_commands"])})
        if kind == "defection":
            _show_interviews(view["state"]["interviews"])

    return show


def _show_interviews(interviews: list[dict[str, Any]]) -> None:
    outcome = {True: "held", False: "not held", None: ""}
    rows = [
        (each["number"], each["value_class"], each["left"], each["manager"], outcome[each["was_held"]], each["cause"])
        for each in interviews
    ]
    show_table(("no.", "class", "left", "manager", "interview", "cause"), rows, empty="Nobody is drawn yet.")


def _do_command(kind: str) -> Callable[..., None]:
    names = ", ".join(sorted((*commands_of(kind), "retry_step")))

    def do(
        command: Annotated[str, typer.Argument(help=f"One of: {names}.")],
        reference: Reference,
        fields: Fields = None,
        key: Key = None,
        url: Url = None,
        token: Token = None,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Give a command."""
        if command not in names.split(", "):
            fail(f"there is no command {command}; expected one of: {names}", Exit.USAGE)
        path = f"{PATHS[kind]}/{reference}/commands/{command}"
        body = command_fields(fields or [])
        done = remote(url, token, data_dir).call("POST", path, json=body, headers=_keyed(key))
        if as_json:
            show_json(done)
            return
        stdout.print(f"{reference}  {done['undertaking']['status']} (recorded as {done['sequence']})", markup=False)

    return do


def _keyed(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Idempotency-Key": key}


_EXAMPLES = {
    "improvement": "reject I-2026-000001 reason='It would cost more than it saves.'",
    "incident": "confirm N-2026-000001",
    "defection": "record_interview D-2026-000001 number=1 cause=price cause_kind=failure notes='Billed twice.'",
}
for _kind, _app in (("improvement", improvement_app), ("incident", incident_app), ("defection", defection_app)):
    _app.command("list", epilog=f"Example: amends {_kind} list --json")(_list_command(_kind))
    _app.command("show", epilog=f"Example: amends {_kind} show {_EXAMPLES[_kind].split()[1]}")(_show_command(_kind))
    _app.command("do", epilog=f"Example: amends {_kind} do {_EXAMPLES[_kind]}")(_do_command(_kind))

"""`amends webhook`: who is told of what happens."""

import time
from typing import Annotated, Any

import typer

from starter.cli.client import AsJson, DataDir, Remote, Token, Url, remote
from starter.cli.output import Exit, fail, show_fields, show_json, show_table, stdout

app = typer.Typer(no_args_is_help=True, help="Tell other systems of what happens, and see how that went.")

Id = Annotated[str, typer.Argument(help="The webhook's id, such as whk_0123….")]
Types = Annotated[list[str] | None, typer.Option("--type", help="complaint.closed, clock.* …; none: everything.")]
PING_SECONDS = 30


@app.command(
    epilog="Example: amends webhook add https://crm.example.org/hooks --type 'complaint.*' --type clock.breached"
)
def add(
    address: Annotated[str, typer.Argument(help="An HTTPS address of the other system.")],
    types: Types = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell an endpoint of what happens from now on; prints the secret once."""
    form: dict[str, Any] = {"url": address, "types": types or []}
    if description:
        form["description"] = description
    made = remote(url, token, data_dir).call("POST", "/v1/webhooks", json=form)
    if as_json:
        show_json(made)
        return
    stdout.print(f"{made['id']}  {made['url']}  {', '.join(made['types']) or 'everything'}", soft_wrap=True)
    stdout.print(f"Secret, shown this once: {made['secret']}", soft_wrap=True)


@app.command("list", epilog="Example: amends webhook list --json")
def page(url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List webhooks."""
    found = remote(url, token, data_dir).call("GET", "/v1/webhooks")
    if as_json:
        show_json(found)
        return
    show_table(
        ("id", "url", "types", "state", "why"),
        ((w["id"], w["url"], ", ".join(w["types"]) or "all", w["state"], w["disabled_why"]) for w in found["items"]),
        empty="Nobody is told of anything.",
    )


@app.command(
    epilog="Examples: amends webhook change whk_0123… --on · amends webhook change whk_0123… --type 'complaint.*'"
)
def change(
    webhook: Id,
    is_on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.")] = None,
    address: Annotated[str | None, typer.Option(help="Another address.")] = None,
    types: Types = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Change a webhook, switch it off or on."""
    form: dict[str, Any] = {"url": address} if address else {}
    form |= {"types": types} if types else {}
    form |= {} if is_on is None else {"state": "active" if is_on else "disabled"}
    if not form:
        fail("say what is to change: --on, --off, --address or --type", Exit.USAGE)
    changed = remote(url, token, data_dir).call("PATCH", f"/v1/webhooks/{webhook}", json=form)
    show_json(changed) if as_json else show_fields(changed)


@app.command(epilog="Example: amends webhook remove whk_0123…")
def remove(
    webhook: Id, url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Remove a webhook with its deliveries."""
    removed = remote(url, token, data_dir).call("DELETE", f"/v1/webhooks/{webhook}")
    show_json(removed) if as_json else stdout.print(f"{removed['id']} is removed.")


@app.command(epilog="Example: amends webhook rotate whk_0123…")
def rotate(
    webhook: Id, url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Make a new secret; for 24 hours the old one signs beside it."""
    made = remote(url, token, data_dir).call("POST", f"/v1/webhooks/{webhook}/secrets", json={})
    show_json(made) if as_json else stdout.print(f"Secret, shown this once: {made['secret']}", soft_wrap=True)


@app.command(epilog="Example: amends webhook ping whk_0123…")
def ping(webhook: Id, url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Send a test event and wait for how it went; ends with 1 where it was not taken."""
    house = remote(url, token, data_dir)
    sent = house.call("POST", f"/v1/webhooks/{webhook}/ping", json={})
    outcome = _outcome(house, webhook, sent["id"])
    if as_json:
        show_json(outcome)
    else:
        stdout.print(f"{outcome['event']}: {outcome['state']} {outcome['answer'] or outcome['error'] or ''}")
    if outcome["state"] != "delivered":
        raise typer.Exit(Exit.FAILED)


@app.command(epilog="Example: amends webhook deliveries whk_0123… --state failed --json")
def deliveries(
    webhook: Id,
    state: Annotated[str | None, typer.Option(help="pending, delivered, failed or cancelled.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most this many.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List what an endpoint was told, the newest first."""
    params = {"limit": limit, "state": state, "cursor": cursor}
    asked = {name: value for name, value in params.items() if value is not None}
    found = remote(url, token, data_dir).call("GET", f"/v1/webhooks/{webhook}/deliveries", params=asked)
    if as_json:
        show_json(found)
        return
    show_table(
        ("id", "event", "type", "state", "attempts", "answer", "error", "next"),
        (
            (d["id"], d["event"], d["type"], d["state"], d["attempts"], d["answer"], d["error"], d["next_at"])
            for d in found["items"]
        ),
        empty="Nothing was told.",
    )
    if found["next_cursor"]:
        stdout.print(f"More: --cursor {found['next_cursor']}", soft_wrap=True)


@app.command(
    epilog="Example: amends webhook replay whk_0123… --begin 2026-03-01T00:00:00+08:00 --end 2026-03-02T00:00:00+08:00"
)
def replay(
    webhook: Id,
    begin: Annotated[str, typer.Option(help="From this time on, with its zone.")],
    end: Annotated[str, typer.Option(help="Before this time, with its zone.")],
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell an endpoint a window of events again, under the same ids."""
    window = {"begin": begin, "end": end}
    told = remote(url, token, data_dir).call("POST", f"/v1/webhooks/{webhook}/replay", json=window)
    show_json(told) if as_json else stdout.print(f"{told['events']} events are told again.")


def _outcome(house: Remote, webhook: str, delivery: int) -> dict[str, Any]:
    """The delivery as soon as it was tried."""
    deadline = time.monotonic() + PING_SECONDS
    while True:
        params = {"cursor": delivery + 1, "limit": 1}
        found: dict[str, Any] = house.call("GET", f"/v1/webhooks/{webhook}/deliveries", params=params)["items"][0]
        if found["state"] != "pending" or found["error"] is not None or time.monotonic() > deadline:
            return found
        time.sleep(0.3)

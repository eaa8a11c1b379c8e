"""`amends steps`: what failed and waits for an operator."""

import time
from typing import Annotated, Any

import typer

from starter.cli.client import AsJson, DataDir, Remote, Token, Url, remote
from starter.cli.output import Exit, fail, show_fields, show_json, show_table, stdout

app = typer.Typer(no_args_is_help=True, help="See steps that failed, and retry, amend, skip or abort them.")

LOOKS_EVERY_SECONDS = 0.5
MOST_SHOWN = 200

Id = Annotated[str, typer.Argument(help="Id of a step, such as C-2026-000001.response_letter.1.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids of steps; with --all none.")]
All = Annotated[bool, typer.Option("--all", help="All parked steps, or those of the kind, error and time given.")]
Kind = Annotated[str | None, typer.Option(help="Only this kind: acknowledgement, response_letter …")]
Error = Annotated[str | None, typer.Option(help="Only those with this error: mail_server_away …")]
Since = Annotated[str | None, typer.Option(help="Only those parked since then: 2026-03-01T09:30:00+08:00.")]
Before = Annotated[str | None, typer.Option(help="Only those parked before then.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen to each.")]
Rate = Annotated[float, typer.Option(min=0.01, max=50, help="At most so many a second.")]
Detach = Annotated[bool, typer.Option("--detach", help="Do not wait for the end; `steps batch` shows how far it is.")]


@app.command("list", epilog="Example: amends steps list --kind response_letter --json")
def page(
    kind: Kind = None,
    error: Error = None,
    since: Since = None,
    before: Before = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most this many.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List parked steps."""
    params = {"limit": limit} | ({"cursor": cursor} if cursor else {}) | _narrowed(kind, error, since, before)
    found = remote(url, token, data_dir).call("GET", "/v1/steps", params=params)
    if as_json:
        show_json(found)
        return
    show_table(
        ("id", "kind", "way", "error", "rounds", "since"),
        ((s["id"], s["kind"], s["way"], s["error"], s["rounds"], s["changed_at"]) for s in found["items"]),
        empty="No step waits for an operator.",
    )
    if found["next_cursor"]:
        stdout.print(f"More: --cursor {found['next_cursor']}", soft_wrap=True)


@app.command(epilog="Example: amends steps causes")
def causes(url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Group parked steps by why they failed, the most frequent cause first."""
    found = remote(url, token, data_dir).call("GET", "/v1/steps/causes")
    if as_json:
        show_json(found)
        return
    show_table(
        ("kind", "error", "steps", "first", "last"),
        ((c["kind"], c["error"], c["steps"], c["first_at"], c["last_at"]) for c in found["items"]),
        empty="No step waits for an operator.",
    )


@app.command(epilog="Example: amends steps show C-2026-000001.response_letter.1")
def show(step: Id, url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show a step, what became of it so far, and what may be changed of it."""
    found = remote(url, token, data_dir).call("GET", f"/v1/steps/{step}")
    if as_json:
        show_json(found)
        return
    shown = {name: found[name] for name in ("id", "kind", "state", "way", "error", "rounds", "not_before")}
    show_fields(shown | {"may be changed": ", ".join(found["amendable"])})
    show_table(
        ("at", "by", "what", "error", "changed"),
        ((e["at"], e["actor"], e["type"], e["error"], ", ".join(e["changed"])) for e in found["events"]),
        empty="Nothing has happened to it yet.",
    )


@app.command(
    epilog="Examples: amends steps retry C-2026-000001.response_letter.1 · "
    "amends steps retry --all --error mail_server_away --per-second 10"
)
def retry(
    ids: Ids = None,
    every: All = False,
    kind: Kind = None,
    error: Error = None,
    since: Since = None,
    before: Before = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    per_second: Rate = 5,
    dry_run: DryRun = False,
    detach: Detach = False,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Try parked steps again."""
    body = _selection(ids, every, _narrowed(kind, error, since, before)) | ({"reason": reason} if reason else {})
    body |= {"per_second": per_second, "dry_run": dry_run}
    _give(remote(url, token, data_dir), "retry", body, detach, as_json)


@app.command(
    epilog="Example: amends steps amend C-2026-000001.response_letter.1 --not-before 2026-03-02T09:00:00+08:00"
)
def amend(
    step: Id,
    reason: Annotated[str, typer.Option(help="Why; kept in the record.")],
    way: Annotated[str | None, typer.Option(help="By this way instead: email, sms, post, call.")] = None,
    template: Annotated[str | None, typer.Option(help="With this template: response_letter.en.1 …")] = None,
    not_before: Annotated[str | None, typer.Option(help="Not before this time.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Change a parked step and try it again. A wrong address or text is corrected in the case instead."""
    given = {"way": way, "template": template, "not_before": not_before}
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        fail("say what to change: --way, --template or --not-before", Exit.USAGE)
    _one(remote(url, token, data_dir), step, "amend", {"reason": reason, **changes}, as_json)


@app.command(epilog='Example: amends steps skip C-2026-000001.acknowledgement.1 --reason "told by phone"')
def skip(
    reason: Annotated[str, typer.Option(help="Why it need not be done; kept in the record.")],
    ids: Ids = None,
    every: All = False,
    kind: Kind = None,
    error: Error = None,
    since: Since = None,
    before: Before = None,
    per_second: Rate = 5,
    dry_run: DryRun = False,
    detach: Detach = False,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give parked steps up, with a reason."""
    body = _selection(ids, every, _narrowed(kind, error, since, before)) | {"reason": reason}
    body |= {"per_second": per_second, "dry_run": dry_run}
    _give(remote(url, token, data_dir), "skip", body, detach, as_json)


@app.command(epilog='Example: amends steps abort C-2026-000001.response_letter.1 --reason "moved away, no address"')
def abort(
    step: Id,
    reason: Annotated[str, typer.Option(help="Why the case ends without an answer; kept in the record.")],
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give the whole process up while a step of it is parked: the case ends without an answer."""
    _one(remote(url, token, data_dir), step, "abort", {"reason": reason}, as_json)


@app.command(epilog="Example: amends steps batch bat_0123456789abcdef0123")
def batch(
    batch: Annotated[str, typer.Argument(help="Id of a batch, as retry and skip print it.")],
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show how far a batch is, and which of its steps were not done."""
    there = remote(url, token, data_dir)
    _report(there, there.call("GET", f"/v1/steps/batches/{batch}", params={"limit": MOST_SHOWN}), as_json)


def _narrowed(kind: str | None, error: str | None, since: str | None, before: str | None) -> dict[str, str]:
    given = {"kind": kind, "error": error, "since": since, "before": before}
    return {name: value for name, value in given.items() if value is not None}


def _selection(ids: list[str] | None, every: bool, narrowed: dict[str, str]) -> dict[str, Any]:
    if bool(ids) == every:
        fail("name steps, or say --all", Exit.USAGE)
    if ids and narrowed:
        fail("--kind, --error, --since and --before go with --all", Exit.USAGE)
    return {"ids": ids} if ids else narrowed


def _one(there: Remote, step: str, command: str, body: dict[str, Any], as_json: bool) -> None:
    done = there.call("POST", f"/v1/steps/{step}/{command}", json=body)
    if as_json:
        show_json(done)
    else:
        stdout.print(f"{step}: {done['outcome']}")


def _give(there: Remote, command: str, body: dict[str, Any], detach: bool, as_json: bool) -> None:
    """Give a command to many steps, and follow its batch to the end."""
    found = there.call("POST", f"/v1/steps/bulk/{command}", json=body)
    if detach and not body["dry_run"]:
        show_json(found) if as_json else stdout.print(f"{found['steps']} steps: amends steps batch {found['id']}")
        return
    while not found["is_finished"]:
        time.sleep(LOOKS_EVERY_SECONDS)
        found = there.call("GET", f"/v1/steps/batches/{found['id']}", params={"limit": MOST_SHOWN})
    _report(there, found, as_json)


def _report(there: Remote, found: dict[str, Any], as_json: bool) -> None:
    """The outcomes, counted, and each that is not good; ends with 3 where something was not done."""
    missed = _missed(there, found)
    if as_json:
        show_json(found | {"items": missed or found["items"]})
    elif not found["steps"]:
        stdout.print("No step waits for an operator.")
    else:
        if missed:
            show_table(("id", "outcome", "why"), ((s["id"], s["outcome"], s["detail"]) for s in missed), empty="")
        counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(found["outcomes"].items()) if count)
        stdout.print(f"{found['steps']} steps: {counted or 'none done yet'}.")
    if missed:
        raise typer.Exit(Exit.REFUSED)


_GOOD = frozenset({"waiting", "done", "would be done"})


def _missed(there: Remote, found: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps with another outcome than the good one, as many as are shown."""
    if found["id"] is None or found["steps"] <= len(found["items"]):
        return [item for item in found["items"] if item["outcome"] not in _GOOD]
    return [
        item
        for outcome in ("refused", "unavailable")
        for item in there.call(
            "GET", f"/v1/steps/batches/{found['id']}", params={"limit": MOST_SHOWN, "outcome": outcome}
        )["items"]
    ]

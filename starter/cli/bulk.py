"""`amends bulk`: one command for many complaints, looked at first."""

import time
from typing import Annotated, Any

import typer

from domain.complaints.commands import PERSONS_COMMANDS, STEP_COMMANDS
from starter.cli.client import AsJson, DataDir, Token, Url, remote
from starter.cli.complaints import command_fields
from starter.cli.output import Exit, fail, show_json, show_table, stdout

LOOK_EVERY_SECONDS = 1.0


def bulk(
    command: Annotated[str, typer.Argument(help="The command, such as assign or change_policy.")],
    fields: Annotated[list[str] | None, typer.Argument(help="The command's fields as name=value.")] = None,
    reference: Annotated[list[str] | None, typer.Option(help="A case number; several are given several times.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="All cases of this status.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    handler: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    per_second: Annotated[float, typer.Option(min=0.1, max=50, help="Cases a second at most.")] = 5,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give one command to many complaints, as a durable batch with an outcome for each."""
    if command not in PERSONS_COMMANDS or command in STEP_COMMANDS:
        fail(f"there is no command {command} for complaints", Exit.USAGE)
    narrowed = {"status": status, "category": category, "handler": handler}
    body: dict[str, Any] = {"body": command_fields(fields or []), "dry_run": dry_run, "per_second": per_second}
    given = {name: value for name, value in narrowed.items() if value}
    body |= {"references": reference} if reference else {"filter": given}
    there = remote(url, token, data_dir)
    batch = there.call("POST", f"/v1/complaints/bulk/{command}", json=body)
    while not batch["is_finished"]:
        time.sleep(LOOK_EVERY_SECONDS)
        batch = there.call("GET", f"/v1/batches/{batch['id']}", params={"limit": 200})
        if not as_json:
            stdout.print(f"{sum(batch['outcomes'].values())} of {batch['cases']} cases done", end="\r")
    if as_json:
        show_json(batch)
        return
    show_table(
        ("number", "outcome", "why"),
        ((item["reference"], item["outcome"], item["detail"]) for item in batch["items"]),
        empty="No case fits.",
    )

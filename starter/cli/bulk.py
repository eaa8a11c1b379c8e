"""`amends bulk`: one command for many complaints, looked at first."""

import time
from typing import Annotated, Any

import typer

from domain.complaints.commands import PERSONS_COMMANDS, STEP_COMMANDS
from starter.cli.client import AsJson, DataDir, Remote, Token, Url, remote
from starter.cli.complaints import command_fields
from starter.cli.output import Exit, fail, progress_bar, show_json, show_table

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
    if not batch["is_finished"]:
        batch = followed(there, batch["id"], quiet=as_json)
    if as_json:
        show_json(batch)
        return
    show_batch(batch)


def followed(there: Remote, batch_id: str, *, quiet: bool) -> dict[str, Any]:
    """The batch as soon as each case has its outcome."""
    with progress_bar(quiet=quiet) as bar:
        task = bar.add_task("cases", total=None)
        while True:
            batch: dict[str, Any] = there.call("GET", f"/v1/batches/{batch_id}", params={"limit": 200})
            bar.update(task, completed=sum(batch["outcomes"].values()), total=batch["cases"])
            if batch["is_finished"]:
                return batch
            time.sleep(LOOK_EVERY_SECONDS)


def show_batch(batch: dict[str, Any]) -> None:
    show_table(
        ("number", "outcome", "why"),
        ((item["reference"], item["outcome"], item["detail"]) for item in batch["items"]),
        empty="No case fits.",
    )

"""`amends doctor`, `workers` and `deployment`: what is well with an installation, and who works on what."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from starter.cli.client import AsJson, DataDir, Token, Url, remote
from starter.cli.environment import chosen_settings, use_folder
from starter.cli.output import Exit, fail, show_json, show_table, stdout

if TYPE_CHECKING:
    from runtime.operations import Operations

deployment_app = typer.Typer(no_args_is_help=True, help="See and choose the build of the workers that cases go to.")

_Answer = TypeVar("_Answer")


def doctor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check everything and say what to do: settings, database, Temporal, workers, clocks, mail, disk, records.

    Ends with 1 where something fails; a warning does not.
    """
    from starter.doctor import State, examine

    if data_dir is not None:
        use_folder(data_dir)
    findings = asyncio.run(examine())
    if as_json:
        show_json([asdict(finding) for finding in findings])
    else:
        show_table(
            ("", "check", "found", "what to do"), [(f.state, f.check, f.found, f.to_do) for f in findings], empty=""
        )
    if any(finding.state is State.FAIL for finding in findings):
        raise typer.Exit(Exit.FAILED)


def workers(url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the workers that ask for tasks, and how much waits for them."""
    found = remote(url, token, data_dir).call("GET", "/v1/workers")
    if as_json:
        show_json(found)
        return
    for queue in found["queues"]:
        stdout.print(
            f"{queue['kind']} tasks of {queue['name']}: {queue['backlog']} wait, {queue['oldest_seconds']:.0f} s"
        )
        rows = [(each["identity"], each["build"], each["seen_at"]) for each in queue["pollers"]]
        show_table(("worker", "build", "asked last"), rows, empty="Nobody works on them.")


@deployment_app.command("show", epilog="Example: amends deployment show")
def show(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the build that cases are routed to."""

    async def look(operations: "Operations") -> str | None:
        return await operations.current_build()

    build = asyncio.run(_asked(look, data_dir))
    if as_json:
        show_json({"current_build": build})
    else:
        stdout.print(build or "Workers name no build: every worker takes every case.")


@deployment_app.command("current", epilog="Example: amends deployment current 0.2.0-3f9a1c")
def current(
    build: Annotated[str, typer.Argument(help="A build of which a worker runs.")], data_dir: DataDir = None
) -> None:
    """Route all cases to a build; going back to the one before is the same command."""
    from temporalio.service import RPCError

    async def choose(operations: "Operations") -> None:
        await operations.make_current(build)

    try:
        asyncio.run(_asked(choose, data_dir))
    except RPCError as error:
        fail(f"Temporal refuses: {error.message}")
    stdout.print(f"Cases go to {build} from their next task on.")


async def _asked(ask: Callable[["Operations"], Awaitable[_Answer]], data_dir: Path | None) -> _Answer:
    """Ask Temporal with the settings of the environment or of a data folder."""
    from runtime.operations import Operations
    from runtime.temporal import connect

    settings = chosen_settings(data_dir)
    client = await connect(settings.master_keys(), patience_seconds=5)
    return await ask(Operations(client, settings.task_queue))

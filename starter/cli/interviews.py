"""`amends survey calls|bring-in|follow-ups|handlers`: field work by people, and what came of it."""

from pathlib import Path
from typing import Annotated

import typer

from starter.cli import surveys
from starter.cli.client import AsJson, DataDir, Token, Url, remote
from starter.cli.output import Exit, fail, show_json, show_table, stdout
from starter.cli.waves import WaveName

survey_app = surveys.app


@survey_app.command(epilog="Example: amends survey calls W-2026-000001 --channel telephone")
def calls(
    wave: WaveName,
    channel: Annotated[str | None, typer.Option(help="telephone, post or in_person; all of them if absent.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the contacts that people still have to reach; who they are is told one at a time, through the API."""
    params = {"limit": 200} | ({} if channel is None else {"channel": channel})
    found = remote(url, token, data_dir).call("GET", f"/v1/waves/{wave}/interviews", params=params)
    if as_json:
        show_json(found)
        return
    columns = ("number", "channel", "language", "attempts", "last", "try_at", "held_by")
    show_table(columns, ([each[name] for name in columns] for each in found["items"]), empty="Nobody is on the list.")


@survey_app.command("bring-in", epilog="Example: amends survey bring-in W-2026-000001 answers.csv --channel post")
def bring_in(
    wave: WaveName,
    file: Annotated[Path, typer.Argument(help="CSV: a column contact, and one for each question.")],
    channel: Annotated[str, typer.Option(help="How the answers came: post, telephone or in_person.")] = "post",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take answers from paper or another system in. Nothing is written if a cell is wrong."""
    try:
        content = file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}", Exit.USAGE)
    done = remote(url, token, data_dir).call(
        "POST",
        f"/v1/waves/{wave}/answers/import",
        params={"channel": channel},
        content=content,
        headers={"Content-Type": "text/csv"},
    )
    if as_json:
        show_json(done)
        return
    stdout.print(f"{done['taken']} taken, {len(done['already'])} had answered already.")
    if done["refused"]:
        stdout.print(f"Cannot answer any more: {', '.join(map(str, done['refused']))}", soft_wrap=True)


@survey_app.command("follow-ups", epilog="Example: amends survey follow-ups --wave W-2026-000001 --all")
def follow_ups(
    wave: Annotated[str | None, typer.Option(help="Only those of a wave.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are done.")] = False,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List what bad answers opened: callbacks to make, and complaints."""
    params = {"limit": 200, "open": not everything} | ({} if wave is None else {"wave": wave})
    found = remote(url, token, data_dir).call("GET", "/v1/follow-ups", params=params)
    if as_json:
        show_json(found)
        return
    columns = ("wave", "number", "action", "question", "code", "opened_at", "complaint", "outcome")
    show_table(columns, ([each[name] for name in columns] for each in found["items"]), empty="No follow-ups.")


@survey_app.command(epilog="Example: amends survey handlers W-2026-000002")
def handlers(
    wave: WaveName, url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Show whom a wave about closed complaints gives reason to look into: tasks for a person, never findings."""
    found = remote(url, token, data_dir).call("GET", f"/v1/waves/{wave}/handlers")
    if as_json:
        show_json(found)
        return
    stdout.print(f"{found['complaints']} closed complaints, {found['asked']} asked, {found['answered']} answered.")
    rows = (
        (task["handler"], sign["sign"], f"{sign['observed']:.2f}", f"{sign['expected']:.2f}", sign["cases"])
        for task in found["tasks"]
        for sign in task["signs"]
    )
    show_table(("handler", "sign", "observed", "all", "cases"), rows, empty="Nobody stands out.")

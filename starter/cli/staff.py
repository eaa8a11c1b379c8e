"""`amends staff`: how people sign in to the console."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from starter.cli.client import AsJson, DataDir
from starter.cli.environment import chosen_settings
from starter.cli.output import Exit, fail, show_json, stdout

if TYPE_CHECKING:
    from domain.access import Person
    from starter.accounts import AccountDesk

app = typer.Typer(
    no_args_is_help=True,
    help="How people sign in to the console. With the settings of the environment, or --data-dir.",
)

Name = Annotated[str, typer.Argument(help="The person's name, as in the registry (`amends token create` makes it).")]
_Done = TypeVar("_Done")


@app.command(epilog="Examples: amends staff password 'Wang Wei' · amends staff password 'Wang Wei' --generate --json")
def password(
    name: Name,
    generate: Annotated[bool, typer.Option("--generate", help="Make one and print it once.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set the password of a person, asked for twice or read from standard input; signs the person out everywhere."""
    from starter.problems import Problem

    chosen = secrets.token_urlsafe(15) if generate else _asked()

    async def run(accounts: "AccountDesk", person: "Person") -> None:
        await accounts.set_password(person, chosen)

    try:
        asyncio.run(_with_person(data_dir, name, run))
    except Problem as problem:
        fail("; ".join(error.message for error in problem.errors) or problem.detail, Exit.USAGE)
    if as_json:
        show_json({"name": name} | ({"password": chosen} if generate else {}))
        return
    stdout.print(chosen if generate else f"{name} can sign in now.", markup=False)


@app.command("sign-out", epilog="Example: amends staff sign-out 'Wang Wei'")
def sign_out(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End all sessions of a person at once."""

    async def run(accounts: "AccountDesk", person: "Person") -> int:
        return await accounts.sign_out_everywhere(person.id)

    ended = asyncio.run(_with_person(data_dir, name, run))
    if as_json:
        show_json({"name": name, "ended": ended})
        return
    stdout.print(f"{ended} sessions of {name} ended.", markup=False)


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


async def _with_person(
    data_dir: Path | None, name: str, act: Callable[["AccountDesk", "Person"], Awaitable[_Done]]
) -> _Done:
    """Do something with the account of a person of the registry."""
    from starter.accounts import AccountDesk
    from storage.people import People
    from storage.pool import open_pool

    settings = chosen_settings(data_dir)
    pool = await open_pool(settings.database_url, size=1)
    try:
        person = await People(pool).named(name)
        if person is None:
            fail(f"nobody in the registry is called {name}", Exit.USAGE)
        desk = AccountDesk(pool, idle=settings.session_idle, longest=settings.session_longest)
        return await act(desk, person)
    finally:
        await pool.close()

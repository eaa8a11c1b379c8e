"""`amends token`."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.access import STAFF_ROLES, Role
from starter.cli.client import AsJson, DataDir, Token, Url, remote
from starter.cli.output import Exit, fail, show_json, stdout

token_app = typer.Typer(no_args_is_help=True, help="Tokens of people and systems.")


@token_app.command(epilog="Example: amends token create --data-dir ./data --role handler --name 'Wang Wei'")
def create(
    role: Annotated[list[Role], typer.Option(help="One or more roles.")],
    name: Annotated[str, typer.Option(help="The person's name; made if new.")],
    team: Annotated[str | None, typer.Option(help="The person's team.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for a person and print it once. With AMENDS_DATABASE_URL it needs no other token."""
    if not STAFF_ROLES.issuperset(role):
        fail("nobody is enrolled as customer: customers come by the link of their case", Exit.USAGE)
    database = _database_url()
    if database and not (url or data_dir):
        created = asyncio.run(_create(database, name, role, team))
    else:
        form = {"name": name, "roles": role} | ({"team": team} if team else {})
        created = remote(url, token, data_dir).call("POST", "/v1/staff", json=form)
    if as_json:
        show_json(created)
        return
    stdout.print(f"{created['id']}  {created['name']}  {', '.join(created['roles'])}", markup=False)
    stdout.print(created["token"], soft_wrap=True)


def _database_url() -> str | None:
    """Where the records are, if this command runs beside them, as in a container."""
    file = os.environ.get("AMENDS_DATABASE_URL_FILE")
    return Path(file).read_text("utf-8").strip() if file else os.environ.get("AMENDS_DATABASE_URL")


async def _create(database: str, name: str, roles: list[Role], team: str | None) -> dict[str, Any]:
    from storage.people import People
    from storage.pool import open_pool

    pool = await open_pool(database, size=1)
    try:
        people, now = People(pool), datetime.now(UTC)
        person = await people.enrol(name, roles, now, team=team)
        token = await people.issue_token(person.id, now)
    finally:
        await pool.close()
    return {"id": person.id, "name": person.name, "roles": sorted(person.roles), "token": token}

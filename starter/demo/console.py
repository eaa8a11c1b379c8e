"""Who can sign in to the console of the demonstration, with one password that is printed."""

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta

from starter.accounts import AccountDesk
from starter.demo.people import NAMES
from storage.people import People
from storage.pool import open_pool

WORDS = ("river", "candle", "orbit", "maple", "velvet", "harbour", "lantern", "saddle", "copper", "meadow", "pepper")


async def open_accounts(database_url: str, url: str, say: Callable[[str], None]) -> Mapping[str, str]:
    """Give the simulated staff a password; by role, whom to sign in as."""
    password = "-".join(secrets.choice(WORDS) for _ in range(4))
    pool = await open_pool(database_url, size=1)
    try:
        desk = AccountDesk(pool, idle=timedelta(minutes=30), longest=timedelta(hours=10))
        first: dict[str, str] = {}
        for role, names in NAMES.items():
            person = await People(pool).named(names[0])
            if person is not None:
                await desk.set_password(person, password)
                first[role] = person.name
    finally:
        await pool.close()
    say(f"Console: {url}/ — sign in with the password {password} as one of")
    for role, name in first.items():
        say(f"  {role}: {name}")
    return first

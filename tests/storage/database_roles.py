"""Database roles that really log in, for tests of what each may do."""

import secrets
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from starter.embedded import EmbeddedPostgres
from storage.roles import ROLES, grant_roles
from tests.conftest import execute


@pytest.fixture(scope="module")
async def roles(postgres_server: EmbeddedPostgres) -> AsyncIterator[dict[str, str]]:
    """The roles of this server with their passwords; they go behind the tests, for the others run as the owner."""
    passwords = {role: secrets.token_hex(16) for role in ROLES}
    for role, password in passwords.items():
        await execute(postgres_server.url, f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
    yield passwords
    for role in ROLES:
        await execute(postgres_server.url, f"DROP ROLE {role}")


@pytest.fixture
async def urls(database_url: str, roles: dict[str, str]) -> AsyncIterator[dict[str, str]]:
    """Where each role logs in to a database with the whole schema."""
    assert await grant_roles(database_url) == sorted(ROLES)
    parts = urlsplit(database_url)
    yield {
        role: urlunsplit(parts._replace(netloc=f"{role}:{password}@{parts.hostname}:{parts.port}"))
        for role, password in roles.items()
    }
    for role in ROLES:
        await execute(database_url, f"DROP OWNED BY {role}")

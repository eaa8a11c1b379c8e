"""The PostgreSQL of one machine keeps what it acknowledged, comes back after a kill, and lets nobody else in."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from starter.embedded import EmbeddedPostgres
from starter.embedded.binaries import open_to_others, postgres_programs
from starter.embedded.postgres import NOBODY
from tests.embedded.running import python_program, runs

pytestmark = pytest.mark.services

START_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from starter.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
asyncio.run(server.start())
print("started", flush=True)
sys.stdin.read()
"""

LIFE_OF_AN_ORDINARY_USER = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from starter.embedded import EmbeddedPostgres
asyncio.run(asyncio.to_thread(int))  # what is imported late must be there before the interpreter is out of reach
os.environ["HOME"] = sys.argv[1]
os.setgroups([]), os.setgid(int(sys.argv[2])), os.setuid(int(sys.argv[2]))
async def live():
    server = EmbeddedPostgres(Path(sys.argv[1]))
    await server.start()
    server.kill()
    await server.start()
    connection = await asyncpg.connect(server.url)
    print(await connection.fetchval("SHOW server_version_num"), flush=True)
    await connection.close()
    await server.stop()
asyncio.run(live())
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(tmp_path)
    yield postgres
    await postgres.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any account can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


async def value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_cluster_speaks_utf8_sorts_by_code_point_and_has_checksums(server: EmbeddedPostgres) -> None:
    await server.start()
    assert await value(server.url, "SHOW server_encoding") == "UTF8"
    assert await value(server.url, "SELECT datlocale FROM pg_database WHERE datname = 'template1'") == "C.UTF-8"
    assert await value(server.url, "SELECT upper('é 投诉')") == "É 投诉"
    assert await value(server.url, "SHOW data_checksums") == "on"
    assert await value(server.url, "SHOW fsync") == "on"
    assert str(await value(server.url, "SHOW server_version")).startswith("18.")


async def test_data_port_and_password_outlast_a_stop(server: EmbeddedPostgres, tmp_path: Path) -> None:
    await server.start()
    first = server.url
    await value(first, "CREATE TABLE kept AS SELECT 7 AS number")
    await server.stop()
    assert not server.is_alive()
    again = EmbeddedPostgres(tmp_path)
    await again.start()
    assert again.url == first
    assert await value(again.url, "SELECT number FROM kept") == 7
    await again.stop()


async def test_what_was_committed_before_a_kill_is_there_after_it(server: EmbeddedPostgres) -> None:
    await server.start()
    connection = await asyncpg.connect(server.url)
    await connection.execute("CREATE TABLE numbers (number integer PRIMARY KEY)")
    for kill in range(3):
        for number in range(100):
            await connection.execute("INSERT INTO numbers VALUES ($1)", kill * 100 + number)
        server.kill()
        assert not server.is_alive()
        await server.start()
        connection.terminate()
        connection = await asyncpg.connect(server.url)
    assert await connection.fetchval("SELECT count(*) FROM numbers") == 300
    await connection.close()


async def test_a_start_waits_for_the_backends_of_a_killed_server(server: EmbeddedPostgres) -> None:
    """A statement that is busy computing notices the death of its server only when it next waits."""
    await server.start()
    busy = await asyncpg.connect(server.url)
    backend = busy.get_server_pid()
    seconds_of_work = "SELECT count(*) FROM generate_series(1, 5000) a, generate_series(1, 2000) b"
    computing = asyncio.create_task(busy.execute(seconds_of_work))
    while await value(server.url, f"SELECT state FROM pg_stat_activity WHERE pid = {backend}") != "active":
        await asyncio.sleep(0.01)
    server.kill()
    assert runs(backend)
    await server.start()
    assert not runs(backend)
    await asyncio.gather(computing, return_exceptions=True)


async def test_a_server_left_behind_by_a_killed_owner_is_replaced(server: EmbeddedPostgres, tmp_path: Path) -> None:
    with python_program(START_AND_WAIT, tmp_path) as (owner, printed):
        assert printed == "started"
        owner.kill()
    left = int((tmp_path / "run" / "postgres.pid").read_text())
    assert runs(left)
    await server.start()
    assert not runs(left)
    assert await value(server.url, "SELECT 1") == 1


async def test_an_interrupted_making_of_the_cluster_is_begun_again(server: EmbeddedPostgres, tmp_path: Path) -> None:
    half_made = tmp_path / "postgres" / "unfinished"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    await server.start()
    assert await value(server.url, "SELECT 1") == 1


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the account that PostgreSQL runs as, and none of its own."""
    with subprocess.Popen(["sleep", "600"], user=NOBODY if os.geteuid() == 0 else None) as process:
        yield process
        process.kill()


async def test_a_note_with_a_process_number_that_is_now_a_strangers_does_not_hinder_a_start(
    server: EmbeddedPostgres, tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    await server.start()
    note = tmp_path / "postgres" / "data" / "postmaster.pid"
    own, *rest = note.read_text().splitlines(keepends=True)
    server.kill()
    note.write_text(f"{stranger.pid}\n{''.join(rest)}")
    await server.start()
    assert note.read_text().splitlines()[0] not in {own.strip(), str(stranger.pid)}


async def test_only_who_knows_the_password_gets_in(server: EmbeddedPostgres, tmp_path: Path) -> None:
    await server.start()
    password = tmp_path / "postgres" / "password"
    assert password.stat().st_mode & 0o777 == 0o600
    assert password.parent.stat().st_mode & 0o777 == 0o700
    guessed = server.url.replace(password.read_text().strip(), "postgres")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(guessed)
    assert await value(server.url, "SELECT rolpassword ~ '^SCRAM-SHA-256' FROM pg_authid WHERE rolcanlogin")


async def test_settings_reach_the_server(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, settings={"fsync": "off"})
    await server.start()
    assert await value(server.url, "SHOW fsync") == "off"
    await server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_runs_it_as_itself(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, NOBODY, NOBODY)
    if open_to_others(package(), package()) != package():
        pytest.skip("the wheel lies where an ordinary user cannot reach it")
    with python_program(LIFE_OF_AN_ORDINARY_USER, home, str(NOBODY)) as (program, printed):
        program.communicate(timeout=60)
        assert (printed[:2], program.returncode) == ("18", 0)
    assert (home / "postgres").stat().st_uid == NOBODY


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as another user")
def test_programs_in_a_closed_home_are_copied_to_where_any_account_can_run_them(open_folder: Path) -> None:
    closed = open_folder / "home" / package().name
    for part in (package(), package().with_suffix(".libs")):
        shutil.copytree(part, closed.with_name(part.name))
    closed.parent.chmod(0o700)
    with pytest.raises(PermissionError):
        version_of(closed / "pginstall" / "bin" / "initdb")
    opened = open_to_others(closed, open_folder / "cache" / "postgresql")
    for program in ("initdb", "postgres", "psql"):
        assert " (PostgreSQL) 18." in version_of(opened / "pginstall" / "bin" / program)
    assert open_to_others(closed, open_folder / "cache" / "postgresql") == opened


def package() -> Path:
    return postgres_programs(for_others=False).parents[1]


def version_of(program: Path) -> str:
    return subprocess.run([program, "--version"], user=NOBODY, check=True, capture_output=True, text=True).stdout

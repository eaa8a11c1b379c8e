"""The parts of an installation: `amends up`, `api`, `worker`, `migrate`, `verify ledger`, `rebuild`."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from starter.cli.client import DataDir
from starter.cli.environment import chosen_settings as _settings
from starter.cli.output import Exit, fail, show_json, show_table, stdout

verify_app = typer.Typer(no_args_is_help=True, help="Check that records are whole.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def up(
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Where everything is kept.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the API.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Worker processes.")] = 1,
    ui_port: Annotated[int | None, typer.Option(help="Also show Temporal's own UI at this port.")] = None,
) -> None:
    """Run all of Amends on this machine: PostgreSQL, Temporal, worker and API. Data survives restarts.

    Set AMENDS_SMTP_URL and AMENDS_MAIL_FROM for real mail; without a mail server letters wait as parked steps.
    """

    from starter.embedded import DataFolderInUse
    from starter.one_machine import running

    async def run() -> None:
        async with running(data_dir, port=port, workers=workers, settings=_own_settings(), ui_port=ui_port) as machine:
            stdout.print(f"Amends runs at {machine.url}; stop it with Ctrl-C.")
            stdout.print(f"Command line: amends complaint list --data-dir {data_dir}", soft_wrap=True)
            await machine.supervisor.until_signalled()

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(run())
    except DataFolderInUse as error:
        fail(str(error))


def _own_settings() -> dict[str, str]:
    """The settings of this environment that the parts take over; what the data folder decides is not among them."""
    decided = {"AMENDS_DATABASE_URL", "AMENDS_MASTER_KEY", "AMENDS_MASTER_KEY_FILE", "AMENDS_PORT"}
    return {name: value for name, value in os.environ.items() if name.startswith("AMENDS_") and name not in decided}


def api() -> None:
    """Run the HTTP API with the settings of the environment."""
    import uvicorn

    from runtime.assembly import assemble
    from runtime.logs import configure
    from starter.api.app import application, read_routes
    from starter.api.protocol import SERVER_BOUNDS, PatientProtocol
    from starter.services import Services, services

    settings = _settings()
    configure(settings)

    @asynccontextmanager
    async def open_services() -> AsyncIterator[Services]:
        async with assemble(settings, name="amends-api", lazy=True) as parts:
            yield services(parts)

    app = application(open_services)
    # Uvicorn raises the signal again that it was stopped by; then everything has ended in good order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    read_routes(app)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=20,
        http=PatientProtocol,
        **SERVER_BOUNDS,
    )


def codec_server(
    host: Annotated[str, typer.Option(envvar="AMENDS_CODEC_HOST", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="AMENDS_CODEC_PORT", min=1, max=65535, help="The port.")] = 8234,
    origin: Annotated[
        list[str] | None,
        typer.Option(envvar="AMENDS_CODEC_ORIGINS", help="Where Temporal's UI is: http://127.0.0.1:8233 if not given."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Let Temporal's UI and command line show what is sealed. Opens only, for tokens that may read steps.

    In the UI: Codec Server → http://127.0.0.1:8234, include cross-origin credentials, after pasting a token once at
    that address. On the command line: temporal workflow show --codec-endpoint URL --codec-auth "Bearer TOKEN".
    """
    import uvicorn

    from runtime.logs import configure
    from starter.codec_server import Opener, codec_application, opener
    from storage.people import People
    from storage.pool import open_pool

    chosen = _settings(data_dir)
    configure(chosen)

    @asynccontextmanager
    async def open_opener() -> AsyncIterator[Opener]:
        pool = await open_pool(chosen.database_url, size=2, name="amends-codec-server")
        try:
            yield opener(People(pool), chosen.master_keys())
        finally:
            await pool.close()

    app = codec_application(open_opener, tuple(origin or ["http://127.0.0.1:8233"]))
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False, server_header=False)


def worker() -> None:
    """Run a worker with the settings of the environment; the same as `python -m worker`."""
    from runtime.serving import run_worker

    run_worker()


def migrate() -> None:
    """Bring the database to the schema and the calendars of this release; running it again changes nothing."""
    from runtime.preparation import prepare

    settings = _settings()
    done = asyncio.run(prepare(settings.database_url, settings.time_zone, datetime.now(UTC)))
    stdout.print("\n".join(done) or "The schema and the calendars are up to date.")


def rebuild(data_dir: DataDir = None) -> None:
    """Start all that is open again from its ledger, in a new epoch: for an empty Temporal store.

    On one machine `amends up` does it by itself where its store is gone.
    """
    from runtime.rebuilding import restart_all
    from storage.pool import open_pool

    async def run() -> dict[str, int]:
        pool = await open_pool(_settings(data_dir).database_url, size=1)
        try:
            return await restart_all(pool, datetime.now(UTC))
        finally:
            await pool.close()

    counts = ", ".join(f"{count} {what}" for what, count in asyncio.run(run()).items())
    stdout.print(f"{counts} will start again; the workers do it.")


@verify_app.command(epilog="Example: amends verify ledger --json")
def ledger(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check the chains of cases and waves and every signed anchor; ends with 1 when something does not fit."""
    from dataclasses import asdict, replace

    from storage import chains
    from storage.pool import open_pool
    from storage.waves import Waves

    async def run() -> chains.Verification:
        settings = _settings(data_dir)
        pool = await open_pool(settings.database_url, size=1)
        try:
            found = await chains.verify(pool, settings.master_keys().anchor())
            broken = await Waves(pool).broken_chains()
            damages = (chains.Damage(wave, "its chain does not give the hashes beside it") for wave in broken)
            return replace(found, damages=(*found.damages, *damages))
        finally:
            await pool.close()

    found = asyncio.run(run())
    if as_json:
        show_json(asdict(found))
    else:
        stdout.print(f"{found.cases} cases, {found.entries} entries, {found.anchors} anchors checked.")
        show_table(("where", "what"), ((d.place, d.finding) for d in found.damages), empty="Everything fits.")
    if found.damages:
        raise typer.Exit(Exit.FAILED)


@verify_app.command("personal-data", epilog="Example: amends verify personal-data --json")
def personal_data(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check the log of who read or erased what about whom: every chain and every signed anchor."""
    from dataclasses import asdict

    from storage.personal_log import LogVerification, verify_log
    from storage.pool import open_pool

    async def run() -> LogVerification:
        settings = _settings(data_dir)
        pool = await open_pool(settings.database_url, size=1)
        try:
            return await verify_log(pool, settings.master_keys().anchor())
        finally:
            await pool.close()

    found = asyncio.run(run())
    if as_json:
        show_json(asdict(found))
    else:
        stdout.print(f"{found.subjects} subjects, {found.lines} lines, {found.anchors} anchors checked.")
        show_table(("where", "what"), ((d.place, d.finding) for d in found.damages), empty="Everything fits.")
    if found.damages:
        raise typer.Exit(Exit.FAILED)

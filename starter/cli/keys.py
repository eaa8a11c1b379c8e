"""`amends keys`: the master keys and their rotation, on the key file and the records themselves."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli.client import AsJson, DataDir
from starter.cli.environment import chosen_settings
from starter.cli.output import Exit, fail, show_json, show_table, stderr, stdout

if TYPE_CHECKING:
    from runtime.assembly import Parts
    from runtime.key_rotation import KeyRotation
    from storage.keys import MasterKeys

app = typer.Typer(
    no_args_is_help=True,
    help="Master keys and their rotation: add → restart → promote → restart → rotate → (after a week) retire."
    " With the settings of the environment, or --data-dir.",
)

KEY_FILE = "AMENDS_MASTER_KEY_FILE"

Key = Annotated[str, typer.Argument(help="The id of a key, as `amends keys list` says.")]


@app.command("list", epilog="Example: amends keys list --data-dir ./data --json")
def states(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the keys of the ring: which one seals, since when each led, how many people's keys it wraps."""

    async def run() -> None:
        async with _parts(data_dir) as parts:
            found = await _rotation(parts).states()
        if as_json:
            show_json([asdict(state) for state in found])
            return
        rows = ((s.id, "seals" if s.seals else "opens", s.leading_since, s.wrapped) for s in found)
        show_table(("key", "does", "leading since", "subjects"), rows, empty="There is no key.")

    asyncio.run(run())


@app.command(epilog="Example: amends keys add --data-dir ./data")
def add(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Put a fresh key into the key file that opens and does not seal yet; then restart every process, one by one."""
    file, keys = _ring(data_dir)
    ring = keys.announced()
    _write(file, ring)
    _said(
        {"added": ring.ids[1], "keys": list(ring.ids)}, as_json, f"{ring.ids[1]} is in the ring. Restart, then promote."
    )


@app.command(epilog="Example: amends keys promote 5f2c9a01 --data-dir ./data")
def promote(key: Key, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let a key of the ring seal from now on; then restart every process, one by one."""
    file, keys = _ring(data_dir)
    _confirm_in(keys, key)
    ring = keys.promoted(key)
    _write(file, ring)
    _said({"seals": key, "keys": list(ring.ids)}, as_json, f"{key} seals. Restart, then run `amends keys rotate`.")


@app.command(epilog="Example: amends keys rotate --data-dir ./data")
def rotate(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Wrap every person's key under the key that seals, in batches, online; stopped, it goes on later."""
    from rich.progress import Progress

    async def run() -> None:
        async with _parts(data_dir) as parts:
            rotation = _rotation(parts)
            with Progress(console=stderr, transient=True) as progress:
                task = progress.add_task("wrapping", total=await rotation.to_rewrap())
                done = await rotation.rewrap(lambda batch: progress.advance(task, batch))
            left = await rotation.to_rewrap()
        _said({"wrapped": done, "left": left}, as_json, f"{done} wrapped again, {left} left.")
        if left:
            raise typer.Exit(Exit.FAILED)

    asyncio.run(run())


@app.command(epilog="Example: amends keys retire 91aa03fe --data-dir ./data")
def retire(key: Key, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Take an old key out of the key file. Refused (3) while anything that it sealed is still there."""
    from runtime.key_rotation import StillUsed

    file, keys = _ring(data_dir)
    _confirm_in(keys, key)

    async def check() -> None:
        async with _parts(data_dir) as parts:
            await _rotation(parts).confirm_unused(key, parts.client, datetime.now(UTC))

    try:
        asyncio.run(check())
    except StillUsed as used:
        fail(str(used), Exit.REFUSED)
    ring = keys.retired(key)
    _write(file, ring)
    _said({"retired": key, "keys": list(ring.ids)}, as_json, f"{key} is out of the ring. Restart every process.")


def _ring(data_dir: Path | None) -> tuple[Path, "MasterKeys"]:
    """The key file, which is written anew, and what it holds."""
    settings = chosen_settings(data_dir)
    file = os.environ.get(KEY_FILE)
    if not file:
        fail(f"the master key is not in a file: set {KEY_FILE}, or change AMENDS_MASTER_KEY yourself", Exit.USAGE)
    return Path(file), settings.master_keys()


def _write(file: Path, ring: "MasterKeys") -> None:
    """Put the ring in the place of the file's content, whole or not at all, for the same readers as before."""
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    part.chmod(file.stat().st_mode & 0o777)
    part.write_text(f"{ring.reveal()}\n")
    part.replace(file)


def _confirm_in(keys: "MasterKeys", key: str) -> None:
    if key not in keys.ids:
        fail(f"{key} is not in the ring; it has {', '.join(keys.ids)}", Exit.USAGE)


def _rotation(parts: "Parts") -> "KeyRotation":
    from runtime.key_rotation import KeyRotation

    return KeyRotation(parts.pool, parts.vault, parts.keys)


@asynccontextmanager
async def _parts(data_dir: Path | None) -> "AsyncIterator[Parts]":
    from runtime.assembly import assemble

    async with assemble(chosen_settings(data_dir), name="amends-keys", lazy=True) as parts:
        yield parts


def _said(done: object, as_json: bool, words: str) -> None:
    if as_json:
        show_json(done)
    else:
        stdout.print(words, markup=False)

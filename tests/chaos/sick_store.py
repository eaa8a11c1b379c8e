"""An API or a worker whose statements fail at random: lost deadlocks, ended connections, answers that never come.

Half of the failures come instead of the statement, half after it was done; commits, too. They begin when the file
exists that the variable names, and each is a line in that file.
"""

import os
import random
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import asyncpg

from runtime.serving import run_worker
from starter.cli import main as command_line

FILE, SHARE = "AMENDS_TEST_SICK_FILE", "AMENDS_TEST_SICK_SHARE"
_STATEMENTS = ("execute", "fetch", "fetchrow", "fetchval")
_INSTEAD: tuple[Callable[[], Exception], ...] = (
    lambda: asyncpg.DeadlockDetectedError("deadlock detected"),
    lambda: asyncpg.SerializationError("could not serialize access"),
    lambda: asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    lambda: asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
)


class Sickness:
    """Which statement fails next, and how."""

    def __init__(self, file: Path, share: float, seed: int) -> None:
        self._file = file
        self._share = share
        self._chance = random.Random(seed)

    def strikes(self) -> bool:
        return self._file.exists() and self._chance.random() < self._share

    def befall(self, owner: type[Any], name: str) -> None:
        real = getattr(owner, name)

        async def may_fail(this: Any, *values: Any, **named: Any) -> Any:
            statement = str(values[0])
            if statement.startswith("ROLLBACK") or not self.strikes():
                return await real(this, *values, **named)
            return await self._fail(statement.startswith("COMMIT"), real(this, *values, **named))

        setattr(owner, name, may_fail)

    async def _fail(self, is_commit: bool, statement: Coroutine[Any, Any, Any]) -> Any:
        is_done = is_commit or self._chance.random() < 0.5
        error = TimeoutError() if is_done else self._chance.choice(_INSTEAD)()
        with self._file.open("a") as lines:
            lines.write(f"{'commit' if is_commit else 'done' if is_done else 'not done'} {type(error).__name__}\n")
        if is_done:
            await statement
        else:
            statement.close()
        raise error


def main() -> None:
    sickness = Sickness(Path(os.environ[FILE]), float(os.environ[SHARE]), os.getpid())
    for name in _STATEMENTS:
        sickness.befall(asyncpg.Connection, name)
    if sys.argv[1] == "worker":
        run_worker()
    else:
        sys.argv = ["amends", "api"]
        command_line.app()


if __name__ == "__main__":
    main()

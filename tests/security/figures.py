"""The rows that the security tests print: one line of JSON a test, and the table of docs/reliability.md made of them.

`AMENDS_FIGURES=file` collects them; `python -m tests.security.figures file` prints the table, and with the name of a
document behind it puts the table there.
"""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.figures import show

VARIABLE = "AMENDS_FIGURES"


def row(test: str, what: str, figure: str, *, seed: int | None = None) -> None:
    """Print what a test measured, and keep it where the run collects its figures."""
    line = json.dumps(
        {
            "test": test,
            "what": what,
            "figure": figure,
            "seed": seed,
            "at": datetime.now(UTC).isoformat(timespec="minutes"),
            "commit": _commit(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        },
        ensure_ascii=False,
    )
    print(line)  # noqa: T201
    if os.environ.get(VARIABLE):
        with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def table(file: Path) -> str:
    """The collected figures as rows of a table, the last of each test and subject."""
    rows = {(each["test"], each["what"]): each for each in map(json.loads, file.read_text("utf-8").splitlines())}
    lines = ["| test | what | measured | seed | when | commit |", "|---|---|---|---|---|---|"]
    for (test, what), each in sorted(rows.items(), key=lambda item: (int(item[0][0][1:]), item[0][1])):
        seed = "" if each["seed"] is None else each["seed"]
        lines.append(f"| {test} | {what} | {each['figure']} | {seed} | {each['at']} | {each['commit']} |")
    return "\n".join(lines)


def _commit() -> str:
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


if __name__ == "__main__":
    show("security", table(Path(sys.argv[1])), (sys.argv[2:] or [None])[0])

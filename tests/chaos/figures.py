"""The table of docs/reliability.md, made of the lines that the chaos tests print.

`AMENDS_FIGURES=file` collects them; `python -m tests.chaos.figures file` prints the table, and with the name of a
document behind it puts the table there, in the place of the one before.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

VARIABLE = "AMENDS_FIGURES"
_HEAD = (
    "run",
    "seed",
    "when (UTC)",
    "commit",
    "what was done",
    "cases",
    "commands",
    "repeated letters",
    "contradictions",
)
_ITS_OWN = (
    *("toxics", "links", "answers_lost", "backends", "refused", "requests", "keys", "races", "losers_told"),
    *("stopped_in", "first_effect_after", "effect_after", "restored_in", "histories_replayed"),
    *(
        "handed_in",
        "returned",
        "statements_failed",
        "histories",
        "failed_tasks",
        "handed_on",
        "handed_back",
        "moved",
        "began_on_the_later",
    ),
)


def keep(line: str) -> None:
    """Add a line to the file in which this run collects its figures, if it does."""
    if os.environ.get(VARIABLE):
        with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def table(lines: list[str]) -> str:
    """The figures as rows, the last of each run."""
    found: dict[str, dict[str, Any]] = {each["run"]: each for each in map(json.loads, lines)}
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(each) for _, each in sorted(found.items()))]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def _row(run: dict[str, Any]) -> tuple[object, ...]:
    done = [f"{name} {_said(run[name])}" for name in ("killed", "frozen", *_ITS_OWN) if run.get(name)]
    when, commit = run["at"][:16].replace("T", " "), run.get("commit", "")
    counts = (run["cases"], run["commands"], run["repeated_letters"], run["contradictions"])
    return (run["run"], run["seed"], when, commit, "; ".join(done).replace("_", " "), *counts)


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(each)}" for name, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def show(name: str, made: str, document: str | None) -> None:
    """Print a table, or put it between the marks of this name in a document."""
    if document is None:
        print(made)  # noqa: T201
        return
    begin, end = f"<!-- {name}: written by the program -->\n", f"<!-- end of {name} -->\n"
    text = Path(document).read_text("utf-8")
    before, _, rest = text.partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise SystemExit(f"{document} has no place for {name}")
    Path(document).write_text(f"{before}{begin}{made}\n{end}{after}", "utf-8")


if __name__ == "__main__":
    show("chaos", table(Path(sys.argv[1]).read_text("utf-8").splitlines()), (sys.argv[2:] or [None])[0])

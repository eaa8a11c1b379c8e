"""The release after this one, as far as a rolling upgrade can tell: the sources with a few lines changed.

There is no earlier release yet to upgrade from. What differs is what a release may change (decisions 28 and 29): a fact
and the state of a case have a field more, which this release must leave alone, and the workflow does something more
behind `workflow.patched`, which this release cannot replay.
"""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.chaos.installation import ROOT

SOURCES = ("activities", "contracts", "documents", "domain", "gateways", "runtime", "storage", "workflows")
MARK = "noted_by_the_later_release"
PATCH = "later-release"

Changes = Mapping[str, tuple[str, str]]
"""By file: the lines that are there, and what the later release has instead."""

RECORDS: Changes = {
    "domain/complaints/fact_parts.py": (
        "    steps: tuple[Step, ...] = ()\n",
        f"    steps: tuple[Step, ...] = ()\n    {MARK}: bool = True\n",
    ),
    "domain/complaints/case.py": (
        "    imported_from: str | None = None\n",
        f'    imported_from: str | None = None\n    {MARK}: tuple[str, ...] = ("state",)\n',
    ),
}
WORKFLOW: Changes = {
    "workflows/ledgered.py": (
        "        while not await self._is_over():\n",
        f'''        if workflow.patched("{PATCH}"):
            await workflow.sleep(0.2, summary="what only the later release does")
        while not await self._is_over():
''',
    ),
}


async def write_release(folder: Path, changes: Changes) -> Path:
    """The sources of a release that differs so from this one; where its worker is run."""
    return await asyncio.to_thread(_write, folder, changes)


def _write(folder: Path, changes: Changes) -> Path:
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "worker.py", folder)
    for file, (here, there) in changes.items():
        text = (folder / file).read_text("utf-8")
        assert text.count(here) == 1, f"{file} is not as the later release expects it"
        (folder / file).write_text(text.replace(here, there), "utf-8")
    return folder

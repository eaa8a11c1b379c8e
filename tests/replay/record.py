"""Record the histories of every path under the version that pyproject.toml names: `python -m tests.replay.record`.

When: once, as the last thing before a release, so that every later release can be held against what runs in the field.
While a version is not released yet, its histories may be recorded again after a change of the workflow (`--again`).
Never for a version that is out: cases of that version are running somewhere, and a history that was recorded anew
would only show that today's code can replay itself. If an old history fails to replay, the change needs
`workflow.patched`, not a new recording.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import WorkflowExecutionStatus, WorkflowHistory
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from contracts.names import case_workflow_id
from contracts.search_attributes import ALL
from runtime.assembly import case_worker
from runtime.converter import data_converter
from runtime.preparation import prepare
from starter.embedded import EmbeddedPostgres
from starter.embedded.binaries import temporal_program
from starter.embedded.temporal import DYNAMIC_CONFIG
from tests.house import House, open_house
from tests.mail_server import MailServer
from tests.replay.histories import ENDING, FINGERPRINTS, HISTORIES, KEYS, VERSION, fingerprint, write
from tests.replay.scenarios import SCENARIOS, Scenario
from tests.replay.stage import Stage
from tests.workflows.failing import LedgerAway

SETTLED_AFTER_SECONDS = 0.3


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--missing", action="store_true", help="record only the paths that have no history yet")
    arguments.add_argument("--again", action="store_true", help=f"{VERSION} is not released yet: replace its histories")
    folder = HISTORIES / VERSION
    if arguments.parse_args().missing:
        add(asyncio.run(record(missing(folder))), folder)
        return
    if folder.exists() and not arguments.parse_args().again:
        sys.exit(f"the histories of {VERSION} are recorded; --again only if it was never released")
    keep(asyncio.run(record()), folder)


def missing(folder: Path) -> Mapping[str, Scenario]:
    """The scenarios of which nothing is recorded."""
    names = {file.name.partition(".")[0] for file in folder.iterdir()}
    return {name: scenario for name, scenario in SCENARIOS.items() if name not in names}


async def record(scenarios: Mapping[str, Scenario] = SCENARIOS) -> dict[str, WorkflowHistory]:
    """Play the scenarios; the histories of their cases by name and number of the run."""
    recorded = {}
    async with stage() as here:
        for name, scenario in scenarios.items():
            told = await scenario(here)
            await asyncio.sleep(SETTLED_AFTER_SECONDS)
            for number, history in enumerate(await histories(here.house, told), start=1):
                recorded[f"{name}.{number}"] = history
    return recorded


def keep(recorded: dict[str, WorkflowHistory], folder: Path) -> None:
    """Put the histories in the place of those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for name, history in recorded.items():
        write(folder / f"{name}{ENDING}", history)
    commands = {name: fingerprint(history) for name, history in recorded.items()}
    (folder / FINGERPRINTS).write_text(json.dumps(commands, indent=1) + "\n", "utf-8")


def add(recorded: dict[str, WorkflowHistory], folder: Path) -> None:
    """Put the histories beside those that are there."""
    for name, history in recorded.items():
        write(folder / f"{name}{ENDING}", history)
    commands = json.loads((folder / FINGERPRINTS).read_text("utf-8"))
    commands |= {name: fingerprint(history) for name, history in recorded.items()}
    (folder / FINGERPRINTS).write_text(json.dumps(commands, indent=1) + "\n", "utf-8")


async def histories(house: House, told: str) -> list[WorkflowHistory]:
    """The histories of all runs of a case that did anything, the first one first, without those put aside."""
    workflow_id = told if "/" in told else case_workflow_id(told)
    client, query = house.parts.client, f"WorkflowId = '{workflow_id}'"
    runs = sorted([run async for run in client.list_workflows(query)], key=lambda run: run.start_time)
    found = [
        await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        for run in runs
        if run.status is not WorkflowExecutionStatus.TERMINATED
    ]
    return [history for history in found if fingerprint(history)]


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Servers of our own, a house and its worker."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="amends-recording-")))
        postgres, mail = EmbeddedPostgres(folder), MailServer()
        stack.push_async_callback(postgres.stop)
        await postgres.start()
        await prepare(postgres.url, "UTC", datetime.now(UTC))
        stack.push_async_callback(mail.stop)
        await mail.start()
        time = await stack.enter_async_context(await _time_skipping())
        settings = {"smtp_url": mail.url, "files_dir": folder / "files"}
        house = await stack.enter_async_context(open_house(postgres.url, time.client, KEYS, **settings))
        ledger = LedgerAway(house.parts.pool)
        await stack.enter_async_context(case_worker(replace(house.parts, ledger=ledger), strict=True))
        yield Stage(house, mail, time, ledger)


async def _time_skipping() -> WorkflowEnvironment:
    config = {**DYNAMIC_CONFIG, "frontend.WorkflowTimeSkippingEnabled": "true"}
    return await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        data_converter=data_converter(KEYS),
        search_attributes=ALL,
        dev_server_existing_path=str(temporal_program()),
        dev_server_log_level="error",
        dev_server_extra_args=[
            word for name, value in config.items() for word in ("--dynamic-config-value", f"{name}={value}")
        ],
    )


if __name__ == "__main__":
    main()

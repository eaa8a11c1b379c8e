"""R13 on what faults leave: every history of an installation, replayed by today's code, sandbox and converter."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import Replayer, WorkflowReplayResult

from runtime.converter import HEADER_CODEC, data_converter
from runtime.sandbox import workflow_runner
from storage.keys import MasterKeys
from workflows.batch import Batch
from workflows.complaint import ComplaintCase
from workflows.importing import Import
from workflows.periodic import Periodic
from workflows.undertaking import UndertakingRun
from workflows.wave import SurveyWave

WORKFLOWS = (ComplaintCase, Batch, Import, SurveyWave, UndertakingRun, Periodic)


async def replay_all(client: Client, keys: MasterKeys) -> int:
    """How many histories there are; raises at the first that does not replay."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=data_converter(keys),
        header_codec_behavior=HEADER_CODEC,
        workflow_runner=workflow_runner(strict=False),
    )
    async with replayer.workflow_replay_iterator(client.list_workflows().map_histories()) as outcomes:
        found = [outcome async for outcome in outcomes]
    if failed := [outcome for outcome in found if outcome.replay_failure]:
        raise AssertionError(f"{_keep(failed, keys)}: {[repr(outcome.replay_failure) for outcome in failed]}")
    return len(found)


def _keep(failed: Sequence[WorkflowReplayResult], keys: MasterKeys) -> Path:
    """Where the histories are that did not replay, with the key of the installation that is gone."""
    folder = Path(tempfile.mkdtemp(prefix="amends-chaos-histories-"))
    (folder / "master.key").write_text(keys.reveal(), "utf-8")
    for outcome in failed:
        (folder / f"{outcome.history.run_id}.json").write_text(outcome.history.to_json(), "utf-8")
    return folder

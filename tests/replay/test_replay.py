"""Today's workflow replays what every release recorded, under the same converter and sandbox as a worker's."""

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from contracts.cases import CaseStart
from contracts.names import COMPLAINT
from domain.complaints.commands import PERSONS_COMMANDS
from domain.complaints.facts import AnyFact
from domain.complaints.terms import Status
from runtime.assembly import case_worker
from runtime.codec import SealingCodec
from runtime.converter import HEADER_CODEC, data_converter
from runtime.sandbox import workflow_runner
from storage.keys import MasterKeys
from tests.conftest import execute
from tests.house import open_house
from tests.mail_server import MailServer
from tests.replay.histories import (
    FINGERPRINTS,
    HISTORIES,
    KEYS,
    VERSION,
    fingerprint,
    name_of,
    payloads,
    read,
    recorded,
)
from tests.replay.record import histories
from tests.replay.scenarios import SCENARIOS
from tests.replay.stage import CANARIES, Stage
from tests.workflows.failing import LedgerAway
from workflows.batch import Batch
from workflows.complaint import ComplaintCase
from workflows.periodic import Periodic
from workflows.undertaking import UndertakingRun
from workflows.wave import SurveyWave
from workflows.wave_turn import WaveTurn

FEWEST = 60
LIKE_OTHERS = {"recalculate_clocks"}
"""Commands that are told of in no scenario: to the workflow, this one is a change of the policy."""


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    return Replayer(
        workflows=[Batch, ComplaintCase, SurveyWave, WaveTurn, UndertakingRun, Periodic],
        data_converter=data_converter(KEYS),
        header_codec_behavior=HEADER_CODEC,
        workflow_runner=workflow_runner(strict=True),
    )


@pytest.mark.filterwarnings("ignore:.*TMPRL1102")  # the one that was superseded left a caller without an answer
@pytest.mark.parametrize("file", recorded(), ids=name_of)
async def test_todays_workflow_replays_what_was_recorded(replayer: Replayer, file: Path) -> None:
    await replayer.replay_workflow(read(file))


def test_every_release_is_recorded_with_every_scenario() -> None:
    names = {name_of(file).partition(".")[0] for file in recorded() if file.parent.name == VERSION}
    assert names == set(SCENARIOS)
    assert len(names) >= FEWEST
    assert list(SCENARIOS)[-1] == "superseded"


@pytest.mark.parametrize("folder", sorted(HISTORIES.iterdir()), ids=lambda folder: str(folder.name))
def test_the_commands_of_a_release_are_those_that_were_reviewed(folder: Path) -> None:
    """The histories are sealed; this file shows a reviewer what they do, and that nobody exchanged them."""
    reviewed = json.loads((folder / FINGERPRINTS).read_text("utf-8"))
    assert reviewed == {name_of(file): fingerprint(read(file)) for file in recorded() if file.parent == folder}


def test_the_recordings_show_every_command_that_the_workflow_gives() -> None:
    assert {command for file in recorded() for command in fingerprint(read(file))} == {
        "local activity load_case",
        "local activity perform_and_record",
        "activity load_case",
        "activity perform_and_record",
        "activity send_letter",
        "activity correct_identity",
        "activity carry_out_page",
        "local activity load_wave",
        "local activity record_wave",
        "activity select_sample",
        "activity invite_page",
        "activity remind_page",
        "activity release_reserve",
        "activity compute_wave",
        "activity report_wave",
        "activity hand_over_measures",
        "activity plan_turn_of_survey",
        "local activity load_undertaking",
        "local activity record_undertaking",
        "activity carry_out_undertaking_step",
        "activity undertake_periodically",
        "timer",
        "cancel timer",
        "search attributes",
        "accept update",
        "answer update",
        "continue as new",
        "complete",
        "fail",
    }


@cache
def decoded(file: Path) -> tuple[bytes, ...]:
    """What every payload of a history says."""
    codec = SealingCodec(KEYS, accept_plain=True)
    return tuple(codec._opened(payload).data for event in read(file).events for payload in payloads(event))


def documents() -> Iterator[dict[str, Any]]:
    for file in recorded():
        for data in decoded(file):
            document = json.loads(data) if data[:1] == b"{" else None
            if isinstance(document, dict):
                yield document


def test_the_recordings_show_every_command_that_a_person_or_the_system_can_give() -> None:
    given = {document["command"]["command"] for document in documents() if "actor" in document}
    assert set(PERSONS_COMMANDS) - given <= LIKE_OTHERS
    done = {entry["command_id"].partition("-")[0] for document in documents() for entry in document.get("entries", ())}
    assert done >= {"tick", "step_done", "step_failed"}


def test_the_recordings_come_to_every_status_and_tell_every_fact() -> None:
    statuses = {document["case"]["status"] for document in documents() if "case" in document}
    facts = {entry["fact"]["type"] for document in documents() for entry in document.get("entries", ())}
    every = {kind.model_fields["type"].default for kind in get_args(get_args(AnyFact)[0])}
    assert statuses == set(Status)
    assert every - facts - {"complaint.clocks_recalculated"} == {
        "complaint.received",  # intake records it before the workflow starts
        "complaint.imported",  # so does an import
    }


def test_nothing_that_a_person_said_is_in_a_recorded_history() -> None:
    for file in recorded():
        everything = gzip.decompress(file.read_bytes()) + b"".join(decoded(file))
        assert not [canary for canary in CANARIES if canary.encode() in everything]


@workflow.defn(name=COMPLAINT)
class CaseThatForgetsItsSteps(ComplaintCase):
    """A change that nobody gated."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> None:
        await super().run(start)

    def _carry_out_steps(self) -> None:
        return


async def test_an_ungated_change_of_the_commands_does_not_replay() -> None:
    replayer = Replayer(
        workflows=[CaseThatForgetsItsSteps],
        data_converter=data_converter(KEYS),
        header_codec_behavior=HEADER_CODEC,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    with pytest.raises(workflow.NondeterminismError):
        await replayer.replay_workflow(read(HISTORIES / VERSION / "answered_by_mail.1.json.gz"))


async def test_the_plain_case_gives_the_commands_that_were_recorded(
    database_url: str, time_skipping: WorkflowEnvironment, master_keys: MasterKeys, mail_server: MailServer
) -> None:
    """An alarm for edits that replay but cost more: each command is an event, most are billed."""
    async with open_house(database_url, time_skipping.client, master_keys, smtp_url=mail_server.url) as house:
        await execute(database_url, "SELECT setval('case_number', 900000)")  # of no other test in this Temporal
        async with case_worker(house.parts, strict=True):
            here = Stage(house, mail_server, time_skipping, LedgerAway(house.parts.pool))
            reference = await SCENARIOS["answered_by_phone"](here)
            await house.workflow(reference).result()
            [history] = await histories(house, reference)
    assert fingerprint(history) == fingerprint(read(HISTORIES / VERSION / "answered_by_phone.1.json.gz"))
    assert len(history.events) <= 50

"""The recorded histories of every release: where they are, under which key they are sealed, what commands they show.

A history of a release is recorded once, before the release, and never again: it stands for the cases that run on it.
A change of the workflow that does not replay them must be gated with `workflow.patched`.
"""

import base64
import gzip
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from storage.keys import MasterKeys

ROOT = Path(__file__).parents[2]
HISTORIES = Path(__file__).parent / "histories"
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
FINGERPRINTS = "fingerprints.json"
ENDING = ".json.gz"

KEYS = MasterKeys.parse(base64.b64encode(b"seals recorded histories only ;-").decode())
"""A key that everybody may know: nothing in these histories belongs to anybody."""


def recorded() -> list[Path]:
    """Every history of every release."""
    return sorted(HISTORIES.glob(f"*/*{ENDING}"))


def name_of(file: Path) -> str:
    return file.name.removesuffix(ENDING)


def read(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(workflow_id=name_of(file), history=gzip.decompress(file.read_bytes()).decode())


def write(file: Path, history: WorkflowHistory) -> None:
    file.write_bytes(gzip.compress(history.to_json().encode(), mtime=0))


_COMMANDS = {
    "timer_started": "timer",
    "timer_canceled": "cancel timer",
    "upsert_workflow_search_attributes": "search attributes",
    "workflow_execution_update_accepted": "accept update",
    "workflow_execution_update_completed": "answer update",
    "workflow_execution_completed": "complete",
    "workflow_execution_failed": "fail",
    "workflow_execution_continued_as_new": "continue as new",
}


def fingerprint(history: WorkflowHistory) -> list[str]:
    """The commands that the workflow gave, in order; what the server or the outside did is left out."""
    return [command for event in history.events if (command := _command(event)) is not None]


def _command(event: HistoryEvent) -> str | None:
    kind = (event.WhichOneof("attributes") or "").removesuffix("_event_attributes")
    if kind == "marker_recorded":
        data = event.marker_recorded_event_attributes.details["data"].payloads[0]
        return f"local activity {json.loads(data.data)['activity_type']}"
    if kind == "activity_task_scheduled":
        return f"activity {event.activity_task_scheduled_event_attributes.activity_type.name}"
    return _COMMANDS.get(kind)


def payloads(message: Message) -> Iterator[Payload]:
    """Every payload anywhere in a message."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            parts = [part for part in value.values() if isinstance(part, Message)]
        else:
            parts = list(value) if field.is_repeated else [value]
        for part in parts:
            yield from payloads(part)

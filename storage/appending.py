"""Appending to a ledger, as it is the same for cases, waves and undertakings.

Appending and read model are one SQL function in one transaction. An entry is stored as canonical JSON text, and its
hash covers the hash before it and that text.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from activities.ports import AlreadyRecorded, Appended, Behind, DivergedError, SupersededError
from storage.pool import Connection

EntryT = TypeVar("EntryT", bound=BaseModel)


class Folded(Protocol):
    """What a ledger folds to."""

    @property
    def reference(self) -> str: ...
    @property
    def epoch(self) -> int: ...


async def append_by(
    statement: str,
    connection: Connection,
    expected_sequence: int,
    entries: Sequence[EntryT],
    after: Folded,
    read_models: Sequence[Any],
    read_entry: Callable[[Any], EntryT],
) -> Appended | Behind[EntryT] | AlreadyRecorded:
    """Append inside the caller's transaction by calling the ledger's function; `expected_sequence` 0 opens it.

    Raises `SupersededError` for an epoch that is over and `DivergedError` for a sequence that the ledger never had.
    """
    written = [canonical(entry) for entry in entries]
    models = [json.dumps(model) for model in read_models]
    answer = json.loads(
        await connection.fetchval(statement, after.reference, after.epoch, expected_sequence, written, *models)
    )
    match answer["outcome"]:
        case "appended":
            return Appended()
        case "behind":
            return Behind(tuple(read_entry(json.loads(payload)) for payload in answer["tail"]))
        case "recorded":
            return AlreadyRecorded(answer["commands"])
        case "superseded":
            raise SupersededError(after.reference)
        case _:
            raise DivergedError(f"{after.reference} has no entry {expected_sequence}")


def canonical(entry: BaseModel) -> str:
    """The one text of an entry that its hash covers: JSON with sorted keys and no spaces."""
    return json.dumps(entry.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

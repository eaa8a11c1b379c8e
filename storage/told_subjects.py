"""Many data subjects made at once, each with the texts about it: for records that are taken over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.privacy import Identity, TextKind
from storage.identities import lookup_terms
from storage.keys import seal
from storage.pool import Connection
from storage.sealed_places import place_of_text, sealed_identity
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class ToldSubject:
    """A data subject to be made under a given id, with its texts: id, kind and text."""

    subject: str
    identity: Identity
    texts: tuple[tuple[str, TextKind, str], ...]


async def create_told_subjects(
    connection: Connection, vault: Vault, subjects: Sequence[ToldSubject], region: str, *, at: datetime
) -> None:
    """Make the subjects inside the caller's transaction. Raises IdentityError as `Vault.create_subject`."""
    keys = {each.subject: vault.fresh_key(each.subject) for each in subjects}
    await connection.executemany(
        "INSERT INTO vault.subject (subject_id, created_at, key_id, wrapped_key) VALUES ($1, $2, $3, $4)",
        [(subject, at, key.key_id, key.wrapped) for subject, key in keys.items()],
    )
    identities = [
        (each.subject, sealed_identity(each.subject, 1, each.identity, keys[each.subject].data_key), at)
        for each in subjects
    ]
    await connection.executemany(
        "INSERT INTO vault.identity (subject_id, version, sealed, recorded_at) VALUES ($1, 1, $2, $3)", identities
    )
    await connection.executemany(
        "INSERT INTO vault.sealed_text (item_id, subject_id, kind, sealed, sealed_at) VALUES ($1, $2, $3, $4, $5)",
        [
            (item, each.subject, kind, _sealed(keys[each.subject].data_key, each.subject, item, kind, text), at)
            for each in subjects
            for item, kind, text in each.texts
        ],
    )
    for each in subjects:
        if terms := lookup_terms(each.identity, region):
            await vault.index(connection, each.subject, terms)


def _sealed(data_key: bytes, subject: str, item: str, kind: TextKind, text: str) -> bytes:
    return seal(data_key, text.encode(), place_of_text(subject, item, kind))

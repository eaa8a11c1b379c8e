"""The places that sealed personal data are bound to: moved to another one, they do not open."""

from domain.privacy import Identity
from storage.keys import seal


def sealed_identity(subject: str, version: int, identity: Identity, data_key: bytes) -> bytes:
    plain = identity.model_dump_json(exclude_none=True).encode()
    return seal(data_key, plain, place_of_identity(subject, version))


def place_of_key(subject: str, key_id: str) -> str:
    return f"data key of {subject} under {key_id}"


def place_of_text(subject: str, item_id: str, kind: str) -> str:
    return f"{kind} {item_id} of {subject}"


def place_of_file(subject: str, file: str) -> str:
    return f"file {subject} {file}"


def place_of_identity(subject: str, version: int) -> str:
    return f"identity {version} of {subject}"

"""A case pack as one archive: the document on paper, the case as data, the ledger line by line, and their hashes.

The same case at the same moment gives the same bytes. `verify` needs nothing but the archive.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MANIFEST, LEDGER = "manifest.json", "ledger.ndjson"
FORMAT = "amends-case-pack/1"
LARGEST_PART = 200_000_000
_THE_DATE_OF_EVERY_PART = (1980, 1, 1, 0, 0, 0)  # an archive has no earlier one, and the manifest says when


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked of a pack, and what does not fit."""

    reference: str
    entries: int
    head: str
    findings: tuple[str, ...]


def ledger_lines(stored: Iterable[tuple[str, str]]) -> bytes:
    """The entries as they are stored, each with its hash, one a line."""
    lines = (json.dumps({"hash": digest, "payload": payload}, ensure_ascii=False) for payload, digest in stored)
    return "".join(f"{line}\n" for line in lines).encode()


def bind(reference: str, head: str, made: Mapping[str, str], parts: Mapping[str, bytes]) -> bytes:
    """The archive of the parts, with a manifest of their hashes."""
    listed = [{"name": name, "size": len(part), "sha256": _sha256(part)} for name, part in sorted(parts.items())]
    manifest = {"format": FORMAT, "reference": reference, "head": head, **made, "parts": listed}
    whole = {MANIFEST: _json(manifest), **dict(sorted(parts.items()))}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in whole.items():
            packed.writestr(zipfile.ZipInfo(name, _THE_DATE_OF_EVERY_PART), part, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def verify(archive: bytes) -> Verified:
    """Check the hashes of all parts, and the chain of the ledger from its first entry to the head.

    Raises ValueError for what is no pack.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            parts = {info.filename: _part(packed, info) for info in packed.infolist()}
        manifest = json.loads(parts.pop(MANIFEST))
        listed = {each["name"]: each for each in manifest["parts"]}
        reference, head, ledger = str(manifest["reference"]), str(manifest["head"]), parts[LEDGER]
        findings = [*_differences(listed, parts), *_breaks(ledger, reference, head)]
    except (zipfile.BadZipFile, KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"this is no case pack: {type(error).__name__}: {error}") from None
    return Verified(reference, len(ledger.splitlines()), head, tuple(findings))


def _differences(listed: Mapping[str, Any], parts: Mapping[str, bytes]) -> Iterator[str]:
    for name, each in listed.items():
        if name not in parts:
            yield f"{name} is missing"
        elif (len(parts[name]), _sha256(parts[name])) != (each["size"], each["sha256"]):
            yield f"{name} is not what the manifest says"
    yield from (f"{name} is not in the manifest" for name in parts if name not in listed)


def _breaks(ledger: bytes, reference: str, head: str) -> Iterator[str]:
    """Where the chain breaks: each hash is SHA-256 over the hash before it and the entry's text."""
    before, digest = b"", ""
    for number, line in enumerate(ledger.decode().splitlines(), start=1):
        entry = json.loads(line)
        payload, digest = entry["payload"], entry["hash"]
        before = hashlib.sha256(before + payload.encode()).digest()
        document = json.loads(payload)
        if before.hex() != digest:
            yield f"entry {number} breaks the chain"
            before = bytes.fromhex(digest)
        if (document["reference"], document["sequence"]) != (reference, number):
            yield f"entry {number} is that of {document['reference']}, {document['sequence']}"
    if digest != head:
        yield "the ledger does not end at the head that the manifest names"


def _part(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > LARGEST_PART:
        raise ValueError(f"{info.filename} is larger than any part of a case pack")
    return packed.read(info)


def _sha256(part: bytes) -> str:
    return hashlib.sha256(part).hexdigest()


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def as_json(document: Any) -> bytes:
    """Data as a part of the pack, with sorted keys."""
    return _json(document)

"""The master keys, the keys derived from them, and the one way in which Amends seals bytes.

Owns the ring of master keys and what each derived key is for. It stores nothing: the ring comes from the settings,
and PostgreSQL holds only what these keys have sealed or hashed.
"""

import base64
import binascii
import hashlib
import os
import re
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12

_STANDING = "standing"
_KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class MasterKeyError(ValueError):
    """The text given as master key is no ring of keys; the message never quotes it."""


class MissingKeyError(LookupError):
    """Something was sealed under a master key that is no longer in the ring."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"master key {key_id!r} is not in the ring: add it again, after the newest one")
        self.key_id = key_id


class BrokenSealError(Exception):
    """Sealed bytes do not open: they were altered, moved to another place, or sealed under another key."""


class MasterKeys:
    """A ring of 32-byte master keys by id, newest first, and the keys derived from it by HKDF-SHA256 (RFC 5869).

    Two kinds of derived keys behave differently when a master key is rotated:

    * `wrapping`, `payload` and `links` exist per master key. What they sealed or signed names its key id, so an old
      key opens until everything is sealed again, and new work uses the newest. Links of a retired key are dead.
    * `blind_index`, `command_ids`, `limits` and `anchor` are **standing**: a look-up, the id of a command already
      recorded or the proof of an old anchor must come out the same for ever. They derive from one standing secret,
      which is itself derived from the oldest master key. When that key is retired, its standing secret alone stays
      behind in the ring (the entry `standing:…`) and can no longer open anything. A random secret stored in
      PostgreSQL was the alternative; it was not taken because then a dump of the database would carry the key of its
      own blind indexes wrapped by a master key that may leak later, and because ids of commands would need the
      database to be up.
      `Vault.confirm_keys` refuses to start with a ring whose standing secret is not the one in use.
    """

    __slots__ = ("_keys", "_standing")

    def __init__(self, keys: dict[str, bytes], standing: bytes | None = None) -> None:
        if not keys:
            raise MasterKeyError("there is no master key")
        self._keys = keys
        self._standing = standing or _derive(keys[next(reversed(keys))], _STANDING)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a ring: `base64`, or `id:base64` separated by commas or lines, newest first, `standing:base64` apart.

        A key without an id is known by the first eight hexadecimal digits of its own fingerprint.
        Raises MasterKeyError.
        """
        keys: dict[str, bytes] = {}
        standing = None
        for number, entry in enumerate(re.split(r"[,\s]+", text.strip()), start=1):
            key_id, key = _parse_entry(number, entry)
            if key_id == _STANDING:
                standing = key
            elif key_id in keys:
                raise MasterKeyError(f"entry {number} repeats the id {key_id!r}")
            else:
                keys[key_id] = key
        return cls(keys, standing)

    @classmethod
    def generate(cls) -> Self:
        """Make a ring of one random key."""
        key = os.urandom(KEY_BYTES)
        return cls({_fingerprint_id(key): key})

    def rotated(self) -> Self:
        """The same ring with a fresh key in front, which seals from now on."""
        key = os.urandom(KEY_BYTES)
        return type(self)({_fingerprint_id(key): key, **self._keys}, self._standing)

    def announced(self) -> Self:
        """The same ring with a fresh key behind the newest: it opens, so that every process knows it, and seals not."""
        key = os.urandom(KEY_BYTES)
        first, *rest = self._keys.items()
        return type(self)(dict([first, (_fingerprint_id(key), key), *rest]), self._standing)

    def promoted(self, key_id: str) -> Self:
        """The same ring with this key in front, which seals from now on; raises MissingKeyError."""
        if key_id not in self._keys:
            raise MissingKeyError(key_id)
        return type(self)({key_id: self._keys[key_id], **self._keys}, self._standing)

    def retired(self, key_id: str) -> Self:
        """The ring without one key; only after everything it sealed was sealed again (`Vault.rewrap`)."""
        if key_id not in self._keys:
            raise MissingKeyError(key_id)
        return type(self)({i: k for i, k in self._keys.items() if i != key_id}, self._standing)

    def reveal(self) -> str:
        """The ring in clear, as `parse` reads it: for writing the key file and nothing else."""
        entries = dict(self._keys)
        if self._standing != _derive(self._keys[next(reversed(self._keys))], _STANDING):
            entries[_STANDING] = self._standing
        return ",".join(f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in entries.items())

    @property
    def newest(self) -> str:
        """Id of the key that seals now."""
        return next(iter(self._keys))

    @property
    def ids(self) -> tuple[str, ...]:
        """All key ids, newest first."""
        return tuple(self._keys)

    def wrapping(self, key_id: str) -> bytes:
        """Key that wraps the data keys of subjects; raises MissingKeyError."""
        return self._derived_of(key_id, "wrapping")

    def payload(self, key_id: str) -> bytes:
        """Key that seals what travels through Temporal; raises MissingKeyError."""
        return self._derived_of(key_id, "payload")

    def links(self, key_id: str) -> bytes:
        """Key that signs the links of people without an account; raises MissingKeyError."""
        return self._derived_of(key_id, "links")

    def limits(self) -> bytes:
        """Standing key under which addresses become keys of rate limits."""
        return _derive(self._standing, "limits")

    def blind_index(self) -> bytes:
        """Standing key under which phones, e-mails and accounts are hashed for look-up."""
        return _derive(self._standing, "blind-index")

    def command_ids(self) -> bytes:
        """Standing key under which idempotency keys become ids of commands."""
        return _derive(self._standing, "command-ids")

    def anchor(self) -> bytes:
        """Standing key that signs the ledger's anchors."""
        return _derive(self._standing, "anchor")

    def fingerprint(self) -> bytes:
        """What tells one standing secret from another without giving it away; 32 bytes."""
        return _derive(self._standing, "fingerprint")

    def __repr__(self) -> str:
        return f"MasterKeys(ids={', '.join(self._keys)})"

    def _derived_of(self, key_id: str, purpose: str) -> bytes:
        if key_id not in self._keys:
            raise MissingKeyError(key_id)
        return _derive(self._keys[key_id], purpose)


def seal(key: bytes, plain: bytes, place: str) -> bytes:
    """Seal bytes by AES-256-GCM (NIST SP 800-38D) for one place, as nonce, ciphertext and tag.

    The place is authenticated, so that a sealed value moved elsewhere does not open. The nonce is random: seal at
    most 2^32 values under one key, then rotate (SP 800-38D, 8.3).
    """
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    """Open what `seal` sealed for the same place; raises BrokenSealError."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise BrokenSealError(f"{place} does not open: altered, moved, or sealed under another key") from error


def _parse_entry(number: int, entry: str) -> tuple[str, bytes]:
    key_id, colon, encoded = entry.rpartition(":")
    key = _decode(number, encoded)
    if not colon:
        return _fingerprint_id(key), key
    if not _KEY_ID.fullmatch(key_id):
        raise MasterKeyError(f"entry {number} has no usable id: expected up to 32 of a-z, 0-9 and hyphen")
    return key_id, key


def _decode(number: int, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MasterKeyError(f"entry {number} is not base64") from error
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"entry {number} has {len(key)} bytes instead of {KEY_BYTES}")
    if len(set(key)) < KEY_BYTES // 4:  # a random key has some 30 distinct bytes, a placeholder one or two
        raise MasterKeyError(f"entry {number} is not random")
    return key


def _fingerprint_id(key: bytes) -> str:
    return hashlib.sha256(_derive(key, "id")).hexdigest()[:8]


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"amends/{purpose}/1".encode()).derive(secret)

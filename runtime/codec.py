"""Sealing everything that goes through Temporal, so that its server, its store and its exports hold no plain text.

Owns the format of a sealed payload and the rotation of its keys. What is personal never travels at all (it stays in
the vault and goes by id); this codec is for the rest: codes, times, amounts, messages of errors.
"""

from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from storage.keys import MasterKeys, MissingKeyError, seal, unseal

ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"


class PlainPayloadError(ValueError):
    """A payload arrived that was not sealed by us."""


class SealingCodec(PayloadCodec):
    """AES-256-GCM over the whole payload, its metadata included, under the newest key; older keys still open.

    Plain payloads are refused unless `accept_plain` is set: a seal is also the proof that a start or an update was
    made by a process that holds the key, which went through authorisation, and not by whoever reaches Temporal's port.
    Set it while a namespace that was used without the codec drains, or to let a workflow go on that somebody sent an
    unsealed signal.

    The workflow id is deliberately not authenticated: a rebuild, a reset and a schedule all carry payloads from one
    workflow id or run to another.
    """

    def __init__(self, keys: MasterKeys, *, accept_plain: bool = False) -> None:
        self._keys = {key_id: keys.payload(key_id) for key_id in keys.ids}
        self._newest = keys.newest
        self._accept_plain = accept_plain

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal payloads under the newest key."""
        return [self._sealed(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open payloads; raises PlainPayloadError, MissingKeyError and BrokenSealError."""
        return [self._opened(payload) for payload in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        data = seal(self._keys[self._newest], payload.SerializeToString(), _place(self._newest))
        return Payload(metadata={"encoding": ENCODING, KEY_ID: self._newest.encode()}, data=data)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return self._as_it_came(payload)
        key_id = payload.metadata.get(KEY_ID, b"").decode("ascii", "replace")
        if key_id not in self._keys:
            raise MissingKeyError(key_id)
        return Payload.FromString(unseal(self._keys[key_id], payload.data, _place(key_id)))

    def _as_it_came(self, payload: Payload) -> Payload:
        if not self._accept_plain:
            raise PlainPayloadError("a payload is not sealed; expected one sealed by Amends (binary/encrypted)")
        return payload


def _place(key_id: str) -> str:
    return f"payload under {key_id}"

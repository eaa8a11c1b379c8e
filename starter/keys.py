"""The ids under which a request is done once, made of keyed hashes: no caller's text becomes an id."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime

KEY_LENGTH = 255


class RequestKeys:
    """Hashes over person, route, case and the caller's idempotency key, so that two clients' keys never meet."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def record(self, person: str, route: str, key: str) -> bytes:
        """The key under which a request's answer is kept."""
        return self._digest("answer", person, route, key)

    def submission(self, command: str, person: str, reference: str, key: str | None) -> str:
        """The id of a command: it reads in the history, and is the same for the same request."""
        if key is None:
            return f"{command}-{secrets.token_hex(16)}"
        return f"{command}-{self._digest('submission', command, person, reference, key).hex()[:32]}"

    def file(self, person: str, reference: str, key: str | None) -> str:
        """The id of a file; a repeated request hands in the same one."""
        return (
            f"att_{secrets.token_hex(16) if key is None else self._digest('file', person, reference, key).hex()[:32]}"
        )

    def text(self, submission: str, field: str) -> str:
        """The id of a sealed text of a command; a repeated request seals the same one."""
        return f"txt_{self._digest('text', submission, field).hex()[:32]}"

    def form(self, place: str, at: datetime) -> str:
        """The hidden key of a form that is shown now: what it sends is done once."""
        said = f"{int(at.timestamp())}.{secrets.token_hex(16)}"
        return f"{said}.{self._digest('form', place, said).hex()[:32]}"

    def shown_at(self, place: str, key: str) -> datetime | None:
        """When the form with this key was shown; None for a key that is not of this place, or not ours."""
        said, _, proof = key[:KEY_LENGTH].rpartition(".")
        if not hmac.compare_digest(proof.encode(), self._digest("form", place, said).hex()[:32].encode()):
            return None
        return datetime.fromtimestamp(int(said.partition(".")[0]), UTC)

    def _digest(self, *parts: str) -> bytes:
        return hmac.new(self._secret, "\x00".join(parts).encode(), hashlib.sha256).digest()


def body_digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()

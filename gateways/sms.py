"""Text messages by an HTTP gateway with registered templates, as Chinese operators want them.

One JSON POST a message: the gateway's id of the template, the parameters that it fills in, the registered signature,
the number, and our effect key as `out_id`, under which the gateway takes a message once. The body is signed with
HMAC-SHA256 over `timestamp.body`. Answers: `{"code": "OK", "biz_id": …}`, or a code that says why not.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx
import phonenumbers

from activities.ports import Letter, UndeliverableError

TIMEOUT_SECONDS = 10
LONGEST = 500
"""Characters of a message, signature included; the gateways refuse what is longer."""
_FOR_NOW = {"THROTTLED", "BUSY", "BALANCE_LOW", "INTERNAL"}
"""Codes of a gateway that may pass; every other refusal is for good."""


@dataclass(frozen=True, slots=True)
class SmsAccount:
    """An account at a gateway. From `https://key:secret@host/path`; `templates` are the gateway's ids by our codes."""

    url: str
    key: str
    secret: str
    signature: str
    templates: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_url(cls, url: str, signature: str, templates: Mapping[str, str]) -> "SmsAccount":
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.username or not parts.password:
            raise ValueError("expected https://key:secret@host/path")
        netloc = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
        bare = urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))
        return cls(bare, unquote(parts.username), unquote(parts.password), signature, templates)


class SmsGateway:
    """Hands text messages to the gateway."""

    def __init__(self, account: SmsAccount, region: str, clock: Callable[[], float] = time.time) -> None:
        self._account = account
        self._region = region
        self._clock = clock

    async def send(self, letter: Letter) -> str:
        """Hand a message over; the gateway's id of it. Raises UndeliverableError with a code."""
        body = json.dumps(self._message(letter), ensure_ascii=False, sort_keys=True).encode()
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                answer = await client.post(self._account.url, content=body, headers=self._headers(body))
        except httpx.TimeoutException:
            raise UndeliverableError("sms_timed_out", is_final=False) from None
        except httpx.TransportError:
            raise UndeliverableError("sms_gateway_away", is_final=False) from None
        return _accepted(answer)

    def _message(self, letter: Letter) -> dict[str, object]:
        if len(letter.body) + len(self._account.signature) + 2 > LONGEST:
            raise UndeliverableError("sms_too_long", is_final=True)
        registered = self._account.templates.get(letter.template)
        if registered is None:
            raise UndeliverableError("sms_template_not_registered", is_final=True)
        return {
            "out_id": letter.key,
            "params": dict(letter.parameters),
            "phone": self._number(letter.to),
            "sign_name": self._account.signature,
            "template_id": registered,
        }

    def _number(self, phone: str) -> str:
        try:
            number = phonenumbers.parse(phone, self._region)
        except phonenumbers.NumberParseException:
            raise UndeliverableError("sms_number_wrong", is_final=True) from None
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    def _headers(self, body: bytes) -> dict[str, str]:
        stamp = str(int(self._clock()))
        return {
            "Content-Type": "application/json; charset=utf-8",
            "X-Key": self._account.key,
            "X-Timestamp": stamp,
            "X-Signature": signature(self._account.secret, stamp, body),
        }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over `timestamp.body`, in hexadecimal digits."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _accepted(answer: httpx.Response) -> str:
    if answer.status_code == 429 or answer.status_code >= 500:
        raise UndeliverableError("sms_gateway_busy", is_final=False)
    try:
        said = answer.json()
        code = str(said["code"])
        if answer.is_success and code == "OK":
            return str(said["biz_id"])[:200]
    except (ValueError, KeyError, TypeError):
        raise UndeliverableError("sms_answer_not_understood", is_final=False) from None
    raise UndeliverableError(_refusal(code), is_final=code not in _FOR_NOW)


def _refusal(code: str) -> str:
    """The gateway's code as one of ours."""
    words = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in code.lower())
    return f"sms_refused_{words}"[:64]

"""A gateway for text messages on this machine: checks what real ones check, keeps a ledger, and can be told to fail.

It takes a message once under its `out_id`; a repetition gets the first answer and is counted.
"""

import asyncio
import hashlib
import hmac
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

KEY, SECRET = "demo", "demo-secret"
MOST_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A message that the gateway took."""

    out_id: str
    phone: str
    template_id: str
    sign_name: str
    params: dict[str, str]
    biz_id: str


class TextMessages:
    """The gateway; `messages` is its ledger, `posts` counts what was handed in under each `out_id`."""

    def __init__(self) -> None:
        self.messages: dict[str, TextMessage] = {}
        self.posts: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._refusal: tuple[int, str] | None = None
        self._wait = 0.0
        self._breaks_off = False

    @property
    def url(self) -> str:
        return f"http://{KEY}:{SECRET}@127.0.0.1:{self._port}/send"

    async def open(self) -> None:
        """Listen, on the port of the last time if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening: an outage."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def refuse(self, status: int, code: str) -> None:
        """Answer so from now on."""
        self._refusal = (status, code)

    def dawdle(self, seconds: float) -> None:
        """Take so long over the answer, after the message was taken."""
        self._wait = seconds

    def break_off(self) -> None:
        """Take messages, and end the connection in the middle of the answer."""
        self._breaks_off = True

    def behave(self) -> None:
        self._refusal, self._wait, self._breaks_off = None, 0.0, False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            headers = _headers(await reader.readuntil(b"\r\n\r\n"))
            body = await reader.readexactly(min(int(headers.get("content-length", "0")), MOST_BYTES))
            status, answer = self._answer(headers, body)
            await asyncio.sleep(self._wait)
            content = json.dumps(answer).encode()
            head = f"HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n"
            said = head.encode() + b"Connection: close\r\n\r\n" + content
            writer.write(said[: -len(content) // 2] if self._breaks_off else said)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        if not _is_signed(headers, body):
            return 403, {"code": "SIGNATURE_WRONG"}
        if self._refusal is not None:
            return self._refusal[0], {"code": self._refusal[1]}
        said = json.loads(body)
        self.posts[said["out_id"]] += 1
        if not str(said["phone"]).startswith("+"):
            return 400, {"code": "MOBILE_NUMBER_ILLEGAL"}
        number = f"biz{len(self.messages) + 1:06d}"
        taken = self.messages.setdefault(said["out_id"], TextMessage(**said, biz_id=number))
        return 200, {"code": "OK", "biz_id": taken.biz_id}


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _is_signed(headers: dict[str, str], body: bytes) -> bool:
    signed = f"{headers.get('x-timestamp', '')}.".encode() + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return headers.get("x-key") == KEY and hmac.compare_digest(headers.get("x-signature", ""), expected)

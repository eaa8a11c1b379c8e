"""Handing events to other systems over HTTP, signed after Standard Webhooks.

The name of an endpoint is resolved once, every address that it has is looked at, and the connection goes to the one
that was looked at: an answer of the name server that changes in between changes nothing. Redirects are not followed.
"""

import asyncio
import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import httpx
from standardwebhooks import Webhook

from domain.webhooks import is_public, why_not

TIME_LIMIT = timedelta(seconds=20)
"""How long an endpoint may take to answer, if nothing else is said."""
READ_AT_MOST = 16_384
"""Bytes of an answer that are read, so that the connection can be used again; nothing in them matters."""
LONGEST_WAIT = timedelta(days=1)
USER_AGENT = "Amends-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of an attempt: the status of the answer, or why there was none."""

    answer: int | None
    error: str | None
    asked_to_wait: timedelta = timedelta(0)
    """What a receiver that is too busy wants us to wait (`Retry-After`)."""

    @property
    def was_taken(self) -> bool:
        return self.answer is not None and 200 <= self.answer < 300

    @property
    def is_gone(self) -> bool:
        return self.answer == 410


class Forbidden(Exception):
    """The endpoint lies where nothing is delivered to."""


class WebhookSender:
    """Sends signed events. `private_targets` is for intranets and tests: it lets everything pass, HTTP included."""

    def __init__(self, *, private_targets: bool, time_limit: timedelta = TIME_LIMIT) -> None:
        self._private_targets = private_targets
        self._seconds = time_limit.total_seconds()

    def connection(self) -> httpx.AsyncClient:
        """Connections to one endpoint, kept while it is being told; two endpoints never share one."""
        return httpx.AsyncClient(
            timeout=self._seconds,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=16),
        )

    async def send(
        self,
        client: httpx.AsyncClient,
        url: str,
        message_id: str,
        body: Mapping[str, Any],
        secrets: Iterable[str],
        at: datetime,
    ) -> Handed:
        """One attempt. Whatever goes wrong is in what comes back."""
        try:
            async with asyncio.timeout(self._seconds):
                address = await self._address(url)
                return await _post(client, url, address, _signed(message_id, body, secrets, at))
        except Forbidden:
            return Handed(None, "address_forbidden")
        except TimeoutError:
            return Handed(None, "timed_out")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return Handed(None, _code_of(error))

    async def _address(self, url: str) -> str:
        """The address to connect to. Raises Forbidden if any address of the name is out of bounds, OSError."""
        parts = httpx.URL(url)
        if why_not(url, private_targets=self._private_targets) is not None:
            raise Forbidden(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.raw_host.decode("ascii").strip("[]")
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(each[4][0]).partition("%")[0] for each in found]
        if not addresses:
            raise OSError("the name has no address")
        if not self._private_targets and not all(is_public(ip_address(each)) for each in addresses):
            raise Forbidden(url)
        return addresses[0]


def _signed(
    message_id: str, body: Mapping[str, Any], secrets: Iterable[str], at: datetime
) -> tuple[bytes, dict[str, str]]:
    """The body and its headers; during a rotation there is a signature for each secret."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    signatures = " ".join(Webhook(secret).sign(message_id, at, text) for secret in secrets)
    headers = {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "user-agent": USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures,
    }
    return text.encode(), headers


async def _post(client: httpx.AsyncClient, url: str, address: str, signed: tuple[bytes, dict[str, str]]) -> Handed:
    """Connect to the address, speak to the host: the certificate is the name's."""
    content, headers = signed
    target = httpx.URL(url)
    request = client.build_request(
        "POST",
        target.copy_with(host=address),
        content=content,
        headers=headers | {"host": target.netloc.decode("ascii")},
        extensions={"sni_hostname": target.raw_host.decode("ascii")},
    )
    answer = await client.send(request, stream=True)
    try:
        read = 0
        async for part in answer.aiter_raw():
            read += len(part)
            if read > READ_AT_MOST:
                break
    finally:
        await answer.aclose()
    failed = None if 200 <= answer.status_code < 300 else f"http_{answer.status_code}"
    return Handed(answer.status_code, failed, _asked_to_wait(answer))


def _asked_to_wait(answer: httpx.Response) -> timedelta:
    """`Retry-After` of a 429 or 503 in seconds, a day at most; nothing where it says something else."""
    said = answer.headers.get("retry-after", "").strip()
    if answer.status_code not in {429, 503} or not (said.isascii() and said.isdigit()):
        return timedelta(0)
    return min(timedelta(seconds=int(said[:9])), LONGEST_WAIT)


def _code_of(error: Exception) -> str:
    """A word for what went wrong; the error's own text may quote the other side."""
    match error:
        case httpx.TimeoutException():
            return "timed_out"
        case socket.gaierror():
            return "name_unknown"
        case httpx.ConnectError():
            return "not_reached"
        case httpx.RemoteProtocolError() | httpx.DecodingError():
            return "not_understood"
        case _:
            return "connection_lost"

"""HTTP/1.1 that does not wait for ever: a client that sends slower than anybody would is cut off.

uvicorn bounds the head of a request in size and an idle connection in time, but waits without end for the rest of a
head or a body. Owns that patience and the bounds that the server is started with.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 8.0
"""From the first moment of a connection, or of its next request, until all of the request is there …"""
SLOWEST_BYTES_PER_SECOND = 5_000
"""… and a second more for as many bytes as have come."""
LOOK_EVERY_SECONDS = 0.5

SERVER_BOUNDS: dict[str, Any] = {
    "h11_max_incomplete_event_size": 16_384,
    "limit_concurrency": 1_000,
    "backlog": 512,
    "timeout_keep_alive": 5,
}
"""Bytes of a head, connections at once, connections that wait, seconds between two requests."""

_STILL_SENDING = frozenset({h11.IDLE, h11.SEND_BODY})


class PatientProtocol(H11Protocol):
    """uvicorn's protocol with a bound on its patience."""

    _begun: float
    _received = 0
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._begin()
        self._look = self.loop.call_later(LOOK_EVERY_SECONDS, self._look_at_progress)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._received:
            self._begin()
        self._received += len(data)
        super().data_received(data)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._begin()

    def _begin(self) -> None:
        self._begun, self._received = self.loop.time(), 0

    def _look_at_progress(self) -> None:
        """Close the connection of who sends too slowly; whoever waits for our answer is left in peace."""
        if self.transport.is_closing():
            return
        patience = HEAD_SECONDS + self._received / SLOWEST_BYTES_PER_SECOND
        if self.conn.their_state in _STILL_SENDING and self.loop.time() - self._begun > patience:
            self.transport.abort()
            return
        self._look = self.loop.call_later(LOOK_EVERY_SECONDS, self._look_at_progress)

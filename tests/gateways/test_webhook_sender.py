"""Handing an event over: signed as Standard Webhooks says, only to where it may go, and never further."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from gateways.webhooks import Handed, WebhookSender
from tests.endpoints import Endpoints, endpoints
from tests.unit.test_webhooks import NOT_PUBLIC

SECRET, OLDER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = {"specversion": "1.0", "data": {"名": "值"}}


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[Endpoints]:
    async with endpoints() as served:
        yield served


async def send(
    url: str, *secrets: str, private: bool = True, at: datetime | None = None, seconds: float = 20
) -> Handed:
    sender = WebhookSender(private_targets=private, time_limit=timedelta(seconds=seconds))
    async with sender.connection() as client:
        return await sender.send(client, url, "C-2026-000001/1", BODY, secrets or (SECRET,), at or datetime.now(UTC))


def test_the_library_signs_as_the_published_vector_does() -> None:
    """The example of the Standard Webhooks specification and its reference libraries."""
    at = datetime.fromtimestamp(1614265330, UTC)
    signed = Webhook(SECRET).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_what_is_sent_is_verified_by_who_has_the_secret(served: Endpoints) -> None:
    handed = await send(f"{served.url}/verified")
    [told] = served.at("/verified")
    assert (handed.answer, handed.was_taken) == (204, True)
    assert told.verified(SECRET) == BODY
    assert told.headers["content-type"].startswith("application/cloudevents+json")
    with pytest.raises(WebhookVerificationError):
        told.verified(OLDER)


async def test_during_a_rotation_either_secret_verifies(served: Endpoints) -> None:
    await send(f"{served.url}/rotating", SECRET, OLDER)
    [told] = served.at("/rotating")
    assert told.verified(SECRET) == told.verified(OLDER) == BODY


@pytest.mark.parametrize("skew", [timedelta(minutes=-6), timedelta(minutes=6)])
async def test_what_is_older_or_newer_than_five_minutes_is_not_verified(served: Endpoints, skew: timedelta) -> None:
    path = f"/skewed/{int(skew.total_seconds())}"
    await send(served.url + path, at=datetime.now(UTC) + skew)
    with pytest.raises(WebhookVerificationError):
        served.at(path)[0].verified(SECRET)


async def test_a_changed_body_is_not_verified(served: Endpoints) -> None:
    await send(f"{served.url}/changed")
    told = served.at("/changed")[0]
    told.body = told.body.replace(b"1.0", b"1.1")
    with pytest.raises(WebhookVerificationError):
        told.verified(SECRET)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_and_not_followed(served: Endpoints, status: int) -> None:
    served.answers[f"/from/{status}"] = lambda _: (status, {"location": f"{served.url}/to/{status}"})
    handed = await send(f"{served.url}/from/{status}")
    assert (handed.was_taken, handed.error) == (False, f"http_{status}")
    assert served.at(f"/to/{status}") == []


@pytest.mark.parametrize(("status", "taken"), [(200, True), (202, True), (299, True), (400, False), (500, False)])
async def test_only_2xx_is_a_yes(served: Endpoints, status: int, taken: bool) -> None:
    served.answers[f"/{status}"] = lambda _: status
    assert (await send(f"{served.url}/{status}")).was_taken is taken


async def test_who_does_not_answer_in_time_is_left(served: Endpoints) -> None:
    served.open_doors["/slow"] = asyncio.Event()
    assert await send(f"{served.url}/slow", seconds=0.3) == Handed(None, "timed_out")


async def test_nobody_there_is_a_failure_with_a_name() -> None:
    assert await send("http://127.0.0.1:1/") == Handed(None, "not_reached")
    assert (await send("http://no-such-host.invalid/")).error == "name_unknown"


FORBIDDEN = [f"https://{f'[{each}]' if ':' in each else each}/" for each in NOT_PUBLIC] + [
    "https://localhost/",
    "https://localhost./",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "http://example.org/",
]


class Connections:
    """Every attempt of this process to connect to anywhere."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[Any] = []
        loop = asyncio.get_running_loop()

        async def create_connection(*args: Any, **named: Any) -> Any:
            self.made.append(args)
            raise OSError("watched")

        async def sock_connect(_: Any, address: Any) -> Any:
            self.made.append(address)
            raise OSError("watched")

        monkeypatch.setattr(loop, "create_connection", create_connection, raising=False)
        monkeypatch.setattr(loop, "sock_connect", sock_connect, raising=False)


async def test_no_private_target_is_ever_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    connections = Connections(monkeypatch)
    errors = {url: (await send(url, private=False)).error for url in FORBIDDEN}
    assert len(FORBIDDEN) >= 40
    assert None not in errors.values(), errors
    assert list(errors.values()).count("address_forbidden") >= 40, errors
    assert connections.made == []


async def test_a_name_with_a_private_address_among_its_addresses_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connections = Connections(monkeypatch)
    resolve_to(monkeypatch, ["93.184.216.34", "10.0.0.5"])
    assert (await send("https://rebinding.example/", private=False)).error == "address_forbidden"
    assert connections.made == []


async def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers otherwise the second time (DNS rebinding) is not asked a second time."""
    connections = Connections(monkeypatch)
    asked = resolve_to(monkeypatch, ["93.184.216.34"], then=["127.0.0.1"])
    handed = await send("https://rebinding.example/hook", private=False)
    assert handed.answer is None
    assert asked == ["rebinding.example"]
    assert connections.made
    assert all("93.184.216.34" in str(each) for each in connections.made)


def resolve_to(monkeypatch: pytest.MonkeyPatch, first: list[str], then: list[str] | None = None) -> list[str]:
    """Let names have these addresses the first time and others afterwards; the names that were asked for."""
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: Any) -> Any:
        if host in {*first, *(then or [])}:
            addresses = [host]
        else:
            asked.append(host)
            addresses = first if len(asked) == 1 else then or first
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
    return asked


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [(429, "7", 7), (503, "90", 90), (429, "999999999999", 86_400), (429, "soon", 0), (429, "-5", 0), (500, "7", 0)],
)
async def test_a_receiver_that_is_too_busy_may_say_how_long_to_wait(
    served: Endpoints, status: int, said: str, seconds: int
) -> None:
    served.answers["/busy"] = lambda _: (status, {"retry-after": said})
    handed = await send(f"{served.url}/busy")
    assert (handed.answer, handed.asked_to_wait) == (status, timedelta(seconds=seconds))

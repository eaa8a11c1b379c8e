"""How often somebody may come, counted in PostgreSQL for all processes together; addresses are kept as keyed hashes."""

import hashlib
import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from fastapi import Request

from runtime.settings import Settings
from starter.problems import Problem
from storage.limits import Buckets

Network = IPv4Network | IPv6Network
MOST_HOPS = 20


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket: so many at once, then one more each time that it has refilled."""

    name: str
    size: int
    refill: timedelta


COMPLAINTS_AT_ONCE = 20
HASTY = Limit("hasty", 10, timedelta(minutes=2))
"""Forms that come back faster than a person reads them: a machine's pace, or a password manager's."""
GUESSES = Limit("guess", 9, timedelta(minutes=1))
"""Links that do not exist, by one address."""
WRONG_PASSWORDS = Limit("password", 30, timedelta(seconds=30))
"""Sign-ins that failed, by one address: an office behind it has its slips, a machine that guesses has many."""
BY_LINK = Limit("link", 20, timedelta(seconds=15))
"""What is sent in through one link."""


class PublicLimits:
    """The limits of what is open to everybody."""

    def __init__(self, buckets: Buckets, key: bytes, settings: Settings) -> None:
        self._buckets = buckets
        self._key = key
        self._trusted = [ip_network(each) for each in settings.trusted_proxies]
        a_minute = settings.public_pages_per_minute
        self._pages = Limit("page", a_minute, timedelta(minutes=1) / a_minute)
        self._complaints = Limit(
            "complain", COMPLAINTS_AT_ONCE, timedelta(hours=1) / settings.public_complaints_per_hour
        )

    async def page(self, request: Request) -> None:
        """Somebody asks for a page. Raises `Problem`: 429."""
        await self._take(self._pages, self.address(request))

    async def complaint(self, request: Request) -> None:
        await self._take(self._complaints, self.address(request))

    async def hasty(self, request: Request) -> None:
        await self._take(HASTY, self.address(request))

    async def guess(self, request: Request) -> None:
        await self._take(GUESSES, self.address(request))

    async def wrong_password(self, request: Request) -> None:
        await self._take(WRONG_PASSWORDS, self.address(request))

    async def sent(self, subject: str) -> None:
        """Something is sent in through a link."""
        await self._take(BY_LINK, subject)

    def address(self, request: Request) -> str:
        """Where a request comes from; what proxies say counts only where they are trusted by the settings."""
        peer = request.client.host if request.client else ""
        return origin_of(peer, request.headers.getlist("x-forwarded-for"), self._trusted)

    async def _take(self, limit: Limit, who: str) -> None:
        key = hmac.new(self._key, f"{limit.name}\x00{who}".encode(), hashlib.sha256).digest()[:16]
        wait = await self._buckets.take(key, limit.size, limit.refill, datetime.now(UTC))
        if wait is not None:
            seconds = math.ceil(wait.total_seconds())
            raise Problem(429, "too_many", f"too many requests; come back in {seconds} s", retry_after=seconds)


def origin_of(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The nearest address that is not a trusted proxy's. An IPv6 customer is the network of 64 bits it comes from."""
    hops = [hop.strip() for line in forwarded for hop in line.split(",")][-MOST_HOPS:]
    nearest = peer
    while hops and _is_trusted(nearest, trusted) and _network(hops[-1]) is not None:
        nearest = hops.pop()
    network = _network(nearest)
    return nearest if network is None else str(network)


def _is_trusted(hop: str, trusted: Sequence[Network]) -> bool:
    network = _network(hop, of_customers=False)
    return network is not None and any(network.version == each.version and _lies_in(network, each) for each in trusted)


def _lies_in(network: Network, wider: Network) -> bool:
    return network.network_address in wider


def _network(hop: str, *, of_customers: bool = True) -> Network | None:
    try:
        address = ip_address(hop)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return ip_network(address.ipv4_mapped)
        return ip_network((address, 64 if of_customers else 128), strict=False)
    return ip_network(address)

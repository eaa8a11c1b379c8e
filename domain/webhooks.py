"""Webhooks: which events somebody wants, when a delivery is tried again, and where it may never go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

RETRY_SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long to wait after each failed attempt: ten attempts over 75.6 hours (Standard Webhooks, "Deliverability")."""
LARGEST_JITTER = 0.1
"""By which part a wait is longer at most, so that what failed together is not tried together again."""
SECRET_OVERLAP = timedelta(hours=24)
"""How long the secret before signs beside the new one."""
LONGEST_REPLAY = timedelta(days=31)
LONGEST_URL = 2_000
PING = "webhook.ping"
_SPECIAL = tuple(
    ip_network(each)
    for each in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "2001::/23", "3fff::/20", "5f00::/16")
)
"""Blocks for special purposes (IANA's registries) that the standard library does not all know by that name."""
_TRANSLATED = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")


@dataclass(frozen=True, slots=True)
class EventTold:
    """Something that happened, as others are told of it; nothing personal."""

    reference: str
    sequence: int
    type: str
    at: datetime

    @property
    def id(self) -> str:
        """The same each time it is told, so that a receiver can tell a repetition."""
        return f"{self.reference}/{self.sequence}"


def cloud_event(event: EventTold, public_url: str) -> Mapping[str, object]:
    """The event in the words of CloudEvents 1.0: codes and numbers only; who may know more asks the API."""
    is_ping = event.type == PING
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": f"{public_url.rstrip('/')}/v1/{'webhooks' if is_ping else 'complaints'}/{event.reference}",
        "type": event.type,
        "subject": event.reference,
        "time": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {} if is_ping else {"reference": event.reference, "sequence": event.sequence},
    }


def wait_after(attempts: int, chance: float) -> timedelta | None:
    """How long to wait after so many failed attempts; None when they are spent. `chance` lies in [0, 1)."""
    if attempts > len(RETRY_SCHEDULE):
        return None
    return RETRY_SCHEDULE[attempts - 1] * (1 + LARGEST_JITTER * chance)


def wants(types: Iterable[str], event_type: str) -> bool:
    """Whether a subscription to these types (`complaint.closed`, `complaint.*`; none means all) wants the event."""
    listed = tuple(types)
    return not listed or any(
        event_type == each or (each.endswith(".*") and event_type.startswith(each[:-1])) for each in listed
    )


def why_not(url: str, *, private_targets: bool) -> str | None:
    """What is wrong with the address of an endpoint, as far as it can be said without resolving its name."""
    if not (url.isascii() and url.isprintable()) or " " in url or len(url) > LONGEST_URL:
        return f"expected a URL of at most {LONGEST_URL} printable ASCII characters"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "expected a URL such as https://example.org/hooks"
    if parts.scheme not in ({"https", "http"} if private_targets else {"https"}) or not host or port == 0:
        return "expected a URL such as https://example.org/hooks"
    if "@" in parts.netloc or parts.fragment:
        return "a URL without user, password and fragment"
    if not private_targets and (host == "localhost" or not _may_be_public(host)):
        return "lies in a private network; only public addresses are delivered to"
    return None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet, also where IPv6 wraps one of IPv4 (RFC 6890, 6052, 3056)."""
    if any(address.version == block.version and address in block for block in _SPECIAL):
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    wrapped = address.ipv4_mapped or address.sixtofour
    if wrapped is None and address in _TRANSLATED:
        wrapped = IPv4Address(int(address) & 0xFFFFFFFF)
    if wrapped is not None:
        return is_public(wrapped)
    odd = address.teredo is not None or address.is_site_local or address.is_multicast or address in _COMPATIBLE
    return address.is_global and not odd


def _may_be_public(host: str) -> bool:
    """False for an address that is written out and not public; a name is judged when it is resolved."""
    try:
        return is_public(ip_address(host.partition("%")[0]))
    except ValueError:
        return True

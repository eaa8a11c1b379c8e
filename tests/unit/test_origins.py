"""Where a request comes from: what proxies say counts only where they are trusted."""

from ipaddress import ip_network

import pytest

from starter.pages.limits import origin_of

OURS = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", [], "203.0.113.7/32"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7/32"),  # nobody of ours says so
        ("10.0.0.5", ["198.51.100.1"], "198.51.100.1/32"),
        ("10.0.0.5", ["6.6.6.6, 198.51.100.1"], "198.51.100.1/32"),  # what the customer says of itself is no proof
        ("10.0.0.5", ["6.6.6.6", "198.51.100.1, 10.1.1.1"], "198.51.100.1/32"),
        ("10.0.0.5", ["10.0.0.9"], "10.0.0.9/32"),
        ("10.0.0.5", [], "10.0.0.5/32"),
        ("10.0.0.5", ["nonsense"], "10.0.0.5/32"),
        ("10.0.0.5", [""], "10.0.0.5/32"),
        ("::ffff:10.0.0.5", ["198.51.100.1"], "198.51.100.1/32"),
        ("fd00::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:aaaa::1", [], "2001:db8:1:2::/64"),
        ("", [], ""),
        ("/run/socket", ["198.51.100.1"], "/run/socket"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_counts(peer: str, forwarded: list[str], expected: str) -> None:
    assert origin_of(peer, forwarded, OURS) == expected


def test_without_trusted_proxies_nothing_that_is_forwarded_counts() -> None:
    assert origin_of("127.0.0.1", ["198.51.100.1"], []) == "127.0.0.1/32"

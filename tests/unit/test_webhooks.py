"""Where webhooks may lead, what they tell, and when they are tried again."""

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from domain.webhooks import PING, EventTold, cloud_event, is_public, wait_after, wants, why_not

# RFC 6890 and the registries of special addresses, the wrappings of RFC 3056, 4291, 4380 and 6052.
NOT_PUBLIC = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.1.2.3"),
    *("169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.254", "192.0.0.8", "192.0.2.1", "192.88.99.1"),
    *("192.168.0.1", "192.168.255.254", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:0.0.0.0", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("::ffff:192.168.1.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1"),
    *("2002:7f00:1::", "2002:a00:1::", "2002:c0a8:101::", "3fff::1", "5f00::1", "fc00::1", "fd00::1"),
    *("fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2001:4860:4860::8888"),
    *("2002:808:808::", "64:ff9b::808:808"),
]


def test_there_are_at_least_forty_targets_that_must_not_be_reached() -> None:
    assert len(set(NOT_PUBLIC)) >= 40


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_private_and_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https://",
        "https:///hooks",
        "example.org/hooks",
        "https://user:password@example.org/",
        "https://user@example.org/",
        "https://example.org/#part",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org/a b",
        "https://example.org/\n",
        "https://例子.cn/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1:8443/",
        "javascript:alert(1)",
        "https://example.org/" + "x" * 2_000,
    ],
)
def test_an_address_that_is_none_or_private_is_refused_when_it_is_given(url: str) -> None:
    assert why_not(url, private_targets=False) is not None


@pytest.mark.parametrize("url", ["https://example.org/hooks?x=1", "https://example.org:8443/", "https://8.8.8.8/"])
def test_a_public_address_is_accepted(url: str) -> None:
    assert why_not(url, private_targets=False) is None


def test_private_targets_and_plain_http_are_for_who_allows_them() -> None:
    assert why_not("http://127.0.0.1:9000/hook", private_targets=True) is None
    assert why_not("http://user@127.0.0.1/", private_targets=True) is not None


@pytest.mark.parametrize(
    ("types", "event", "expected"),
    [
        ([], "complaint.closed", True),
        (["complaint.closed"], "complaint.closed", True),
        (["complaint.closed"], "complaint.closed_twice", False),
        (["complaint.*"], "complaint.closed", True),
        (["complaint.*"], "complaints.closed", False),
        (["complaint.*"], "complaint", False),
        (["clock.*", "step.failed"], "step.failed", True),
        (["clock.*", "step.failed"], "step.done", False),
    ],
)
def test_an_endpoint_gets_the_types_that_it_wants(types: list[str], event: str, expected: bool) -> None:
    assert wants(types, event) is expected


def test_the_schedule_is_the_one_that_standard_webhooks_recommends() -> None:
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, retry schedule."""
    waits = [wait_after(attempts, 0.0) for attempts in range(1, 11)]
    hours = [wait / timedelta(hours=1) for wait in waits if wait is not None]
    assert waits[-1] is None
    assert hours == pytest.approx([5 / 3600, 5 / 60, 0.5, 2, 5, 10, 14, 20, 24])
    assert sum(hours) == pytest.approx(75.6, abs=0.02)


def test_jitter_makes_a_wait_longer_by_a_tenth_at_most() -> None:
    assert wait_after(4, 0.0) == timedelta(hours=2)
    assert timedelta(hours=2) < (wait_after(4, 0.5) or timedelta()) < timedelta(hours=2.2)


AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def test_an_event_is_told_in_the_words_of_cloudevents_with_nothing_personal() -> None:
    event = EventTold("C-2026-000001", 7, "complaint.closed", AT)
    assert json.loads(json.dumps(cloud_event(event, "https://care.example.org/"))) == {
        "specversion": "1.0",
        "id": "C-2026-000001/7",
        "source": "https://care.example.org/v1/complaints/C-2026-000001",
        "type": "complaint.closed",
        "subject": "C-2026-000001",
        "time": "2026-11-27T12:00:00Z",
        "datacontenttype": "application/json",
        "data": {"reference": "C-2026-000001", "sequence": 7},
    }


def test_a_test_event_is_about_the_webhook_itself() -> None:
    event = cloud_event(EventTold("whk_1", 2, PING, AT), "https://care.example.org")
    assert (event["source"], event["type"]) == ("https://care.example.org/v1/webhooks/whk_1", "webhook.ping")

"""Signed links: found by whoever holds them, by nobody who guesses, and not after they were revoked or have expired."""

import base64
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from domain.links import LinkPurpose
from runtime.links import LinkRefused, SignedLinks, WhyNot
from storage.keys import MasterKeys
from storage.pool import Pool

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
URL = "https://complaints.example.org"
CASE = "C-2026-000001"


@pytest.fixture
def links(pool: Pool, master_keys: MasterKeys) -> SignedLinks:
    return SignedLinks(pool, master_keys, URL)


async def refusal(links: SignedLinks, token: str, at: datetime = AT, purpose: LinkPurpose = LinkPurpose.CASE) -> WhyNot:
    with pytest.raises(LinkRefused) as refused:
        await links.let_in(purpose, token, at)
    return refused.value.why


async def token_of(links: SignedLinks, purpose: LinkPurpose = LinkPurpose.CASE, subject: str = CASE) -> str:
    return (await links.url(purpose, subject, AT)).rpartition("/")[2]


async def test_a_link_leads_to_what_it_is_about(links: SignedLinks) -> None:
    url = await links.url(LinkPurpose.PARTNER, f"{CASE}/1", AT)
    assert url.startswith(f"{URL}/partner/")
    assert await links.let_in(LinkPurpose.PARTNER, url.rpartition("/")[2], AT) == f"{CASE}/1"


async def test_the_same_subject_gets_the_same_link_each_time(links: SignedLinks) -> None:
    assert await token_of(links) == await token_of(links)
    assert await token_of(links) != await token_of(links, subject="C-2026-000002")


async def test_nothing_about_the_case_is_in_a_link(links: SignedLinks) -> None:
    token = await token_of(links)
    _, _, encoded = token.partition(".")
    assert b"2026" not in base64.urlsafe_b64decode(encoded + "=")
    assert CASE not in token


async def test_a_link_has_128_random_bits_and_a_hash_of_128_bits(links: SignedLinks) -> None:
    subjects = [f"C-2026-{number:06d}" for number in range(500)]
    given = await links.give(LinkPurpose.CASE, subjects, AT)
    signed = [
        base64.urlsafe_b64decode(link.url.partition(".org/case/")[2].partition(".")[2] + "=") for link in given.values()
    ]
    assert {len(one) for one in signed} == {32}
    assert len({one[:16] for one in signed}) == len({one[16:] for one in signed}) == 500
    ones = sum(one[:16].hex() != "" and int.from_bytes(one[:16]).bit_count() for one in signed)
    assert 31_000 < ones < 33_000, "of 64,000 random bits about half are set"


async def test_a_link_is_good_for_its_own_purpose_only(links: SignedLinks) -> None:
    token = await token_of(links)
    assert await refusal(links, token, purpose=LinkPurpose.PARTNER) is WhyNot.FORGED
    assert await refusal(links, token, purpose=LinkPurpose.SURVEY) is WhyNot.FORGED


async def test_every_changed_character_makes_a_link_worthless(links: SignedLinks) -> None:
    token = await token_of(links)
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        assert await refusal(links, token[:place] + other + token[place + 1 :]) is WhyNot.FORGED


@pytest.mark.parametrize("token", ["", ".", "x", "a.b", "é.ü", "0" * 50_000, "a.%00", "../../etc/passwd", "客户"])
async def test_what_is_no_link_at_all_is_a_forgery(links: SignedLinks, token: str) -> None:
    assert await refusal(links, token) is WhyNot.FORGED


async def test_a_made_up_link_of_the_right_form_is_a_forgery(links: SignedLinks, master_keys: MasterKeys) -> None:
    for _ in range(200):
        made_up = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        assert await refusal(links, f"{master_keys.newest}.{made_up}") is WhyNot.FORGED


async def test_a_link_expires_and_giving_it_out_again_renews_it(links: SignedLinks) -> None:
    token = await token_of(links)
    almost, late = AT + timedelta(days=364), AT + timedelta(days=366)
    assert await links.let_in(LinkPurpose.CASE, token, almost) == CASE
    assert await refusal(links, token, late) is WhyNot.EXPIRED
    assert (await links.url(LinkPurpose.CASE, CASE, late)).endswith(token)
    assert await links.let_in(LinkPurpose.CASE, token, late) == CASE


async def test_a_revoked_link_never_works_again_and_the_next_one_is_another(links: SignedLinks) -> None:
    token = await token_of(links)
    assert await links.revoke(LinkPurpose.CASE, CASE, AT)
    assert await refusal(links, token) is WhyNot.REVOKED
    assert not await links.revoke(LinkPurpose.CASE, CASE, AT)
    another = await token_of(links)
    assert another != token
    assert await links.let_in(LinkPurpose.CASE, another, AT) == CASE


async def test_links_outlive_a_rotated_master_key_and_not_a_retired_one(pool: Pool) -> None:
    old = MasterKeys.generate()
    token = await token_of(SignedLinks(pool, old, URL))
    rotated = old.rotated()
    assert await SignedLinks(pool, rotated, URL).let_in(LinkPurpose.CASE, token, AT) == CASE
    assert not (await token_of(SignedLinks(pool, rotated, URL))).startswith(old.newest)
    retired = rotated.retired(old.newest)
    assert await refusal(SignedLinks(pool, retired, URL), token) is WhyNot.FORGED


async def test_no_link_can_be_made_from_the_database_alone(pool: Pool, links: SignedLinks) -> None:
    await token_of(links)
    stolen = await pool.fetchval("SELECT id FROM signed_link")
    thief = SignedLinks(pool, MasterKeys.generate(), URL)
    made = (await thief.url(LinkPurpose.CASE, CASE, AT)).rpartition("/")[2]
    assert stolen in base64.urlsafe_b64decode(made.partition(".")[2] + "=")
    assert await refusal(links, made) is WhyNot.FORGED

"""The staff registry and its tokens, on real PostgreSQL."""

import hashlib
from datetime import timedelta

import pytest

from domain.access import Role
from storage.people import People
from storage.pool import Pool
from tests.storage.sample_cases import AT


@pytest.fixture
def people(pool: Pool) -> People:
    return People(pool)


async def test_a_new_name_is_a_new_person(people: People) -> None:
    person = await people.enrol("王伟", [Role.HANDLER], AT, team="north", languages=["zh"])
    assert (person.name, person.roles, person.team) == ("王伟", frozenset({Role.HANDLER}), "north")
    assert (person.languages, person.active, person.absent_until) == (("zh",), True, None)
    assert await people.people([person.id, "per_nobody0"]) == {person.id: person}


async def test_a_known_name_keeps_its_id_and_gets_the_roles_added(people: People) -> None:
    first = await people.enrol("Ann", [Role.HOTLINE], AT, team="north", languages=["en"])
    again = await people.enrol("Ann", [Role.HANDLER], AT)
    assert again == first.model_copy(update={"roles": frozenset({Role.HOTLINE, Role.HANDLER})})
    moved = await people.enrol("Ann", [Role.HANDLER], AT, team="south", languages=["en", "zh"])
    assert (moved.id, moved.team, moved.languages) == (first.id, "south", ("en", "zh"))


async def test_a_token_tells_whose_it_is_and_is_nowhere_in_the_store(people: People, pool: Pool) -> None:
    ann, bob = await people.enrol("Ann", [Role.HOTLINE], AT), await people.enrol("Bob", [Role.HANDLER], AT)
    tokens = [await people.issue_token(ann.id, AT), await people.issue_token(ann.id, AT)]
    bobs = await people.issue_token(bob.id, AT)
    assert [await people.of_token(token) for token in (*tokens, bobs)] == [ann, ann, bob]
    assert len(set(tokens)) == 2
    assert all(token.startswith("amends_") and len(token) >= len("amends_") + 43 for token in tokens)
    stored = await pool.fetch("SELECT t::text AS row, hash FROM token t ORDER BY created_at")
    assert not [row for row in stored if any(token in row["row"] for token in (*tokens, bobs))]
    assert {row["hash"] for row in stored} == {hashlib.sha256(token.encode()).digest() for token in (*tokens, bobs)}


async def test_a_wrong_or_altered_token_belongs_to_nobody(people: People) -> None:
    ann = await people.enrol("Ann", [Role.HOTLINE], AT)
    token = await people.issue_token(ann.id, AT)
    for wrong in ("", "amends_", token[:-1], token + "x", token.swapcase(), "amends_' OR true --", "\u0000", "…"):
        assert await people.of_token(wrong) is None


async def test_revoked_tokens_are_worthless_at_once_and_new_ones_work(people: People) -> None:
    ann, bob = await people.enrol("Ann", [Role.HOTLINE], AT), await people.enrol("Bob", [Role.HANDLER], AT)
    tokens = [await people.issue_token(ann.id, AT) for _ in range(3)]
    bobs = await people.issue_token(bob.id, AT)
    assert await people.revoke_tokens(ann.id, AT + timedelta(hours=1)) == 3
    assert [await people.of_token(token) for token in tokens] == [None] * 3
    assert await people.of_token(bobs) == bob
    assert await people.revoke_tokens(ann.id, AT + timedelta(hours=2)) == 0
    assert await people.of_token(await people.issue_token(ann.id, AT)) == ann


async def test_who_has_left_cannot_come_in_with_an_old_token(people: People, pool: Pool) -> None:
    ann = await people.enrol("Ann", [Role.HOTLINE], AT)
    token = await people.issue_token(ann.id, AT)
    await pool.execute("UPDATE person SET is_active = false")
    assert await people.of_token(token) is None
    assert not (await people.people([ann.id]))[ann.id].active


async def test_the_registry_is_paged_in_the_order_of_ids(people: People) -> None:
    enrolled = sorted([(await people.enrol(f"Person {n}", [Role.HANDLER], AT)).id for n in range(7)])
    first = await people.page("", 4)
    rest = await people.page(first[-1].id, 4)
    assert [person.id for person in (*first, *rest)] == enrolled

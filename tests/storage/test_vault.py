"""The vault on a real PostgreSQL: sealed at rest, found by blind index, erasable, and rotated without a gap."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from pydantic import ValidationError

from domain.privacy import ContactWay, Identity, Language, TextKind
from storage.identities import IdentityError, LookupField
from storage.keys import BrokenSealError, MasterKeys, MissingKeyError
from storage.pool import Pool, StoreAway, is_store_away, open_pool, transaction
from storage.vault import Erased, ItemTaken, Unknown, Vault, WrongMasterKeys

pytestmark = pytest.mark.services

RECEIVED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = RECEIVED + timedelta(days=3)
NARRATIVE_ID = "txt_" + "0a" * 16
NOTE_ID = "txt_" + "0b" * 16

WANG = Identity(
    name="王小明-CANARYNAME",
    phone="138 0013 8000",
    email="Wang.CANARYMAIL@Example.ORG",
    address="北京市朝阳区 CANARYADDRESS 1 号",
    account="GAS-CANARY-0042",
    language=Language.ZH,
    preferred_contact=ContactWay.PHONE,
    preferred_hours="CANARYHOURS",
)
NARRATIVE = "CANARYTEXT 燃气灶点火后熄灭，维修员三次爽约。"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url, size=4)
    yield pool
    await pool.close()


@pytest.fixture
def keys() -> MasterKeys:
    return MasterKeys.generate()


@pytest.fixture
def vault(pool: Pool, keys: MasterKeys) -> Vault:
    return Vault(pool, keys)


async def make_subject(pool: Pool, vault: Vault, identity: Identity = WANG) -> str:
    async with transaction(pool) as connection:
        subject = await vault.create_subject(connection, identity, at=RECEIVED)
        await vault.seal(connection, subject, _own_id(subject), TextKind.NARRATIVE, NARRATIVE, at=RECEIVED)
    return subject


def _own_id(subject: str) -> str:
    return subject.replace("cus_", "txt_")


async def every_byte(pool: Pool) -> bytes:
    """All rows of all tables of the database as PostgreSQL prints them, sealed columns as raw bytes."""
    tables = await pool.fetch(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    rows = []
    for schema, table in tables:
        rows += await pool.fetch(f'SELECT * FROM "{schema}"."{table}"')
    values = (value for row in rows for value in row.values())
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


async def test_an_identity_and_a_text_come_back_as_they_were_given(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)
    assert await vault.identity(subject) == WANG
    assert await vault.open_text(_own_id(subject)) == NARRATIVE


async def test_no_personal_value_stands_in_any_table_of_the_database(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)
    async with transaction(pool) as connection:
        await vault.update_identity(connection, subject, {"name": "CANARYNEWNAME"}, "case-1:correct:1", at=LATER)
    dump = await every_byte(pool)
    assert subject.encode() in dump  # the search sees the rows
    for canary in ("CANARY", "王小明", "13800138000", "138 0013", "燃气灶", "example.org", "GAS", "0042"):
        assert canary.encode() not in dump, canary
        assert canary.lower().encode() not in dump, canary


async def test_no_personal_value_reaches_the_files_of_the_tables(pool: Pool, vault: Vault) -> None:
    await make_subject(pool, vault)
    await pool.execute("CHECKPOINT")
    for table in ("subject", "identity", "sealed_text", "blind_index"):
        path = await pool.fetchval("SELECT pg_relation_filepath($1::regclass)", f"vault.{table}")
        content = await pool.fetchval("SELECT pg_read_binary_file($1)", path)
        assert content
        for canary in (b"CANARY", "王小明".encode(), b"13800138000", b"example.org"):
            assert canary not in content, (table, canary)


@pytest.mark.parametrize(
    ("field", "spelling"),
    [
        (LookupField.PHONE, "+8613800138000"),
        (LookupField.PHONE, "(86) 138-0013-8000"),
        (LookupField.PHONE, "１３８００１３８０００"),
        (LookupField.EMAIL, "Wang.CANARYMAIL@example.org"),
        (LookupField.ACCOUNT, "gascanary 0042"),
    ],
)
async def test_a_subject_is_found_by_any_usual_spelling(
    pool: Pool, vault: Vault, field: LookupField, spelling: str
) -> None:
    subject = await make_subject(pool, vault)
    assert await vault.subjects_of(field, spelling) == [subject]


async def test_nobody_is_found_by_another_number_or_under_another_field(pool: Pool, vault: Vault) -> None:
    await make_subject(pool, vault, Identity(account="13800138000"))
    assert await vault.subjects_of(LookupField.PHONE, "13800138000") == []
    assert await vault.subjects_of(LookupField.ACCOUNT, "13800138001") == []


async def test_several_subjects_with_one_phone_are_found_newest_first(pool: Pool, vault: Vault) -> None:
    found = []
    for day in range(3):
        async with transaction(pool) as connection:
            identity = Identity(phone="010 6552 9988")
            found.append(await vault.create_subject(connection, identity, at=RECEIVED + timedelta(days=day)))
    assert await vault.subjects_of(LookupField.PHONE, "+86 10 6552 9988") == found[::-1]


async def test_an_identity_that_cannot_be_indexed_is_refused_by_field_and_nothing_is_stored(
    pool: Pool, vault: Vault
) -> None:
    with pytest.raises(IdentityError) as refusal:
        await make_subject(pool, vault, Identity(name="A", phone="12", email="nobody", account="--"))
    assert [field for field, _ in refusal.value.problems] == ["phone", "email", "account"]
    assert "nobody" not in str(refusal.value)
    assert await pool.fetchval("SELECT count(*) FROM vault.subject") == 0


async def test_sealing_an_item_again_keeps_the_first_text(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)
    async with transaction(pool) as connection:
        await vault.seal(connection, subject, NOTE_ID, TextKind.NOTE, "first", at=LATER)
        await vault.seal(connection, subject, NOTE_ID, TextKind.NOTE, "second", at=LATER)
    assert await vault.open_text(NOTE_ID) == "first"


async def test_an_item_id_cannot_be_taken_over_by_another_subject_or_kind(pool: Pool, vault: Vault) -> None:
    subject, stranger = await make_subject(pool, vault), await make_subject(pool, vault)
    for owner, kind in ((stranger, TextKind.NARRATIVE), (subject, TextKind.NOTE)):
        with pytest.raises(ItemTaken):
            async with transaction(pool) as connection:
                await vault.seal(connection, owner, _own_id(subject), kind, "other", at=LATER)
    assert await vault.open_text(_own_id(subject)) == NARRATIVE


async def test_a_corrected_identity_is_found_by_its_new_phone_only(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)
    async with transaction(pool) as connection:
        changes = {"phone": "139 1111 2222", "address": None}
        assert await vault.update_identity(connection, subject, changes, "case-1:correct:1", at=LATER) == 2
    corrected = await vault.identity(subject)
    assert (corrected.phone, corrected.address, corrected.name) == ("139 1111 2222", None, WANG.name)
    assert await vault.subjects_of(LookupField.PHONE, "13911112222") == [subject]
    assert await vault.subjects_of(LookupField.PHONE, "13800138000") == []
    assert await vault.subjects_of(LookupField.ACCOUNT, "GAS-CANARY-0042") == [subject]


async def test_a_correction_with_the_same_effect_key_is_made_once(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)
    for name in ("first", "repeated"):
        async with transaction(pool) as connection:
            assert await vault.update_identity(connection, subject, {"name": name}, "case-1:correct:1", at=LATER) == 2
    assert (await vault.identity(subject)).name == "first"


async def test_corrections_made_at_once_all_count(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)

    async def correct(number: int, changes: dict[str, str | None]) -> int:
        async with transaction(pool) as connection:
            return await vault.update_identity(connection, subject, changes, f"c:{number}", at=LATER)

    versions = await asyncio.gather(correct(1, {"name": "B"}), correct(2, {"phone": None}), correct(3, {"email": None}))
    assert sorted(versions) == [2, 3, 4]
    assert await vault.identity(subject) == WANG.model_copy(update={"name": "B", "phone": None, "email": None})


@pytest.mark.parametrize("changes", [{"phone": "12"}, {"fax": "1"}, {"name": "x" * 201}, {"language": "xx"}])
async def test_a_bad_correction_is_refused_and_changes_nothing(
    pool: Pool, vault: Vault, changes: dict[str, str | None]
) -> None:
    subject = await make_subject(pool, vault)
    with pytest.raises((IdentityError, ValidationError)):
        async with transaction(pool) as connection:
            await vault.update_identity(connection, subject, changes, "case-1:correct:1", at=LATER)
    assert await vault.identity(subject) == WANG
    assert await vault.subjects_of(LookupField.PHONE, "13800138000") == [subject]


async def test_an_erased_subject_cannot_be_read_written_or_found_and_leaves_a_tombstone(
    pool: Pool, vault: Vault
) -> None:
    subject = await make_subject(pool, vault)
    async with transaction(pool) as connection:
        await vault.erase(connection, subject, at=LATER)
    with pytest.raises(Erased):
        await vault.identity(subject)
    with pytest.raises(Erased):
        await vault.open_text(_own_id(subject))
    with pytest.raises(Erased):
        async with transaction(pool) as connection:
            await vault.seal(connection, subject, NOTE_ID, TextKind.NOTE, "late", at=LATER)
    assert await vault.subjects_of(LookupField.PHONE, "13800138000") == []
    row = await pool.fetchrow("SELECT key_id, wrapped_key, erased_at FROM vault.subject WHERE subject_id = $1", subject)
    assert row is not None
    assert tuple(row) == (None, None, LATER)


async def test_erasing_again_keeps_the_time_of_the_first_erasure(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)
    for days in (0, 5):
        async with transaction(pool) as connection:
            await vault.erase(connection, subject, at=LATER + timedelta(days=days))
    assert await pool.fetchval("SELECT erased_at FROM vault.subject") == LATER


async def test_who_writes_during_an_erasure_waits_for_it_and_is_refused(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)

    async def correct() -> None:
        async with transaction(pool) as connection:
            await vault.update_identity(connection, subject, {"phone": "13911112222"}, "c:1", at=LATER)

    async def add_note() -> None:
        async with transaction(pool) as connection:
            await vault.seal(connection, subject, NOTE_ID, TextKind.NOTE, "late", at=LATER)

    async with transaction(pool) as connection:
        await vault.erase(connection, subject, at=LATER)
        writers = [asyncio.create_task(correct()), asyncio.create_task(add_note())]
        done, _ = await asyncio.wait(writers, timeout=0.3)
        assert not done
    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Erased, Erased]
    assert await pool.fetchval("SELECT count(*) FROM vault.blind_index") == 0


async def test_an_erasure_during_a_correction_waits_for_it_and_leaves_no_index_behind(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)

    async def erase() -> None:
        async with transaction(pool) as connection:
            await vault.erase(connection, subject, at=LATER)

    async with transaction(pool) as connection:
        await vault.update_identity(connection, subject, {"phone": "13911112222"}, "c:1", at=LATER)
        erasure = asyncio.create_task(erase())
        done, _ = await asyncio.wait([erasure], timeout=0.3)
        assert not done
    await erasure
    assert await pool.fetchval("SELECT count(*) FROM vault.blind_index") == 0


async def test_many_are_opened_at_once_without_the_erased_ones(pool: Pool, vault: Vault) -> None:
    kept, erased = await make_subject(pool, vault), await make_subject(pool, vault)
    async with transaction(pool) as connection:
        await vault.erase(connection, erased, at=LATER)
    assert await vault.open_texts([_own_id(kept), _own_id(erased)]) == {_own_id(kept): NARRATIVE}
    assert await vault.identities([kept, erased, kept]) == {kept: WANG}


async def test_ids_that_nobody_has_are_named(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)
    with pytest.raises(Unknown, match=NOTE_ID):
        await vault.open_texts([_own_id(subject), NOTE_ID])
    nobody = "cus_" + "f" * 32
    for question in (vault.identity(nobody), vault.identities([subject, nobody])):
        with pytest.raises(Unknown, match=nobody):
            await question
    with pytest.raises(Unknown, match=nobody):
        async with transaction(pool) as connection:
            await vault.erase(connection, nobody, at=LATER)


async def test_a_forgotten_text_is_unknown_and_the_others_stay(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)
    async with transaction(pool) as connection:
        await vault.seal(connection, subject, NOTE_ID, TextKind.NOTE, "kept for a month", at=RECEIVED)
        await vault.forget(connection, [NOTE_ID])
    with pytest.raises(Unknown):
        await vault.open_text(NOTE_ID)
    assert await vault.open_text(_own_id(subject)) == NARRATIVE


async def test_a_text_moved_to_another_item_or_altered_does_not_open(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)
    await pool.execute("INSERT INTO vault.sealed_text SELECT $1, subject_id, kind, sealed, sealed_at"
                       " FROM vault.sealed_text", NOTE_ID)  # fmt: skip
    with pytest.raises(BrokenSealError):
        await vault.open_text(NOTE_ID)
    await pool.execute("UPDATE vault.sealed_text SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)")
    with pytest.raises(BrokenSealError):
        await vault.open_text(_own_id(subject))


async def test_a_data_key_copied_to_another_subject_opens_nothing(pool: Pool, vault: Vault) -> None:
    first, second = await make_subject(pool, vault), await make_subject(pool, vault)
    await pool.execute(
        "UPDATE vault.subject SET wrapped_key = (SELECT wrapped_key FROM vault.subject WHERE subject_id = $1)"
        " WHERE subject_id = $2",
        first,
        second,
    )
    with pytest.raises(BrokenSealError):
        await vault.identity(second)


async def test_after_a_rotation_everything_opens_and_the_old_key_can_be_retired(
    pool: Pool, vault: Vault, keys: MasterKeys
) -> None:
    subjects = [await make_subject(pool, vault) for _ in range(5)]
    rotated = keys.rotated()
    vault = Vault(pool, rotated)
    assert await vault.identity(subjects[0]) == WANG
    assert [await vault.rewrap(batch=2) for _ in range(4)] == [2, 2, 1, 0]
    vault = Vault(pool, rotated.retired(keys.newest))
    await vault.confirm_keys()
    assert await vault.open_text(_own_id(subjects[4])) == NARRATIVE
    assert sorted(await vault.subjects_of(LookupField.PHONE, "13800138000")) == sorted(subjects)


async def test_the_ciphertexts_stay_as_they_are_in_a_rotation(pool: Pool, vault: Vault, keys: MasterKeys) -> None:
    await make_subject(pool, vault)
    before = await pool.fetch("SELECT sealed FROM vault.sealed_text UNION ALL SELECT sealed FROM vault.identity")
    await Vault(pool, keys.rotated()).rewrap()
    after = await pool.fetch("SELECT sealed FROM vault.sealed_text UNION ALL SELECT sealed FROM vault.identity")
    assert before == after


async def test_a_key_retired_too_early_is_named(pool: Pool, vault: Vault, keys: MasterKeys) -> None:
    subject = await make_subject(pool, vault)
    await vault.confirm_keys()
    too_early = Vault(pool, keys.rotated().retired(keys.newest))
    with pytest.raises(MissingKeyError, match=keys.newest):
        await too_early.identity(subject)
    with pytest.raises(WrongMasterKeys, match=keys.newest):
        await too_early.confirm_keys()


async def test_a_start_with_another_ring_is_refused(pool: Pool, vault: Vault) -> None:
    await vault.confirm_keys()
    await vault.confirm_keys()
    with pytest.raises(WrongMasterKeys, match="other master keys"):
        await Vault(pool, MasterKeys.generate()).confirm_keys()


async def test_another_key_under_the_same_id_does_not_open(pool: Pool) -> None:
    ours, theirs = (f"k1:{MasterKeys.generate().reveal().split(':')[1]}" for _ in range(2))
    subject = await make_subject(pool, Vault(pool, MasterKeys.parse(ours)))
    with pytest.raises(BrokenSealError):
        await Vault(pool, MasterKeys.parse(theirs)).identity(subject)


async def test_a_lost_connection_is_an_outage_and_the_pool_heals(pool: Pool, vault: Vault) -> None:
    subject = await make_subject(pool, vault)
    with pytest.raises(StoreAway):
        async with transaction(pool) as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await vault.identity(subject) == WANG


async def test_a_statement_that_takes_too_long_is_an_outage(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("SET statement_timeout = '50ms'")
        with pytest.raises(asyncpg.QueryCanceledError) as late:
            await connection.execute("SELECT pg_sleep(1)")
        await connection.execute("RESET statement_timeout")
    assert is_store_away(late.value)


async def test_a_fault_of_ours_is_no_outage(pool: Pool) -> None:
    with pytest.raises(asyncpg.UndefinedTableError) as fault:
        await pool.fetch("SELECT * FROM no_such_table")
    assert not is_store_away(fault.value)
    assert not is_store_away(FileNotFoundError(2, "No such file", "letter.txt"))


async def test_a_server_that_is_not_there_is_an_outage_told_in_time() -> None:
    with pytest.raises(StoreAway):
        await open_pool("postgresql://nobody@127.0.0.1:1/none", patience_seconds=0.3)
    with pytest.raises(StoreAway):
        await open_pool("postgresql:///none?host=/tmp/no-such-directory&user=nobody", patience_seconds=0)

"""What each database role may do: the API, the workers, and whoever only reads. The owner migrates, and nothing else.

The roles themselves (`amends_api`, `amends_worker`, `amends_reader`) are made by whoever runs the server, with their
passwords; those that exist get their grants put right behind every migration. Without them all runs as the owner.
Nobody but the owner writes the ledger, the log of personal data or the heads of their chains, except by the functions
that append.
"""

from collections.abc import Iterator, Mapping

import asyncpg

API, WORKER, READER = "amends_api", "amends_worker", "amends_reader"
ROLES = (API, WORKER, READER)

_LOCK = "amends roles"
_CONNECT_SECONDS = 10.0
_APPEND_ONLY = "refuse_rewriting_history"
_ALL = "SELECT, INSERT, UPDATE, DELETE"
_TO_LOCK = "SELECT, UPDATE (anchored_sequence)"  # locking a row asks for the right to change one column of it
_TO_LOCK_A_WAVE = "SELECT, UPDATE (epoch)"

TABLES: Mapping[str, Mapping[str, str]] = {
    "public.schema_migration": {API: "SELECT", WORKER: "SELECT", READER: "SELECT"},
    "public.case_record": {API: _TO_LOCK, WORKER: _TO_LOCK, READER: "SELECT"},
    "public.ledger": {API: "SELECT", WORKER: "SELECT", READER: "SELECT"},
    "public.ledger_anchor": {API: "SELECT", WORKER: "SELECT, INSERT", READER: "SELECT"},
    "public.step": {API: "SELECT", WORKER: "SELECT", READER: "SELECT"},
    "public.outbox": {API: "SELECT", WORKER: "SELECT, UPDATE, DELETE", READER: "SELECT"},
    "public.unstarted_case": {API: _ALL, WORKER: _ALL, READER: "SELECT"},
    "public.intake_source": {API: "SELECT, INSERT", WORKER: "SELECT, INSERT"},
    "public.delivery": {API: "SELECT, UPDATE", WORKER: "SELECT, INSERT, UPDATE", READER: "SELECT"},
    "public.contact_limit": {API: _ALL, WORKER: "SELECT, DELETE"},
    "public.correspondent": {API: _ALL, WORKER: "SELECT"},
    "public.person": {API: "SELECT, INSERT, UPDATE", WORKER: "SELECT"},
    "public.token": {API: "SELECT, INSERT, UPDATE"},
    "public.account": {API: "SELECT, INSERT, UPDATE"},
    "public.session": {API: _ALL},
    "public.saved_view": {API: _ALL},
    "public.provider_identity": {API: "SELECT, INSERT, DELETE"},
    "public.idempotency": {API: _ALL, WORKER: "SELECT, DELETE"},
    "public.calendar": {API: "SELECT, INSERT", WORKER: "SELECT", READER: "SELECT"},
    "public.attachment": {API: "SELECT, INSERT", WORKER: "SELECT", READER: "SELECT"},
    "public.signed_link": {API: "SELECT, INSERT, UPDATE", WORKER: "SELECT, INSERT, UPDATE", READER: "SELECT"},
    "public.rate_limit": {API: _ALL, WORKER: "SELECT, UPDATE, DELETE"},
    "public.webhook": {API: _ALL, WORKER: "SELECT, UPDATE", READER: "SELECT"},
    "public.webhook_secret": {API: _ALL, WORKER: "SELECT, UPDATE"},
    "public.webhook_delivery": {API: _ALL, WORKER: _ALL, READER: "SELECT"},
    "public.batch": {API: "SELECT, INSERT", WORKER: "SELECT", READER: "SELECT"},
    "public.batch_item": {API: "SELECT, INSERT", WORKER: "SELECT, UPDATE", READER: "SELECT"},
    "public.undertaking": {API: "SELECT", WORKER: "SELECT, UPDATE (epoch)", READER: "SELECT"},
    "public.undertaking_ledger": {API: "SELECT", WORKER: "SELECT", READER: "SELECT"},
    "public.unstarted_undertaking": {API: _ALL, WORKER: _ALL, READER: "SELECT"},
    "public.undertaking_result": {API: "SELECT", WORKER: "SELECT, INSERT", READER: "SELECT"},
    "public.survey": {API: "SELECT, INSERT, UPDATE (id)", WORKER: "SELECT", READER: "SELECT"},
    "public.wave": {API: _TO_LOCK_A_WAVE, WORKER: _TO_LOCK_A_WAVE, READER: "SELECT"},
    "public.wave_ledger": {API: "SELECT", WORKER: "SELECT", READER: "SELECT"},
    "public.unstarted_wave": {API: _ALL, WORKER: _ALL, READER: "SELECT"},
    "public.wave_subject": {API: "SELECT, INSERT", WORKER: "SELECT"},
    "public.survey_recurrence": {API: "SELECT, INSERT, UPDATE", WORKER: "SELECT", READER: "SELECT"},
    "public.wave_turn": {WORKER: "SELECT, INSERT", READER: "SELECT"},
    "public.wave_stratum": {API: "SELECT", WORKER: "SELECT, INSERT, UPDATE", READER: "SELECT"},
    "public.wave_result": {API: "SELECT", WORKER: "SELECT, INSERT, UPDATE", READER: "SELECT"},
    "public.customer": {API: _ALL, WORKER: _ALL},
    "public.frame_cell": {API: _ALL, WORKER: _ALL, READER: "SELECT"},
    "public.draw_start": {API: "SELECT", WORKER: _ALL},
    "public.contact": {API: _ALL, WORKER: _ALL},
    "public.contact_event": {API: _ALL, WORKER: _ALL},
    "public.asking": {API: _ALL, WORKER: _ALL},
    "public.quota_hold": {API: _ALL, WORKER: _ALL},
    "public.response": {API: _ALL, WORKER: _ALL},
    "public.import_batch": {API: "SELECT, INSERT, UPDATE", WORKER: "SELECT, UPDATE, DELETE"},
    "public.import_chunk": {API: "INSERT", WORKER: "SELECT, DELETE"},
    "public.import_row": {API: "SELECT", WORKER: "SELECT, INSERT"},
    "public.personal_data_log": {API: "SELECT", WORKER: "SELECT"},
    "public.personal_data_log_head": {API: "SELECT", WORKER: _TO_LOCK},
    "public.personal_data_log_anchor": {API: "SELECT", WORKER: "SELECT, INSERT"},
    "public.erasure": {API: "SELECT, INSERT", WORKER: "SELECT, INSERT", READER: "SELECT"},
    "public.erasure_request": {API: "SELECT, INSERT, DELETE", WORKER: "SELECT, UPDATE, DELETE"},
    "public.legal_hold": {API: "SELECT, INSERT, DELETE", WORKER: "SELECT"},
    "public.retention_watch": {API: "SELECT, UPDATE, DELETE", WORKER: "SELECT, UPDATE, DELETE"},
    "vault.subject": {API: "SELECT, INSERT, UPDATE", WORKER: "SELECT, INSERT, UPDATE"},
    "vault.identity": {API: "SELECT, INSERT", WORKER: "SELECT, INSERT"},
    "vault.sealed_text": {API: "SELECT, INSERT, DELETE", WORKER: "SELECT, INSERT, DELETE"},
    "vault.blind_index": {API: "SELECT, INSERT, DELETE", WORKER: "SELECT, INSERT, DELETE"},
    "vault.standing_secret": {API: "SELECT, INSERT", WORKER: "SELECT, INSERT"},
    "vault.master_key": {API: "SELECT, INSERT", WORKER: "SELECT, INSERT"},
}
"""Privileges by table and role. A table without a row here falls under `unlisted`."""

FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "append_to_case(text, integer, integer, text[], jsonb, jsonb)": (API, WORKER),
    "append_to_undertaking(text, integer, integer, text[], jsonb)": (API, WORKER),
    "append_to_wave(text, integer, integer, text[], jsonb)": (API, WORKER),
    "log_personal_data(text[])": (API, WORKER),
}


def unlisted(schema: str, *, is_append_only: bool) -> Mapping[str, str]:
    """What is granted on a table that has no row: the processes may work on it, within append-only; readers nothing."""
    rights = "SELECT, INSERT" if is_append_only else _ALL
    return {} if schema == "vault" else {API: rights, WORKER: rights}


async def let_log_in(url: str, passwords: Mapping[str, str]) -> None:
    """Make the roles that do not exist yet, and let each log in with its password."""
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        for role, password in passwords.items():
            exists = await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role)
            statement = f"{'ALTER' if exists else 'CREATE'} ROLE %I LOGIN PASSWORD %L"
            await connection.execute(
                await connection.fetchval("SELECT format($1, $2::text, $3::text)", statement, role, password)
            )
    finally:
        await connection.close()


async def grant_roles(url: str) -> list[str]:
    """Put right what the roles that exist may do, and say for which; nothing is left over from before."""
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", _LOCK)
            present = [
                row["rolname"]
                for row in await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)", list(ROLES))
            ]
            if present:
                tables = await connection.fetch(_TABLES, _APPEND_ONLY)
                for statement in _statements(present, tables):
                    await connection.execute(statement)
    finally:
        await connection.close()
    return sorted(present)


_TABLES = """
    SELECT n.nspname AS schema, c.relname AS name,
           EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                    WHERE t.tgrelid = c.oid AND p.proname = $1) AS is_append_only
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('public', 'vault') AND c.relkind IN ('r', 'p') ORDER BY 1, 2"""


def _statements(present: list[str], tables: list[asyncpg.Record]) -> Iterator[str]:
    """Take everything away and grant what is due, inside one transaction: nobody sees a moment between."""
    everybody = ", ".join(present)
    for schema in ("public", "vault"):
        yield f"REVOKE ALL ON SCHEMA {schema} FROM {everybody}"
        yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {everybody}"
        yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {everybody}"
        yield f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM {everybody}"
    yield f"GRANT USAGE ON SCHEMA public TO {everybody}"
    processes = ", ".join(role for role in present if role != READER)
    if processes:
        yield f"GRANT USAGE ON SCHEMA vault TO {processes}"
        yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {processes}"
    for table in tables:
        name = f"{table['schema']}.{table['name']}"
        rights = TABLES.get(name) or unlisted(table["schema"], is_append_only=table["is_append_only"])
        yield from (f"GRANT {rights[role]} ON {name} TO {role}" for role in present if role in rights)
    for function, callers in FUNCTIONS.items():
        yield from (f"GRANT EXECUTE ON FUNCTION {function} TO {role}" for role in callers if role in present)

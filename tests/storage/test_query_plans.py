"""The statements that run at every look use indexes, shown by PostgreSQL's own plans on fifty thousand cases."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.access import CaseScope
from storage.board import TREND, WAITING
from storage.callbacks import WAITING_FOR_A_CALL
from storage.cases import CaseFilter, Search, _cursor, list_query
from storage.earlier_cases import EARLIER_CASES
from storage.pool import Pool, open_pool
from storage.steps import CAUSES, StepFilter, parked_query
from tests.storage.sample_cases import AT

CASES = 50_000

FILL = """
    INSERT INTO case_record (reference, epoch, sequence, head_hash, customer, status, channel, category, severity,
                             product, region, partner, policy, taken_by, handler, team, received_at, next_due, is_open,
                             is_breached, needs_operator, changed_at, anchored_sequence, state)
    SELECT format('C-2026-%s', lpad(n::text, greatest(6, length(n::text)), '0')), 1, 5, '',
           'cus_' || lpad(to_hex(chance[1] % 30000), 32, '0'),
           (ARRAY['received', 'accepted', 'assigned', 'closed', 'closed', 'closed'])[1 + n % 6],
           (ARRAY['web', 'phone', 'email'])[1 + chance[2] % 3], 'category' || chance[3] % 40, 1 + chance[4] % 5,
           'product' || chance[5] % 500, 'region' || chance[6] % 300, NULL, 'default@1',
           'per_hotline' || chance[7] % 50,
           CASE WHEN chance[8] % 10 > 0 THEN 'per_handler' || chance[9] % 200 END,
           CASE WHEN chance[8] % 10 > 0 THEN 'team' || chance[9] % 20 END,
           $1::timestamptz - n * interval '7 minutes',
           CASE WHEN n % 6 < 3 THEN $1::timestamptz + n * interval '3 minutes' END, n % 6 < 3, chance[10] % 300 = 0,
           chance[11] % 900 = 0, $1, CASE WHEN chance[12] % 5 > 0 THEN 5 ELSE 0 END, '{}'
      FROM generate_series(1, $2) n,
           LATERAL (SELECT array_agg(abs(hashint4extended(n, seed) % 1000000)::int ORDER BY seed) AS chance
                      FROM generate_series(1, 12) seed) drawn"""
"""Who has to do with a case is drawn by lot for each column: rare together is as rare as it would be."""

FILTERS = {
    "nothing": CaseFilter(),
    "status": CaseFilter(status=("received", "accepted")),
    "handler": CaseFilter(handler="per_handler7"),
    "team": CaseFilter(team="team7"),
    "category": CaseFilter(category="category7"),
    "severity": CaseFilter(severity=5),
    "channel": CaseFilter(channel="web"),
    "due before": CaseFilter(due_before=AT + timedelta(hours=3)),
    "breached": CaseFilter(breached=True),
    "needs an operator": CaseFilter(needs_operator=True),
    "customer": CaseFilter(customers=("cus_" + f"{7:032x}",)),
    "received between": CaseFilter(received_from=AT - timedelta(days=90), received_to=AT - timedelta(days=89)),
    "search by number": CaseFilter(search=Search(term="C-2026-000777")),
    "search by code": CaseFilter(search=Search(term="product7")),
    "search by customer": CaseFilter(search=Search(term="ann@example.org", customers=("cus_" + f"{7:032x}",))),
    "a handler's by status": CaseFilter(handler="per_handler7", status=("assigned",)),
    "a team's breached ones": CaseFilter(team="team7", breached=True),
    "a category by channel": CaseFilter(category="category7", channel="web"),
    "open ones due soon": CaseFilter(status=("received", "accepted"), due_before=AT + timedelta(hours=3)),
}
SCOPES = {
    "a supervisor": CaseScope(everything=True),
    "a hotline": CaseScope(taken_by="per_hotline7"),
    "a handler": CaseScope(handler="per_handler7", team="team7"),
    "a caller": CaseScope(called_back=True),
}
ELSEWHERE: dict[str, tuple[str, list[Any]]] = {
    "earlier cases of a customer": (
        EARLIER_CASES,
        [["cus_" + f"{customer:032x}" for customer in (7, 8)], AT, AT - timedelta(days=90), "C-2026-000777"],
    ),
    "parked steps": parked_query(StepFilter(), after="C-2026-000777.acknowledgement.1", limit=51),
    "parked steps of a cause": parked_query(StepFilter(kind="acknowledgement", since=AT), after="", limit=51),
    "causes of parked steps": (CAUSES, [100]),
    "the backlog of two weeks": (TREND, [AT, "Asia/Shanghai", 14]),
    "escalations to acknowledge": (WAITING["escalation"], [51, None, ""]),
    "extensions to approve": (WAITING["extension"], [51, None, ""]),
    "redress to approve": (WAITING["redress"], [51, AT, "C-2026-000777"]),
    "whom to call back": (WAITING_FOR_A_CALL, ["per_caller7", 201]),
    "a timeline": (
        "SELECT payload FROM ledger WHERE reference = $1 AND sequence > $2 ORDER BY sequence LIMIT 101",
        ["C-2026-000777", 0],
    ),
    "a command's place": (
        "SELECT sequence FROM ledger WHERE reference = $1 AND command_id = $2",
        ["C-2026-000777", "note-1"],
    ),
    "heads without an anchor": (
        "SELECT reference FROM case_record WHERE anchored_sequence < sequence ORDER BY reference LIMIT 5000",
        [],
    ),
    "cases to be started": (
        "SELECT reference FROM unstarted_case WHERE not_before <= $1 ORDER BY not_before LIMIT 100",
        [AT],
    ),
    "the oldest unstarted case": ("SELECT min(since) FROM unstarted_case", []),
    "answers to forget": (
        "SELECT key FROM idempotency WHERE started_at < $1 ORDER BY started_at LIMIT 1000",
        [AT - timedelta(days=300)],
    ),
}


@pytest.fixture(scope="module")
async def filled(shared_database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(shared_database_url, size=2)
    async with pool.acquire() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute(FILL, AT, CASES, timeout=60)
        await connection.execute(
            """INSERT INTO ledger SELECT reference, 1, 1, 'complaint.received', changed_at, 'per_x', 'note-1', '{}', ''
                 FROM case_record;
               INSERT INTO step SELECT reference, 'acknowledgement.1', 'acknowledgement',
                      CASE WHEN needs_operator THEN 'parked' ELSE 'done' END, 'email', NULL, 1, changed_at
                 FROM case_record;
               INSERT INTO unstarted_case SELECT reference, received_at, received_at FROM case_record;
               INSERT INTO idempotency SELECT sha256(reference::bytea), '', received_at FROM case_record;
               ANALYZE""",
            timeout=60,
        )
    yield pool
    await pool.close()


async def plan(pool: Pool, query: str, values: list[Any]) -> dict[str, Any]:
    explained = await pool.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *values)
    found: dict[str, Any] = json.loads(explained)[0]
    return found


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", []):
        yield from nodes(part)


def whole_tables(explained: dict[str, Any]) -> list[str]:
    return [node["Relation Name"] for node in nodes(explained["Plan"]) if node["Node Type"].endswith("Seq Scan")]


@pytest.mark.parametrize("sort", ["received", "due", "severity"])
@pytest.mark.parametrize("reader", SCOPES)
async def test_no_list_of_cases_reads_the_whole_table(filled: Pool, reader: str, sort: str) -> None:
    for name, wanted in FILTERS.items():
        query, values = list_query(wanted, SCOPES[reader], sort=sort, cursor=None, limit=51)
        explained = await plan(filled, query, values)
        assert whole_tables(explained) == [], f"{name}: {json.dumps(explained, indent=1)}"


@pytest.mark.parametrize("sort", ["received", "due", "severity"])
async def test_a_page_reads_the_states_of_its_own_cases_only(filled: Pool, sort: str) -> None:
    """They are most of a case: read before the sorting, they made lists of few cases slow."""
    query, values = list_query(FILTERS["handler"], SCOPES["a supervisor"], sort=sort, cursor=None, limit=51)
    explained = await plan(filled, query, values)
    with_state = [node for node in nodes(explained["Plan"]) if node.get("Alias") == "c"]
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in with_state) <= 51


@pytest.mark.parametrize("sort", ["received", "due", "severity"])
async def test_a_late_page_costs_no_more_than_the_first(filled: Pool, sort: str) -> None:
    deep = await filled.fetchrow(
        f"""SELECT reference, received_at, next_due, severity FROM case_record WHERE next_due IS NOT NULL
             ORDER BY {"next_due" if sort == "due" else "reference"} OFFSET 20000 LIMIT 1"""
    )
    assert deep is not None
    position = deep[{"received": "received_at", "due": "next_due", "severity": "severity"}[sort]]
    cursor = _cursor(sort, position, deep["reference"])
    query, values = list_query(CaseFilter(), SCOPES["a supervisor"], sort=sort, cursor=cursor, limit=51)
    explained = await plan(filled, query, values)
    read = [node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in nodes(explained["Plan"])]
    assert max(read) <= 51


@pytest.mark.parametrize("name", ELSEWHERE)
async def test_what_runs_all_the_time_reads_no_whole_table(filled: Pool, name: str) -> None:
    query, values = ELSEWHERE[name]
    explained = await plan(filled, query, values)
    assert whole_tables(explained) == [], json.dumps(explained, indent=1)

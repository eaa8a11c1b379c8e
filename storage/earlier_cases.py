"""Earlier cases of the same customer, who is known again by phone number, e-mail address or customer number."""

from collections.abc import Mapping
from datetime import datetime

import asyncpg

from domain.access import CaseScope
from domain.complaints.likeness import SHOWN, Alike, EarlierCase
from domain.complaints.terms import Status
from storage.identities import LookupField
from storage.pool import Connection

MOST_CUSTOMERS = 100
MOST_CASES = 20

_KNOWN_BY = {
    LookupField.PHONE: Alike.SAME_PHONE,
    LookupField.EMAIL: Alike.SAME_EMAIL,
    LookupField.ACCOUNT: Alike.SAME_ACCOUNT,
}

Kin = Mapping[str, frozenset[Alike]]
"""Customers, and by what each is known to be the same."""


async def same_customer(connection: Connection, customer: str) -> Kin:
    """Everybody who shares an identifier with the customer, and the customer."""
    rows = await connection.fetch(
        """SELECT other.subject_id, array_agg(DISTINCT other.field) AS fields
             FROM vault.blind_index mine JOIN vault.blind_index other USING (field, digest)
            WHERE mine.subject_id = $1 GROUP BY other.subject_id ORDER BY other.subject_id LIMIT $2""",
        customer,
        MOST_CUSTOMERS,
    )
    return {row["subject_id"]: frozenset(_KNOWN_BY[LookupField(field)] for field in row["fields"]) for row in rows}


def known_by(found: Mapping[LookupField, list[str]]) -> Kin:
    """The customers that were found by each identifier."""
    customers = dict.fromkeys(customer for customers in found.values() for customer in customers)
    return {
        customer: frozenset(_KNOWN_BY[field] for field, customers in found.items() if customer in customers)
        for customer in customers
    }


async def earlier_cases(
    connection: Connection, kin: Kin, scope: CaseScope, *, until: datetime, leaving_out: str = ""
) -> list[EarlierCase]:
    """Their cases up to a moment that are open or not long over, the newest first, those that the reader may see."""
    rows = await connection.fetch(EARLIER_CASES, list(kin), until, until - SHOWN, leaving_out)
    visible = [row for row in rows if _is_visible(scope, row)]
    return [
        EarlierCase(
            reference=row["reference"],
            status=Status(row["status"]),
            received_at=row["received_at"],
            is_open=row["is_open"],
            category=row["category"],
            product=row["product"],
            known_by=kin[row["customer"]],
        )
        for row in visible[:MOST_CASES]
    ]


EARLIER_CASES = """
SELECT reference, status, received_at, is_open, category, product, customer, taken_by, handler, team
  FROM case_record
 WHERE customer = ANY($1) AND received_at <= $2 AND (is_open OR received_at > $3) AND reference <> $4
 ORDER BY received_at DESC, reference DESC LIMIT 100
"""


def _is_visible(scope: CaseScope, row: asyncpg.Record) -> bool:
    return scope.covers(**{name: row[name] for name in ("reference", "taken_by", "handler", "team", "status")})

"""PostgreSQL: the records of Amends, and the only package that imports asyncpg.

Owns the migrations, the ledger and its read models, the outbox, intake and idempotency records, and the vault
of sealed personal data. It decides nothing: rules live in `domain`, time and order in `workflows`.
"""

"""Decisions over time: one workflow class a file. They keep time and order; the ledger keeps the truth."""

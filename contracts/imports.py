"""The messages of an import's workflow."""

from contracts.cases import Message


class ImportStart(Message):
    """Which import to carry out; its rows wait in the store."""

    batch: str


class ImportPage(Message):
    """What one page did: how many rows it settled, and whether some are left."""

    settled: int
    is_last: bool

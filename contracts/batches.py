"""The messages of a batch's workflow."""

from contracts.cases import Message


class BatchStart(Message):
    """Which batch to carry out; its items are rows."""

    batch: str
    settled: int = 0


class BatchPage(Message):
    """What one page did: how many items it settled, and whether some are left."""

    settled: int
    is_last: bool

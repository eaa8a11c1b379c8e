"""How a decider says no, and what becomes of a submission: the same for cases, waves and undertakings."""

from pydantic import BaseModel, ConfigDict


class Refused(Exception):
    """A guard says no; nothing changes. `guard` is its name, `detail` says what would have been right."""

    def __init__(self, guard: str, detail: str) -> None:
        super().__init__(detail)
        self.guard = guard
        self.detail = detail


class Ruling(BaseModel):
    """What became of a submission: its place in the ledger, or the guard that refused it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    submission_id: str
    sequence: int | None = None
    guard: str | None = None
    detail: str | None = None

    @property
    def was_accepted(self) -> bool:
        return self.guard is None

"""How often a survey has a wave of its own accord: a satisfaction index is followed, not taken once."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LAST_DAY_OF_EVERY_MONTH = 28
DAYS_OF_A_WEEK = 7
MINUTE, HOUR = 30, 7
"""Before people come to work, in the zone of the installation."""


class Every(StrEnum):
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Recurrence(BaseModel):
    """When the next wave begins: on `day` of the month (of the week, from Monday 1), in `month` if once a year.

    A wave that `launches` goes into the field when its sample is drawn; else it waits for somebody to launch it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Every
    day: int = Field(1, ge=1, le=LAST_DAY_OF_EVERY_MONTH, strict=True)
    month: int = Field(1, ge=1, le=12, strict=True, description="of a yearly one; of a quarterly one, of its first")
    launches: bool = Field(False, strict=True, description="into the field by itself, once its sample is drawn")

    @model_validator(mode="after")
    def _has_such_a_day(self) -> Self:
        if self.every is Every.WEEK and self.day > DAYS_OF_A_WEEK:
            raise ValueError("a week has the days 1 to 7")
        return self

    @property
    def cron(self) -> str:
        """The same as Temporal wants it."""
        match self.every:
            case Every.WEEK:
                return f"{MINUTE} {HOUR} * * {self.day % DAYS_OF_A_WEEK}"
            case Every.MONTH:
                return f"{MINUTE} {HOUR} {self.day} * *"
            case Every.QUARTER:
                months = sorted((self.month - 1 + ahead) % 12 + 1 for ahead in (0, 3, 6, 9))
                return f"{MINUTE} {HOUR} {self.day} {','.join(map(str, months))} *"
            case Every.YEAR:
                return f"{MINUTE} {HOUR} {self.day} {self.month} *"

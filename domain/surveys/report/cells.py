"""The figures of a report. A figure is rounded when it is made, so that every format shows the same one.

A half goes to the even neighbour (GB/T 8170-2008).
"""

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from domain.surveys.report.wording import ReportLanguage, Wording

NOT_SHOWN = "–"
"""What stands for a figure that does not exist or is withheld."""


class _Figure(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    decimals: Annotated[int, Field(ge=0, le=6)]
    signed: bool = False
    value: float

    @field_validator("value")
    @classmethod
    def _is_rounded(cls, value: float, info: ValidationInfo) -> float:
        if not math.isfinite(value):
            raise ValueError("a figure is a finite number; leave the cell empty instead")
        decimals: int = info.data.get("decimals", 0)
        # The sum makes a negative zero a plain one.
        return round(value, decimals + cls._places_below_one()) + 0.0

    @classmethod
    def _places_below_one(cls) -> int:
        return 0

    def _digits(self, value: float) -> str:
        """With separated thousands and the minus sign of typography."""
        text = f"{value:{'+' if self.signed and value else ''},.{self.decimals}f}"
        return text.replace("-", "−")


class Number(_Figure):
    """A number with so many decimals; `signed` shows the plus of a difference."""

    kind: Literal["number"] = "number"

    @classmethod
    def of(cls, value: float | None, decimals: int = 1, *, signed: bool = False) -> Self | None:
        """The figure, or none where there is no number."""
        return None if _is_absent(value) else cls(value=value, decimals=decimals, signed=signed)

    @classmethod
    def count(cls, value: int) -> Self:
        return cls(value=value, decimals=0)

    def said(self, language: ReportLanguage) -> str:  # noqa: ARG002 - both languages write numbers alike
        return self._digits(self.value)


class Percent(_Figure):
    """A share, kept as a part of 1 and shown in percent with so many decimals."""

    kind: Literal["percent"] = "percent"

    @classmethod
    def _places_below_one(cls) -> int:
        return 2

    @classmethod
    def of(cls, share: float | None, decimals: int = 1, *, signed: bool = False) -> Self | None:
        """The share, or none where there is none."""
        return None if _is_absent(share) else cls(value=share, decimals=decimals, signed=signed)

    def said(self, language: ReportLanguage) -> str:  # noqa: ARG002
        return f"{self._digits(self.value * 100)}%"


class Text(BaseModel):
    """Words in a cell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["text"] = "text"
    text: Wording

    @classmethod
    def verbatim(cls, text: str) -> Self:
        return cls(text=Wording.verbatim(text))

    def said(self, language: ReportLanguage) -> str:
        return self.text.said(language)


Cell = Annotated[Number | Percent | Text, Field(discriminator="kind")]


def said(cell: Number | Percent | Text | None, language: ReportLanguage) -> str:
    """The cell as every format shows it."""
    return NOT_SHOWN if cell is None else cell.said(language)


def _is_absent(value: float | None) -> bool:
    return value is None or math.isnan(value)

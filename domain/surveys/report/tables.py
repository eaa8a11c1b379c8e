"""Tables of a report: named columns, rows of figures and words, and how deep a row lies in a hierarchy."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.surveys.report.cells import Cell
from domain.surveys.report.wording import Wording


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(_Part):
    """The first cell names the row; a cell is none where the figure does not exist or is withheld."""

    cells: tuple[Cell | None, ...]
    level: int = Field(default=0, ge=0)


class Table(_Part):
    """Refused: a row that has not one cell for each column."""

    kind: Literal["table"] = "table"
    title: Wording
    columns: Annotated[tuple[Wording, ...], Field(min_length=1)]
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    note: Wording | None = None

    @model_validator(mode="after")
    def _is_rectangular(self) -> Self:
        for number, row in enumerate(self.rows):
            if len(row.cells) != len(self.columns):
                raise ValueError(f"row {number}: {len(self.columns)} cells are expected, not {len(row.cells)}")
        return self

    def holds_figures(self, column: int) -> bool:
        """Whether the column has numbers, which are set flush right."""
        return any(cell is not None and cell.kind != "text" for cell in (row.cells[column] for row in self.rows))

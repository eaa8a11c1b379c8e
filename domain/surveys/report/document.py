"""A report: a title, sections of blocks in reading order, and what is needed to compute the same numbers again."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from domain.surveys.indicators import Identifier
from domain.surveys.report.cells import Cell
from domain.surveys.report.charts import BarChart, Chart, FunnelChart, LineChart, ScatterChart
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import Wording

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paragraph(_Part):
    kind: Literal["paragraph"] = "paragraph"
    text: Wording


class KeyFigure(_Part):
    """One number that is read first; the note says how sure it is or what it is made of."""

    label: Wording
    figure: Cell | None
    note: Wording | None = None


class KeyFigures(_Part):
    """Figures side by side; the first is the most important one."""

    kind: Literal["key_figures"] = "key_figures"
    figures: Annotated[tuple[KeyFigure, ...], Field(min_length=1)]


Block: TypeAlias = Paragraph | KeyFigures | Table | BarChart | LineChart | ScatterChart | FunnelChart


class Section(_Part):
    id: Identifier
    title: Wording
    blocks: tuple[Annotated[Paragraph | KeyFigures | Table | Chart, Field(discriminator="kind")], ...]

    def tables(self) -> tuple[Table, ...]:
        """Every table, those beneath charts included."""
        figures = (block for block in self.blocks if not isinstance(block, Paragraph | KeyFigures))
        return tuple(block if isinstance(block, Table) else block.table() for block in figures)


class Provenance(_Part):
    """What is needed to compute the same numbers again.

    `inputs`: SHA-256 of each file by its name; `definitions`: SHA-256 of each document, with sorted keys, by its
    id and version; `method` names the computation, `program` what carried it out.
    """

    inputs: dict[str, Digest]
    definitions: dict[str, Digest]
    method: str
    confidence: float
    seed: int
    replicates: int
    program: str


class Report(_Part):
    """A whole report; the same inputs give the same report, and the same report the same bytes in every format."""

    format: Literal["amends-report/1"] = "amends-report/1"
    id: Identifier
    title: Wording
    subtitle: Wording
    provenance: Provenance
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]

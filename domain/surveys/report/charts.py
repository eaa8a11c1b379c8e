"""Charts of a report as data. Each knows the table that stands beneath it, so that no figure is only drawn."""

from abc import abstractmethod
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from domain.surveys.report.cells import Cell, Number, Percent, Text
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording, phrase


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Axis(_Part):
    """What is measured; an end that is none follows from the data."""

    title: Wording
    minimum: float | None = None
    maximum: float | None = None


class _Chart(_Part):
    """`description` says in words what the picture shows, for those who do not see it."""

    title: Wording
    description: Wording
    note: Wording | None = None

    @abstractmethod
    def _columns(self) -> tuple[Wording, ...]: ...

    @abstractmethod
    def _rows(self) -> tuple[tuple[Cell | None, ...], ...]: ...

    def table(self) -> Table:
        """Every figure of the chart."""
        rows = tuple(Row(cells=cells) for cells in self._rows())
        return Table(title=self.title, columns=self._columns(), rows=rows, note=self.note)


class Bar(_Part):
    """A value with the limits of its interval, if it has one."""

    label: Wording
    value: Number | None
    low: Number | None = None
    high: Number | None = None


class BarChart(_Chart):
    """Bars that stand or lie; `reference` is a value to compare them with."""

    kind: Literal["bar"] = "bar"
    lying: bool = True
    category: Wording
    measure: Axis
    bars: Annotated[tuple[Bar, ...], Field(min_length=1)]
    reference: Bar | None = None

    def _columns(self) -> tuple[Wording, ...]:
        return (self.category, self.measure.title, *_interval_columns(self.bars))

    def _rows(self) -> tuple[tuple[Cell | None, ...], ...]:
        listed = self.bars if self.reference is None else (*self.bars, self.reference)
        return tuple((Text(text=bar.label), bar.value, *_interval_cells(self.bars, bar)) for bar in listed)


class LinePoint(_Part):
    """A value at a place, which may have a name, such as a date."""

    x: Number
    label: Wording | None = None
    value: Number
    low: Number | None = None
    high: Number | None = None


class Mark(_Part):
    """A place on the horizontal axis that has a name."""

    label: Wording
    x: Number


class LineChart(_Chart):
    """Values over a horizontal axis, with the band of their intervals where they have one."""

    kind: Literal["line"] = "line"
    over: Axis
    measure: Axis
    points: Annotated[tuple[LinePoint, ...], Field(min_length=2)]
    marks: tuple[Mark, ...] = ()

    def _columns(self) -> tuple[Wording, ...]:
        return (self.over.title, self.measure.title, *_interval_columns(self.points))

    def _rows(self) -> tuple[tuple[Cell | None, ...], ...]:
        return tuple(
            (
                point.x if point.label is None else Text(text=point.label),
                point.value,
                *_interval_cells(self.points, point),
            )
            for point in self.points
        )


class ScatterPoint(_Part):
    label: Wording
    x: Number
    y: Number


class Quadrants(_Part):
    """Where the two axes are divided and what each quarter is called."""

    x: Number
    y: Number
    top_left: Wording
    top_right: Wording
    bottom_left: Wording
    bottom_right: Wording

    def quarter_of(self, point: ScatterPoint) -> Wording:
        above, right = point.y.value >= self.y.value, point.x.value >= self.x.value
        if above:
            return self.top_right if right else self.top_left
        return self.bottom_right if right else self.bottom_left


class ScatterChart(_Chart):
    """Points in four quarters."""

    kind: Literal["scatter"] = "scatter"
    category: Wording
    x: Axis
    y: Axis
    points: Annotated[tuple[ScatterPoint, ...], Field(min_length=1)]
    quadrants: Quadrants

    def _columns(self) -> tuple[Wording, ...]:
        return (self.category, self.x.title, self.y.title, phrase("charts.quarter"))

    def _rows(self) -> tuple[tuple[Cell | None, ...], ...]:
        placed = (
            (Text(text=point.label), point.x, point.y, Text(text=self.quadrants.quarter_of(point)))
            for point in self.points
        )
        return (*placed, (Text(text=phrase("charts.division")), self.quadrants.x, self.quadrants.y, None))


class Stage(_Part):
    """`share` of those in the first stage."""

    label: Wording
    count: Number
    share: Percent | None

    @classmethod
    def of(cls, label: Wording, count: int, everybody: int) -> Self:
        return cls(label=label, count=Number.count(count), share=Percent.of(count / everybody if everybody else None))


class FunnelChart(_Chart):
    """How many are left at each stage; the first is everybody."""

    kind: Literal["funnel"] = "funnel"
    stages: Annotated[tuple[Stage, ...], Field(min_length=2)]

    def _columns(self) -> tuple[Wording, ...]:
        return (phrase("charts.stage"), phrase("charts.count"), phrase("charts.share_of_first"))

    def _rows(self) -> tuple[tuple[Cell | None, ...], ...]:
        return tuple((Text(text=stage.label), stage.count, stage.share) for stage in self.stages)


Chart = Annotated[BarChart | LineChart | ScatterChart | FunnelChart, Field(discriminator="kind")]

_Estimated = Bar | LinePoint


def _interval_columns(estimates: tuple[_Estimated, ...]) -> tuple[Wording, ...]:
    return (phrase("charts.low"), phrase("charts.high")) if _have_intervals(estimates) else ()


def _interval_cells(estimates: tuple[_Estimated, ...], estimate: _Estimated) -> tuple[Number | None, ...]:
    return (estimate.low, estimate.high) if _have_intervals(estimates) else ()


def _have_intervals(estimates: tuple[_Estimated, ...]) -> bool:
    return any(estimate.low is not None for estimate in estimates)

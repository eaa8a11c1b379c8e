"""All rows looked at before any is taken over: how many, what is wrong where, which codes are unknown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.complaints.importing.columns import Plan, Unusable, date_columns, spelled
from domain.complaints.importing.dates import ColumnOfDates, parse_format
from domain.complaints.importing.rows import Found, understand
from domain.complaints.taxonomy import Taxonomy

MOST_PROBLEMS = 500
MOST_VALUES = 200


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class RowProblem(_Part):
    """What is wrong in a row; a fatal problem keeps it out."""

    row: int
    column: str
    problem: str
    is_fatal: bool


class Repetition(_Part):
    """A row that says the same as an earlier one."""

    row: int
    of: int


class Report(_Part):
    """What a file would bring. Rows are counted as a spreadsheet does: the header is row 1."""

    mapping: str
    rows: int
    usable: int
    open: int
    closed: int
    first_received: datetime | None
    last_received: datetime | None
    columns: dict[str, str]
    absent_columns: tuple[str, ...]
    columns_left_out: tuple[str, ...]
    formats: dict[str, str]
    unknown_codes: dict[str, dict[str, int]]
    repetitions: int
    first_repetitions: tuple[Repetition, ...]
    problems: dict[str, int]
    first_problems: tuple[RowProblem, ...]

    @property
    def bad_rows(self) -> int:
        return self.rows - self.usable


@dataclass(slots=True)
class Survey:
    """Looks at the rows of a file twice: first for the formats of its dates, then at what each says."""

    plan: Plan
    taxonomy: Taxonomy
    now: datetime
    rows: int = 0
    usable: int = 0
    opened: int = 0
    received: list[datetime] = field(default_factory=list)
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    repeated: int = 0
    repetitions: list[Repetition] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[RowProblem] = field(default_factory=list)
    _dates: dict[str, ColumnOfDates] = field(init=False)

    def __post_init__(self) -> None:
        named = date_columns(self.plan.mapping)
        present = {column: name for column, name in named.items() if spelled(column) in self.plan.layout.places}
        self._dates = {
            column: ColumnOfDates(None if name is None else parse_format(name)) for column, name in present.items()
        }

    def look_at_dates(self, row: int, cells: Sequence[str]) -> None:
        """Take the dates of a row into account."""
        for column, dates in self._dates.items():
            if text := self.plan.layout.value(cells, column):
                dates.look(row, text)

    def settle_formats(self) -> Plan:
        """The plan with the format of every column of dates. Raises Unusable for a column that has not one."""
        formats: dict[str, str] = {}
        for column, dates in self._dates.items():
            try:
                found = dates.format()
            except ValueError as error:
                raise Unusable(column, str(error)) from None
            if found is not None:
                formats[column] = found.name
        self.plan = Plan(mapping=self.plan.mapping, header=self.plan.header, formats=formats)
        return self.plan

    def look(self, row: int, cells: Sequence[str], repeats: int | None) -> Found:
        """Count a row; `repeats` is the earlier row that says the same."""
        found = understand(self.plan, self.taxonomy, row, cells, self.now)
        self.rows += 1
        self.usable += found.is_usable
        self.opened += found.is_usable and found.is_open
        if found.received_at is not None:
            self.received = [min([*self.received[:1], found.received_at]), max([*self.received[1:], found.received_at])]
        for name, value in found.unknown.items():
            seen = self.unknown.setdefault(name, Counter())
            if value in seen or len(seen) < MOST_VALUES:
                seen[value] += 1
        for fault in found.faults:
            self.note(row, fault.column, fault.what, is_fatal=fault.is_fatal)
        if repeats is not None:
            self.repeated += 1
            if len(self.repetitions) < MOST_PROBLEMS:
                self.repetitions.append(Repetition(row=row, of=repeats))
        return found

    def note(self, row: int, column: str, what: str, *, is_fatal: bool) -> None:
        """Note a problem of a row."""
        self.counts[f"{column}: {what}" if column else what] += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(RowProblem(row=row, column=column, problem=what, is_fatal=is_fatal))

    def report(self) -> Report:
        places, named = self.plan.layout.places, list(self.plan.mapping.named_columns())
        used = {spelled(column) for _, column in named}
        present = [(name, column) for name, column in named if spelled(column) in places]
        return Report(
            mapping=self.plan.mapping.id,
            rows=self.rows,
            usable=self.usable,
            open=self.opened,
            closed=self.usable - self.opened,
            first_received=self.received[0] if self.received else None,
            last_received=self.received[1] if self.received else None,
            columns={column: self.plan.header[places[spelled(column)]] for _, column in present},
            absent_columns=tuple(dict.fromkeys(column for _, column in named if spelled(column) not in places)),
            columns_left_out=tuple(name for name in self.plan.header if name and spelled(name) not in used),
            formats=self.plan.formats,
            unknown_codes={name: dict(counted.most_common()) for name, counted in self.unknown.items()},
            repetitions=self.repeated,
            first_repetitions=tuple(self.repetitions),
            problems=dict(self.counts.most_common(MOST_VALUES)),
            first_problems=tuple(self.problems),
        )

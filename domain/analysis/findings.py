"""What an analysis says, as data: the parts of its figures. How they come about is in `figures`."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from domain.analysis.surge import Watch

UNNAMED = "–"
"""What has no code of a dimension is counted under this."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Share(_Part):
    """So many of so many, with the share and its 95 % interval; none where there is nothing to take a share of."""

    events: int
    cases: int
    share: float | None
    low: float | None
    high: float | None


class Group(_Part):
    """One value of a dimension: cases and people, their share, and the interval of the rank."""

    label: str
    cases: int
    people: int
    share: float
    cumulated: float
    rank_from: int
    rank_to: int


class Ranking(_Part):
    """A dimension from its most frequent value down; `vital_few` is none where the data cannot separate them."""

    dimension: str
    groups: tuple[Group, ...]
    vital_few: int | None


class Day(_Part):
    """One day on the control chart."""

    day: date
    cases: int
    low: float
    high: float
    is_alarm: bool
    is_hint: bool


class Span(_Part):
    """Some days on the control chart of a long period, with the limits for their number."""

    first: date
    days: int
    cases: int
    low: float
    high: float
    is_alarm: bool


class Volume(_Part):
    """Complaints by day: mean, variance over mean, Laney's sigma; the chart is empty for under eight days.

    A period too long to read by days has a second chart, by weeks from its first day; the last may be shorter.
    """

    mean: float
    dispersion: float | None
    sigma_z: float | None
    days: tuple[Day, ...]
    weeks: tuple[Span, ...] = ()


class CostBar(_Part):
    """One value of a dimension: redress paid in its cases, their number and people, and the interval of the rank."""

    label: str
    cost: float
    cases: int
    people: int
    share: float
    cumulated: float
    rank_from: int
    rank_to: int


class CostRanking(_Part):
    """A dimension by what its complaints have cost."""

    dimension: str
    groups: tuple[CostBar, ...]
    vital_few: int | None


class Speed(_Part):
    """How long complaints take until they are settled, in days; a quantile is none where it was not reached."""

    median: float | None
    ninth_decile: float | None
    settled_after: dict[str, float]
    ended_otherwise: float | None


class SpeedTest(_Part):
    """Whether the groups of a dimension are equally fast (log-rank)."""

    dimension: str
    medians: dict[str, float | None]
    statistic: float
    degrees_of_freedom: int
    p_value: float


class PartnerStanding(_Part):
    """A partner's broken promises per case, against those of all."""

    label: str
    cases: int
    rate: float
    low: float
    high: float
    shrunken: float
    adjusted_p_value: float


class Surge(_Part):
    """A cell that stands out on the last day; `rarity` as in `domain.analysis.surge`."""

    cell: str
    watch: Watch
    observed: int
    expected: float
    rarity: float


class SurgeScan(_Part):
    """The scan of the last day; not made where the record is too short."""

    was_made: bool
    cells: int
    false_alarm_days_a_year: float
    surges: tuple[Surge, ...]


class ThemeFound(_Part):
    """A theme by its telling pieces, and how many of the sampled narratives are mostly about it."""

    pieces: tuple[str, ...]
    narratives: int
    share: float


class ThemesFound(_Part):
    """Themes of a sample of the narratives, the largest first."""

    all: int
    sampled: int
    themes: tuple[ThemeFound, ...]


class Figures(_Part):
    """Everything that an analysis says.

    `renamed` are retired codes of categories with those that they count under, as far as they came up; `recalculated`
    counts cases whose clocks were moved to another version of their calendar.
    """

    first: date
    last: date
    complaints: int
    people: int
    open: int
    open_by_age: dict[str, int]
    volume: Volume
    rankings: tuple[Ranking, ...]
    speed: Speed | None
    speed_tests: tuple[SpeedTest, ...]
    promises: Share
    rates: dict[str, Share]
    repeats: dict[str, Share]
    money: float
    costs: tuple[CostRanking, ...] = ()
    partners: tuple[PartnerStanding, ...]
    surges: SurgeScan
    themes: ThemesFound | None = None
    renamed: dict[str, str] = {}
    recalculated: int = 0
    inputs_sha256: str

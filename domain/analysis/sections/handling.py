"""How long it takes, and how well it is done."""

from collections.abc import Iterator

from domain.analysis.findings import Figures
from domain.analysis.sections.pieces import CASES, DAYS, DIMENSIONS, HIGH, LOW, SHARE, named, p_value
from domain.surveys.report.cells import Number, Percent, Text
from domain.surveys.report.document import Block, Paragraph
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording

_RATES = {
    "valid": Wording(zh="有效投诉率", en="Found valid"),
    "appealed": Wording(zh="无效投诉申诉率", en="Invalid ones appealed"),
    "first_contact": Wording(zh="一日内办结率", en="Settled within a day"),
    "reopened": Wording(zh="重新打开率", en="Taken up again"),
    "stage_two": Wording(zh="进入二级处理率", en="Went to stage two"),
    "external": Wording(zh="转外部裁决率", en="Went to an external body"),
    "called_back": Wording(zh="回访覆盖率", en="Called back"),
    "satisfied": Wording(zh="回访满意率（五级中的四、五级）", en="Satisfied when called back (4 or 5 of 5)"),
}


def speed_blocks(figures: Figures) -> Iterator[Block]:
    """How much is settled by when, what is open how long, and whether groups differ."""
    speed = figures.speed
    if speed is None:
        yield Paragraph(text=Wording(zh="办结数量太少，无法估计。", en="Too few have ended to say how long it takes."))
    else:
        yield Table(
            title=Wording(zh="到某天为止已办结的比例", en="Settled by then"),
            columns=(DAYS, SHARE),
            rows=tuple(
                Row(cells=(Text.verbatim(f"≤ {bound}"), Percent.of(share)))
                for bound, share in speed.settled_after.items()
            ),
            note=Wording(
                zh="未结案件按删失处理；撤诉与移交为竞争事件（Aalen–Johansen）。",
                en="Open cases are censored; withdrawal and transfer compete (Aalen–Johansen).",
            ),
        )
    yield Table(
        title=Wording(zh="未结案件的账龄", en="Age of what is open"),
        columns=(DAYS, CASES),
        rows=tuple(
            Row(cells=(Text.verbatim(band), Number.count(count))) for band, count in figures.open_by_age.items()
        ),
    )
    for test in figures.speed_tests:
        yield Table(
            title=Wording(zh=f"按{DIMENSIONS[test.dimension].zh}的中位天数", en=f"Median days by {test.dimension}"),
            columns=(DIMENSIONS[test.dimension], DAYS),
            rows=tuple(
                Row(cells=(Text(text=named(test.dimension, label)), Number.of(median)))
                for label, median in test.medians.items()
            ),
            note=Wording(
                zh=f"对数秩检验：χ² = {test.statistic:.2f}，自由度 {test.degrees_of_freedom}，"
                f"p {p_value(test.p_value)}。",
                en=f"Log-rank test: χ² {test.statistic:.2f}, {test.degrees_of_freedom} degrees of freedom, "
                f"p {p_value(test.p_value)}.",
            ),
        )


def rates_block(figures: Figures) -> Table:
    """Every rate with its interval."""
    repeats = {
        Wording(zh=f"{span} 天内重复投诉率", en=f"Repeated within {span} days"): share
        for span, share in figures.repeats.items()
    }
    listed = [
        (Wording(zh="按时兑现承诺", en="Promises kept in time"), figures.promises),
        *((_RATES[name], share) for name, share in figures.rates.items()),
        *repeats.items(),
    ]
    return Table(
        title=Wording(zh="比率与 95% 置信区间", en="Rates with their 95% intervals"),
        columns=(Wording(zh="指标", en="Measure"), SHARE, LOW, HIGH, CASES),
        rows=tuple(
            Row(
                cells=(
                    Text(text=label),
                    Percent.of(share.share),
                    Percent.of(share.low),
                    Percent.of(share.high),
                    Number.count(share.cases),
                )
            )
            for label, share in listed
        ),
    )

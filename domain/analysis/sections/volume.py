"""How many complaints there were, and when: the control chart, by days or by weeks."""

from collections.abc import Iterator

from domain.analysis.findings import Figures
from domain.analysis.sections.pieces import CASES
from domain.surveys.report.cells import Number
from domain.surveys.report.charts import Axis, LineChart, LinePoint, Mark
from domain.surveys.report.document import Block, Paragraph
from domain.surveys.report.wording import Wording

MOST_LISTED = 12
FEWEST_TO_DRAW = 2
_DAY = Wording(zh="日期", en="Day")


def volume_blocks(figures: Figures) -> Iterator[Block]:
    """The control chart, and the days that it points at."""
    volume = figures.volume
    if len(volume.days) < FEWEST_TO_DRAW:
        yield Paragraph(
            text=Wording(zh="少于八天，不绘制控制图。", en="Fewer than eight days: no control chart is drawn.")
        )
        return
    yield _weekly(figures) if volume.weeks else _daily(figures)
    yield from _days_of_note(figures)


def _weekly(figures: Figures) -> LineChart:
    weeks = figures.volume.weeks
    names = [Wording.verbatim(f"{week.first:%y-%m-%d}") for week in weeks]
    return LineChart(
        title=Wording(zh="每周投诉量（Laney u′ 控制图）", en="Complaints a week (Laney's u′ chart)"),
        description=Wording(
            zh=f"日均 {figures.volume.mean:.1f} 件；带状区域为控制限。期末一周可能不足七天。",
            en=f"{figures.volume.mean:.1f} a day on average; the band shows the control limits. "
            "The last week may be shorter.",
        ),
        over=Axis(title=Wording(zh="周（自该日起）", en="Week from")),
        measure=Axis(title=CASES, minimum=0),
        points=tuple(
            LinePoint(
                x=Number.count(number),
                label=names[number - 1],
                value=Number.count(week.cases),
                low=Number.of(week.low),
                high=Number.of(week.high),
            )
            for number, week in enumerate(weeks, start=1)
        ),
        marks=tuple(
            Mark(label=names[number - 1], x=Number.count(number))
            for number, week in enumerate(weeks, start=1)
            if week.is_alarm
        ),
    )


def _daily(figures: Figures) -> LineChart:
    volume = figures.volume
    return LineChart(
        title=Wording(zh="每日投诉量（Laney u′ 控制图）", en="Complaints a day (Laney's u′ chart)"),
        description=Wording(
            zh=f"日均 {volume.mean:.1f} 件；带状区域为控制限。",
            en=f"{volume.mean:.1f} a day on average; the band shows the control limits.",
        ),
        over=Axis(title=_DAY),
        measure=Axis(title=CASES, minimum=0),
        points=tuple(
            LinePoint(
                x=Number.count(number),
                label=Wording.verbatim(f"{day.day:%m-%d}"),
                value=Number.count(day.cases),
                low=Number.of(day.low),
                high=Number.of(day.high),
            )
            for number, day in enumerate(volume.days, start=1)
        ),
        marks=tuple(
            Mark(label=Wording.verbatim(f"{day.day:%m-%d}"), x=Number.count(number))
            for number, day in enumerate(volume.days, start=1)
            if day.is_alarm
        ),
        note=Wording(
            zh=f"方差与均值之比 {volume.dispersion or 0:.2f}，σz = {volume.sigma_z or 0:.3f}。",
            en=f"Variance over mean {volume.dispersion or 0:.2f}, sigma z {volume.sigma_z or 0:.3f}.",
        ),
    )


def _days_of_note(figures: Figures) -> Iterator[Paragraph]:
    volume = figures.volume
    alarms = [day for day in volume.days if day.is_alarm]
    if alarms:
        listed = ", ".join(f"{day.day:%Y-%m-%d} ({day.cases})" for day in alarms[:MOST_LISTED])
        more = len(alarms) - min(len(alarms), MOST_LISTED)
        yield Paragraph(
            text=Wording(
                zh=f"超出日控制限的日期（件数）：{listed}{f'，另有 {more} 天' if more else ''}。",
                en=f"Days beyond the daily limits (cases): {listed}{f', and {more} more' if more else ''}.",
            )
        )
    hints = [day for day in volume.days if day.is_hint and not day.is_alarm]
    if hints:
        listed = ", ".join(f"{day.day:%m-%d}" for day in hints[:MOST_LISTED])
        more = len(hints) - min(len(hints), MOST_LISTED)
        yield Paragraph(
            text=Wording(
                zh=f"运行规则提示（不是报警）：{listed}{f'，另有 {more} 天' if more else ''}。",
                en=f"Hints of the run rules, which are no alarms: {listed}{f', and {more} more' if more else ''}.",
            )
        )

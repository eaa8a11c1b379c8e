"""The report of a periodic analysis: figures laid out as sections, in both languages.

For readers who may not see cases, figures about few people are withheld, with those that would give them away.
"""

from collections.abc import Iterator

import numpy as np

from domain.analysis.figures import SEED, Figures, Group, PartnerStanding, Ranking, Share, SurgeScan
from domain.analysis.pareto import REPLICATES
from domain.analysis.suppression import FEWEST_SHOWN, hidden_cells
from domain.analysis.surge import Watch
from domain.surveys.report.cells import Number, Percent, Text
from domain.surveys.report.charts import Axis, Bar, BarChart, LineChart, LinePoint, Mark
from domain.surveys.report.document import Block, KeyFigure, KeyFigures, Paragraph, Provenance, Report, Section
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording

MOST_BARS = 15
FEWEST_TO_DRAW = 2

_DIMENSIONS = {
    "category": Wording(zh="投诉类别", en="Category"),
    "product": Wording(zh="产品", en="Product"),
    "region": Wording(zh="区域", en="Region"),
    "partner": Wording(zh="合作伙伴", en="Partner"),
}
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
_CASES = Wording(zh="件数", en="Cases")
_SHARE = Wording(zh="占比", en="Share")
_LOW, _HIGH = Wording(zh="下限", en="Low"), Wording(zh="上限", en="High")
_DAYS = Wording(zh="天", en="Days")


def report_of(figures: Figures, *, withhold: bool = False) -> Report:
    """The report; `withhold` leaves out what is about few people."""
    period = f"{figures.first} – {figures.last}"
    sections = (
        Section(id="one_page", title=Wording(zh="一页摘要", en="On one page"), blocks=tuple(_one_page(figures))),
        Section(id="volume", title=Wording(zh="数量与走势", en="How many, and when"), blocks=tuple(_volume(figures))),
        Section(
            id="causes",
            title=Wording(zh="主要问题（排列图）", en="The vital few (Pareto)"),
            blocks=tuple(_rankings(figures, withhold)),
        ),
        Section(id="speed", title=Wording(zh="办理时长", en="How long it takes"), blocks=tuple(_speed(figures))),
        Section(id="quality", title=Wording(zh="办理质量", en="How well it is done"), blocks=(_rates(figures),)),
        Section(id="partners", title=Wording(zh="合作伙伴", en="Partners"), blocks=(_partners(figures, withhold),)),
        Section(id="surges", title=Wording(zh="异常激增", en="Surges"), blocks=(_surges(figures.surges),)),
    )
    return Report(
        id="analysis",
        title=Wording(zh="投诉定期分析报告", en="Periodic analysis of complaints"),
        subtitle=Wording(zh=f"{period}，共 {figures.complaints} 件", en=f"{period}, {figures.complaints} complaints"),
        provenance=Provenance(
            inputs={"observations": figures.inputs_sha256},
            definitions={},
            method="Laney charts; Pareto with bootstrap ranks; Aalen-Johansen; Wilson; Benjamini-Hochberg",
            confidence=0.95,
            seed=SEED,
            replicates=REPLICATES,
            program="amends",
        ),
        sections=sections,
    )


def _one_page(figures: Figures) -> Iterator[Block]:
    median = None if figures.speed is None else figures.speed.median
    kept, satisfied = figures.promises, figures.rates["satisfied"]
    yield KeyFigures(
        figures=(
            KeyFigure(label=Wording(zh="投诉总数", en="Complaints"), figure=Number.count(figures.complaints)),
            KeyFigure(
                label=Wording(zh="按时兑现承诺", en="Promises kept in time"),
                figure=Percent.of(kept.share),
                note=_interval(kept),
            ),
            KeyFigure(label=Wording(zh="半数办结所需天数", en="Days until half are settled"), figure=Number.of(median)),
            KeyFigure(
                label=Wording(zh="回访满意率", en="Satisfied when called back"),
                figure=Percent.of(satisfied.share),
                note=_interval(satisfied),
            ),
            KeyFigure(label=Wording(zh="期末未结", en="Still open"), figure=Number.count(figures.open)),
        )
    )
    yield from (Paragraph(text=text) for text in _headlines(figures))


def _headlines(figures: Figures) -> Iterator[Wording]:
    """What a manager has to know first."""
    if not figures.complaints:
        yield Wording(zh="本期没有投诉。", en="There were no complaints in this period.")
        return
    alarms = sum(day.is_alarm for day in figures.volume.days)
    if alarms:
        yield Wording(
            zh=f"有 {alarms} 天的投诉量超出控制限，需要查明原因。",
            en=f"On {alarms} days there were more or fewer complaints than chance explains: look for the reason.",
        )
    for ranking in figures.rankings[:1]:
        yield _vital_few(ranking)
    for surge in figures.surges.surges:
        yield Wording(
            zh=f"期末出现激增：{surge.cell}（{surge.observed} 件，预期 {surge.expected:.1f} 件）。",
            en=f"A surge at the end: {surge.cell} ({surge.observed}, where {surge.expected:.1f} were expected).",
        )


def _vital_few(ranking: Ranking) -> Wording:
    name = _DIMENSIONS[ranking.dimension]
    if ranking.vital_few is None:
        return Wording(
            zh=f"按{name.zh}：现有数据尚不足以区分“关键少数”。",
            en=f"{name.en}: the data cannot yet tell a vital few from the rest.",
        )
    few, share = ranking.vital_few, ranking.groups[ranking.vital_few - 1].cumulated
    return Wording(
        zh=f"按{name.zh}：{len(ranking.groups)} 类中的 {few} 类占全部投诉的 {share:.0%}。",
        en=f"{name.en}: {few} of {len(ranking.groups)} make up {share:.0%} of all complaints.",
    )


def _interval(share: Share) -> Wording | None:
    if share.low is None or share.high is None:
        return None
    return Wording(
        zh=f"95% 置信区间 {share.low:.1%} 至 {share.high:.1%}，{share.events}/{share.cases}",
        en=f"95% interval {share.low:.1%} to {share.high:.1%}, {share.events} of {share.cases}",
    )


def _volume(figures: Figures) -> Iterator[Block]:
    volume = figures.volume
    if len(volume.days) < FEWEST_TO_DRAW:
        yield Paragraph(
            text=Wording(zh="少于八天，不绘制控制图。", en="Fewer than eight days: no control chart is drawn.")
        )
        return
    yield LineChart(
        title=Wording(zh="每日投诉量（Laney u′ 控制图）", en="Complaints a day (Laney's u′ chart)"),
        description=Wording(
            zh=f"日均 {volume.mean:.1f} 件；带状区域为控制限。",
            en=f"{volume.mean:.1f} a day on average; the band shows the control limits.",
        ),
        over=Axis(title=Wording(zh="期内第几天", en="Day of the period")),
        measure=Axis(title=_CASES, minimum=0),
        points=tuple(
            LinePoint(
                x=Number.count(number),
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
    hints = [day for day in volume.days if day.is_hint and not day.is_alarm]
    if hints:
        listed = ", ".join(f"{day.day:%m-%d}" for day in hints)
        yield Paragraph(
            text=Wording(
                zh=f"运行规则提示（不是报警）：{listed}。", en=f"Hints of the run rules, which are no alarms: {listed}."
            )
        )


def _rankings(figures: Figures, withhold: bool) -> Iterator[Block]:
    if not figures.rankings:
        yield Paragraph(text=Wording(zh="本期没有投诉。", en="There were no complaints in this period."))
    for ranking in figures.rankings:
        shown = _shown(ranking.groups, withhold)
        yield _bars(ranking, shown)
        yield Paragraph(text=_vital_few(ranking))


def _shown(groups: tuple[Group, ...], withhold: bool) -> tuple[bool, ...]:
    if not withhold:
        return (True,) * len(groups)
    return tuple(not hidden for hidden in hidden_cells(np.array([group.people for group in groups])).tolist())


def _bars(ranking: Ranking, shown: tuple[bool, ...]) -> BarChart:
    rows = list(zip(ranking.groups, shown, strict=True))[:MOST_BARS]
    withheld = not all(visible for _, visible in rows)
    left_out = len(ranking.groups) - len(rows)
    notes = [_few_note()] if withheld else []
    if left_out:
        notes.append(Wording(zh=f"另有 {left_out} 类未列出。", en=f"{left_out} more are not listed."))
    return BarChart(
        title=_DIMENSIONS[ranking.dimension],
        description=Wording(
            zh="各类投诉的件数，由多到少。", en="The number of complaints of each kind, the most frequent first."
        ),
        category=_DIMENSIONS[ranking.dimension],
        measure=Axis(title=_CASES, minimum=0),
        bars=tuple(
            Bar(label=_label(group), value=Number.count(group.cases) if visible else None) for group, visible in rows
        ),
        note=Wording(zh="".join(n.zh for n in notes), en=" ".join(n.en for n in notes)) if notes else None,
    )


def _label(group: Group) -> Wording:
    return Wording.verbatim(group.label)


def _few_note() -> Wording:
    return Wording(
        zh=f"涉及不足 {FEWEST_SHOWN} 人的数字及可据以推算者不予显示。",
        en=f"Figures about fewer than {FEWEST_SHOWN} people, and those that would give them away, are withheld.",
    )


def _speed(figures: Figures) -> Iterator[Block]:
    speed = figures.speed
    if speed is None:
        yield Paragraph(text=Wording(zh="办结数量太少，无法估计。", en="Too few have ended to say how long it takes."))
    else:
        yield Table(
            title=Wording(zh="到某天为止已办结的比例", en="Settled by then"),
            columns=(_DAYS, _SHARE),
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
        columns=(_DAYS, _CASES),
        rows=tuple(
            Row(cells=(Text.verbatim(band), Number.count(count))) for band, count in figures.open_by_age.items()
        ),
    )
    for test in figures.speed_tests:
        yield Table(
            title=Wording(zh=f"按{_DIMENSIONS[test.dimension].zh}的中位天数", en=f"Median days by {test.dimension}"),
            columns=(_DIMENSIONS[test.dimension], _DAYS),
            rows=tuple(Row(cells=(Text.verbatim(label), Number.of(median))) for label, median in test.medians.items()),
            note=Wording(
                zh=f"对数秩检验：χ² = {test.statistic:.2f}，自由度 {test.degrees_of_freedom}，p = {test.p_value:.3g}。",
                en=f"Log-rank test: χ² {test.statistic:.2f}, {test.degrees_of_freedom} degrees of freedom, "
                f"p {test.p_value:.3g}.",
            ),
        )


def _rates(figures: Figures) -> Table:
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
        columns=(Wording(zh="指标", en="Measure"), _SHARE, _LOW, _HIGH, _CASES),
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


def _partners(figures: Figures, withhold: bool) -> Block:
    if not figures.partners:
        return Paragraph(
            text=Wording(
                zh="不足两家合作伙伴，或没有逾期承诺，无可比较。",
                en="Fewer than two partners, or no broken promise: nothing to compare.",
            )
        )
    return Table(
        title=Wording(zh="每件投诉的逾期承诺数（漏斗图界限）", en="Broken promises a case, with funnel limits"),
        columns=(
            _DIMENSIONS["partner"],
            _CASES,
            Wording(zh="每件逾期", en="Broken a case"),
            _LOW,
            _HIGH,
            Wording(zh="收缩估计", en="Shrunk"),
            Wording(zh="校正 p 值", en="Adjusted p"),
        ),
        rows=tuple(_standing(each, hidden=withhold and each.cases < FEWEST_SHOWN) for each in figures.partners),
        note=_few_note() if withhold else None,
    )


def _standing(each: PartnerStanding, *, hidden: bool) -> Row:
    figures = (each.rate, each.low, each.high, each.shrunken, each.adjusted_p_value)
    cells = [None if hidden else Number.of(figure, 3) for figure in figures]
    return Row(cells=(Text.verbatim(each.label), None if hidden else Number.count(each.cases), *cells))


def _surges(scan: SurgeScan) -> Block:
    if not scan.was_made:
        return Paragraph(
            text=Wording(
                zh="历史记录不足十六周，未作激增检测。",
                en="The record is shorter than sixteen weeks: no scan was made.",
            )
        )
    rate = f"{scan.false_alarm_days_a_year:g}"
    if not scan.surges:
        return Paragraph(
            text=Wording(
                zh=f"期末当日检测 {scan.cells} 个单元，无激增（约定误报率：每年 {rate} 天）。",
                en=f"No surge on the last day in {scan.cells} cells (at {rate} false alarm-days a year).",
            )
        )
    seen = {Watch.DAY: Wording(zh="单日", en="in a day"), Watch.SUM: Wording(zh="累计", en="added up")}
    return Table(
        title=Wording(zh="期末当日的激增", en="Surges on the last day"),
        columns=(
            Wording(zh="单元", en="Cell"),
            Wording(zh="方式", en="Seen"),
            _CASES,
            Wording(zh="预期", en="Expected"),
        ),
        rows=tuple(
            Row(
                cells=(
                    Text.verbatim(surge.cell),
                    Text(text=seen[surge.watch]),
                    Number.count(surge.observed),
                    Number.of(surge.expected),
                )
            )
            for surge in scan.surges
        ),
    )

"""The report of a periodic analysis: figures laid out as sections, in both languages.

For readers who may not see cases, figures about few people are withheld, with those that would give them away.
"""

from collections.abc import Iterable, Iterator

from domain.analysis.figures import SEED
from domain.analysis.findings import Figures
from domain.analysis.pareto import REPLICATES
from domain.analysis.sections.groups import costs_blocks, partners_block, rankings_blocks
from domain.analysis.sections.handling import rates_block, speed_blocks
from domain.analysis.sections.pieces import cell_named, interval, vital_few
from domain.analysis.sections.reading import about_the_data, surges_block, themes_block
from domain.analysis.sections.volume import volume_blocks
from domain.surveys.report.cells import Number, Percent
from domain.surveys.report.document import Block, KeyFigure, KeyFigures, Paragraph, Provenance, Report, Section
from domain.surveys.report.wording import Wording


def report_of(figures: Figures, *, withhold: bool = False) -> Report:
    """The report; `withhold` leaves out what is about few people."""
    period = f"{figures.first} – {figures.last}"
    sections = (
        _section("one_page", "一页摘要", "On one page", _one_page(figures)),
        _section("volume", "数量与走势", "How many, and when", volume_blocks(figures)),
        _section("causes", "主要问题（排列图）", "The vital few (Pareto)", rankings_blocks(figures, withhold)),
        _section("cost", "投诉成本", "What it costs", costs_blocks(figures, withhold)),
        _section("speed", "办理时长", "How long it takes", speed_blocks(figures)),
        _section("quality", "办理质量", "How well it is done", [rates_block(figures)]),
        _section("partners", "合作伙伴", "Partners", [partners_block(figures, withhold)]),
        _section("surges", "异常激增", "Surges", [surges_block(figures.surges)]),
        _section("themes", "客户在说什么（主题）", "In customers' words", [themes_block(figures)]),
        _section("data", "数据说明", "About the data", about_the_data(figures)),
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


def _section(name: str, zh: str, en: str, blocks: Iterable[Block]) -> Section:
    return Section(id=name, title=Wording(zh=zh, en=en), blocks=tuple(blocks))


def _one_page(figures: Figures) -> Iterator[Block]:
    median = None if figures.speed is None else figures.speed.median
    kept, satisfied = figures.promises, figures.rates["satisfied"]
    yield KeyFigures(
        figures=(
            KeyFigure(label=Wording(zh="投诉总数", en="Complaints"), figure=Number.count(figures.complaints)),
            KeyFigure(
                label=Wording(zh="按时兑现承诺", en="Promises kept in time"),
                figure=Percent.of(kept.share),
                note=interval(kept),
            ),
            KeyFigure(label=Wording(zh="半数办结所需天数", en="Days until half are settled"), figure=Number.of(median)),
            KeyFigure(
                label=Wording(zh="回访满意率", en="Satisfied when called back"),
                figure=Percent.of(satisfied.share),
                note=interval(satisfied),
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
        yield vital_few(ranking)
    for surge in figures.surges.surges:
        yield Wording(
            zh=f"期末出现激增：{cell_named(surge.cell).zh}（{surge.observed} 件，预期 {surge.expected:.1f} 件）。",
            en=f"A surge at the end: {cell_named(surge.cell).en} ({surge.observed}, {surge.expected:.1f} expected).",
        )

"""Surges of the last day, themes in customers' words, and what is to be known about the data."""

from collections.abc import Iterator

from domain.analysis.findings import Figures, SurgeScan
from domain.analysis.sections.pieces import CASES, SHARE, cell_named, named
from domain.analysis.surge import Watch
from domain.surveys.report.cells import Number, Percent, Text
from domain.surveys.report.document import Block, Paragraph
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording


def surges_block(scan: SurgeScan) -> Block:
    """What stands out on the last day."""
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
            CASES,
            Wording(zh="预期", en="Expected"),
        ),
        rows=tuple(
            Row(
                cells=(
                    Text(text=cell_named(surge.cell)),
                    Text(text=seen[surge.watch]),
                    Number.count(surge.observed),
                    Number.of(surge.expected),
                )
            )
            for surge in scan.surges
        ),
    )


def themes_block(figures: Figures) -> Block:
    """Themes of the narratives, as hints what to read."""
    found = figures.themes
    if found is None or not found.themes:
        return Paragraph(
            text=Wording(
                zh="投诉内容太少，或彼此没有共同之处，无法归纳主题。",
                en="There are too few narratives, or they have too little in common, to find themes.",
            )
        )
    return Table(
        title=Wording(zh="主题（由投诉内容中共有的字词片段归纳）", en="Themes, by the pieces of words that they share"),
        columns=(Wording(zh="字词片段", en="Pieces"), Wording(zh="投诉内容数", en="Narratives"), SHARE),
        rows=tuple(
            Row(
                cells=(
                    Text.verbatim(" · ".join(theme.pieces)),
                    Number.count(theme.narratives),
                    Percent.of(theme.share),
                )
            )
            for theme in found.themes
        ),
        note=Wording(
            zh=f"取自 {found.all} 份投诉内容中的 {found.sampled} 份样本。主题只提示该读哪些投诉，不是统计数字；"
            "已删除的内容不在其中。",
            en=f"From a sample of {found.sampled} of {found.all} narratives. Themes say what to read and are no "
            "counts; what was erased is not among them.",
        ),
    )


def about_the_data(figures: Figures) -> Iterator[Paragraph]:
    """What was looked at, and what changed under way."""
    yield Paragraph(
        text=Wording(
            zh="按出具时刻的记录：此后补录的投诉不在其中，此后的更正不影响本报告。暂停中的期限既不算兑现也不算违约，"
            "跨越期末的亦同；逾期未结的算违约。",
            en="As the record stood when this was ordered: what was recorded later is not in it, and later corrections "
            "change nothing here. Promises that are paused, also over the end of the period, are neither kept nor "
            "broken; those that are overdue are broken.",
        )
    )
    for old, code in sorted(figures.renamed.items()):
        name = named("category", code)
        yield Paragraph(
            text=Wording(
                zh=f"类别代码 {old} 已停用，其投诉计入“{name.zh}”。",
                en=f"The category {old} was renamed; its complaints count as {name.en}.",
            )
        )
    if figures.recalculated:
        yield Paragraph(
            text=Wording(
                zh=f"{figures.recalculated} 件投诉的期限因日历变更而重新计算；此处按新的期限。",
                en=f"The clocks of {figures.recalculated} cases were moved to a changed calendar; here they count by "
                "their new due times.",
            )
        )

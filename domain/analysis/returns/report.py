"""A return laid out, in both languages; for readers who may not see cases, small categories are withheld."""

from collections.abc import Iterator

import numpy as np

from domain.analysis.returns.definition import ReturnDefinition
from domain.analysis.returns.filling import Counted, ReturnFigures, ReturnLine
from domain.analysis.suppression import FEWEST_SHOWN, hidden_cells
from domain.complaints.shipped import taxonomy
from domain.surveys.report.cells import Cell, Number, Percent, Text
from domain.surveys.report.document import Block, KeyFigure, KeyFigures, Paragraph, Provenance, Report, Section
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording

_LATER = Wording(zh="更晚", en="later")
_RECEIVED = Wording(zh="受理", en="Received")
_WITHIN = Wording(zh="期限内答复", en="Answered within the limit")
_UPHELD = Wording(zh="成立", en="Upheld")
_REDRESS = Wording(zh="赔付金额", en="Redress paid")
_CATEGORY, _CASES = Wording(zh="类别", en="Category"), Wording(zh="件数", en="Cases")
_ALL = Wording(zh="合计", en="All")


def report_of_return(
    definition: ReturnDefinition, figures: ReturnFigures, inputs_sha256: str, *, withhold: bool = False
) -> Report:
    """The return as a report; `withhold` leaves out what is about few cases, and what would give it away."""
    return Report(
        id="return",
        title=Wording(zh=definition.title.zh, en=definition.title.en),
        subtitle=Wording.verbatim(f"{definition.pin} · {figures.first} – {figures.last}"),
        provenance=Provenance(
            inputs={"cases": inputs_sha256},
            definitions={},
            method=f"{definition.pin}; cases received in the period as of {figures.as_of.isoformat()}",
            confidence=0.95,
            seed=0,
            replicates=0,
            program="amends",
        ),
        sections=(
            Section(id="total", title=_ALL, blocks=(_key(figures.total), _bands(definition, figures.total))),
            Section(id="categories", title=_CATEGORY, blocks=(_categories(figures, withhold),)),
            Section(
                id="source", title=Wording(zh="依据", en="Where this comes from"), blocks=tuple(_source(definition))
            ),
        ),
    )


def _key(line: ReturnLine) -> KeyFigures:
    counts = {
        _RECEIVED: line.received,
        Wording(zh="已答复", en="Answered"): line.answered,
        Wording(zh="未答复", en="Still open"): line.open,
        Wording(zh="转外部裁决", en="Went to an external body"): line.external,
    }
    shares = {
        _WITHIN: line.within_limit,
        _UPHELD: line.upheld,
        Wording(zh="回访称已解决", en="Solved, when called back"): line.solved,
        Wording(zh="回访满意", en="Satisfied, when called back"): line.satisfied,
    }
    return KeyFigures(
        figures=(
            *(KeyFigure(label=label, figure=Number.count(count)) for label, count in counts.items()),
            *(KeyFigure(label=label, figure=Percent.of(each.share), note=_of(each)) for label, each in shares.items()),
            KeyFigure(label=_REDRESS, figure=Number.of(line.redress, 2)),
        )
    )


def _of(counted: Counted) -> Wording:
    return Wording.verbatim(f"{counted.events}/{counted.cases}")


def _bands(definition: ReturnDefinition, line: ReturnLine) -> Table:
    titles = [Wording(zh=band.title.zh, en=band.title.en) for band in definition.bands] + [_LATER]
    rows = [
        Row(cells=(Text(text=title), Number.count(count), Percent.of(count / line.answered if line.answered else None)))
        for title, count in zip(titles, line.bands, strict=True)
    ]
    return Table(
        title=Wording(zh="自受理至答复", en="From receipt to the answer"),
        columns=(Wording(zh="时段", en="Band"), _CASES, Wording(zh="占已答复", en="Of those answered")),
        rows=tuple(rows),
        note=Wording(
            zh=f"撤诉、移交和重复的 {line.without_answer} 件无需答复，不计入。",
            en=f"{line.without_answer} that were withdrawn, transferred or duplicates need no answer and are left out.",
        ),
    )


def _categories(figures: ReturnFigures, withhold: bool) -> Block:
    lines = figures.by_category
    if not lines:
        return Paragraph(text=Wording(zh="本期没有投诉。", en="There were no complaints in this period."))
    hidden = hidden_cells(np.array([line.received for line in lines])) if withhold else np.zeros(len(lines), np.bool_)
    rows = [
        Row(cells=(_named(line.category), *_cells(line, hidden=bool(h)))) for line, h in zip(lines, hidden, strict=True)
    ]
    return Table(
        title=Wording(zh="按类别", en="By category"),
        columns=(_CATEGORY, _RECEIVED, _WITHIN, _UPHELD, _REDRESS),
        rows=(*rows, Row(cells=(Text(text=_ALL), *_cells(figures.total, hidden=False)))),
        note=Wording(
            zh=f"不足 {FEWEST_SHOWN} 件的类别及可据以推算者不予显示。",
            en=f"Categories of fewer than {FEWEST_SHOWN} cases, and those that would give them away, are withheld.",
        )
        if withhold
        else None,
    )


def _named(category: str | None) -> Text:
    term = taxonomy().category.get(category or "")
    return Text.verbatim(category or "–") if term is None else Text(text=Wording(zh=term.zh, en=term.en))


def _cells(line: ReturnLine, *, hidden: bool) -> tuple[Cell | None, ...]:
    if hidden:
        return (None,) * 4
    shares = (Percent.of(line.within_limit.share), Percent.of(line.upheld.share))
    return (Number.count(line.received), *shares, Number.of(line.redress, 2))


def _source(definition: ReturnDefinition) -> Iterator[Paragraph]:
    place = definition.source + (f", {definition.article}" if definition.article else "")
    checked = (
        Wording(zh="来源未经核对（转引）", en="unverified: from second-hand accounts")
        if definition.verified_on is None
        else Wording(zh=f"核对于 {definition.verified_on}", en=f"read on {definition.verified_on}")
    )
    yield Paragraph(
        text=Wording(
            zh=f"{place}（{checked.zh}）。本表不构成法律意见。", en=f"{place} ({checked.en}). This is no legal advice."
        )
    )
    yield from (Paragraph(text=Wording(zh=note.zh, en=note.en)) for note in definition.notes)

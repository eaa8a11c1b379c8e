"""What a manager reads first: the index and how sure it is, what changed, three things to fix and three to keep."""

from collections.abc import Iterator

from domain.surveys.comparison.differences import difference
from domain.surveys.outcome_rates import outcome_rates
from domain.surveys.report.cells import Number, Percent
from domain.surveys.report.document import Block, KeyFigure, KeyFigures, Paragraph, Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.findings.priorities import Priority, to_fix, to_keep
from domain.surveys.report.sections.beside import key_figure
from domain.surveys.report.sections.pieces import (
    level_of_confidence,
    paragraph,
    points,
    priority_name,
    row,
    text,
)
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import phrase
from domain.surveys.tree_index import Reliability


def one_page(evaluation: Evaluation) -> Section:
    """The first section."""
    return Section(id="one_page", title=phrase("one_page.title"), blocks=tuple(_blocks(evaluation)))


def _blocks(evaluation: Evaluation) -> Iterator[Block]:
    yield KeyFigures(figures=tuple(_figures(evaluation)))
    yield _headline(evaluation)
    if evaluation.index.reliability is Reliability.FEW:
        yield paragraph("one_page.few")
    fix, keep = to_fix(evaluation.priorities), to_keep(evaluation.priorities, evaluation.index.value or 0.0)
    if fix:
        yield _costs(evaluation, fix)
        gain = points(sum(each.expected_gain for each in fix))
        yield paragraph("one_page.gain", gain=gain)
    if keep:
        yield _strengths(evaluation, keep)


def _figures(evaluation: Evaluation) -> Iterator[KeyFigure]:
    yield _index_figure(evaluation)
    if evaluation.circumstances.previous is not None:
        yield _change(evaluation)
    if evaluation.circumstances.dispositions:
        rate = outcome_rates(dict(evaluation.circumstances.dispositions)).rr1
        yield KeyFigure(label=phrase("one_page.response_rate"), figure=Percent.of(rate))
    yield KeyFigure(label=phrase("one_page.respondents"), figure=Number.count(evaluation.responses.count))
    yield from (key_figure(each, level_of_confidence(evaluation)) for each in evaluation.beside)


def _index_figure(evaluation: Evaluation) -> KeyFigure:
    index, note = evaluation.index, None
    if index.interval is not None:
        low, high = points(index.interval.low), points(index.interval.high)
        note = phrase("report.interval_note", confidence=level_of_confidence(evaluation), low=low, high=high)
    return KeyFigure(label=phrase("one_page.index"), figure=Number.of(index.value), note=note)


def _change(evaluation: Evaluation) -> KeyFigure:
    """Against the wave before; empty where either index is withheld or has no error."""
    previous, index = evaluation.circumstances.previous, evaluation.index
    if previous is None or previous.standard_error is None or index.standard_error is None:
        return KeyFigure(label=phrase("one_page.change"), figure=None)
    changed = difference(index, previous, evaluation.subject.options.confidence)
    low, high = (Number.of(end, signed=True) for end in (changed.interval.low, changed.interval.high))
    note = phrase(
        "report.interval_note",
        confidence=level_of_confidence(evaluation),
        low=low or "",
        high=high or "",
    )
    return KeyFigure(label=phrase("one_page.change"), figure=Number.of(changed.value, signed=True), note=note)


def _headline(evaluation: Evaluation) -> Paragraph:
    index, count = evaluation.index, Number.count(evaluation.responses.count)
    if index.value is None:
        return paragraph("one_page.withheld")
    if index.interval is None:
        return paragraph("one_page.headline_plain", index=points(index.value), count=count)
    return paragraph(
        "one_page.headline",
        index=points(index.value),
        confidence=level_of_confidence(evaluation),
        low=points(index.interval.low),
        high=points(index.interval.high),
        count=count,
    )


def _costs(evaluation: Evaluation, priorities: tuple[Priority, ...]) -> Table:
    return Table(
        title=phrase("one_page.fix"),
        columns=(
            phrase("one_page.what"),
            phrase("report.score"),
            phrase("one_page.effect"),
            phrase("one_page.cost"),
        ),
        rows=tuple(
            row(
                text(priority_name(evaluation.subject, each.id)),
                points(each.score),
                points(each.effect, 3),
                points(each.gap, 2),
            )
            for each in priorities
        ),
        note=phrase("one_page.fix_note"),
    )


def _strengths(evaluation: Evaluation, priorities: tuple[Priority, ...]) -> Table:
    return Table(
        title=phrase("one_page.keep"),
        columns=(phrase("one_page.what"), phrase("report.score"), phrase("one_page.effect")),
        rows=tuple(
            row(text(priority_name(evaluation.subject, each.id)), points(each.score), points(each.effect, 3))
            for each in priorities
        ),
    )

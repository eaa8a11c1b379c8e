"""The quality of the data: what was flagged, and the index with and without the careless."""

from collections.abc import Iterator

import numpy as np

from domain.surveys.quality.flags import ResponseQuality
from domain.surveys.report.cells import Number
from domain.surveys.report.document import Block, Paragraph, Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.findings.care import FEWEST_ITEMS
from domain.surveys.report.sections.pieces import paragraph, percent, points, row, text
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import phrase


def data_quality(evaluation: Evaluation) -> Section:
    """Flags by kind, or why there are none."""
    return Section(id="care", title=phrase("care.title"), blocks=tuple(_blocks(evaluation)))


def _blocks(evaluation: Evaluation) -> Iterator[Block]:
    quality = evaluation.care.quality
    if quality is None:
        yield paragraph("care.too_short", items=str(evaluation.care.items), fewest=str(FEWEST_ITEMS))
        return
    careless = int(quality.careless.sum())
    share = percent(careless / len(quality.careless))
    yield paragraph("care.intro", careless=Number.count(careless), share=share)
    yield _with_and_without(evaluation, careless)
    if quality.flags:
        yield _flags(quality)


def _with_and_without(evaluation: Evaluation, careless: int) -> Paragraph:
    everybody, without = evaluation.index.value, evaluation.care.index_without
    if everybody is None or without is None:
        return paragraph("care.without_none")
    shown, kept = points(everybody), points(without)
    change = Number(value=kept.value - shown.value, decimals=1, signed=True)
    return paragraph("care.with_without", everybody=shown, without=kept, change=change, careless=Number.count(careless))


def _flags(quality: ResponseQuality) -> Table:
    counts = {kind: int(np.count_nonzero(flagged)) for kind, flagged in quality.flags.items()}
    return Table(
        title=phrase("care.flags"),
        columns=(phrase("care.flag"), phrase("care.responses"), phrase("care.share")),
        rows=tuple(
            row(text(phrase(f"care.{kind}")), Number.count(count), percent(count / len(quality.careless)))
            for kind, count in counts.items()
        ),
    )

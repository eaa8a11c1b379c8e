"""Loyalty: the customers in the zones of defection, indifference and affection, and the curve with its knee."""

from collections.abc import Iterator

import numpy as np

from domain.surveys.arrays import IntArray
from domain.surveys.loyalty import LoyaltyCurve, ZoneShare
from domain.surveys.report.cells import Number
from domain.surveys.report.charts import Axis, BarChart, LineChart, LinePoint, Mark
from domain.surveys.report.document import Block, Section
from domain.surveys.report.findings.loyalty import LoyaltyFindings
from domain.surveys.report.sections.pieces import bar, paragraph, points, row, score_axis, text
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import phrase

MOST_POINTS = 21
"""A curve of more levels is shown at so many of them; a line drawn between them is as good to the eye."""


def loyalty(found: LoyaltyFindings) -> Section:
    """Zones first, then the curve."""
    return Section(id="loyalty", title=phrase("loyalty.title"), blocks=tuple(_blocks(found)))


def _blocks(found: LoyaltyFindings) -> Iterator[Block]:
    cuts = found.cuts
    yield paragraph(
        "loyalty.intro", indifference=points(cuts.indifference_from, 0), affection=points(cuts.affection_from, 0)
    )
    yield _zones(found.zones)
    yield _means(found.zones)
    if found.curve.knee is not None:
        key = "loyalty.early" if found.curve.knee.distance > 0 else "loyalty.late"
        yield paragraph(key, place=points(found.curve.knee.satisfaction))
    if len(found.curve.satisfaction) > 1:
        yield _curve(found.curve)


def _zones(zones: tuple[ZoneShare, ...]) -> BarChart:
    shares = {each.zone: points(each.share.value or 0.0) for each in zones}
    return BarChart(
        title=phrase("loyalty.zones"),
        description=phrase("loyalty.zones_description", **{str(zone): share for zone, share in shares.items()}),
        lying=False,
        category=phrase("loyalty.zone"),
        measure=score_axis("loyalty.share"),
        bars=tuple(bar(phrase(f"loyalty.{each.zone}"), each.share) for each in zones),
    )


def _means(zones: tuple[ZoneShare, ...]) -> Table:
    return Table(
        title=phrase("loyalty.mean_table"),
        columns=(phrase("loyalty.zone"), phrase("loyalty.customers"), phrase("loyalty.mean")),
        rows=tuple(
            row(text(phrase(f"loyalty.{each.zone}")), Number.count(each.respondents), Number.of(each.mean_loyalty))
            for each in zones
        ),
    )


def _curve(curve: LoyaltyCurve) -> LineChart:
    shown = _levels(curve)
    first, last = shown[0], shown[-1]
    marks = () if curve.knee is None else (Mark(label=phrase("loyalty.knee"), x=points(curve.knee.satisfaction)),)
    return LineChart(
        title=phrase("loyalty.curve"),
        description=phrase(
            "loyalty.curve_description",
            **{"from": points(curve.satisfaction[first]), "to": points(curve.satisfaction[last])},
            low=points(curve.loyalty[first]),
            high=points(curve.loyalty[last]),
        ),
        over=Axis(title=phrase("loyalty.satisfaction"), minimum=0, maximum=100),
        measure=Axis(title=phrase("loyalty.loyalty"), minimum=0, maximum=100),
        points=tuple(
            LinePoint(x=points(curve.satisfaction[level]), value=points(curve.loyalty[level])) for level in shown
        ),
        marks=marks,
    )


def _levels(curve: LoyaltyCurve) -> IntArray:
    """Levels to show: evenly spread over satisfaction, both ends and the knee among them."""
    count = len(curve.satisfaction)
    if count <= MOST_POINTS:
        return np.arange(count)
    wanted = np.linspace(curve.satisfaction[0], curve.satisfaction[-1], MOST_POINTS)
    levels = np.searchsorted(curve.satisfaction, wanted - 1e-9)
    knee = [] if curve.knee is None else [int(np.searchsorted(curve.satisfaction, curve.knee.satisfaction - 1e-9))]
    return np.unique(np.concatenate([levels, np.array(knee, dtype=np.int64)]))

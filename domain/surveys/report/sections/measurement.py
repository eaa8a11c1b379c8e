"""How well the structural model measures: reliability, weights and loadings of the items, discriminant validity."""

from collections.abc import Iterator

import numpy as np

from domain.surveys.path_model.reliability import ConstructReliability
from domain.surveys.report.cells import Number
from domain.surveys.report.document import Block
from domain.surveys.report.findings.structure import StructureFindings
from domain.surveys.report.sections.pieces import construct_name, points, priority_name, row, text
from domain.surveys.report.subject import Subject
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import phrase


def measurement(subject: Subject, found: StructureFindings) -> Iterator[Block]:
    """The tables that stand beside every path model."""
    yield _reliability(subject, found)
    yield _items(subject, found)
    yield _discriminant(subject, found)


def _reliability(subject: Subject, found: StructureFindings) -> Table:
    names = (
        "items", "r_squared", "alpha", "dillon_goldstein", "rho_a", "rho_c", "extracted", "redundancy_mean",
        "first_eigenvalue", "second_eigenvalue",
    )  # fmt: skip
    return Table(
        title=phrase("structure.reliability"),
        columns=(phrase("structure.construct"), *(phrase(f"structure.{name}") for name in names)),
        rows=tuple(_construct(subject, found, number, each) for number, each in enumerate(found.reliability)),
        note=phrase("structure.reliability_note"),
    )


def _construct(subject: Subject, found: StructureFindings, number: int, each: ConstructReliability) -> Row:
    fit = found.fit
    is_driven = bool(fit.model.paths()[number].any())
    redundancy = float(fit.redundancies[fit.model.blocks() == number].mean())
    return row(
        text(construct_name(subject, each.construct)),
        Number.count(each.items),
        points(float(fit.r_squared[number]), 3) if is_driven else None,
        Number.of(each.alpha, 3),
        Number.of(each.dillon_goldstein_rho, 3),
        Number.of(each.rho_a, 3),
        Number.of(each.composite_reliability, 3),
        Number.of(each.average_variance_extracted, 3),
        points(redundancy, 3) if is_driven else None,
        points(each.first_eigenvalue, 3),
        Number.of(each.second_eigenvalue, 3),
    )


def _items(subject: Subject, found: StructureFindings) -> Table:
    fit = found.fit
    figures = zip(
        fit.model.items,
        found.item_points,
        fit.weights,
        found.index_shares,
        fit.loadings,
        fit.communalities,
        fit.redundancies,
        np.any(fit.model.paths(), axis=1)[fit.model.blocks()],
        strict=True,
    )
    return Table(
        title=phrase("structure.measurement"),
        columns=(
            phrase("structure.item"),
            phrase("report.score"),
            phrase("structure.outer_weight"),
            phrase("structure.index_share"),
            phrase("structure.loading"),
            phrase("structure.communality"),
            phrase("structure.redundancy"),
        ),
        rows=tuple(
            row(
                text(priority_name(subject, item)),
                points(float(score)),
                *(points(float(each), 4) for each in others),
                points(float(redundancy), 4) if is_driven else None,
            )
            for item, score, *others, redundancy, is_driven in figures
        ),
    )


def _discriminant(subject: Subject, found: StructureFindings) -> Table:
    """The lower triangle: the table is symmetric."""
    names = [construct_name(subject, name) for name in found.fit.model.names]
    return Table(
        title=phrase("structure.htmt"),
        columns=(phrase("structure.construct"), *names[:-1]),
        rows=tuple(
            row(text(name), *(_ratio(found.htmt[number, other], number > other) for other in range(len(names) - 1)))
            for number, name in enumerate(names)
            if number > 0
        ),
        note=phrase("structure.htmt_note"),
    )


def _ratio(value: float, is_below_diagonal: bool) -> Number | None:
    return Number.of(float(value), 3) if is_below_diagonal and np.isfinite(value) else None

"""The structural model: the index of each latent variable, paths, and direct and indirect effects."""

from collections.abc import Iterator

from domain.surveys.path_model.fit import PathRegression
from domain.surveys.report.cells import Cell
from domain.surveys.report.charts import BarChart
from domain.surveys.report.document import Block, Paragraph, Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.findings.structure import StructureFindings
from domain.surveys.report.sections.measurement import measurement
from domain.surveys.report.sections.pieces import (
    bar,
    construct_name,
    level_of_confidence,
    p_value,
    paragraph,
    percent,
    points,
    row,
    score_axis,
    text,
)
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording, phrase


def structural_model(evaluation: Evaluation, found: StructureFindings) -> Section:
    """What the path model says, and how well it measures."""
    blocks = (*_blocks(evaluation, found), *measurement(evaluation.subject, found))
    return Section(id="structure", title=phrase("structure.title"), blocks=blocks)


def _blocks(evaluation: Evaluation, found: StructureFindings) -> Iterator[Block]:
    yield _introduction(evaluation, found)
    yield _indices(evaluation, found)
    yield _paths(evaluation, found)
    yield _effects(evaluation, found)


def _introduction(evaluation: Evaluation, found: StructureFindings) -> Paragraph:
    explained = percent(float(found.fit.r_squared[found.fit.model.names.index(found.target)]))
    construct = construct_name(evaluation.subject, found.target)
    if found.goodness_of_fit is None:
        return paragraph("structure.intro_plain", construct=construct, explained=explained)
    fit = points(found.goodness_of_fit, 3)
    return paragraph("structure.intro", construct=construct, explained=explained, fit=fit)


def _indices(evaluation: Evaluation, found: StructureFindings) -> BarChart:
    names = {name: construct_name(evaluation.subject, name) for name in found.indices}
    order = sorted(found.indices, key=lambda name: found.indices[name].value or 0.0)
    lowest, highest = order[0], order[-1]
    has_intervals = found.bootstrap is not None
    return BarChart(
        title=phrase("structure.indices"),
        description=phrase(
            "structure.indices_description",
            count=str(len(names)),
            lowest=names[lowest],
            low=points(found.indices[lowest].value or 0.0),
            highest=names[highest],
            high=points(found.indices[highest].value or 0.0),
        ),
        category=phrase("structure.construct"),
        measure=score_axis(),
        bars=tuple(bar(names[name], score) for name, score in found.indices.items()),
        note=phrase("report.limits_note", confidence=level_of_confidence(evaluation)) if has_intervals else None,
    )


def _paths(evaluation: Evaluation, found: StructureFindings) -> Table:
    has_intervals = found.bootstrap is not None
    ends = (phrase("report.low"), phrase("report.high")) if has_intervals else ()
    return Table(
        title=phrase("structure.paths"),
        columns=(
            phrase("structure.path"),
            phrase("structure.coefficient"),
            phrase("structure.error"),
            phrase("structure.t_value"),
            phrase("structure.p_value"),
            *ends,
            phrase("structure.effect_size"),
            phrase("structure.inflation"),
        ),
        rows=tuple(_path(evaluation, found, each) for each in found.regressions),
        note=phrase("structure.paths_note" if has_intervals else "structure.paths_note_plain"),
    )


def _path(evaluation: Evaluation, found: StructureFindings, each: PathRegression) -> Row:
    return row(
        text(_arrow(evaluation, each.driver, each.driven)),
        points(each.estimate, 4),
        points(each.standard_error, 4),
        points(each.t_value, 2),
        p_value(each.p_value),
        *_path_limits(found, each),
        points(each.effect_size, 3),
        points(each.variance_inflation, 2),
    )


def _path_limits(found: StructureFindings, each: PathRegression) -> tuple[Cell, ...]:
    if found.bootstrap is None:
        return ()
    names, paths = found.fit.model.names, found.bootstrap.paths
    place = names.index(each.driven), names.index(each.driver)
    return points(float(paths.lower[place]), 3), points(float(paths.upper[place]), 3)


def _effects(evaluation: Evaluation, found: StructureFindings) -> Table:
    return Table(
        title=phrase("structure.effects"),
        columns=(
            phrase("structure.path"),
            phrase("structure.direct"),
            phrase("structure.indirect"),
            phrase("structure.total"),
            phrase("structure.in_points"),
        ),
        rows=tuple(_effect_rows(evaluation, found)),
        note=phrase("structure.effects_note"),
    )


def _effect_rows(evaluation: Evaluation, found: StructureFindings) -> Iterator[Row]:
    fit = found.fit
    for driver, start in enumerate(fit.model.names):
        for driven, end in enumerate(fit.model.names):
            if fit.total_effects[driven, driver] != 0:
                yield row(
                    text(_arrow(evaluation, start, end)),
                    points(float(fit.paths[driven, driver]), 4),
                    points(float(fit.indirect_effects[driven, driver]), 4),
                    points(float(fit.total_effects[driven, driver]), 4),
                    points(float(found.effects[driven, driver]), 3),
                )


def _arrow(evaluation: Evaluation, driver: str, driven: str) -> Wording:
    subject = evaluation.subject
    return phrase("structure.arrow", driver=construct_name(subject, driver), driven=construct_name(subject, driven))

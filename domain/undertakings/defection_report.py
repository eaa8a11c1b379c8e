"""What a defection study says when its interviews are over: who left, and the causes that were named."""

import hashlib
from collections import Counter

from pydantic import BaseModel, ConfigDict

from domain.surveys.comparison.defection import Cause, CauseKind, causes_of_defection
from domain.surveys.report.cells import Number, Percent, Text
from domain.surveys.report.document import Block, KeyFigure, KeyFigures, Paragraph, Provenance, Report, Section
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording
from domain.undertakings.defection_study import DefectionStudy


class StudyFigures(BaseModel):
    """The figures of a study; causes by their kind, each with the number of customers and the share up to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    customers: int
    left_fully: int
    left_partly: int
    satisfied_but_left: int
    interviews: int
    held: int
    causes: dict[CauseKind, tuple[tuple[str, int, float, float], ...]]
    inputs_sha256: str


def figures_of_study(study: DefectionStudy) -> StudyFigures:
    """Count what the interviews brought up."""
    held = [(each.cause, each.cause_kind) for each in study.interviews if each.was_held]
    named = [(cause, kind) for cause, kind in held if cause is not None and kind is not None]
    found = causes_of_defection([cause for cause, _ in named], _kinds(named))
    told = study.model_dump_json(include={"interviews", "customers", "left_fully", "left_partly", "satisfied_but_left"})
    return StudyFigures(
        customers=study.customers,
        left_fully=study.left_fully,
        left_partly=study.left_partly,
        satisfied_but_left=study.satisfied_but_left,
        interviews=len(study.interviews),
        held=len(held),
        causes={kind: tuple(map(_row, causes)) for kind, causes in found.items()},
        inputs_sha256=hashlib.sha256(told.encode()).hexdigest(),
    )


def _kinds(named: list[tuple[str, CauseKind]]) -> dict[str, CauseKind]:
    """The kind that most interviewers gave a cause; a failure where as many said one as the other."""
    votes: dict[str, Counter[CauseKind]] = {}
    for cause, kind in named:
        votes.setdefault(cause, Counter())[kind] += 1
    return {cause: max(CauseKind, key=lambda kind: given[kind]) for cause, given in votes.items()}


def _row(cause: Cause) -> tuple[str, int, float, float]:
    return cause.label, cause.customers, cause.share, cause.cumulated


_CAUSES = {
    CauseKind.FAILURE: Wording(zh="我们本可以做得更好的原因", en="Causes that could have been prevented"),
    CauseKind.LIFE_EVENT: Wording(zh="生活变故（非任何人之过）", en="Events of life, nobody's fault"),
}


def report_of_study(study: DefectionStudy, figures: StudyFigures) -> Report:
    """The report of a study, in both languages."""
    return Report(
        id="defection",
        title=Wording(zh="顾客跳槽研究", en="Defection study"),
        subtitle=Wording.verbatim(study.reference),
        provenance=Provenance(
            inputs={"interviews": figures.inputs_sha256},
            definitions={},
            method="Reichheld 1996",
            confidence=0.95,
            seed=0,
            replicates=0,
            program="amends",
        ),
        sections=(
            Section(id="who", title=Wording(zh="谁离开了", en="Who left"), blocks=(_who(figures),)),
            Section(id="why", title=Wording(zh="为什么离开", en="Why they left"), blocks=tuple(_why(figures))),
        ),
    )


def _who(figures: StudyFigures) -> KeyFigures:
    labels = {
        "left_fully": Wording(zh="完全离开", en="Left altogether"),
        "left_partly": Wording(zh="部分离开", en="Left in part"),
        "satisfied_but_left": Wording(zh="满意却离开", en="Satisfied, but left"),
        "held": Wording(zh="完成访谈", en="Interviews held"),
    }
    counts = figures.model_dump()
    return KeyFigures(
        figures=tuple(KeyFigure(label=label, figure=Number.count(counts[name])) for name, label in labels.items())
    )


def _why(figures: StudyFigures) -> list[Block]:
    return [_causes(kind, rows) if (rows := figures.causes.get(kind)) else _none(kind) for kind in CauseKind]


def _none(kind: CauseKind) -> Paragraph:
    return Paragraph(text=Wording(zh=f"{_CAUSES[kind].zh}：无。", en=f"{_CAUSES[kind].en}: none."))


def _causes(kind: CauseKind, rows: tuple[tuple[str, int, float, float], ...]) -> Table:
    return Table(
        title=_CAUSES[kind],
        columns=(
            Wording(zh="原因", en="Cause"),
            Wording(zh="顾客数", en="Customers"),
            Wording(zh="占比", en="Share"),
            Wording(zh="累计", en="Cumulative"),
        ),
        rows=tuple(
            Row(cells=(Text.verbatim(label), Number.count(count), Percent.of(share), Percent.of(cumulated)))
            for label, count, share, cumulated in rows
        ),
    )

"""What a defection study says when its interviews are over: who left, and the causes that were named."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict

from domain.surveys.comparison.defection import Cause, CauseKind, causes_of_defection
from domain.surveys.report.cells import Number, Percent, Text
from domain.surveys.report.charts import Axis, Bar, BarChart
from domain.surveys.report.document import Block, KeyFigure, KeyFigures, Paragraph, Provenance, Report, Section
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording
from domain.undertakings.defection_study import STUDY_SEED, ClassLoss, DefectionStudy, Interview


class StudyFigures(BaseModel):
    """The figures of a study; causes by their kind, each with the number of customers and the share up to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    customers: int
    unusable: int
    left_fully: int
    left_partly: int
    satisfied_but_left: int
    by_class: tuple[ClassLoss, ...]
    interviews: int
    held: int
    held_with_satisfied: int
    was_regrouped: bool
    causes: dict[CauseKind, tuple[tuple[str, int, float, float], ...]]
    causes_of_satisfied: tuple[tuple[str, int, float, float], ...]
    inputs_sha256: str


def figures_of_study(study: DefectionStudy) -> StudyFigures:
    """Count what the interviews brought up."""
    held = [each for each in study.interviews if each.was_held]
    satisfied = [each for each in held if each.was_satisfied]
    found = _causes_of(held)
    inputs = {"interviews", "customers", "unusable", "left_fully", "left_partly", "satisfied_but_left", "by_class"}
    return StudyFigures(
        customers=study.customers,
        unusable=study.unusable,
        left_fully=study.left_fully,
        left_partly=study.left_partly,
        satisfied_but_left=study.satisfied_but_left,
        by_class=study.by_class,
        interviews=len(study.interviews),
        held=len(held),
        held_with_satisfied=len(satisfied),
        was_regrouped=study.was_regrouped,
        causes=found,
        causes_of_satisfied=_causes_of(satisfied)[CauseKind.FAILURE],
        inputs_sha256=hashlib.sha256(study.model_dump_json(include=inputs).encode()).hexdigest(),
    )


def _causes_of(held: Sequence[Interview]) -> dict[CauseKind, tuple[tuple[str, int, float, float], ...]]:
    named = [(each.cause, each.cause_kind) for each in held if each.cause is not None and each.cause_kind is not None]
    found = causes_of_defection([cause for cause, _ in named], _kinds(named))
    return {kind: tuple(map(_row, causes)) for kind, causes in found.items()}


def _kinds(named: list[tuple[str, CauseKind]]) -> dict[str, CauseKind]:
    """The kind that most interviewers gave a cause; a failure where as many said one as the other."""
    votes: dict[str, Counter[CauseKind]] = {}
    for cause, kind in named:
        votes.setdefault(cause, Counter())[kind] += 1
    return {cause: max(CauseKind, key=lambda kind: given[kind]) for cause, given in votes.items()}


def _row(cause: Cause) -> tuple[str, int, float, float]:
    return cause.label, cause.customers, cause.share, cause.cumulated


_FAILURES = Wording(zh="我们本可以做得更好的原因（排列图）", en="Causes that could have been prevented (Pareto)")
_SHARES = Wording(zh="各原因的占比与累计占比", en="Shares of these causes, added up")
_LIFE_EVENTS = Wording(zh="生活变故（非任何人之过）", en="Events of life, nobody's fault")
_SATISFIED = Wording(zh="满意却离开者所说的原因", en="Causes named by those who left though satisfied")
_CAUSE, _CUSTOMERS = Wording(zh="原因", en="Cause"), Wording(zh="顾客数", en="Customers")


def report_of_study(study: DefectionStudy, figures: StudyFigures) -> Report:
    """The report of a study, in both languages."""
    return Report(
        id="defection",
        title=Wording(zh="顾客流失（跳槽）研究", en="Defection study"),
        subtitle=Wording.verbatim(study.reference),
        provenance=Provenance(
            inputs={"interviews": figures.inputs_sha256},
            definitions={},
            method="Reichheld, Harvard Business Review 74(2), 1996; value classes by ABC analysis (80 %, 95 %)",
            confidence=0.95,
            seed=STUDY_SEED,
            replicates=0,
            program="amends",
        ),
        sections=(
            Section(id="who", title=Wording(zh="谁离开了", en="Who left"), blocks=tuple(_who(figures))),
            Section(id="why", title=Wording(zh="为什么离开", en="Why they left"), blocks=tuple(_why(figures))),
            Section(
                id="satisfied",
                title=Wording(zh="满意却离开的顾客", en="Satisfied, but left"),
                blocks=tuple(_satisfied(figures)),
            ),
            Section(id="method", title=Wording(zh="方法", en="How it was done"), blocks=(_method(figures),)),
        ),
    )


def _who(figures: StudyFigures) -> Iterator[Block]:
    labels = {
        "customers": Wording(zh="研究的顾客", en="Customers looked at"),
        "left_fully": Wording(zh="完全离开", en="Left altogether"),
        "left_partly": Wording(zh="部分离开", en="Left in part"),
        "satisfied_but_left": Wording(zh="满意却离开", en="Satisfied, but left"),
    }
    yield KeyFigures(
        figures=tuple(
            KeyFigure(label=label, figure=Number.count(getattr(figures, name))) for name, label in labels.items()
        )
    )
    yield Table(
        title=Wording(zh="按顾客价值等级", en="By value class"),
        columns=(
            Wording(zh="等级", en="Class"),
            _CUSTOMERS,
            labels["left_fully"],
            labels["left_partly"],
            Wording(zh="流失价值占比", en="Value lost, of all"),
        ),
        rows=tuple(_class_row(each) for each in figures.by_class),
        note=Wording(
            zh="A 类：合占原价值前 80% 的顾客；B 类：其后至 95%；C 类：其余。",
            en="A: the customers who made the first 80% of all former value; B: the next, up to 95%; C: the others.",
        ),
    )


def _class_row(each: ClassLoss) -> Row:
    counts = (each.customers, each.left_fully, each.left_partly)
    return Row(
        cells=(Text.verbatim(each.value_class), *(Number.count(count) for count in counts), Percent.of(each.lost_share))
    )


def _why(figures: StudyFigures) -> Iterator[Block]:
    failures = figures.causes.get(CauseKind.FAILURE, ())
    if failures:
        yield BarChart(
            title=_FAILURES,
            description=Wording(zh="各原因涉及的受访顾客数，由多到少。", en="Customers by the cause that they named."),
            category=_CAUSE,
            measure=Axis(title=_CUSTOMERS, minimum=0),
            bars=tuple(Bar(label=Wording.verbatim(label), value=Number.count(count)) for label, count, *_ in failures),
        )
    yield _causes(_SHARES if failures else _FAILURES, failures)
    yield _causes(_LIFE_EVENTS, figures.causes.get(CauseKind.LIFE_EVENT, ()))


def _satisfied(figures: StudyFigures) -> Iterator[Block]:
    yield Paragraph(
        text=Wording(
            zh=f"{figures.satisfied_but_left} 位离开的顾客最近一次评分仍为满意；"
            f"访谈了其中 {figures.held_with_satisfied} 位。满意度分数看不到他们为何离开。",
            en=f"{figures.satisfied_but_left} of those who left had been satisfied when last asked; "
            f"{figures.held_with_satisfied} of them were interviewed. Scores do not see why they left.",
        )
    )
    yield _causes(_SATISFIED, figures.causes_of_satisfied)


def _method(figures: StudyFigures) -> Paragraph:
    zh = f"由管理者亲自完成 {figures.held} 次访谈（共抽取 {figures.interviews} 位，按原价值大小不等概率抽取）。"
    en = (
        f"Managers held {figures.held} interviews themselves, of {figures.interviews} customers drawn with chances "
        "that grow with their former value."
    )
    if figures.was_regrouped:
        zh += "完成三分之一后，管理者会商并重新归并了原因；此前的记录按新名称计。"
        en += (
            " After the first third they met and regrouped the causes; what they had recorded counts by the new names."
        )
    if figures.unusable:
        zh += f"另有 {figures.unusable} 位顾客的价值不是有效数字，未列入。"
        en += f" {figures.unusable} customers whose values are no amounts were left out."
    return Paragraph(text=Wording(zh=zh, en=en))


def _causes(title: Wording, rows: tuple[tuple[str, int, float, float], ...]) -> Block:
    if not rows:
        return Paragraph(text=Wording(zh=f"{title.zh}：无。", en=f"{title.en}: none."))
    return Table(
        title=title,
        columns=(_CAUSE, _CUSTOMERS, Wording(zh="占比", en="Share"), Wording(zh="累计", en="Cumulative")),
        rows=tuple(
            Row(cells=(Text.verbatim(label), Number.count(count), Percent.of(share), Percent.of(cumulated)))
            for label, count, share, cumulated in rows
        ),
    )

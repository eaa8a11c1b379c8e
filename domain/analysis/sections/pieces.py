"""What the sections of an analysis share: names of dimensions and codes, notes, and what is withheld."""

from collections.abc import Sequence

import numpy as np

from domain.analysis.findings import UNNAMED, CostBar, CostRanking, Group, Ranking, Share
from domain.analysis.suppression import FEWEST_SHOWN, hidden_cells
from domain.complaints import shipped
from domain.surveys.report.wording import Wording

DIMENSIONS = {
    "category": Wording(zh="投诉类别", en="Category"),
    "product": Wording(zh="产品", en="Product"),
    "region": Wording(zh="区域", en="Region"),
    "partner": Wording(zh="合作伙伴", en="Partner"),
}
CASES = Wording(zh="件数", en="Cases")
SHARE = Wording(zh="占比", en="Share")
LOW, HIGH = Wording(zh="下限", en="Low"), Wording(zh="上限", en="High")
LEAST_P_VALUE = 0.001
NONE = Wording(zh="（无）", en="(none)")
DAYS = Wording(zh="天", en="Days")


def interval(share: Share) -> Wording | None:
    """The interval of a share in words, with its numbers."""
    if share.low is None or share.high is None:
        return None
    return Wording(
        zh=f"95% 置信区间 {share.low:.1%} 至 {share.high:.1%}，{share.events}/{share.cases}",
        en=f"95% interval {share.low:.1%} to {share.high:.1%}, {share.events} of {share.cases}",
    )


def vital_few(ranking: Ranking | CostRanking) -> Wording:
    """Which few make up most, or that the data cannot tell."""
    name = DIMENSIONS[ranking.dimension]
    of_all = ("全部投诉", "all complaints") if isinstance(ranking, Ranking) else ("全部赔付", "all redress")
    if ranking.vital_few is None:
        return Wording(
            zh=f"按{name.zh}：现有数据尚不足以区分“关键少数”。",
            en=f"{name.en}: the data cannot yet tell a vital few from the rest.",
        )
    if ranking.vital_few == len(ranking.groups) > 1:
        return Wording(
            zh=f"按{name.zh}：没有哪几类占大多数，各类都有份。",
            en=f"{name.en}: no few of them make up most; it is spread over all.",
        )
    few, share = ranking.vital_few, ranking.groups[ranking.vital_few - 1].cumulated
    return Wording(
        zh=f"按{name.zh}：{len(ranking.groups)} 类中的 {few} 类占{of_all[0]}的 {share:.0%}。",
        en=f"{name.en}: {few} of {len(ranking.groups)} make up {share:.0%} of {of_all[1]}.",
    )


def p_value(value: float) -> str:
    """A p-value as readers take it: beyond three places it only looks exact."""
    return "< 0.001" if value < LEAST_P_VALUE else f"= {value:.3f}"


def are_shown(groups: Sequence[Group | CostBar], withhold: bool) -> tuple[bool, ...]:
    """Which groups may be shown; all, unless small ones are withheld."""
    if not withhold:
        return (True,) * len(groups)
    return tuple(not hidden for hidden in hidden_cells(np.array([group.people for group in groups])).tolist())


def named(dimension: str, code: str) -> Wording:
    """A code by its name, where it has one."""
    if code == UNNAMED:
        return NONE
    term = shipped.taxonomy().category.get(code) if dimension == "category" else None
    return Wording.verbatim(code) if term is None else Wording(zh=term.zh, en=term.en)


def cell_named(cell: str) -> Wording:
    """A cell of the scan in words: category, region and partner, as far as they are known."""
    category, *rest = cell.split(" · ")
    name, known = named("category", category), [part for part in rest if part != UNNAMED]
    return Wording(zh=" · ".join([name.zh, *known]), en=" · ".join([name.en, *known]))


def few_note() -> Wording:
    """That figures about few people are left out."""
    return Wording(
        zh=f"涉及不足 {FEWEST_SHOWN} 人的数字及可据以推算者不予显示。",
        en=f"Figures about fewer than {FEWEST_SHOWN} people, and those that would give them away, are withheld.",
    )

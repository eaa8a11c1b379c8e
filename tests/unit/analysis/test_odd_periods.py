"""Periods that have nothing, one kind, or only noughts to divide by: each is defined, and said in the report."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from domain.analysis.figures import compute_figures
from domain.analysis.observation import Complaints, Counts, Narratives, Observed
from domain.analysis.report import report_of
from domain.analysis.sections.pieces import p_value

FIRST = date(2026, 1, 1)


def observed(count: int, last: date = date(2026, 1, 31), **changes: Any) -> Observed:
    """So many complaints of one category, all open, by a customer each."""
    text: dict[str, Any] = {
        name: np.array([value] * count, dtype=np.str_)
        for name, value in {
            "category": "billing",
            "product": "",
            "region": "",
            "partner": "",
            "end": "",
            "decision": "",
        }.items()
    }
    text |= {name: np.array([f"{name}-{n:04}" for n in range(count)], np.str_) for name in ("reference", "customer")}
    flags = ("appealed", "reopened", "stage_two", "external", "called_back")
    flag = {name: np.zeros(count, np.bool_) for name in flags}
    number = {name: np.zeros(count, np.int64) for name in ("day", "satisfaction", "met", "broken", "overdue")}
    real = {name: np.zeros(count) for name in ("lasted", "money")}
    complaints = Complaints(**text | flag | number | real | changes)
    return Observed(FIRST, last, complaints, Counts((), FIRST, np.zeros((0, 0), np.int64)))


def said(seen: Observed, **more: Any) -> str:
    return report_of(compute_figures(seen, **more)).model_dump_json()


def test_a_period_without_complaints_has_noughts_and_no_shares() -> None:
    figures = compute_figures(observed(0))
    assert (figures.complaints, figures.people, figures.rankings, figures.costs) == (0, 0, (), ())
    assert figures.promises.share is None
    assert all(share.share is None for share in figures.rates.values())
    text = said(observed(0))
    assert "There were no complaints in this period." in text
    assert "No redress was paid" in text


def test_shares_of_nothing_are_none_and_not_noughts() -> None:
    figures = compute_figures(observed(12))
    assert figures.rates["first_contact"].model_dump() == {
        "events": 0,
        "cases": 0,
        "share": None,
        "low": None,
        "high": None,
    }
    assert figures.promises.cases == 0


def test_one_category_is_all_of_it() -> None:
    (ranking, *_) = compute_figures(observed(12)).rankings
    assert [(group.label, group.share, group.rank_from, group.rank_to) for group in ranking.groups] == [
        ("billing", 1.0, 1, 1)
    ]
    assert ranking.vital_few == 1


def test_one_day_has_no_control_chart_and_says_so() -> None:
    assert "Fewer than eight days: no control chart is drawn." in said(observed(3, last=FIRST))


def test_a_long_period_is_drawn_by_weeks_with_the_last_one_as_short_as_it_is() -> None:
    day = np.arange(100, dtype=np.int64)
    weeks = compute_figures(observed(100, last=date(2026, 4, 10), day=day)).volume.weeks
    assert (len(weeks), weeks[-1].days, weeks[-1].cases) == (15, 2, 2)
    assert {week.cases for week in weeks[:-1]} == {7}


def test_costs_are_ranked_by_money_and_not_by_number() -> None:
    """Nine cheap complaints about one thing and one dear one about another."""
    category = np.array(["billing"] * 9 + ["repair"], np.str_)
    money = np.array([10.0] * 9 + [500.0])
    (ranking, *_) = compute_figures(observed(10, category=category, money=money)).costs
    assert [(group.label, group.cost, group.cases) for group in ranking.groups] == [
        ("repair", 500.0, 1),
        ("billing", 90.0, 9),
    ]
    assert "590" in said(observed(10, category=category, money=money))


@pytest.mark.parametrize("texts", [(), ("late",) * 5, tuple(chr(0x4E00 + n) for n in range(30))])
def test_narratives_that_are_few_or_share_nothing_have_no_themes(texts: tuple[str, ...]) -> None:
    text = said(observed(3), narratives=Narratives(len(texts), texts))
    assert "too few narratives" in text


def test_what_is_withheld_in_costs_takes_its_complement_with_it() -> None:
    category = np.array(["billing"] * 9 + ["repair"] * 7 + ["conduct"] * 2, np.str_)
    figures = compute_figures(observed(18, category=category, money=np.full(18, 5.0)))
    report = report_of(figures, withhold=True)
    table = next(section for section in report.sections if section.id == "cost").blocks[1]
    assert [row.cells[1] is None for row in table.rows] == [False, True, True]  # type: ignore[union-attr]


def test_where_no_few_make_up_most_the_report_does_not_call_all_of_them_few() -> None:
    text = said(observed(90, region=np.array(["east", "west"] * 45, np.str_)))
    assert "Region: no few of them make up most" in text
    assert "Region: 2 of 2" not in text


def test_what_has_no_code_is_named_in_words() -> None:
    partner = np.array(["fitters"] * 40 + [""] * 20, np.str_)
    text = said(observed(60, partner=partner))
    assert '"en":"(none)"' in text
    assert '"en":"–"' not in text


def test_pieces_of_themes_end_at_punctuation() -> None:
    texts = tuple(
        f"{start}。{end}，等了一整天！" for start in ("账单多了", "没有人来") for end in ("为什么", "约好的") * 10
    )
    figures = compute_figures(observed(3), narratives=Narratives(len(texts), texts))
    assert figures.themes is not None
    pieces = "".join(piece for theme in figures.themes.themes for piece in theme.pieces)
    assert not set(pieces) & set("。，！")
    assert pieces


def test_a_p_value_is_not_told_to_forty_places() -> None:
    assert [p_value(each) for each in (5.15e-40, 0.0009999, 0.001, 0.2341)] == [
        "< 0.001",
        "< 0.001",
        "= 0.001",
        "= 0.234",
    ]

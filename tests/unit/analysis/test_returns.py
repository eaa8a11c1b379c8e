"""Regulator-style returns: bands, the share within the limit, upheld, redress, and where each comes from."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.analysis.returns.definition import definition, definitions
from domain.analysis.returns.filling import ReturnedCase, fill_return
from domain.analysis.returns.report import report_of_return
from domain.calendar import Span, due
from domain.complaints import shipped

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
PERIOD = (date(2026, 3, 1), date(2026, 3, 31))
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)


def plain_due(start: datetime, span: Span) -> datetime:
    """Calendar days and weeks by hand; working days without holidays."""
    if span.unit in {"calendar_days", "weeks"}:
        days = span.amount * (7 if span.unit == "weeks" else 1)
        return datetime.combine(start.date() + timedelta(days=days + 1), datetime.min.time(), UTC)
    day = start.date()
    for _ in range(span.amount):
        day += timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)


def case(days: float | None, **changes: Any) -> ReturnedCase:
    """A case received on Monday 2 March and answered so many days later."""
    told: dict[str, Any] = {
        "received_at": MONDAY,
        "category": "billing",
        "answered_at": None if days is None else MONDAY + timedelta(days=days),
        "needs_answer": True,
        "owed_by": None,
        "upheld": None,
        "redress": 0.0,
        "external": False,
        "solved": None,
        "satisfaction": 0,
    }
    return ReturnedCase(**told | changes)


def test_answers_fall_into_the_band_in_which_they_came() -> None:
    """DISP: three business days from Monday end on Thursday night; eight weeks end on 27 April."""
    fca = definition("uk-fca-disp")
    assert fca is not None
    cases = [case(0.5), case(3.5), case(4.1), case(55.9), case(58), case(None)]
    total = fill_return(fca, cases, PERIOD, AS_OF, plain_due).total
    assert total.bands == (2, 2, 1)
    assert (total.received, total.answered, total.open) == (6, 5, 1)
    assert (total.within_limit.events, total.within_limit.cases) == (4, 6), "open beyond the limit is not within it"


def test_what_is_not_due_yet_is_neither_kept_nor_broken() -> None:
    fca = definition("uk-fca-disp")
    assert fca is not None
    total = fill_return(fca, [case(None), case(2)], PERIOD, MONDAY + timedelta(days=30), plain_due).total
    assert (total.within_limit.events, total.within_limit.cases) == (1, 1)


def test_an_extended_or_shorter_clock_of_the_case_itself_goes_before_the_limit() -> None:
    fca = definition("uk-fca-disp")
    assert fca is not None
    cases = [case(60, owed_by=MONDAY + timedelta(days=61)), case(2, owed_by=MONDAY + timedelta(days=1))]
    assert fill_return(fca, cases, PERIOD, AS_OF, plain_due).total.within_limit.events == 1


def test_upheld_redress_and_what_needs_no_answer_are_counted() -> None:
    energy = definition("gb-energy")
    assert energy is not None
    cases = [
        case(1, upheld=True, redress=40.0),
        case(1, upheld=True, redress=25.5),
        case(2, upheld=False, external=True),
        case(None, needs_answer=False),
    ]
    total = fill_return(energy, cases, PERIOD, AS_OF, plain_due).total
    assert (total.upheld.events, total.upheld.cases) == (2, 3)
    assert (total.redress_paid, total.redress, total.external) == (2, 65.5, 1)
    assert (total.without_answer, total.within_limit.cases) == (1, 3)


def test_a_return_of_no_cases_is_one_of_noughts() -> None:
    fca = definition("uk-fca-disp")
    assert fca is not None
    figures = fill_return(fca, [], PERIOD, AS_OF, plain_due)
    assert (figures.total.received, figures.total.within_limit.share, figures.by_category) == (0, None, ())
    report = report_of_return(fca, figures, "0" * 64)
    assert "There were no complaints in this period." in report.model_dump_json()


@pytest.mark.parametrize("each", definitions(), ids=lambda each: each.pin)
def test_every_return_counts_a_preset_and_says_where_it_comes_from(each: Any) -> None:
    assert each.policy in {policy.id for policy in shipped.policies()}
    assert each.source
    ends = [plain_due(MONDAY, band.up_to) for band in each.bands]
    assert ends == sorted(set(ends))
    figures = fill_return(each, [case(1), case(200)], PERIOD, AS_OF, plain_due)
    assert figures.total.bands[-1] == 1
    assert sum(figures.total.bands) == 2
    said = report_of_return(each, figures, "0" * 64).model_dump_json()
    assert ("unverified" in said) is (each.verified_on is None)


def test_categories_of_few_cases_are_withheld_with_a_complement() -> None:
    fca = definition("uk-fca-disp")
    assert fca is not None
    cases = [case(1) for _ in range(9)] + [case(1, category="conduct") for _ in range(7)]
    cases += [case(1, category="other") for _ in range(2)]
    report = report_of_return(fca, fill_return(fca, cases, PERIOD, AS_OF, plain_due), "0" * 64, withhold=True)
    table = next(section for section in report.sections if section.id == "categories").blocks[0]
    hidden = [row.cells[1] is None for row in table.rows]  # type: ignore[union-attr]
    assert hidden == [False, True, True, False]


def test_bands_end_where_the_calendar_of_the_policy_says() -> None:
    """Good Friday and Easter Monday of 2026 (3 and 6 April) are no working days in England."""
    england = next(each for each in shipped.calendars("Europe/London") if each.id == "england")
    fca = definition("uk-fca-disp")
    assert fca is not None
    thursday = datetime(2026, 4, 2, 10, tzinfo=UTC)
    answered = case(None, received_at=thursday, answered_at=datetime(2026, 4, 9, 12, tzinfo=UTC))
    total = fill_return(fca, [answered], PERIOD, AS_OF, lambda at, span: due(at, span, england).at).total
    assert total.bands == (1, 0, 0), "Tuesday, Wednesday, Thursday"

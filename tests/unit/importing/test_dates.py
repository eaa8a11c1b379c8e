"""One format for a column: found where its values decide it, refused where they do not."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.complaints.importing.dates import ColumnOfDates, moment, parse_format, readings

NEW_YORK = ZoneInfo("America/New_York")


def column(*values: str, expected: str | None = None) -> ColumnOfDates:
    seen = ColumnOfDates(None if expected is None else parse_format(expected))
    for row, value in enumerate(values, start=2):
        seen.look(row, value)
    return seen


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (["2016-10-03", "2016-12-01"], "YYYY-MM-DD"),
        (["10/03/2016", "10/25/2016"], "M/D/YYYY"),
        (["10/03/16", "10/25/16"], "M/D/YY"),
        (["1/3/2016", "12/31/2016"], "M/D/YYYY"),
        (["25/10/2016", "03/04/2016"], "D/M/YYYY"),
        (["2016-10-03T10:00:00Z", "2016-10-04 11:00:00.123+00:00"], "YYYY-MM-DD H:MMZ"),
        (["2016-10-03T00:00:00", "2016-10-04T00:00:00.000"], "YYYY-MM-DD H:MM"),
        (["3/14/2025 1:20", "3/2/2025 23:01"], "M/D/YYYY H:MM"),
        (["03/14/2025 01:20:00 AM"], "M/D/YYYY h:MM AM"),
        (["2025/03/14"], "YYYY/MM/DD"),
        (["2025年3月14日"], "YYYY年M月D日"),
        (["14.03.2025"], "D.M.YYYY"),
        (["05/05/2025"], "M/D/YYYY"),
    ],
)
def test_the_values_of_a_column_say_its_format(values: list[str], name: str) -> None:
    found = column(*values).format()
    assert found is not None
    assert found.name == name
    assert parse_format(name) == found


def test_a_column_that_no_value_decides_is_refused_with_both_readings() -> None:
    with pytest.raises(ValueError, match=r"could be M/D/YYYY or D/M/YYYY: no row decides it"):
        column("03/04/2025", "11/12/2025", "05/05/2025").format()


def test_a_format_that_the_mapping_names_decides_it() -> None:
    named = column("03/04/2025", expected="DD/MM/YYYY").format()
    assert named is not None
    assert moment("03/04/2025", named, NEW_YORK) == datetime(2025, 4, 3, 4, tzinfo=UTC)


def test_a_column_in_two_formats_is_refused_with_the_first_row_of_each() -> None:
    with pytest.raises(ValueError, match="row 4 is written in another format than row 2"):
        column("10/25/2016", "10/26/2016", "2016-10-03").format()
    with pytest.raises(ValueError, match="row 3 is written in another format than row 2"):
        column("10/25/2016", "25/10/2016").format()


def test_what_is_no_date_decides_nothing() -> None:
    seen = column("yesterday", "13/13/2016", "2016-02-30", "2016-10-03")
    assert seen.format() == parse_format("YYYY-MM-DD")
    assert column().format() is None
    assert readings("2016-10-03 25:00") == {}


def test_a_time_without_a_zone_is_of_the_mappings_zone() -> None:
    written = parse_format("M/D/YYYY H:MM")
    assert moment("3/8/2025 12:00", written, NEW_YORK) == datetime(2025, 3, 8, 17, tzinfo=UTC)
    assert moment("3/10/2025 12:00", written, NEW_YORK) == datetime(2025, 3, 10, 16, tzinfo=UTC)
    assert moment("2025-03-10T12:00:00+08:00", parse_format("YYYY-MM-DD H:MMZ"), NEW_YORK) == datetime(
        2025, 3, 10, 4, tzinfo=UTC
    )
    assert moment("3/10/2025 12:00", parse_format("M/D/YYYY"), NEW_YORK) is None


def test_two_digits_from_69_on_are_the_last_century() -> None:
    written = parse_format("M/D/YY")
    years = [at.year for day in ("1/31/68", "1/31/69") if (at := moment(day, written, ZoneInfo("UTC"))) is not None]
    assert years == [2068, 1969]


def test_twelve_at_night_and_twelve_at_noon_are_told_apart() -> None:
    written = parse_format("M/D/YYYY h:MM AM")
    hours = [at.hour for half in ("AM", "PM") if (at := moment(f"1/31/2025 12:15 {half}", written, ZoneInfo("UTC")))]
    assert hours == [0, 12]


@pytest.mark.parametrize("name", ["", "YYYY", "MM/DD", "YYYY-DD-MM", "M/D/YYYY noon", "Q"])
def test_a_format_that_nobody_writes_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected a format such as"):
        parse_format(name)

"""What a row says, and what is wrong with it."""

import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from domain.complaints import shipped
from domain.complaints.importing import (
    Mapping,
    Report,
    Survey,
    Unusable,
    mapping_text,
    plan_of,
    shipped_mapping,
    shipped_mappings,
)
from domain.complaints.importing.rows import Found, code_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CFPB = [
    "Date received",
    "Product",
    "Issue",
    "State",
    "Company response to consumer",
    "Date sent to company",
    "Complaint ID",
]


def surveyed(mapping: Mapping, header: list[str], *rows: list[str]) -> tuple[list[Found], Report]:
    survey = Survey(plan_of(mapping, header), shipped.taxonomy(), NOW)
    for row, cells in enumerate(rows, start=2):
        survey.look_at_dates(row, cells)
    survey.settle_formats()
    return [survey.look(row, cells, None) for row, cells in enumerate(rows, start=2)], survey.report()


def cfpb(*rows: list[str]) -> tuple[list[Found], Report]:
    return surveyed(shipped_mapping("cfpb"), CFPB, *rows)


def test_a_row_becomes_a_complaint_in_our_words() -> None:
    (found,), _ = cfpb(["10/25/2016", "Mortgage", "Billing disputes", "CA", "In progress", "10/26/2016", "77"])
    assert found.received_at == datetime(2016, 10, 25, 4, tzinfo=UTC)
    assert (found.id, found.is_open, found.is_usable) == ("77", True, True)
    assert found.codes == {
        "category": "billing_disputes",
        "product": "mortgage",
        "region": "ca",
        "channel": "regulator",
    }
    assert found.legacy["category"] == "Billing disputes"
    assert found.narrative == "Mortgage – Billing disputes"


def test_what_stands_for_nothing_is_nothing() -> None:
    (found,), _ = cfpb(["2016-10-25", "N/A", "Fees", " none ", "Closed", "", "None"])
    assert "product" not in found.codes
    assert "region" not in found.codes
    assert (found.id, found.is_open) == (None, False)


def test_a_row_that_was_sent_before_it_was_received_is_reported_and_kept() -> None:
    found, report = cfpb(
        ["2016-10-25", "Mortgage", "Fees", "CA", "Closed", "2016-10-24", "1"],
        ["2016-10-25", "Mortgage", "Fees", "CA", "Closed", "2016-10-25", "2"],
    )
    assert [each.is_usable for each in found] == [True, True]
    assert report.problems == {"Date sent to company: lies before Date received": 1}
    assert [(p.row, p.is_fatal) for p in report.first_problems] == [(2, False)]


def test_a_row_without_a_date_of_receipt_is_kept_out_and_named() -> None:
    _, report = cfpb(
        ["2016-10-25", "Mortgage", "Fees", "CA", "Closed", "", "1"],
        ["N/A", "Mortgage", "Fees", "CA", "Closed", "", "2"],
        ["soon", "Mortgage", "Fees", "CA", "Closed", "", "3"],
        ["2026-10-25", "Mortgage", "Fees", "CA", "Closed", "", "4"],
    )
    assert (report.rows, report.usable, report.bad_rows) == (4, 1, 3)
    assert [(p.row, p.problem) for p in report.first_problems] == [
        (3, "holds no date in the column's format"),
        (4, "holds no date in the column's format"),
        (5, "lies in the future"),
    ]


def test_unknown_codes_are_counted_by_their_names() -> None:
    rows = [["2016-10-25", "Mortgage", issue, "CA", "Closed", "", ""] for issue in ("Fees", "Fees", "Frogs")]
    assert cfpb(*rows)[1].unknown_codes == {"category": {"Fees": 2, "Frogs": 1}}


def test_a_file_whose_dates_no_row_decides_is_refused_by_its_column() -> None:
    with pytest.raises(Unusable, match="Date received: could be M/D/YYYY or D/M/YYYY"):
        cfpb(["03/04/2016", "Mortgage", "Fees", "CA", "Closed", "", "1"])


def test_a_file_without_the_column_of_receipt_is_refused_with_what_it_has() -> None:
    with pytest.raises(Unusable, match="Date received: the file has no such column; it has Product"):
        surveyed(shipped_mapping("cfpb"), ["Product"], ["Mortgage"])


def test_a_column_is_found_whatever_its_case_and_whatever_stands_between_its_words() -> None:
    _, report = surveyed(shipped_mapping("cfpb"), ["DATE_RECEIVED", "issue", "Sub  Issue"], ["2016-10-25", "Fees", "x"])
    assert report.columns["Date received"] == "DATE_RECEIVED"
    assert report.columns["Sub-issue"] == "Sub  Issue"


def test_free_text_is_no_legacy_code() -> None:
    header = ["Date received", "Issue", "Tags"]
    _, report = surveyed(shipped_mapping("cfpb"), header, ["2016-10-25", "Fees", "x" * 301])
    assert report.problems == {"Tags: has more than 300 signs: map free text as narrative": 1}


def test_different_values_are_different_codes_and_the_same_value_the_same() -> None:
    long = "Credit reporting, credit repair services, or other personal consumer reports"
    values = ["Pet Shop", "账单有误", "账单", long, long + "!", "café"]
    codes = [code_of(value) for value in values]
    assert codes[0] == "pet_shop"
    assert len(set(codes)) == len(values)
    assert codes == [code_of(value) for value in values]
    assert all(len(code) <= 64 for code in codes)


def test_every_shipped_mapping_and_the_example_are_valid() -> None:
    assert {mapping.id for mapping in shipped_mappings()} == {"cfpb", "nyc311"}
    example = Mapping.model_validate(tomllib.loads(mapping_text("example")))
    header = ["受理日期", "状态", "投诉内容", "投诉类别", "电话"]
    (found,), _ = surveyed(example, header, ["2025/03/04 9:30", "处理中", "压力一直低", "压力低", "13812345678"])
    assert found.received_at == datetime(2025, 3, 4, 1, 30, tzinfo=UTC)
    assert (found.is_open, found.codes["category"], found.identity) == (
        True,
        "supply_pressure",
        {"phone": "13812345678"},
    )


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"columns": {"received_at": "a"}}, ""),
        ({"formats": {"received_at": "sometimes"}}, "formats"),
        ({"codes": {"status": {"x": "ajar"}}}, "codes"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused_by_its_field(change: dict[str, Any], where: str) -> None:
    document = shipped_mapping("cfpb").model_dump(mode="json") | change
    with pytest.raises(ValidationError) as refused:
        Mapping.model_validate(document)
    assert where in {str(error["loc"][0]) if error["loc"] else "" for error in refused.value.errors()}

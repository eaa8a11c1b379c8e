"""Ways to alter the evidence of a sound run, each of which one law must notice: the laws, checked without waiting."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from domain.complaints.terms import Status
from tests.chaos.diary import Diary
from tests.chaos.evidence import Evidence, Row, Run
from tests.chaos.sink import Acceptance

Tampering = Callable[[Evidence], Evidence]


def complaint_lost(evidence: Evidence) -> Evidence:
    lost = evidence.diary.references[0]
    ledger = {reference: rows for reference, rows in evidence.ledger.items() if reference != lost}
    return replace(evidence, ledger=ledger)


def complaint_taken_twice(evidence: Evidence) -> Evidence:
    rows = evidence.ledger[evidence.diary.references[0]]
    return replace(evidence, ledger=evidence.ledger | {"C-2026-999999": rows})


def command_lost(evidence: Evidence) -> Evidence:
    return _rows_changed(evidence, "complaint.investigation_started", lambda row: [])


def command_done_twice(evidence: Evidence) -> Evidence:
    return _rows_changed(evidence, "complaint.investigation_started", lambda row: [row, row])


def entry_altered(evidence: Evidence) -> Evidence:
    altered = '"severity":9'
    return _rows_changed(
        evidence, "complaint.received", lambda row: [replace(row, payload=f"{row.payload[:-1]},{altered}}}")]
    )


def tail_lost(evidence: Evidence) -> Evidence:
    reference = evidence.diary.references[0]
    return replace(evidence, ledger=evidence.ledger | {reference: evidence.ledger[reference][:-1]})


def read_model_stale(evidence: Evidence) -> Evidence:
    reference, record = next(iter(evidence.records.items()))
    return replace(evidence, records=evidence.records | {reference: replace(record, status="received")})


def step_of_the_way_missing(evidence: Evidence) -> Evidence:
    """The case was handled although nobody had assessed it."""
    reference = next(iter(evidence.ledger))
    rows = [
        replace(row, type="complaint.closed") if row.type == "complaint.assessed" else row
        for row in evidence.ledger[reference]
    ]
    return replace(evidence, ledger=evidence.ledger | {reference: rows})


def other_end(evidence: Evidence) -> Evidence:
    reference = evidence.diary.references[0]
    ends = evidence.diary.ends | {reference: Status.DUPLICATE}
    return replace(evidence, diary=_diary(evidence, ends=ends))


def answered_with_a_defect(evidence: Evidence) -> Evidence:
    return replace(evidence, diary=_diary(evidence, defects=["GET /v1/complaints was answered 500 defect"]))


def workflow_missing(evidence: Evidence) -> Evidence:
    return replace(evidence, runs={})


def workflow_failed(evidence: Evidence) -> Evidence:
    return _runs_changed(evidence, lambda run: replace(run, status="FAILED"))


def workflow_in_trouble(evidence: Evidence) -> Evidence:
    return _runs_changed(
        evidence, lambda run: replace(run, status="RUNNING", problems=("category=WorkflowTaskFailed",))
    )


def start_forgotten(evidence: Evidence) -> Evidence:
    return replace(evidence, unstarted=1)


def step_still_parked(evidence: Evidence) -> Evidence:
    return replace(evidence, steps=(*evidence.steps, (evidence.diary.references[0], "response_letter.1", "parked")))


def breach_missing(evidence: Evidence) -> Evidence:
    return _rows_changed(evidence, "clock.breached", lambda row: [])


def breach_recorded_twice(evidence: Evidence) -> Evidence:
    return _rows_changed(evidence, "clock.breached", lambda row: [row, row])


def breach_early(evidence: Evidence) -> Evidence:
    early = timedelta(minutes=2)
    return _rows_changed(evidence, "clock.breached", lambda row: [replace(row, at=row.at - early)])


def breach_late(evidence: Evidence) -> Evidence:
    late = timedelta(minutes=10)
    return _rows_changed(evidence, "clock.breached", lambda row: [replace(row, at=row.at + late, committed_at=None)])


def letter_lost(evidence: Evidence) -> Evidence:
    lost = evidence.mail[0].message_id
    return replace(evidence, mail=tuple(each for each in evidence.mail if each.message_id != lost))


def letter_sent_again(evidence: Evidence) -> Evidence:
    again = replace(evidence.mail[0], at=evidence.seen_at)
    return replace(evidence, mail=(*evidence.mail, again))


def letter_of_nobody(evidence: Evidence) -> Evidence:
    return replace(evidence, mail=(*evidence.mail, Acceptance("<nobody@example.org>", evidence.seen_at)))


TAMPERINGS: dict[Tampering, str] = {
    complaint_lost: "acknowledged_complaints_are_kept",
    complaint_taken_twice: "acknowledged_complaints_are_kept",
    command_lost: "acknowledged_commands_are_recorded_once",
    command_done_twice: "acknowledged_commands_are_recorded_once",
    entry_altered: "chains_hold",
    tail_lost: "chains_hold",
    read_model_stale: "read_models_follow",
    step_of_the_way_missing: "only_lawful_paths",
    other_end: "cases_end_where_they_should",
    answered_with_a_defect: "nobody_was_turned_away",
    workflow_missing: "each_case_has_one_workflow",
    workflow_failed: "each_case_has_one_workflow",
    workflow_in_trouble: "each_case_has_one_workflow",
    start_forgotten: "nothing_is_left_behind",
    step_still_parked: "nothing_is_left_behind",
    breach_missing: "every_due_time_has_one_record",
    breach_recorded_twice: "every_due_time_has_one_record",
    breach_early: "every_due_time_has_one_record",
    breach_late: "every_due_time_has_one_record",
    letter_lost: "letters_went_out",
    letter_sent_again: "letters_went_out",
    letter_of_nobody: "letters_went_out",
}
"""Each with the law that must notice it."""


def _rows_changed(evidence: Evidence, kind: str, change: Callable[[Row], list[Row]]) -> Evidence:
    ledger = {
        reference: [after for row in rows for after in (change(row) if row.type == kind else [row])]
        for reference, rows in evidence.ledger.items()
    }
    return replace(evidence, ledger=ledger)


def _runs_changed(evidence: Evidence, change: Callable[[Run], Run]) -> Evidence:
    return replace(evidence, runs={reference: list(map(change, runs)) for reference, runs in evidence.runs.items()})


def _diary(evidence: Evidence, **changes: object) -> Diary:
    return replace(evidence.diary, **changes)  # type: ignore[arg-type]

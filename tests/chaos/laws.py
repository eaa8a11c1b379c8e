"""What must hold when all is quiet, whatever died on the way. Each law yields what contradicts it."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from domain.complaints.case import Case
from domain.complaints.evolve import evolve, fold
from domain.complaints.facts import read_entry
from tests.chaos.clock_laws import every_due_time_has_one_record
from tests.chaos.evidence import Evidence, Row
from tests.chaos.letter_laws import letters_went_out
from tests.chaos.transitions import ENDED, is_lawful

Law = Callable[[Evidence], Iterator[str]]

RECORDED_AS = {
    "assess": "complaint.assessed",
    "explain": "complaint.explanation_approved",
    "appeal": "complaint.appealed",
    "assign": "complaint.assigned",
    "claim": "complaint.assigned",
    "start_investigation": "complaint.investigation_started",
    "respond": "complaint.response_approved",
    "close": "complaint.closed",
    "note": "complaint.noted",
    "correct": "complaint.corrected",
    "withdraw": "complaint.withdrawn",
    "reopen": "complaint.reopened",
    "merge": "complaint.merged",
    "link_incident": "complaint.incident_linked",
    "acknowledge_escalation": "complaint.escalation_acknowledged",
    "request_partner": "partner.asked",
    "partner_reply": "partner.replied",
    "request_redress": "redress.changed",
    "approve_redress": "redress.changed",
    "pay_redress": "redress.changed",
    "plan_callback": "callback.planned",
    "record_visit": "callback.visited",
    "confirm": "callback.visited",
}
"""The fact that each command of the paths makes once, whatever else it makes."""


def contradictions(evidence: Evidence) -> list[str]:
    """Everything that contradicts a law, in the order of the laws."""
    return [f"{law.__name__}: {finding}" for law in LAWS for finding in law(evidence)]


def nobody_was_turned_away(evidence: Evidence) -> Iterator[str]:
    """No answer but success, a lawful refusal or "not now"; no path that its people could not go."""
    yield from evidence.diary.defects


def acknowledged_complaints_are_kept(evidence: Evidence) -> Iterator[str]:
    for key, references in evidence.diary.taken.items():
        if len(references) > 1:
            yield f"the request {key} was answered with {len(references)} cases"
    acknowledged = set(evidence.diary.references)
    for reference in sorted(acknowledged - evidence.ledger.keys() | acknowledged - evidence.records.keys()):
        yield f"{reference} was acknowledged and is not stored"
    for reference in sorted(evidence.ledger.keys() - acknowledged):
        yield f"{reference} is stored and nobody was told so: a complaint was taken twice"


def acknowledged_commands_are_recorded_once(evidence: Evidence) -> Iterator[str]:
    told = Counter((each.reference, each.command, each.actor) for each in evidence.diary.commands)
    people = {each.actor for each in evidence.diary.commands}
    made: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in (row for rows in evidence.ledger.values() for row in rows):
        if row.actor in people:
            made[row.reference, row.command_id, row.actor].append(row.type)
    found = Counter((reference, given.rpartition("-")[0], actor) for reference, given, actor in made)
    for what in sorted(told.keys() | {each for each in found if each[1] in RECORDED_AS}):
        if told[what] != found[what]:
            yield f"{' '.join(what)}: acknowledged {told[what]} times, recorded {found[what]} times"
    for (reference, given, _), types in made.items():
        fact = RECORDED_AS.get(given.rpartition("-")[0])
        if fact and types.count(fact) != 1:
            yield f"{reference}: {given} made {types.count(fact)} times {fact}"
    yield from _misplaced(evidence)


def _misplaced(evidence: Evidence) -> Iterator[str]:
    """Commands that do not stand where the answer said."""
    for each in evidence.diary.commands:
        rows = evidence.ledger.get(each.reference, [])
        row = rows[each.sequence - 1] if each.sequence <= len(rows) else None
        if row is None or row.actor != each.actor or not row.command_id.startswith(f"{each.command}-"):
            yield f"{each.reference}: {each.command} is not at {each.sequence}, where it was said to be"


def chains_hold(evidence: Evidence) -> Iterator[str]:
    """Numbers without a gap, each hash over the one before and the text, the head at the end: computed anew."""
    for reference, rows in evidence.ledger.items():
        if [row.sequence for row in rows] != list(range(1, len(rows) + 1)):
            yield f"{reference}: the numbers have gaps"
        if [json.loads(row.payload)["sequence"] for row in rows] != [row.sequence for row in rows]:
            yield f"{reference}: an entry stands elsewhere than it says"
        head = b""
        for row in rows:
            head = hashlib.sha256(head + row.payload.encode()).digest()
            if row.hash != head:
                yield f"{reference} {row.sequence}: the hash does not follow"
                break
        record = evidence.records.get(reference)
        if record is not None and (record.sequence, record.head_hash) != (len(rows), rows[-1].hash):
            yield f"{reference}: the head is not the end of the chain"


def read_models_follow(evidence: Evidence) -> Iterator[str]:
    """The read model is what the ledger makes, and so is what an open workflow answers.

    A rebuilt workflow knows that its epoch is a new one before a fact says so.
    """
    for reference, rows in evidence.ledger.items():
        case, record = _fold(rows), evidence.records.get(reference)
        if case is None:
            yield f"{reference}: the ledger cannot be folded"
            continue
        if record is not None and Case.model_validate_json(record.state) != case:
            yield f"{reference}: the read model is not what the ledger makes"
        if record is not None and (record.status, record.is_open) != (case.status, not case.has_ended):
            yield f"{reference}: the columns of the read model are not what the ledger makes"
        for run in evidence.runs.get(reference, []):
            if run.status == "RUNNING" and run.case != case.changed(epoch=run.case.epoch if run.case else 0):
                yield f"{reference}: its workflow holds another state than the ledger makes"


def _fold(rows: list[Row]) -> Case | None:
    try:
        return fold(read_entry(json.loads(row.payload)) for row in rows)
    except (ValueError, TypeError):
        return None


def only_lawful_paths(evidence: Evidence) -> Iterator[str]:
    for reference, rows in evidence.ledger.items():
        case: Case | None = None
        before = ""
        for row in rows:
            try:
                case = evolve(case, read_entry(json.loads(row.payload)))
            except (ValueError, TypeError) as error:
                yield f"{reference} {row.sequence}: {error}"
                break
            if not is_lawful(before, row.type, case.status):
                yield f"{reference} {row.sequence}: {row.type} led from {before or 'nothing'} to {case.status}"
            before = case.status


def cases_end_where_they_should(evidence: Evidence) -> Iterator[str]:
    for reference, status in evidence.diary.ends.items():
        record = evidence.records.get(reference)
        if record is not None and record.status != status:
            yield f"{reference} should have come to {status} and is {record.status}"


def each_case_has_one_workflow(evidence: Evidence) -> Iterator[str]:
    """One that runs while the case is open, none afterwards, none that failed or troubles the server."""
    for reference, record in evidence.records.items():
        runs = evidence.runs.get(reference, [])
        has_ended = record.status in ENDED
        if not runs and not (has_ended and evidence.store_was_lost):
            yield f"{reference} never had a workflow"
        running = sum(run.status == "RUNNING" for run in runs)
        if running == has_ended:
            yield f"{reference} is {record.status} and has {running} running workflows"
        allowed = {"RUNNING", "COMPLETED", "CONTINUED_AS_NEW"} | (
            {"FAILED", "TERMINATED"} if record.epoch > 1 else set()
        )
        for run in runs:
            if run.status not in allowed:
                yield f"{reference}: the run {run.run_id} is {run.status}"
            if run.problems and run.status == "RUNNING":
                yield f"{reference}: Temporal reports {', '.join(run.problems)}"


def nothing_is_left_behind(evidence: Evidence) -> Iterator[str]:
    if evidence.unstarted:
        yield f"{evidence.unstarted} cases were taken in and their workflow is still to be started"
    if evidence.untold:
        yield f"{evidence.untold} events wait in the outbox"
    for reference, key, state in evidence.steps:
        if state in {"parked", "running"}:
            yield f"{reference}: {key} is {state}"


LAWS: tuple[Law, ...] = (
    nobody_was_turned_away,
    acknowledged_complaints_are_kept,
    acknowledged_commands_are_recorded_once,
    chains_hold,
    read_models_follow,
    only_lawful_paths,
    cases_end_where_they_should,
    each_case_has_one_workflow,
    nothing_is_left_behind,
    every_due_time_has_one_record,
    letters_went_out,
)

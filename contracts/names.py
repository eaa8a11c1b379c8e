"""Names that outlive a release: workflow types, queries, ids. A rename here breaks running cases."""

COMPLAINT = "complaint"
BATCH = "batch"
UNDERTAKING = "undertaking"
PERIODIC = "periodic"
PERFORM = "perform"
CASE_QUERY = "case"
UNDERTAKING_QUERY = "state_of_undertaking"

LOAD_CASE = "load_case"
PERFORM_AND_RECORD = "perform_and_record"
SEND_LETTER = "send_letter"
CORRECT_IDENTITY = "correct_identity"
CARRY_OUT_PAGE = "carry_out_page"

LOAD_UNDERTAKING = "load_undertaking"
RECORD_UNDERTAKING = "record_undertaking"
CARRY_OUT_UNDERTAKING_STEP = "carry_out_undertaking_step"
UNDERTAKE_PERIODICALLY = "undertake_periodically"

REFUSED = "Refused"
SUPERSEDED = "Superseded"
DIVERGED = "Diverged"


def case_workflow_id(reference: str) -> str:
    return f"{COMPLAINT}/{reference}"


def batch_workflow_id(batch: str) -> str:
    return f"{BATCH}/{batch}"


def undertaking_workflow_id(reference: str) -> str:
    return f"{UNDERTAKING}/{reference}"

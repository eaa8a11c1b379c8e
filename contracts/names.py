"""Names that outlive a release: workflow types, queries, ids. A rename here breaks running cases."""

DEPLOYMENT = "amends"
"""The name under which Temporal knows the releases of our workers."""

COMPLAINT = "complaint"
BATCH = "batch"
IMPORT = "import"
PERFORM = "perform"
CASE_QUERY = "case"

LOAD_CASE = "load_case"
PERFORM_AND_RECORD = "perform_and_record"
SEND_LETTER = "send_letter"
CORRECT_IDENTITY = "correct_identity"
CARRY_OUT_PAGE = "carry_out_page"
IMPORT_PAGE = "import_page"

REFUSED = "Refused"
SUPERSEDED = "Superseded"
DIVERGED = "Diverged"


def case_workflow_id(reference: str) -> str:
    return f"{COMPLAINT}/{reference}"


def batch_workflow_id(batch: str) -> str:
    return f"{BATCH}/{batch}"


def import_workflow_id(batch: str) -> str:
    return f"{IMPORT}/{batch}"

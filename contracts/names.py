"""Names that outlive a release: workflow types, queries, ids. A rename here breaks running cases."""

DEPLOYMENT = "amends"
"""The name under which Temporal knows the releases of our workers."""

COMPLAINT = "complaint"
BATCH = "batch"
UNDERTAKING = "undertaking"
PERIODIC = "periodic"
PERFORM = "perform"
CASE_QUERY = "case"
UNDERTAKING_QUERY = "state_of_undertaking"
WAVE = "wave"
WAVE_TURN = "wave_turn"
IMPORT = "import"
WAVE_QUERY = "wave_now"

LOAD_CASE = "load_case"
PERFORM_AND_RECORD = "perform_and_record"
SEND_LETTER = "send_letter"
CORRECT_IDENTITY = "correct_identity"
CARRY_OUT_PAGE = "carry_out_page"
IMPORT_PAGE = "import_page"

LOAD_WAVE = "load_wave"
RECORD_WAVE = "record_wave"
SELECT_SAMPLE = "select_sample"
INVITE_PAGE = "invite_page"
REMIND_PAGE = "remind_page"
RELEASE_RESERVE = "release_reserve"
COMPUTE_WAVE = "compute_wave"
REPORT_WAVE = "report_wave"
HAND_OVER_MEASURES = "hand_over_measures"
PLAN_TURN = "plan_turn_of_survey"

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


def wave_workflow_id(reference: str) -> str:
    return f"{WAVE}/{reference}"


def import_workflow_id(batch: str) -> str:
    return f"{IMPORT}/{batch}"

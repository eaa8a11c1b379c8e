"""The sandbox in which workflow code runs, and the only list of what passes through it.

A module that passes through is loaded once for the process and is not checked for determinism. That is right for pure
code, and it saves 14 against 88 ms and some 2 MB for each cached workflow. Workflow files themselves never pass.
"""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

PASSED_THROUGH = (
    "domain",  # pure by contract: no clock, no randomness
    "contracts",  # pydantic models; a test refuses clock and random defaults in them
    "activities",  # signatures and ports only: workflows never call into them
    "workflows.alarm",  # helper of a workflow: keeps no state of its module, takes its time from the SDK
    "workflows.ledgered",  # what three workflows share: as above; the workflows themselves are loaded in the sandbox
    "workflows.options",  # retry policies with their reasons
)
"""Ours. The SDK itself passes the standard library, pydantic and its own packages."""


def workflow_runner(*, strict: bool) -> SandboxedWorkflowRunner:
    """The sandbox; when strict (in tests), an import that is not on the list fails the worker's construction."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    if strict:
        policy = SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
        restrictions = restrictions.with_import_notification_policy(policy)
    return SandboxedWorkflowRunner(restrictions)

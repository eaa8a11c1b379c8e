"""The life of an import: page after page until no row waits. Pages are activities: history stays small."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta

    from contracts.imports import ImportPage, ImportStart
    from contracts.names import IMPORT, IMPORT_PAGE

from workflows.options import UNTIL_DONE


@workflow.defn(name=IMPORT)
class Import:
    """The records of another system, taken over."""

    @workflow.run
    async def run(self, start: ImportStart) -> int:
        """How many rows were settled."""
        settled = 0
        while True:
            page: ImportPage = await workflow.execute_activity(
                IMPORT_PAGE,
                start,
                result_type=ImportPage,
                retry_policy=UNTIL_DONE,
                start_to_close_timeout=timedelta(minutes=30),
                heartbeat_timeout=timedelta(seconds=60),
            )
            settled += page.settled
            if page.is_last:
                return settled

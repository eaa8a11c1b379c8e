"""The life of a batch: page after page until every item has an outcome. Pages are activities: history stays small."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta

    from contracts.batches import BatchPage, BatchStart
    from contracts.names import BATCH, CARRY_OUT_PAGE

from workflows.options import UNTIL_DONE


@workflow.defn(name=BATCH)
class Batch:
    """One command for many cases."""

    @workflow.run
    async def run(self, start: BatchStart) -> int:
        """How many items were settled."""
        settled = start.settled
        while True:
            page: BatchPage = await workflow.execute_activity(
                CARRY_OUT_PAGE,
                start,
                result_type=BatchPage,
                retry_policy=UNTIL_DONE,
                start_to_close_timeout=timedelta(minutes=30),
                heartbeat_timeout=timedelta(seconds=30),
            )
            settled += page.settled
            if page.is_last:
                return settled
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start.model_copy(update={"settled": settled}))

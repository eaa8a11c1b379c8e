"""What a schedule starts: an analysis of the days that are over, or a scan of yesterday for surges.

It only opens what is due, once for each period; the undertaking then has a life of its own.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta

    from contracts.names import PERIODIC, UNDERTAKE_PERIODICALLY
    from contracts.undertakings import Opened, PeriodicOrder

from workflows.options import UNTIL_DONE


@workflow.defn(name=PERIODIC)
class Periodic:
    """One turn of a schedule."""

    @workflow.run
    async def run(self, order: PeriodicOrder) -> Opened:
        """Open what is due at the time that the schedule meant, however late it came."""
        meant = order.model_copy(update={"at": order.at or workflow.info().start_time})
        opened: Opened = await workflow.execute_activity(
            UNDERTAKE_PERIODICALLY,
            meant,
            result_type=Opened,
            retry_policy=UNTIL_DONE,
            start_to_close_timeout=timedelta(minutes=10),
        )
        return opened

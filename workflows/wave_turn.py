"""What the schedule of a survey starts: it plans the wave of its turn, once; the wave then has a life of its own."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta

    from contracts.names import PLAN_TURN, WAVE_TURN
    from contracts.waves import WaveTurned, WaveTurnOrder

from workflows.options import UNTIL_DONE


@workflow.defn(name=WAVE_TURN)
class WaveTurn:
    """One turn of a survey's schedule."""

    @workflow.run
    async def run(self, order: WaveTurnOrder) -> WaveTurned:
        """Plan the wave that is due at the time that the schedule meant, however late it came."""
        meant = order.model_copy(update={"at": order.at or workflow.info().start_time})
        turned: WaveTurned = await workflow.execute_activity(
            PLAN_TURN,
            meant,
            result_type=WaveTurned,
            retry_policy=UNTIL_DONE,
            start_to_close_timeout=timedelta(minutes=1),
        )
        return turned

"""A turn of a survey's schedule: the wave that is due is planned."""

from temporalio import activity

from activities.survey_ports import WavePlanning
from contracts.names import PLAN_TURN
from contracts.waves import WaveTurned, WaveTurnOrder


class WaveTurns:
    """Plans one wave a turn, however often it is asked."""

    def __init__(self, planning: WavePlanning) -> None:
        self._planning = planning

    @activity.defn(name=PLAN_TURN)
    async def plan_turn(self, order: WaveTurnOrder) -> WaveTurned:
        """Plan a wave of the newest version of the survey."""
        at = order.at or activity.info().started_time
        return WaveTurned(reference=await self._planning.plan_turn(order.survey, at))

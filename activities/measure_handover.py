"""What a wave is for: the measures that its sign-off accepted are handed over to improvements, each once."""

from temporalio import activity

from activities.survey_ports import Improvements
from contracts.names import HAND_OVER_MEASURES
from contracts.waves import WaveOrder, WavePage
from domain.surveys.waves.decide import SYSTEM


class MeasureHandover:
    """Proposes an improvement for each measure; its effect is looked for in the next wave of the same survey too."""

    def __init__(self, improvements: Improvements) -> None:
        self._improvements = improvements

    @activity.defn(name=HAND_OVER_MEASURES)
    async def hand_over_measures(self, order: WaveOrder) -> WavePage:
        """Open what is not open yet: a repetition after a crash finds its improvements by their origin."""
        opened = [
            await self._improvements.propose(
                measure, number, source=order.reference, by=order.signed_off_by or SYSTEM, survey=order.survey
            )
            for number, measure in enumerate(order.measures, start=1)
        ]
        return WavePage(count=len(opened), improvements=tuple(opened))

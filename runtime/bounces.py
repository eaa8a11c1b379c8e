"""Messages that come back after a channel had taken them: found by what the channel calls them, recorded once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.complaints.commands import StepBounced, Submission
from domain.complaints.steps import effect_key, place_of
from domain.complaints.terms import StepState
from storage.cases import CaseRecords
from storage.deliveries import Deliveries

Outcome = Literal["recorded", "known", "unknown"]


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a channel says of a message that it had taken."""

    message_id: str
    code: str


class NotSettledYet(Exception):
    """The channel took the message, and that is not recorded in the case yet: report it again later."""


class CameBackBefore(Exception):
    """The case refuses the report: another one of the same message was first."""


class Bounces:
    """Records that messages came back, whoever reports it.

    `give` brings a command to a case and raises `CameBackBefore` where the case says that the message is not out.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        records: CaseRecords,
        give: Callable[[str, Submission], Awaitable[object]],
        now: Callable[[], datetime],
    ) -> None:
        self._deliveries = deliveries
        self._records = records
        self._give = give
        self._now = now

    async def record(self, bounce: Bounce, reported_by: str) -> tuple[str | None, str | None, Outcome]:
        """Case and step of the message, and whether that it came back is news. Raises `NotSettledYet`.

        A channel reports what others sent through it too: what is not ours is no error.
        """
        effect = await self._deliveries.of_evidence(bounce.message_id)
        reference, key = place_of(effect) if effect is not None else ("", "")
        case = await self._records.find(reference)
        step = None if case is None else case.step(key)
        if effect is None or case is None or step is None:
            return None, None, "unknown"
        if step.is_unfinished and effect == effect_key(reference, key, step.renewals):
            raise NotSettledYet(effect)
        if step.evidence != bounce.message_id or step.state is not StepState.DONE:
            return reference, key, "known"
        await self._deliveries.bounced(effect, bounce.code, self._now())
        submission = Submission(
            id=f"step_bounced-{key}-{step.bounces + 1}",
            actor=reported_by,
            command=StepBounced(step=key, error=bounce.code),
            as_of=case.sequence,
        )
        try:
            await self._give(reference, submission)
        except CameBackBefore:
            return reference, key, "known"
        return reference, key, "recorded"

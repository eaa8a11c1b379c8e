"""The composition root of surveys: the parts that waves are made of, and their activities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from temporalio.client import Client

from activities.fieldwork import Fieldwork
from activities.wave_computing import WaveComputer
from activities.wave_recording import WaveRecorder
from contracts.cases import Patience
from domain.links import LIFETIMES, LinkPurpose
from gateways.mail import MailPost
from runtime.links import SignedLinks
from runtime.wave_launcher import WaveLauncher
from storage import fieldwork
from storage.deliveries import Deliveries
from storage.frame import Frame
from storage.pool import Pool
from storage.responses import Responses
from storage.surveys import Surveys
from storage.wave_results import WaveResults
from storage.waves import Waves

if TYPE_CHECKING:
    from runtime.assembly import Parts


AFTERWARDS = timedelta(days=30)
"""So long a link works on after the end of the field work: it says that the survey is over, and takes opt-outs."""


@dataclass(frozen=True, slots=True)
class SurveyParts:
    """What surveys keep, and the way to their waves."""

    definitions: Surveys
    frame: Frame
    waves: Waves
    fieldwork: fieldwork.Fieldwork
    responses: Responses
    results: WaveResults
    launcher: WaveLauncher


def survey_parts(pool: Pool, client: Client, task_queue: str) -> SurveyParts:
    waves = Waves(pool)
    return SurveyParts(
        definitions=Surveys(pool),
        frame=Frame(pool),
        waves=waves,
        fieldwork=fieldwork.Fieldwork(pool),
        responses=Responses(pool),
        results=WaveResults(pool),
        launcher=WaveLauncher(client, task_queue, waves),
    )


def survey_activities(parts: "Parts", post: MailPost, patience: Patience) -> Sequence[Callable[..., Any]]:
    """Every activity of a wave, bound to the real parts."""
    surveys = parts.surveys
    recorder = WaveRecorder(surveys.waves, surveys.definitions, patience)
    field = Fieldwork(
        definitions=surveys.definitions,
        frame=surveys.frame,
        records=surveys.fieldwork,
        people=parts.vault,
        post=post,
        deliveries=Deliveries(parts.pool),
        links=InvitationLinks(parts.links),
        now=_now,
    )
    computer = WaveComputer(surveys.definitions, surveys.results, _now)
    return [
        recorder.load_wave,
        recorder.record_wave,
        field.select_sample,
        field.invite_page,
        field.remind_page,
        field.release_reserve,
        computer.compute_wave,
        computer.report_wave,
    ]


class InvitationLinks:
    """Personal links to questionnaires."""

    def __init__(self, links: SignedLinks) -> None:
        self._links = links

    async def survey_links(self, contacts: Sequence[str], at: datetime, expires_at: datetime) -> dict[str, str]:
        """The link of each contact, the same one each time; it outlives the field work, to say that it is over."""
        lasting = max(at + LIFETIMES[LinkPurpose.SURVEY], expires_at + AFTERWARDS)
        given = await self._links.give(LinkPurpose.SURVEY, contacts, at, lasting)
        return {contact: link.url for contact, link in given.items()}


def _now() -> datetime:
    return datetime.now(UTC)

"""The composition root of surveys: the parts that waves are made of, and their activities."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from temporalio.client import Client

from activities.complaint_sampling import ComplaintSampling
from activities.fieldwork import Fieldwork
from activities.measure_handover import MeasureHandover
from activities.ports import PostOffice
from activities.survey_post import SurveyPost
from activities.wave_computing import WaveComputer
from activities.wave_recording import WaveRecorder
from activities.wave_turns import WaveTurns
from contracts.cases import Patience
from domain.links import LIFETIMES, LinkPurpose
from domain.surveys.dispositions import Channel
from runtime.launcher import WaveLauncher
from runtime.links import SignedLinks
from runtime.survey_complaints import SurveyComplaints
from runtime.wave_planning import WavePlanner
from storage import fieldwork
from storage.closed_complaints import ClosedComplaints, KnownPeople
from storage.deliveries import Deliveries
from storage.follow_ups import FollowUps
from storage.frame import Frame
from storage.pool import Pool
from storage.recurrences import Recurrences
from storage.responses import Responses
from storage.surveys import Surveys
from storage.unstarted import Kind, Unstarted
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
    closed_complaints: ClosedComplaints
    deliveries: Deliveries
    follow_ups: FollowUps
    launcher: WaveLauncher
    recurrences: Recurrences
    planner: WavePlanner


def survey_parts(pool: Pool, client: Client, task_queue: str) -> SurveyParts:
    definitions, recurrences = Surveys(pool), Recurrences(pool)
    launcher = WaveLauncher(client, task_queue, Unstarted(pool, Kind.WAVE))
    return SurveyParts(
        definitions=definitions,
        frame=Frame(pool),
        waves=Waves(pool),
        fieldwork=fieldwork.Fieldwork(pool),
        responses=Responses(pool),
        results=WaveResults(pool),
        closed_complaints=ClosedComplaints(pool),
        deliveries=Deliveries(pool),
        follow_ups=FollowUps(pool),
        launcher=launcher,
        recurrences=recurrences,
        planner=WavePlanner(pool, definitions, recurrences, launcher, _now),
    )


def survey_activities(
    parts: "Parts", offices: Mapping[Channel, PostOffice], patience: Patience
) -> Sequence[Callable[..., Any]]:
    """Every activity of a wave, bound to the real parts; `offices` take its messages."""
    surveys = parts.surveys
    recorder = WaveRecorder(surveys.waves, surveys.definitions, patience)
    field = Fieldwork(
        definitions=surveys.definitions,
        frame=surveys.frame,
        complaints=ComplaintSampling(
            surveys.closed_complaints,
            parts.vault,
            KnownPeople(parts.pool, parts.vault),
            hashlib.sha256(b"draws of closed complaints\x00" + parts.keys.command_ids()).digest(),
            _now,
        ),
        records=surveys.fieldwork,
        post=SurveyPost(
            people=parts.vault,
            offices=offices,
            deliveries=surveys.deliveries,
            links=InvitationLinks(parts.links),
            now=_now,
        ),
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
        WaveTurns(surveys.planner).plan_turn,
        MeasureHandover(parts.undertaking_desk).hand_over_measures,
    ]


def complaints_of_surveys(parts: "Parts") -> SurveyComplaints:
    """Who opens the complaints that bad answers ask for."""
    return SurveyComplaints(
        pool=parts.pool,
        vault=parts.vault,
        surveys=parts.surveys.definitions,
        follow_ups=parts.surveys.follow_ups,
        rulebook=parts.rulebook,
        policy=parts.settings.default_policy,
        now=_now,
    )


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

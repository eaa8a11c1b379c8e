"""The desks of surveys, made from the parts of `runtime.survey_assembly`."""

from dataclasses import dataclass

from runtime.assembly import Parts
from starter.follow_ups import FollowUpDesk
from starter.frame import FrameDesk
from starter.handler_signs import HandlerSigns
from starter.interviewers import InterviewDesk
from starter.keys import RequestKeys
from starter.paper_answers import PaperDesk
from starter.reading import Reads
from starter.recurring_waves import RecurrenceDesk
from starter.repetitions import Repetitions
from starter.respondents import RespondentDesk
from starter.survey_trends import SurveyTrends
from starter.wave_numbers import WaveNumbers
from starter.waves import WaveDesk
from storage.follow_ups import FollowUps
from storage.frame import Frame
from storage.interviews import InterviewLists
from storage.surveys import Surveys
from storage.wave_days import WaveDays
from storage.wave_results import WaveResults
from storage.waves import Waves


@dataclass(frozen=True, slots=True)
class SurveyServices:
    """What the interfaces need of surveys."""

    frame: FrameDesk
    frame_records: Frame
    survey_records: Surveys
    waves: WaveDesk
    wave_records: Waves
    wave_numbers: WaveNumbers
    wave_results: WaveResults
    wave_days: WaveDays
    handler_signs: HandlerSigns
    respondents: RespondentDesk
    interviews: InterviewDesk
    paper: PaperDesk
    follow_ups: FollowUpDesk
    follow_up_records: FollowUps
    recurrences: RecurrenceDesk
    trends: SurveyTrends


def survey_services(parts: Parts, repetitions: Repetitions, keys: RequestKeys, reads: Reads) -> SurveyServices:
    surveys, secret = parts.surveys, parts.keys.command_ids()
    numbers = WaveNumbers(parts.pool, surveys.definitions, surveys.results)
    respondents = RespondentDesk(
        pool=parts.pool,
        vault=parts.vault,
        links=parts.links,
        surveys=surveys.definitions,
        responses=surveys.responses,
        secret=secret,
    )
    return SurveyServices(
        frame=FrameDesk(parts.pool, parts.vault, surveys.frame, secret, parts.settings.default_region),
        frame_records=surveys.frame,
        survey_records=surveys.definitions,
        waves=WaveDesk(
            pool=parts.pool,
            vault=parts.vault,
            surveys=surveys.definitions,
            waves=surveys.waves,
            launcher=surveys.launcher,
            planner=surveys.planner,
            repetitions=repetitions,
            keys=keys,
        ),
        wave_records=surveys.waves,
        wave_numbers=numbers,
        wave_results=surveys.results,
        wave_days=WaveDays(parts.pool),
        handler_signs=HandlerSigns(surveys.definitions, surveys.closed_complaints),
        respondents=respondents,
        interviews=InterviewDesk(
            pool=parts.pool,
            vault=parts.vault,
            lists=InterviewLists(parts.pool),
            responses=surveys.responses,
            respondents=respondents,
            reads=reads,
        ),
        paper=PaperDesk(respondents),
        follow_ups=FollowUpDesk(parts.pool, parts.vault, surveys.follow_ups, reads),
        follow_up_records=surveys.follow_ups,
        trends=SurveyTrends(surveys.definitions, surveys.waves, numbers),
        recurrences=RecurrenceDesk(
            surveys.definitions,
            surveys.recurrences,
            parts.client,
            parts.settings.task_queue,
            parts.settings.time_zone,
        ),
    )

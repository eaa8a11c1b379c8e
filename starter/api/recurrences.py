"""Surveys that have waves by themselves, over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Body as FromBody
from pydantic import Field

from domain.access import Permission, Person
from domain.surveys.waves.recurrence import Every, Recurrence
from starter.api.entry import Allowed, House
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.api.survey_examples import RECURRENCE
from starter.api.surveys import SurveyId
from starter.recurring_waves import Recurring

router = APIRouter(prefix="/v1/surveys/{survey_id}/recurrence", tags=["waves"], route_class=StrictJsonRoute)
Planner = Annotated[Person, Depends(Allowed(Permission.PLAN_WAVES))]


class RecurrenceView(Answer):
    """When a survey has its waves."""

    survey: str
    every: Every
    day: int
    month: int
    launches: bool
    cron: str
    time_zone: str
    set_by: str
    next_at: datetime | None = Field(description="not known while Temporal is away")

    @classmethod
    def of(cls, found: Recurring) -> "RecurrenceView":
        return cls(
            survey=found.survey,
            **found.recurrence.model_dump(),
            cron=found.recurrence.cron,
            time_zone=found.time_zone,
            set_by=found.set_by,
            next_at=found.next_at,
        )


class RecurrenceEnded(Answer):
    """The survey that has no more waves by itself."""

    survey: str


@router.get("", summary="Read when a survey has waves by itself")
async def show(
    survey_id: SurveyId, services: House, _: Annotated[Person, Depends(Allowed(Permission.READ_WAVES))]
) -> RecurrenceView:
    return RecurrenceView.of(await services.surveys.recurrences.show(survey_id))


@router.put("", summary="Let a survey have waves by itself")
async def put(
    survey_id: SurveyId,
    recurrence: Annotated[Recurrence, FromBody(openapi_examples=RECURRENCE)],
    services: House,
    person: Planner,
) -> RecurrenceView:
    """Each turn plans one wave of the newest version; the random numbers go on where the last wave stopped."""
    return RecurrenceView.of(await services.surveys.recurrences.set(person, survey_id, recurrence))


@router.delete("", summary="Let a survey have no more waves by itself")
async def end(survey_id: SurveyId, services: House, person: Planner) -> RecurrenceEnded:
    """Waves that are planned already go on."""
    await services.surveys.recurrences.end(person, survey_id)
    return RecurrenceEnded(survey=survey_id)

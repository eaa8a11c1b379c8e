"""Signs that a handler bends the measurement, from the waves that ask about closed complaints: tasks to look into."""

import asyncio
from dataclasses import asdict

from pydantic import BaseModel, ConfigDict, Field

from domain.surveys.gaming import GamingSign, HandlerSign
from domain.surveys.waves.handlers import review_of_wave
from domain.surveys.waves.wave import Wave
from starter.problems import Problem
from storage.closed_complaints import ClosedComplaints
from storage.surveys import Surveys


class SignView(BaseModel):
    """One sign of one handler, beside all of them together."""

    sign: GamingSign
    cases: int
    observed: float = Field(description="a share of 0–1; for prompt praise the correlation of score and lag")
    expected: float
    shrunken: float = Field(description="what to rank by: pulled towards all, the more the fewer cases there are")
    low: float = Field(description="limits that 998 of 1,000 inconspicuous handlers keep")
    high: float
    p_value: float
    adjusted_p_value: float


class ReviewTaskView(BaseModel):
    """A handler whom a person should talk to and look at; nothing is proven, and nothing follows by itself."""

    handler: str
    signs: tuple[SignView, ...]


class HandlerReview(BaseModel):
    """What a wave about closed complaints says of those who handled them."""

    model_config = ConfigDict(frozen=True)

    reference: str
    complaints: int = Field(description="closed complaints that the wave has seen")
    asked: int
    answered: int
    tasks: tuple[ReviewTaskView, ...] = Field(description="who stands out, the clearest first")
    handlers: dict[str, tuple[SignView, ...]] = Field(description="every sign that could be judged, by handler")


class HandlerSigns:
    """Reviews handlers by what their customers say, and by who was asked."""

    def __init__(self, surveys: Surveys, complaints: ClosedComplaints) -> None:
        self._surveys = surveys
        self._complaints = complaints

    async def review(self, wave: Wave) -> HandlerReview:
        """The review as of now. Raises `Problem` 409 where the wave does not ask about closed complaints."""
        definition = await self._surveys.definition(wave.survey, wave.version)
        if definition.sampling.closed_complaints is None:
            raise Problem(
                409, "not_about_complaints", "handlers are reviewed by waves that ask about closed complaints"
            )
        complaints = await self._complaints.asked_about(wave.reference)
        review = await asyncio.to_thread(review_of_wave, definition, complaints)
        by_handler: dict[str, list[SignView]] = {}
        for sign in review.signs:
            by_handler.setdefault(sign.handler, []).append(_view(sign))
        return HandlerReview(
            reference=wave.reference,
            complaints=len(complaints),
            asked=sum(each.customer is not None for each in complaints),
            answered=sum(each.has_responded for each in complaints),
            tasks=tuple(
                ReviewTaskView(handler=task.handler, signs=tuple(map(_view, task.signs))) for task in review.tasks
            ),
            handlers={handler: tuple(signs) for handler, signs in sorted(by_handler.items())},
        )


def _view(sign: HandlerSign) -> SignView:
    return SignView(**{name: value for name, value in asdict(sign).items() if name != "handler"})

"""The definition of a survey: one versioned document of what is measured, how, of whom, and how it is reported.

Owns what its parts must be together: translations, leaves and their questions, one method of the index. Reads and
writes no file; `errors.parse_document` makes it from TOML or JSON.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.surveys.answering import Answers, is_empty, items_asked
from domain.surveys.comparison.crosswalk import Crossing, crosswalk_faults
from domain.surveys.errors import Problem, parse_document, refuse_if_any
from domain.surveys.field_plan import FieldPlan
from domain.surveys.indicators import AnswerScale, Identifier, IndicatorTree, Language, Translations
from domain.surveys.path_model.document import PathModel
from domain.surveys.questionnaire import Page, Questionnaire, Rating
from domain.surveys.reachability import reachability_faults
from domain.surveys.routing import reference_faults
from domain.surveys.sampling.plan import SamplingDesign
from domain.surveys.weighting.plan import WeightingPlan

Version = Annotated[int, Field(ge=1)]


class IndexMethod(StrEnum):
    """Where the published satisfaction index comes from."""

    WEIGHTED_TREE = "weighted_tree"
    PATH_MODEL = "path_model"
    NONE = "none"
    """Nothing is published as the index: a value curve, for example."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IndexOptions(_Part):
    """`index_construct`: the latent variable that is the index. `satisfied`: so many of the best codes count as
    satisfied. `least_weight`: part of the tree's weight that somebody must have answered to have a score."""

    method: IndexMethod
    index_construct: Identifier | None = None
    satisfied: int = Field(default=2, ge=1)
    least_weight: float = Field(default=0.5, gt=0, le=1)


class ReportOptions(_Part):
    """`segments`: attributes by which results are shown; cells below `warn_below` rows are marked, those below
    `suppress_below` not shown."""

    confidence: float = Field(default=0.95, ge=0.5, lt=1)
    segments: tuple[Identifier, ...] = ()
    warn_below: int = Field(default=30, ge=1)
    suppress_below: int = Field(default=5, ge=1)


class SurveyDefinition(_Part):
    """A survey. Valid by construction.

    Refused, by place: texts that lack a language; leaves or items of the model without question, or on another scale;
    conditions on what is not there; questions nobody is asked; dead ends; a method of the index without its tree or
    model; a follow-up on what is no rating; a crosswalk of leaves that are not there.
    """

    format: Literal["amends-survey/1"]
    id: Identifier
    version: Version
    title: Translations
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    questionnaire: Questionnaire
    indicators: IndicatorTree | None = None
    model: PathModel | None = None
    sampling: SamplingDesign
    fieldwork: FieldPlan
    weighting: WeightingPlan = WeightingPlan()
    index: IndexOptions
    report: ReportOptions = ReportOptions()
    crosswalk: tuple[Crossing, ...] = Field((), description="what of the version before goes on under another name")

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        refuse_if_any(_faults(self))
        return self

    def core_items(self) -> tuple[str, ...]:
        """Questions that the index is made of; without an index, the required ones."""
        if self.index.method is IndexMethod.WEIGHTED_TREE and self.indicators is not None:
            return tuple(leaf.question for leaf in self.indicators.leaves() if leaf.question is not None)
        if self.index.method is IndexMethod.PATH_MODEL and self.model is not None:
            return self.model.items
        return tuple(item.id for item in self.questionnaire.items() if item.question.required)

    def core_share_answered(self, answers: Answers, known: Answers | None = None) -> float:
        """Part of the core questions asked that have an answer, a missing code being one; 0 if none was asked."""
        core = {*self.core_items()}
        asked = [item.id for item in items_asked(self.questionnaire, answers, known) if item.id in core]
        answered = sum(not is_empty(answers.get(name)) for name in asked)
        return answered / len(asked) if asked else 0.0

    def with_add_on(self, add_on: "AddOn") -> "SurveyDefinition":
        """The survey with the add-on's pages before the end; refuses with SurveyProblem what does not fit together."""
        pages = (*self.questionnaire.pages, *add_on.pages)
        whole = {**self.model_dump(), "questionnaire": {**self.questionnaire.model_dump(), "pages": pages}}
        return parse_document(SurveyDefinition, whole)


class AddOn(_Part):
    """Pages to add to a survey, such as the one question of the net promoter score."""

    format: Literal["amends-add-on/1"]
    id: Identifier
    version: Version
    title: Translations
    pages: Annotated[tuple[Page, ...], Field(min_length=1)]


def _faults(survey: SurveyDefinition) -> Iterator[Problem]:
    yield from _translation_faults(survey)
    yield from _index_faults(survey)
    yield from _leaf_faults(survey)
    yield from _model_item_faults(survey)
    yield from _follow_up_faults(survey)
    yield from crosswalk_faults(survey.indicators, survey.crosswalk)
    references = tuple(reference_faults(survey.questionnaire))
    yield from references or reachability_faults(survey.questionnaire)


def _translation_faults(survey: SurveyDefinition) -> Iterator[Problem]:
    for place, text in _texts(survey):
        missing = [language for language in survey.languages if language not in text]
        if missing:
            yield Problem(place, f"not translated to {', '.join(missing)}")


def _texts(survey: SurveyDefinition) -> Iterator[tuple[str, Translations]]:
    yield "title", survey.title
    yield from ((f"questionnaire {place}", text) for place, text in survey.questionnaire.texts())
    if survey.indicators is not None:
        yield "indicators", survey.indicators.title
        yield from ((f"indicators {path}", node.title) for path, _, node in survey.indicators.nodes())
    if survey.model is not None:
        yield "model", survey.model.title
        yield from ((f"model {construct.id}", construct.title) for construct in survey.model.constructs)


def _index_faults(survey: SurveyDefinition) -> Iterator[Problem]:
    method, construct = survey.index.method, survey.index.index_construct
    if method is IndexMethod.WEIGHTED_TREE and survey.indicators is None:
        yield Problem("indicators", "the weighted tree needs one")
    if method is IndexMethod.PATH_MODEL and survey.model is None:
        yield Problem("model", "the path model needs one")
    elif method is IndexMethod.PATH_MODEL and survey.model is not None and construct not in survey.model.names:
        yield Problem("index index_construct", f"{construct} is not a construct of the model")


def _leaf_faults(survey: SurveyDefinition) -> Iterator[Problem]:
    if survey.indicators is not None:
        for path, _, node in survey.indicators.nodes():
            if node.question is not None:
                place = f"indicators {path}"
                yield from _rating_faults(survey.questionnaire, place, node.question, node.scale)


def _model_item_faults(survey: SurveyDefinition) -> Iterator[Problem]:
    for construct in survey.model.constructs if survey.model else ():
        for name in construct.items:
            yield from _rating_faults(survey.questionnaire, f"model {construct.id}", name, construct.scale)


def _rating_faults(questionnaire: Questionnaire, place: str, name: str, scale: AnswerScale) -> Iterator[Problem]:
    item = questionnaire.item(name)
    if item is None:
        yield Problem(place, f"there is no question {name}")
    elif not isinstance(item.question, Rating):
        yield Problem(place, f"question {name} is not a rating")
    elif item.question.scale != scale:
        asked = item.question.scale
        expected = f"{scale.minimum} to {scale.maximum}"
        yield Problem(place, f"question {name} goes from {asked.minimum} to {asked.maximum}, not from {expected}")


def _follow_up_faults(survey: SurveyDefinition) -> Iterator[Problem]:
    follow_up = survey.fieldwork.follow_up
    if follow_up is not None:
        item = survey.questionnaire.item(follow_up.question)
        if item is None or not isinstance(item.question, Rating):
            yield Problem("fieldwork follow_up", f"{follow_up.question} is not a rating")
        elif not item.question.scale.minimum <= follow_up.at_most < item.question.scale.maximum:
            yield Problem("fieldwork follow_up", f"{follow_up.at_most} leaves nobody out or nobody in")

"""The questionnaire as a document: pages of questions in every language, with branching, constraints and piping.

Owns the form of the questions and what each must be by itself. What they must be together is checked in `routing`
(references, reachability, dead ends) and `definition` (translations, leaves); answers are checked in `answering`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.surveys.branching import Expression, parse_expression
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import AnswerScale, Identifier, Translations

RATING_SCALES = frozenset({(1, 5), (1, 7), (1, 10), (0, 10)})
PLACEHOLDER = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")
"""In a text: replaced by the answer to an earlier question or by what is known of the contact."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,63}$")]


def _is_parsable(text: str) -> str:
    parse_expression(text)
    return text


Condition = Annotated[str, AfterValidator(_is_parsable)]


class MissingCode(StrEnum):
    """Answers that are no value; a skipped question has no answer at all."""

    NOT_APPLICABLE = "not_applicable"
    DONT_KNOW = "dont_know"


class Order(StrEnum):
    FIXED = "fixed"
    RANDOM = "random"


class Role(StrEnum):
    """What a question outside the tree is asked for."""

    NET_PROMOTER = "nps"
    SATISFACTION = "csat"
    EFFORT = "ces"
    CONTROL = "control"
    """Did anyone ask you for a certain score?"""
    WHAT_TO_ADD = "add"
    WHAT_TO_DROP = "drop"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Part):
    """`exclusive`: of several choices this one stands alone ("none of these")."""

    code: Code
    title: Translations
    exclusive: bool = False


class _Question(_Part):
    """`relevant`: when it is asked; `constraint`: what its answer (".") must fulfil, with what is said otherwise."""

    id: Identifier
    text: Translations
    hint: Translations | None = None
    required: bool = True
    relevant: Condition | None = None
    constraint: Condition | None = None
    constraint_message: Translations | None = None
    missing: tuple[MissingCode, ...] = ()
    role: Role | None = None

    @model_validator(mode="after")
    def _explains_its_constraint(self) -> Self:
        if (self.constraint is None) != (self.constraint_message is None):
            raise ValueError("constraint and constraint_message belong together")
        return self

    def texts(self) -> Iterator[tuple[str, Translations]]:
        """Every text with its place."""
        yield "text", self.text
        if self.hint is not None:
            yield "hint", self.hint
        if self.constraint_message is not None:
            yield "constraint_message", self.constraint_message


class _Rated(_Question):
    scale: AnswerScale = AnswerScale()
    labels: dict[int, Translations]

    @model_validator(mode="after")
    def _scale_is_sound(self) -> Self:
        ends = (self.scale.minimum, self.scale.maximum)
        if ends not in RATING_SCALES:
            raise ValueError("a rating goes from 1 to 5, 7 or 10 or from 0 to 10")
        if not {*ends} <= self.labels.keys() or not all(ends[0] <= code <= ends[1] for code in self.labels):
            raise ValueError(f"labels are needed for {ends[0]} and {ends[1]} and allowed between them")
        if self.role is Role.NET_PROMOTER and ends != (0, 10):
            raise ValueError("the question of the net promoter score goes from 0 to 10")
        return self

    def texts(self) -> Iterator[tuple[str, Translations]]:
        yield from super().texts()
        yield from ((f"labels {code}", label) for code, label in self.labels.items())


class Rating(_Rated):
    """One statement on a scale whose ends, at least, are labelled."""

    type: Literal["rating"] = "rating"


class MatrixRow(_Part):
    id: Identifier
    text: Translations


class Matrix(_Rated):
    """Several statements on one scale; each row is a question of its own for answers, leaves and screen readers."""

    type: Literal["matrix"] = "matrix"
    rows: Annotated[tuple[MatrixRow, ...], Field(min_length=1)]
    order: Order = Order.FIXED

    def ratings(self) -> tuple[Rating, ...]:
        shared = {name: getattr(self, name) for name in Rating.model_fields if name not in {"id", "text", "type"}}
        return tuple(Rating(id=row.id, text=row.text, **shared) for row in self.rows)

    def texts(self) -> Iterator[tuple[str, Translations]]:
        yield from super().texts()
        yield from ((f"row {row.id}", row.text) for row in self.rows)


class _Choices(_Question):
    choices: Annotated[tuple[Choice, ...], Field(min_length=2)]
    order: Order = Order.FIXED

    @model_validator(mode="after")
    def _codes_are_distinct(self) -> Self:
        refuse_if_any(repetitions("choice", [*self.codes, *self.missing]))
        return self

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(choice.code for choice in self.choices)

    def texts(self) -> Iterator[tuple[str, Translations]]:
        yield from super().texts()
        yield from ((f"choice {choice.code}", choice.title) for choice in self.choices)


class SingleChoice(_Choices):
    type: Literal["single"] = "single"


class MultipleChoice(_Choices):
    """At least and at most so many choices; `most` none: all of them."""

    type: Literal["multiple"] = "multiple"
    least: int = Field(default=0, ge=0)
    most: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _bounds_can_be_met(self) -> Self:
        together = sum(not choice.exclusive for choice in self.choices)
        if self.least > min(together, self.most or together):
            raise ValueError(f"at least {self.least} cannot be chosen of {together} (at most {self.most or together})")
        return self


class Ranking(_Choices):
    """The best `places` of the choices in order; none: all of them."""

    type: Literal["ranking"] = "ranking"
    places: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _places_can_be_filled(self) -> Self:
        if self.places is not None and self.places > len(self.choices):
            raise ValueError(f"{self.places} places cannot be filled by {len(self.choices)} choices")
        return self


class Number(_Question):
    type: Literal["number"] = "number"
    minimum: float
    maximum: float
    whole: bool = True

    @model_validator(mode="after")
    def _range_is_not_empty(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum:g} is above maximum {self.maximum:g}")
        return self


class OpenText(_Question):
    type: Literal["text"] = "text"
    longest: int = Field(default=2_000, ge=1, le=10_000)


Answerable: TypeAlias = Rating | SingleChoice | MultipleChoice | Ranking | Number | OpenText
Question = Annotated[Answerable | Matrix, Field(discriminator="type")]


class Page(_Part):
    id: Identifier
    title: Translations | None = None
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
    relevant: Condition | None = None
    order: Order = Order.FIXED


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to answer: a question or a matrix row, where it stands, and all that must hold for it to be asked."""

    question: Answerable
    page: str
    conditions: tuple[Expression, ...]

    @property
    def id(self) -> str:
        return self.question.id

    @property
    def constraint(self) -> Expression | None:
        return parse_expression(self.question.constraint) if self.question.constraint else None


class Questionnaire(_Part):
    """Pages in their order. `known` are attributes of the contact that texts and conditions may refer to.

    Refused: ids used twice, over questions, matrix rows, known attributes and pages.
    """

    introduction: Translations
    pages: Annotated[tuple[Page, ...], Field(min_length=1)]
    thanks: Translations
    known: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _ids_are_distinct(self) -> Self:
        matrices = (question.id for page in self.pages for question in page.questions if isinstance(question, Matrix))
        ids = [*self.known, *matrices, *(item.id for item in self.items())]
        refuse_if_any([*repetitions("question", ids), *repetitions("page", [page.id for page in self.pages])])
        return self

    def items(self) -> tuple[Item, ...]:
        """Everything to answer, in the order of the document; matrices row by row."""
        return tuple(item for page in self.pages for question in page.questions for item in _items(page, question))

    def item(self, identifier: str) -> Item | None:
        return next((item for item in self.items() if item.id == identifier), None)

    def texts(self) -> Iterator[tuple[str, Translations]]:
        """Every text with its place, in the order of the document."""
        yield "introduction", self.introduction
        for page in self.pages:
            if page.title is not None:
                yield f"page {page.id}", page.title
            for question in page.questions:
                yield from ((f"{question.id} {place}", text) for place, text in question.texts())
        yield "thanks", self.thanks


def _items(page: Page, question: Answerable | Matrix) -> Iterator[Item]:
    conditions = tuple(parse_expression(each) for each in (page.relevant, question.relevant) if each is not None)
    answerable = question.ratings() if isinstance(question, Matrix) else (question,)
    yield from (Item(each, page.id, conditions) for each in answerable)


def repetitions(kind: str, names: Iterable[str]) -> Iterator[Problem]:
    """A problem for each name that is there more than once."""
    yield from (Problem(name, f"{kind} used {count} times") for name, count in Counter(names).items() if count > 1)

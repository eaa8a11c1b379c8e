"""What a report is about: an indicator tree, a path model or both, and what people call their parts.

Owns which figure is the published index. Reads no file and computes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from domain.surveys.definition import IndexMethod, ReportOptions, SurveyDefinition
from domain.surveys.errors import Problem, SurveyProblem
from domain.surveys.indicators import AnswerScale, IndicatorTree
from domain.surveys.path_model.document import PathModel
from domain.surveys.questionnaire import Answerable, Matrix, Rating, Role
from domain.surveys.report.wording import Wording

USUAL_INDEX_CONSTRUCT = "satisfaction"
SCORED_ROLES = (Role.SATISFACTION, Role.NET_PROMOTER, Role.EFFORT)


@dataclass(frozen=True, slots=True)
class Subject:
    """`index_construct` is the latent variable that stands for satisfaction, none without a model.

    `satisfied`: so many of the best codes count as satisfied. `questions` by id, if the questionnaire is known;
    `batteries` are its matrices, as ids of their rows.
    """

    id: str
    title: Wording
    tree: IndicatorTree | None
    model: PathModel | None
    method: IndexMethod
    index_construct: str | None
    options: ReportOptions = field(default_factory=ReportOptions)
    satisfied: int = 2
    questions: Mapping[str, Answerable] = field(default_factory=dict)
    batteries: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, tree: IndicatorTree | SurveyDefinition | None, model: PathModel | SurveyDefinition | None) -> "Subject":
        """The subject of a tree, a model or both; each may be given as the whole survey that has it.

        Refuses with SurveyProblem: neither of them, a survey that lacks what it is given for, a model in which no
        construct is the index.
        """
        indicators = _tree_of(tree)
        path_model = _model_of(model)
        titled = tree or model
        if titled is None:
            raise SurveyProblem(Problem("", "an indicator tree or a path model is needed"))
        survey = next((each for each in (tree, model) if isinstance(each, SurveyDefinition)), None)
        subject = cls(
            id=titled.id,
            title=Wording.of(titled.title),
            tree=indicators,
            model=path_model,
            method=IndexMethod.WEIGHTED_TREE if indicators is not None else IndexMethod.PATH_MODEL,
            index_construct=None if path_model is None else _index_construct(path_model, survey),
        )
        return subject if survey is None else _as_surveyed(subject, survey)

    def ratings(self) -> dict[str, AnswerScale]:
        """The questions that the index is made of, with their scales, in the order of model and tree."""
        model = self.model.constructs if self.model else ()
        of_items = {item: construct.scale for construct in model for item in construct.items}
        leaves = self.tree.leaves() if self.tree else ()
        return of_items | {leaf.question: leaf.scale for leaf in leaves if leaf.question is not None}

    def standing_beside(self) -> dict[str, Rating]:
        """The questions of net promoter score, satisfaction and effort, by id."""
        ratings = {name: each for name, each in self.questions.items() if isinstance(each, Rating)}
        return {name: rating for name, rating in ratings.items() if rating.role in SCORED_ROLES}

    def name_of(self, item: str) -> Wording:
        """What people call an item: the indicator that it measures, its question, or its id."""
        for leaf in self.tree.leaves() if self.tree else ():
            if leaf.question == item:
                return Wording.of(leaf.title)
        question = self.questions.get(item)
        return Wording.verbatim(item) if question is None else Wording.of(question.text)


def _tree_of(given: IndicatorTree | SurveyDefinition | None) -> IndicatorTree | None:
    if isinstance(given, SurveyDefinition) and given.indicators is None:
        raise SurveyProblem(Problem(given.id, "the survey has no indicator tree"))
    return given.indicators if isinstance(given, SurveyDefinition) else given


def _model_of(given: PathModel | SurveyDefinition | None) -> PathModel | None:
    if isinstance(given, SurveyDefinition) and given.model is None:
        raise SurveyProblem(Problem(given.id, "the survey has no path model"))
    return given.model if isinstance(given, SurveyDefinition) else given


def _index_construct(model: PathModel, survey: SurveyDefinition | None) -> str:
    wanted = survey.index.index_construct if survey is not None else None
    name = wanted if wanted in model.names else USUAL_INDEX_CONSTRUCT
    if name not in model.names:
        raise SurveyProblem(Problem(model.id, f"no construct is called {name}; give the survey that names the index"))
    return name


def _as_surveyed(subject: Subject, survey: SurveyDefinition) -> Subject:
    """The subject with the names, questions and options of its survey."""
    pages = survey.questionnaire.pages
    matrices = (question for page in pages for question in page.questions if isinstance(question, Matrix))
    parts = {IndexMethod.WEIGHTED_TREE: subject.tree, IndexMethod.PATH_MODEL: subject.model}
    return replace(
        subject,
        title=Wording.of(survey.title),
        method=survey.index.method if parts.get(survey.index.method) else subject.method,
        options=survey.report,
        satisfied=survey.index.satisfied,
        questions={item.id: item.question for item in survey.questionnaire.items()},
        batteries=tuple(tuple(row.id for row in matrix.rows) for matrix in matrices),
    )

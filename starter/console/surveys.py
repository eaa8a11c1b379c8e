"""Surveys in the browser: what is measured, the indicator tree edited, the questionnaire, and how many to ask."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.datastructures import FormData

from domain.access import Permission
from domain.surveys.definition import SurveyDefinition
from domain.surveys.errors import SurveyProblem
from domain.surveys.sampling.sizes import FieldTerms, SampleSize, size_for_mean, size_for_share
from domain.surveys.shipped import named_survey, survey_names
from starter.api import surveys as api
from starter.api.entry import House
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.rendering import show
from starter.console.sheets import FINE, Wrong, key_of, wrong
from starter.console.survey_tree import next_version, per_cent, ratings_of, rows_of, summing_to_all
from starter.pages.entry import text_in
from starter.problems import Problem, not_found
from starter.services import Services
from storage.surveys import StoredSurvey

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

Reader = Annotated[Visit, Depends(Seat(Permission.READ_SURVEYS))]
Keeper = Annotated[Visit, Depends(Seat(Permission.MANAGE_SURVEYS))]
Planner = Annotated[Visit, Depends(Seat(Permission.PLAN_WAVES))]
SurveyId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
ON_A_PAGE = 50
SIZES = (
    "what",
    "margin",
    "share",
    "deviation",
    "confidence",
    "design_effect",
    "population",
    "response_rate",
    "eligibility",
)
SHARES = frozenset({"share", "confidence", "response_rate", "eligibility"})
USUAL = {"what": "share", "margin": "5", "share": "50", "deviation": "20", "confidence": "95", "design_effect": "1"}
USUAL |= {"population": "", "response_rate": "40", "eligibility": "100"}


@router.get("/surveys")
async def page(request: Request, services: House, visit: Reader) -> Response:
    """Every survey by its newest version."""
    after = request.query_params.get("after", "")[:64]
    found = await services.surveys.survey_records.page(after, ON_A_PAGE + 1)
    shipped = [(name, named_survey(name).title) for name in survey_names()]
    return show(
        request,
        "surveys.html.jinja",
        visit,
        surveys=found[:ON_A_PAGE],
        after=after,
        next_after=found[ON_A_PAGE - 1].definition.id if len(found) > ON_A_PAGE else "",
        shipped=[each for each in shipped if each[0] not in {one.definition.id for one in found}],
    )


@router.post("/surveys")
async def begin(request: Request, services: House, visit: Keeper) -> Response:
    """Store a survey that comes with the release, to be made one's own."""
    form = await form_of(request, visit.csrf)
    name = text_in(form, "name")
    if name not in survey_names():
        raise not_found()
    document = named_survey(name).model_dump(mode="json", exclude_none=True)
    await api.store(api.SurveyForm(definition=document), services, visit.person)
    return redirect(f"/console/surveys/{document['id']}", done="begun")


@router.get("/surveys/{survey}")
async def read(request: Request, services: House, visit: Reader, survey: SurveyId) -> Response:
    """What a survey measures, and its waves."""
    found = await _stored(request, services, survey)
    waves = await services.surveys.wave_records.page(survey, None, 20) if visit.may(Permission.READ_WAVES) else ()
    makers = await services.parts.people.people([found.stored_by])
    return show(
        request,
        "survey.html.jinja",
        visit,
        survey=found.definition,
        found=found,
        newest=(await services.surveys.waves.survey(survey)).definition.version,
        maker=makers[found.stored_by].name if found.stored_by in makers else found.stored_by,
        rows=rows_of(found.definition),
        waves=waves,
        key=key_of(services, survey),
    )


@router.get("/surveys/{survey}/questionnaire")
async def questionnaire(request: Request, services: House, visit: Reader, survey: SurveyId) -> Response:
    """The questions as they stand, with when each is asked; nothing that is filled in here is kept."""
    found = await _stored(request, services, survey)
    languages = found.definition.languages
    wanted = request.query_params.get("lang", visit.language.value)
    spoken = wanted if wanted in languages else languages[0]
    return show(request, "survey_questionnaire.html.jinja", visit, survey=found.definition, spoken=spoken)


@router.get("/surveys/{survey}/tree")
async def ask(request: Request, services: House, visit: Keeper, survey: SurveyId) -> Response:
    """The indicator tree as a form."""
    return _tree(request, visit, (await services.surveys.waves.survey(survey)).definition, None, FINE)


@router.post("/surveys/{survey}/tree")
async def give(request: Request, services: House, visit: Keeper, survey: SurveyId) -> Response:
    """Bring the weights to 100 per cent, or store the tree as the next version of the survey."""
    form = await form_of(request, visit.csrf)
    newest = (await services.surveys.waves.survey(survey)).definition
    seen = text_in(form, "version")
    version = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 7 else newest.version
    if newest.indicators is None:
        raise not_found("this survey has no indicator tree")
    try:
        based_on = (await services.surveys.waves.survey(survey, version)).definition
        document = next_version(based_on, version, form)
        if text_in(form, "do") == "even":
            return _tree(request, visit, based_on, _evened(form, summing_to_all(document)), FINE)
        await api.put(survey, api.SurveyForm(definition=document), services, visit.person)
    except Problem as problem:
        return _tree(request, visit, newest, form, wrong(problem, visit.language))
    return redirect(f"/console/surveys/{survey}", done="stored")


@router.get("/samples")
async def sizes(request: Request, visit: Planner) -> Response:
    """How many to ask for the precision that is wanted; an address that can be kept."""
    given = {name: request.query_params.get(name, USUAL[name]).strip()[:20] for name in SIZES}
    size, wrongs = _size(given)
    return show(
        request, "samples.html.jinja", visit, status=422 if wrongs else 200, given=given, size=size, wrong=wrongs
    )


async def _stored(request: Request, services: Services, survey: str) -> StoredSurvey:
    asked = request.query_params.get("version", "")
    version = int(asked) if asked.isascii() and asked.isdecimal() and 0 < len(asked) < 7 else None
    return await services.surveys.waves.survey(survey, version)


def _evened(form: FormData, weights: Mapping[str, float]) -> FormData:
    """The form with other weights, as if somebody had written them."""
    added = text_in(form, "id-new")
    written = {f"weight-{'new' if node == added else node}": per_cent(weight) for node, weight in weights.items()}
    return FormData([(name, written.get(name, value)) for name, value in form.multi_items()])


def _tree(request: Request, visit: Visit, survey: SurveyDefinition, form: FormData | None, refused: Wrong) -> Response:
    new = {"id": "id-new", "weight": "weight-new", "question": "question-new", "parent": "parent-new"}
    written = {name: text_in(form, field) if form else "" for name, field in new.items()}
    titles = {each: text_in(form, f"title-new-{each}") if form else "" for each in survey.languages}
    if survey.indicators is None:
        raise not_found("this survey has no indicator tree")
    return show(
        request,
        "survey_tree.html.jinja",
        visit,
        status=refused.status,
        survey=survey,
        version=text_in(form, "version") if form else survey.version,
        rows=rows_of(survey, form),
        ratings=ratings_of(survey),
        new=written,
        new_titles=titles,
        wrong=refused,
    )


def _size(given: Mapping[str, str]) -> tuple[SampleSize | None, dict[str, str]]:
    """The size, or what is wrong by field: `number`, or `range`."""
    numbers, wrongs = dict[str, float](), dict[str, str]()
    for name, text in given.items():
        if name == "what" or (name == "population" and not text):
            continue
        try:
            numbers[name] = float(text.replace("%", "").replace(",", "."))
        except ValueError:
            wrongs[name] = "number"
    if wrongs:
        return None, wrongs
    try:
        return _reckoned(given["what"], numbers), {}
    except SurveyProblem as refusal:
        return None, {problem.place: "range" for problem in refusal.problems}
    except (OverflowError, ValueError, ZeroDivisionError):
        return None, {"margin": "range"}


def _reckoned(what: str, numbers: Mapping[str, float]) -> SampleSize:
    shares: dict[str, Any] = {name: numbers[name] / 100 for name in SHARES}
    population = numbers.get("population")
    terms = FieldTerms(
        design_effect=numbers["design_effect"],
        population=None if population is None else int(population),
        response_rate=shares["response_rate"],
        eligibility=shares["eligibility"],
    )
    if what == "mean":
        return size_for_mean(
            numbers["margin"], deviation=numbers["deviation"], confidence=shares["confidence"], terms=terms
        )
    return size_for_share(numbers["margin"] / 100, share=shares["share"], confidence=shares["confidence"], terms=terms)

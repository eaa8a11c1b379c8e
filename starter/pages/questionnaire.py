"""The respondent's questionnaire: one page at a time, saved as it is sent, gone on with elsewhere.

A personal link leads here. Looking at it records nothing; beginning, answering, turning back and opting out are forms
that are sent. Who sends a page twice, late, or after the end is told so.
"""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from domain.links import LinkPurpose
from domain.privacy import Language
from domain.surveys.answering import AnswerFault
from domain.surveys.branching import Answer
from domain.surveys.questionnaire import (
    PLACEHOLDER,
    Answerable,
    Matrix,
    MultipleChoice,
    Number,
    Order,
    Page,
    Ranking,
    Rating,
    SingleChoice,
)
from starter.answer_texts import answer_of
from starter.api.entry import House
from starter.pages.entry import PageRoute, form_of, language_of, organisation, subject_of
from starter.pages.rendering import HEADERS, show
from starter.pages.survey_wording import survey_words
from starter.problems import not_found
from starter.respondents import Visit
from starter.services import Services
from storage.responses import Standing

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LONGEST_ANSWER = 10_000
LONGEST_AGENT = 400
GONE = frozenset({Standing.OVER, Standing.NOT_YET, Standing.QUOTA_FULL})


@dataclass(frozen=True, slots=True)
class Shown:
    """A question as the page shows it: its kind, its words, its choices, and what was given."""

    id: str
    kind: str
    text: str
    hint: str | None
    is_required: bool
    choices: tuple[tuple[str, str], ...]
    given: tuple[str, ...]
    wrong: str | None
    places: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Questions under one heading: a matrix is a question a row."""

    heading: str | None
    questions: tuple[Shown, ...]


@router.get("/r/{token}")
async def look(request: Request, token: str, services: House) -> Response:
    """The page that is next; nothing is recorded."""
    return _page(request, services, await _visit(request, services, token))


@router.post("/r/{token}")
async def send(request: Request, token: str, services: House) -> Response:
    """Begin, save a page, turn back, or opt out; then the page again."""
    contact = await subject_of(request, services, LinkPurpose.SURVEY, token)
    await services.limits.sent(contact)
    desk, form = services.surveys.respondents, await form_of(request)
    visit = await _visit(request, services, token)
    match form.get("action"):
        case "begin":
            after = await desk.begin(contact, _language(request, visit))
        case "back":
            after = await desk.back(contact)
        case "opt_out" if form.get("sure") == "yes":
            after = await desk.opt_out(contact)
        case "save":
            device = f"{services.limits.address(request)}\x00{request.headers.get('user-agent', '')[:LONGEST_AGENT]}"
            saved = await desk.save(contact, str(form.get("page")), _answers(form, visit), device)
            if saved is not None and saved.faults:
                return _page(request, services, saved.visit, form=form, faults=saved.faults)
            after = None if saved is None else saved.visit
        case _:
            return _page(request, services, visit, notice="unclear")
    if after is not None and after.standing is Standing.QUOTA_FULL:
        return _page(request, services, after)
    return RedirectResponse(_here(request), 303, HEADERS)


def _here(request: Request) -> str:
    """This page in the language that was asked for."""
    chosen = request.query_params.get("lang")
    return f"{request.url.path}?lang={chosen}" if chosen in set(Language) else request.url.path


async def _visit(request: Request, services: Services, token: str) -> Visit:
    contact = await subject_of(request, services, LinkPurpose.SURVEY, token)
    visit = await services.surveys.respondents.visit(contact)
    if visit is None:
        raise not_found()
    return visit


def _page(
    request: Request,
    services: Services,
    visit: Visit,
    *,
    form: FormData | None = None,
    faults: Mapping[str, AnswerFault] | None = None,
    notice: str | None = None,
) -> Response:
    """What the holder of the link sees now."""
    language = Language(_language(request, visit))
    said = survey_words(language)
    fields = {
        "s": said,
        "title": _text(visit.definition.title, language),
        "notice": said["notices"].get(notice or ""),
        "organisation": organisation(services),
        "here": _here(request),
    }
    if visit.standing is not Standing.OPEN:
        status = 410 if visit.standing in GONE else 200
        standing = said["standing"][visit.standing]
        can_opt_out = visit.standing not in {Standing.OPTED_OUT, Standing.COMPLETED}
        thanks = _text(visit.definition.questionnaire.thanks, language)
        return show(
            request,
            "questionnaire_over.html.jinja",
            language,
            status=status,
            standing=standing,
            thanks=thanks if visit.standing is Standing.COMPLETED else None,
            can_opt_out=can_opt_out,
            **fields,
        )
    if visit.page is None:
        introduction = _text(visit.definition.questionnaire.introduction, language)
        return show(request, "questionnaire_begin.html.jinja", language, introduction=introduction, **fields)
    pages = visit.definition.questionnaire.pages
    groups = tuple(_groups(visit, visit.page, language, form, faults or {}))
    return show(
        request,
        "questionnaire.html.jinja",
        language,
        status=422 if faults else 200,
        page=visit.page.id,
        heading=None if visit.page.title is None else _piped(visit, _text(visit.page.title, language), language),
        groups=groups,
        wrong=[(each.id, each.wrong) for group in groups for each in group.questions if each.wrong],
        at=visit.interview.page + 1,
        pages=len(pages),
        can_go_back=visit.page_before() < visit.interview.page,
        **fields,
    )


def _groups(
    visit: Visit, page: Page, language: Language, form: FormData | None, faults: Mapping[str, AnswerFault]
) -> Iterator[Group]:
    """What is on the page: all of its questions, for those that depend on others of the same page say when."""
    asked = visit.asked_on(page, visit.answers)
    conditional = {
        item.id
        for item in visit.definition.questionnaire.items()
        if item.page == page.id and item.question.relevant is not None
    }
    for question in _ordered(visit, page.questions, page.order, page.id):
        parts: tuple[Answerable, ...] = question.ratings() if isinstance(question, Matrix) else (question,)
        if isinstance(question, Matrix):
            parts = tuple(_ordered(visit, parts, question.order, question.id))
        shown = tuple(
            _shown(visit, each, language, form, faults) for each in parts if each.id in asked or each.id in conditional
        )
        if shown:
            heading = _piped(visit, _text(question.text, language), language) if isinstance(question, Matrix) else None
            yield Group(heading, shown)


def _shown(
    visit: Visit, question: Answerable, language: Language, form: FormData | None, faults: Mapping[str, AnswerFault]
) -> Shown:
    said = survey_words(language)
    fault = faults.get(question.id)
    wrong = None if fault is None else said["faults"][fault.name.lower()]
    if fault is AnswerFault.CONSTRAINT and question.constraint_message is not None:
        wrong = _text(question.constraint_message, language)
    choices = tuple(_choices(visit, question, language))
    missing = tuple((str(code), said["missing"][code]) for code in question.missing)
    given = _given(visit.answers.get(question.id)) if form is None else _sent(form, question)
    return Shown(
        id=question.id,
        kind=question.type,
        text=_piped(visit, _text(question.text, language), language),
        hint=_hint(question, language),
        is_required=question.required and question.relevant is None,
        choices=(*choices, *missing),
        given=given,
        wrong=wrong,
        places=(question.places or len(question.choices)) if isinstance(question, Ranking) else 0,
    )


def _hint(question: Answerable, language: Language) -> str | None:
    if question.hint is None and isinstance(question, Number):
        return f"{question.minimum:g} – {question.maximum:g}"
    return None if question.hint is None else _text(question.hint, language)


def _choices(visit: Visit, question: Answerable, language: Language) -> Iterator[tuple[str, str]]:
    match question:
        case Rating(scale=scale, labels=labels):
            for code in range(scale.minimum, scale.maximum + 1):
                label = f"{code} – {_text(labels[code], language)}" if code in labels else str(code)
                yield str(code), label
        case SingleChoice() | MultipleChoice() | Ranking():
            for choice in _ordered(visit, question.choices, question.order, question.id):
                yield choice.code, _text(choice.title, language)
        case _:
            return


def _ordered(visit: Visit, parts: Any, order: Order, what: str) -> list[Any]:
    """In the order of the document, or in one that is this respondent's own each time the page is shown."""
    if order is Order.FIXED:
        return list(parts)
    shuffled = list(parts)
    random.Random(f"{visit.interview.wave}/{visit.interview.number}/{what}").shuffle(shuffled)  # noqa: S311  no secret
    return shuffled


def _answers(form: FormData, visit: Visit) -> dict[str, Answer]:
    """The answers that a form gives to the questions of the page that is shown, each of its kind."""
    page = visit.page
    if page is None:
        return {}
    items = (item.question for item in visit.definition.questionnaire.items() if item.page == page.id)
    return {question.id: answer_of(question, _sent(form, question)) for question in items}


def _sent(form: FormData, question: Answerable) -> tuple[str, ...]:
    """What stands in the fields of a question, in order."""
    if isinstance(question, Ranking):
        places = range(1, (question.places or len(question.choices)) + 1)
        given = (form.get(f"{question.id}.{place}") for place in places)
        return tuple(each for each in given if isinstance(each, str) and each)
    return tuple(each.strip()[:LONGEST_ANSWER] for each in form.getlist(question.id) if isinstance(each, str))


def _given(answer: Answer) -> tuple[str, ...]:
    if answer is None:
        return ()
    return tuple(map(str, answer)) if isinstance(answer, tuple) else (str(answer),)


def _language(request: Request, visit: Visit) -> str:
    """The language asked for, else the one in which the interview was begun or the customer is written to."""
    if request.query_params.get("lang") in set(Language):
        return language_of(request)
    known = visit.interview.language
    return known if known in set(Language) else language_of(request)


def _text(translations: Mapping[str, str], language: Language) -> str:
    return translations.get(language) or next(iter(translations.values()))


def _piped(visit: Visit, text: str, language: Language) -> str:
    """A text with the answers and attributes that it refers to; the template escapes it whole."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        found = visit.answers.get(name, visit.known().get(name))
        return "" if found is None else _spoken(visit, name, found, language)

    return PLACEHOLDER.sub(value, text)


def _spoken(visit: Visit, name: str, answer: Answer, language: Language) -> str:
    item = visit.definition.questionnaire.item(name)
    labels = {} if item is None else dict(_choices(visit, item.question, language))
    return ", ".join(labels.get(each, each) for each in _given(answer))

"""A partner's page: one question about one case, and its answer. The partner sees nothing else."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from domain.access import LinkHolder, Role
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.partner_requests import PartnerRequest
from domain.complaints.terms import ClockKind, ClockState
from domain.links import LinkPurpose, question_of
from starter.api.entry import House
from starter.attachments import KINDS, File, check_file
from starter.desk import Request as Asking
from starter.pages.entry import (
    PageRoute,
    files_in,
    form_of,
    is_in_time,
    language_of,
    organisation,
    retry_after,
    spoken,
    subject_of,
    text_in,
)
from starter.pages.rendering import show
from starter.pages.wording import deadline, offset
from starter.problems import Problem, not_found
from starter.reading import TEXTS
from starter.services import Services

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a partner, with the case and the clock that it runs on."""

    case: Case
    asked: PartnerRequest

    @property
    def partner(self) -> LinkHolder:
        """Whoever holds the link of this question."""
        name = f"partner:{self.asked.partner}"
        return LinkHolder(id=name, name=name, roles=frozenset({Role.PARTNER}), case=self.case.reference)

    @property
    def place(self) -> str:
        return f"{self.case.reference}/{self.asked.number}"

    @property
    def clock(self) -> Clock | None:
        clocks = (clock for clock in self.case.clocks if clock.kind is ClockKind.PARTNER_REPLY)
        return next((clock for clock in clocks if clock.attempt == self.asked.number), None)

    @property
    def state(self) -> str:
        """`open`, `late` (an answer still helps), `answered`, or `over` (the case has ended without it)."""
        if self.asked.answer is not None:
            return "answered"
        if self.case.has_ended:
            return "over"
        return "late" if self.clock is not None and self.clock.state is ClockState.BREACHED else "open"


@router.get("/partner/{token}")
async def ask(request: Request, token: str, services: House) -> Response:
    """The question, with a form for the answer."""
    return await _page(request, services, await _question(request, services, token))


@router.post("/partner/{token}")
async def answer(request: Request, token: str, services: House) -> Response:
    """Take the answer, once; it meets the partner's clock."""
    question = await _question(request, services, token)
    await services.limits.sent(question.place)
    form = await form_of(request)
    key, text, files = text_in(form, "key"), text_in(form, "text"), await files_in(form)
    if question.state in {"answered", "over"}:
        return await _page(request, services, question, status=409)
    if not is_in_time(services.keys.shown_at(question.place, key), datetime.now(UTC)):
        return await _page(request, services, question, given=text, notice="stale", status=422)
    if wrong := _wrong(text, files):
        return await _page(request, services, question, given=text, key=key, wrong=wrong, status=422)
    try:
        await _reply(services, question, text, files, key)
    except Problem as problem:
        return await _refused(request, services, question, text, key, problem)
    return await _page(request, services, await _question(request, services, token), thanks=True, status=201)


async def _question(request: Request, services: Services, token: str) -> Question:
    reference, number = question_of(await subject_of(request, services, LinkPurpose.PARTNER, token))
    case = await services.parts.records.find(reference)
    asked = None if case is None else case.partner_request(number)
    if case is None or asked is None:
        raise not_found()
    return Question(case, asked)


def _wrong(text: str, files: list[File]) -> str | None:
    if not text:
        return "text"
    try:
        for file in files:
            check_file(file)
    except Problem:
        return "files"
    return None


async def _reply(services: Services, question: Question, text: str, files: list[File], key: str) -> None:
    """Attach the files, then give the answer: it may speak of them."""
    once, reference = f"{key}.{hashlib.sha256(text.encode()).hexdigest()[:32]}", question.case.reference
    for number, file in enumerate(files):
        await services.attachments.add(question.partner, reference, file, f"{once}.{number}")
    values = {"number": question.asked.number, "answer": text}
    await services.cases.perform(Asking(question.partner, reference, "partner_reply", values, key=once))


async def _refused(
    request: Request, services: Services, question: Question, text: str, key: str, problem: Problem
) -> Response:
    """The page with what was written, so that nothing is lost."""
    if problem.status == 422:
        return await _page(request, services, question, given=text, key=key, wrong="text", status=422)
    if problem.status not in {409, 503}:
        raise problem
    case = await services.parts.records.find(question.case.reference) or question.case
    now = Question(case, case.partner_request(question.asked.number) or question.asked)
    notice = "away" if problem.status == 503 else None
    return await _page(
        request, services, now, given=text, key=key, notice=notice, status=problem.status, headers=retry_after(problem)
    )


async def _page(
    request: Request,
    services: Services,
    question: Question,
    *,
    given: str = "",
    key: str | None = None,
    wrong: str | None = None,
    notice: str | None = None,
    thanks: bool = False,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    language = language_of(request, spoken(question.case.intake.language))
    zone, now = ZoneInfo(services.parts.settings.time_zone), datetime.now(UTC)
    clock = question.clock
    return show(
        request,
        "partner.html.jinja",
        language,
        status=status,
        headers=headers,
        organisation=organisation(services),
        reference=question.case.reference,
        number=question.asked.number,
        state=question.state,
        question=await _opened(services, question),
        due=None if clock is None else deadline(clock.due_at, zone, language),
        offset=offset(now, zone),
        key=key or services.keys.form(question.place, now),
        given=given,
        wrong=wrong,
        notice=notice,
        thanks=thanks,
        kinds=",".join(sorted(KINDS)),
    )


async def _opened(services: Services, question: Question) -> str | None:
    """The question's text while it waits; afterwards nobody needs it here."""
    if question.state not in {"open", "late"}:
        return None
    await services.reads.note(question.partner.id, question.case.intake.customer, TEXTS, question.case.reference)
    return await services.parts.vault.open_text(question.asked.question)

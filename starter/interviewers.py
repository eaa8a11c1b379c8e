"""Interviewers: they get the next person to call or visit, say what became of the try, and enter the answers.

Whom they get is the list's choice, not theirs. Who somebody is leaves the vault one person at a time, and that is
logged. Answers from paper come as a file that is checked whole before anything of it is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from domain.access import Person
from domain.privacy import IDENTIFYING, Identity, Language
from domain.surveys.answering import AnswerFault
from domain.surveys.branching import Answer
from domain.surveys.dispositions import Channel, ContactEventKind
from domain.surveys.waves.wave import Wave, WaveStatus
from starter.answer_texts import answers_in_body
from starter.bodies import Body, Line, Moment
from starter.problems import FieldError, Problem, invalid, not_found
from starter.reading import Reads
from starter.respondents import RespondentDesk, Saved, Visit
from storage.interviews import InterviewLists, ListedContact, Try
from storage.pool import Pool, transaction
from storage.responses import Manner, Responses, Standing
from storage.vault import Erased, Vault

IN_HAND = timedelta(minutes=30)
"""So long an interviewer has a contact in hand; then the list offers it to others."""
BY_HAND = (Channel.TELEPHONE, Channel.POST, Channel.IN_PERSON)
MOST_ANSWERS = 1_000


class TryOutcome(StrEnum):
    """What becomes of a try to reach somebody."""

    NO_ANSWER = "no_answer"
    CALL_BACK = "call_back"
    """Reached, and asked to call at another time."""
    SENT = "sent"
    """The questionnaire is on its way by post."""
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    OPTED_OUT = "opted_out"
    """Not to be asked again, by any survey."""
    LANGUAGE_BARRIER = "language_barrier"
    ILL = "ill"
    TECHNICAL_FAILURE = "technical_failure"
    DECEASED = "deceased"
    NOT_A_CUSTOMER = "not_a_customer"
    OUT_OF_SCOPE = "out_of_scope"


_KIND = {
    TryOutcome.CALL_BACK: ContactEventKind.OPENED,
    TryOutcome.SENT: ContactEventKind.DELIVERED,
    TryOutcome.WRONG_NUMBER: ContactEventKind.BOUNCED,
}
_GO_ON = frozenset({TryOutcome.NO_ANSWER, TryOutcome.CALL_BACK, TryOutcome.SENT})


class TryForm(Body):
    """What became of a try."""

    outcome: TryOutcome
    call_at: Moment | None = Field(None, description="when to call again, for `call_back`")


QuestionId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
GivenText = Annotated[str, StringConstraints(max_length=10_000)]
Given = Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True)] | GivenText
GivenChoices = Annotated[list[Line], Field(max_length=200)]


class AnswersForm(Body):
    """Answers that were taken down, by question; choices as a list of codes."""

    answers: dict[QuestionId, Given | GivenChoices] = Field(max_length=MOST_ANSWERS)
    language: Language | None = Field(None, description="in which the interview was held; the customer's, if absent")
    breaks_off: bool = Field(False, strict=True, description="the interview was broken off: questions stay open")


@dataclass(frozen=True, slots=True)
class Call:
    """A person in hand: who it is, until when, and what is asked."""

    number: int
    channel: Channel
    identity: Identity
    held_until: datetime
    visit: Visit


class InterviewDesk:
    """Lets interviewers work on the lists of a wave."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        lists: InterviewLists,
        responses: Responses,
        respondents: RespondentDesk,
        reads: Reads,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._lists = lists
        self._responses = responses
        self._respondents = respondents
        self._reads = reads

    async def page(self, wave: Wave, channel: Channel | None, after: int, limit: int) -> list[ListedContact]:
        return await self._lists.page(wave.reference, channel, after, limit)

    async def next(self, person: Person, wave: Wave, channel: Channel) -> Call | None:
        """The next person that is due, taken in hand; the same one until it is dealt with. None if nobody is due.

        Somebody who was erased is passed over, as somebody without a channel. Raises `Problem` 409 outside the field.
        """
        if wave.status is not WaveStatus.FIELDING:
            raise Problem(409, "not_in_the_field", f"the wave is {wave.status}; people are called while it is fielding")
        while True:
            now = datetime.now(UTC)
            number = await self._lists.claim(wave.reference, channel, person.id, now, now + IN_HAND)
            if number is None:
                return None
            visit = await self._visit(wave, number)
            try:
                identity = await self._vault.identity(visit.interview.customer)
            except Erased:
                await self._record(visit, Try(ContactEventKind.NO_CHANNEL, channel, now, ends=True))
                continue
            await self._reads.note(person.id, visit.interview.customer, IDENTIFYING, wave.reference)
            return Call(number, channel, identity, now + IN_HAND, visit)

    async def tried(self, person: Person, wave: Wave, number: int, form: TryForm) -> Visit:
        """Record what became of a try. Raises `Problem`: 404, 409 (cannot be tried now), 422."""
        visit = await self._open(person, wave, number)
        plan, now = visit.definition.fieldwork, datetime.now(UTC)
        if (form.outcome is TryOutcome.CALL_BACK) != (form.call_at is not None):
            raise invalid([FieldError("/call_at", "belongs to call_back, and to no other outcome")])
        if form.call_at is not None and not now < form.call_at < (wave.closes_at or form.call_at):
            raise invalid([FieldError("/call_at", f"expected a time from now to {wave.closes_at}")])
        kind = _KIND.get(form.outcome) or ContactEventKind(form.outcome)
        again_at = form.call_at
        if form.outcome is TryOutcome.NO_ANSWER:
            again_at = now + plan.call_again_after
        tried = Try(kind, visit.interview.channel, now, form.outcome not in _GO_ON, again_at)
        await self._record(visit, tried)
        return await self._visit(wave, number)

    async def enter(
        self, person: Person, wave: Wave, number: int, form: AnswersForm, channel: Channel | None = None
    ) -> Visit:
        """Keep answers that were taken down. Raises `Problem`: 404, 409 (cannot be answered now), 422 by question."""
        visit = await self._open(person, wave, number)
        given = answers_in_body(form.answers)
        saved = await self._saved(person, visit, given, form.language, channel, breaks_off=form.breaks_off)
        if saved.faults:
            raise invalid([FieldError(f"/answers/{name}", fault.value) for name, fault in saved.faults.items()])
        _refuse_unless_done(saved.visit, breaks_off=form.breaks_off)
        return saved.visit

    async def _saved(
        self,
        person: Person,
        visit: Visit,
        given: Mapping[str, Answer],
        language: str | None,
        channel: Channel | None,
        *,
        breaks_off: bool,
    ) -> Saved:
        interview = visit.interview
        by_hand = interview.channel if interview.channel in BY_HAND else Channel.TELEPHONE
        saved = await self._respondents.enter(
            f"{interview.wave}/{interview.number}",
            given,
            language or interview.language,
            Manner(channel or by_hand, person.id),
            breaks_off=breaks_off,
        )
        if saved is None:
            raise not_found("there is no contact of this number in the wave")
        return saved

    async def _record(self, visit: Visit, tried: Try) -> None:
        plan = visit.definition.fieldwork
        thresholds = plan.thresholds.for_dispositions()
        async with transaction(self._pool) as connection:
            interview = await self._responses.locked(connection, visit.interview.wave, visit.interview.number)
            if interview is None or interview.standing(tried.at) is not Standing.OPEN:
                raise _cannot_be_tried(None if interview is None else interview.standing(tried.at))
            if tried.kind is ContactEventKind.NO_ANSWER:
                before = await self._lists.tries(connection, interview.wave, interview.number, tried.kind)
                if before + 1 >= plan.call_attempts:
                    tried = Try(tried.kind, tried.channel, tried.at, ends=True)
            if tried.kind is ContactEventKind.OPTED_OUT:
                await self._responses.opt_out(connection, interview, tried.at, thresholds)
            await self._lists.record(connection, interview, tried, thresholds)

    async def _open(self, person: Person, wave: Wave, number: int) -> Visit:
        """A contact that can be dealt with now, by somebody who has nothing to do with what it is asked about."""
        visit = await self._visit(wave, number)
        if await self._lists.handled_by(wave.reference, number) == person.id:
            raise Problem(409, "own_complaint", "who handled a complaint does not ask its customer about it")
        if visit.standing is not Standing.OPEN:
            raise _cannot_be_tried(visit.standing)
        return visit

    async def _visit(self, wave: Wave, number: int) -> Visit:
        visit = await self._respondents.visit(f"{wave.reference}/{number}")
        if visit is None:
            raise not_found("there is no contact of this number in the wave")
        return visit


def questionnaire_of(visit: Visit) -> dict[str, Any]:
    """The questionnaire as an interviewer's screen needs it: pages with their questions, and what is known."""
    return {
        "introduction": visit.definition.questionnaire.introduction,
        "pages": [page.model_dump(mode="json", exclude_none=True) for page in visit.definition.questionnaire.pages],
        "known": visit.known(),
        "answers": visit.answers,
    }


def faults_in_row(row: int, faults: Mapping[str, AnswerFault]) -> list[FieldError]:
    """What is wrong in a row of a file, by its columns."""
    return [FieldError(f"/rows/{row}/{name}", fault.value) for name, fault in faults.items()]


def _cannot_be_tried(standing: Standing | None) -> Problem:
    return Problem(409, "cannot_be_answered", f"the contact cannot be asked now: {standing or 'gone'}")


def _refuse_unless_done(visit: Visit, *, breaks_off: bool) -> None:
    if visit.standing is not Standing.COMPLETED and not (breaks_off and visit.standing is Standing.OPEN):
        raise _cannot_be_tried(visit.standing)

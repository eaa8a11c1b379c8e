"""Respondents: a personal link opens the questionnaire that it is for, page by page, each saved as it is sent.

Looking records nothing: mail scanners open links. What somebody does is a form that is sent. Who a respondent is
stays in the vault, and so do the words of open answers.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from domain.links import LinkPurpose
from domain.privacy import TextKind
from domain.surveys.answering import AnswerFault, answer_faults, is_empty, items_asked
from domain.surveys.branching import Answer
from domain.surveys.definition import SurveyDefinition
from domain.surveys.questionnaire import OpenText, Page
from runtime.links import SignedLinks
from storage.pool import Connection, Pool, transaction
from storage.responses import Interview, Manner, Responses, Standing
from storage.surveys import Surveys
from storage.vault import Erased, Vault


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody with an invitation: what can be done with it now, and where the questionnaire stands."""

    interview: Interview
    definition: SurveyDefinition
    standing: Standing

    @property
    def has_begun(self) -> bool:
        return self.interview.started_at is not None

    @property
    def page(self) -> Page | None:
        """The page that is to be answered next; none before the beginning."""
        pages = self.definition.questionnaire.pages
        return pages[self.interview.page] if self.has_begun and self.interview.page < len(pages) else None

    @property
    def answers(self) -> dict[str, Answer]:
        return {name: _plain(answer) for name, answer in self.interview.answers.items()}

    def known(self) -> dict[str, Answer]:
        """The attributes that the questionnaire may refer to."""
        return {name: self.interview.attributes.get(name) for name in self.definition.questionnaire.known}

    def asked_on(self, page: Page, answers: Mapping[str, Answer]) -> frozenset[str]:
        """Ids of the items of a page that are asked after these answers."""
        asked = items_asked(self.definition.questionnaire, answers, self.known())
        return frozenset(item.id for item in asked if item.page == page.id)

    def next_page(self, after: int, answers: Mapping[str, Answer]) -> int:
        """The next page on which something is asked; the number of pages at the end."""
        pages = self.definition.questionnaire.pages
        later = (at for at in range(after + 1, len(pages)) if self.asked_on(pages[at], answers))
        return next(later, len(pages))

    def kept(self, answers: Mapping[str, Answer]) -> dict[str, Answer]:
        """The answers to what is asked after them; what is not asked any more is dropped."""
        asked = {item.id for item in items_asked(self.definition.questionnaire, answers, self.known())}
        return {name: answer for name, answer in answers.items() if name in asked and not is_empty(answer)}

    def page_before(self) -> int:
        """The page before on which something is asked; the first one stays the first."""
        pages = self.definition.questionnaire.pages
        earlier = (at for at in range(self.interview.page - 1, -1, -1) if self.asked_on(pages[at], self.answers))
        return next(earlier, self.interview.page)


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a page: the visit as it is now, and what was wrong by question; with a fault nothing is saved."""

    visit: Visit
    faults: Mapping[str, AnswerFault]


class RespondentDesk:
    """Lets the holders of invitations answer."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        links: SignedLinks,
        surveys: Surveys,
        responses: Responses,
        secret: bytes,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._links = links
        self._surveys = surveys
        self._responses = responses
        self._device_key = hashlib.sha256(b"devices of respondents\x00" + secret).digest()

    async def contact_of(self, token: str) -> str:
        """The contact whose personal link this is. Raises `LinkRefused`."""
        return await self._links.let_in(LinkPurpose.SURVEY, token, datetime.now(UTC))

    async def visit(self, contact: str) -> Visit | None:
        """What the holder of an invitation finds; nothing is recorded."""
        wave, number = _place_of(contact)
        interview = await self._responses.find(wave, number)
        return None if interview is None else await self._visited(interview, datetime.now(UTC))

    async def begin(self, contact: str, language: str) -> Visit | None:
        """Begin the interview, or go on with it; a quota that is full says so."""
        now = datetime.now(UTC)
        async with self._transaction(contact) as connection:
            visit = await self._locked(connection, contact, now)
            if visit is None or visit.standing is not Standing.OPEN or visit.has_begun:
                return visit
            plan = visit.definition.fieldwork
            until = now + plan.interview_timeout
            if not await self._responses.hold_quotas(connection, visit.interview, plan.quotas, now, until):
                return replace(visit, standing=Standing.QUOTA_FULL)
            thresholds = plan.thresholds.for_dispositions()
            await self._responses.begin(connection, visit.interview, language, Manner(), now, thresholds)
            return await self._locked(connection, contact, now)

    async def save(
        self, contact: str, page_id: str, given: Mapping[str, Answer], device: str | None = None
    ) -> Saved | None:
        """Save the answers of the page that is shown and turn to the next; the last page completes the interview.

        The device that they come from is kept as a keyed hash.

        A page that was answered before is not shown any more, and sending it again changes nothing.
        """
        now = datetime.now(UTC)
        async with self._transaction(contact) as connection:
            visit = await self._locked(connection, contact, now)
            if visit is None:
                return None
            page = visit.page
            if visit.standing is not Standing.OPEN or page is None or page.id != page_id:
                return Saved(visit, {})
            plan = visit.definition.fieldwork
            until = now + plan.interview_timeout
            if not await self._responses.hold_quotas(connection, visit.interview, plan.quotas, now, until):
                return Saved(replace(visit, standing=Standing.QUOTA_FULL), {})
            return await self._save(connection, visit, page, given, now, device and self._hashed(contact, device))

    async def back(self, contact: str) -> Visit | None:
        """Turn to the page before."""
        now = datetime.now(UTC)
        async with self._transaction(contact) as connection:
            visit = await self._locked(connection, contact, now)
            if visit is None or visit.standing is not Standing.OPEN or not visit.has_begun:
                return visit
            await self._responses.turn_to(connection, visit.interview, visit.page_before())
            return await self._locked(connection, contact, now)

    async def opt_out(self, contact: str) -> Visit | None:
        """Whoever holds the invitation is not asked again, by any survey; also after the field work is over."""
        now = datetime.now(UTC)
        async with self._transaction(contact) as connection:
            visit = await self._locked(connection, contact, now)
            if visit is None or visit.standing is Standing.OPTED_OUT:
                return visit
            thresholds = visit.definition.fieldwork.thresholds.for_dispositions()
            await self._responses.opt_out(connection, visit.interview, now, thresholds)
            return replace(visit, standing=Standing.OPTED_OUT)

    async def enter(
        self, contact: str, given: Mapping[str, Answer], language: str, manner: Manner, *, breaks_off: bool = False
    ) -> Saved | None:
        """Answers that somebody writes down for the respondent, at the telephone or from paper: all of them at once.

        Who breaks off leaves questions open; the rest may still be answered.
        """
        now = datetime.now(UTC)
        async with self._transaction(contact) as connection:
            visit = await self._locked(connection, contact, now)
            if visit is None or visit.standing is not Standing.OPEN:
                return None if visit is None else Saved(visit, {})
            questionnaire, plan = visit.definition.questionnaire, visit.definition.fieldwork
            answers = visit.answers | dict(given)
            faults = answer_faults(questionnaire, answers, visit.known())
            serious = {n: f for n, f in faults.items() if not (breaks_off and f is AnswerFault.MISSING)}
            if serious:
                return Saved(visit, serious)
            until = now + plan.interview_timeout
            if not await self._responses.hold_quotas(connection, visit.interview, plan.quotas, now, until):
                return Saved(replace(visit, standing=Standing.QUOTA_FULL), {})
            thresholds = plan.thresholds.for_dispositions()
            await self._responses.begin(connection, visit.interview, language, manner, now, thresholds)
            following = visit.interview.page if breaks_off else len(questionnaire.pages)
            interview = replace(visit.interview, channel=manner.channel or visit.interview.channel)
            return await self._write(
                connection, replace(visit, interview=interview), visit.kept(answers), following, now
            )

    @asynccontextmanager
    async def _transaction(self, contact: str) -> AsyncIterator[Connection]:
        """A transaction that borrows no second connection: what the wave pinned is known before it begins.

        Many respondents at once, each holding a connection and waiting for another, would wait for ever.
        """
        await self.visit(contact)
        async with transaction(self._pool) as connection:
            yield connection

    async def _save(
        self,
        connection: Connection,
        visit: Visit,
        page: Page,
        given: Mapping[str, Answer],
        now: datetime,
        device: str | None,
    ) -> Saved:
        answers = visit.answers | dict.fromkeys(_items_of(visit, page)) | dict(given)
        questionnaire = visit.definition.questionnaire
        faults = answer_faults(questionnaire, answers, visit.known(), pages=[page.id])
        on_page = {name: fault for name, fault in faults.items() if name in _items_of(visit, page)}
        if on_page:
            return Saved(visit, on_page)
        kept = visit.kept(answers)
        following = visit.next_page(visit.interview.page, kept)
        return await self._write(connection, visit, kept, following, now, device)

    async def _write(
        self,
        connection: Connection,
        visit: Visit,
        kept: Mapping[str, Answer],
        following: int,
        now: datetime,
        device: str | None = None,
    ) -> Saved:
        """Keep the answers and where it goes on; behind the last page the interview is complete."""
        completes = following >= len(visit.definition.questionnaire.pages)
        sealed = await self._sealed(connection, visit, kept, now)
        await self._responses.save(
            connection,
            visit.interview,
            sealed,
            following,
            visit.definition.core_share_answered(kept, visit.known()),
            now,
            visit.definition.fieldwork.thresholds.for_dispositions(),
            completes=completes,
            device=device,
        )
        if completes:
            await self._follow_up(connection, visit, kept, now)
        interview = replace(visit.interview, answers=sealed, page=following, completed_at=now if completes else None)
        return Saved(replace(visit, interview=interview, standing=interview.standing(now)), {})

    async def _follow_up(
        self, connection: Connection, visit: Visit, answers: Mapping[str, Answer], now: datetime
    ) -> None:
        """A bad answer opens what the plan says, in the transaction that saves it."""
        plan = visit.definition.fieldwork.follow_up
        code = None if plan is None else answers.get(plan.question)
        if plan is not None and isinstance(code, int) and code <= plan.at_most:
            await self._responses.open_follow_up(connection, visit.interview, plan.action, plan.question, code, now)

    def _hashed(self, contact: str, device: str) -> str:
        """A device within a wave: the same one twice shows, and nobody is known by it elsewhere."""
        wave, _ = _place_of(contact)
        return hmac.new(self._device_key, f"{wave}\x00{device}".encode(), hashlib.sha256).hexdigest()[:24]

    async def _sealed(
        self, connection: Connection, visit: Visit, answers: Mapping[str, Answer], now: datetime
    ) -> dict[str, Any]:
        """The answers as they are kept: the words of an open question in the vault, under an id of their own."""
        kept: dict[str, Any] = {}
        for name, answer in answers.items():
            item = visit.definition.questionnaire.item(name)
            before = visit.interview.answers.get(name)
            if item is None or not isinstance(item.question, OpenText) or not isinstance(answer, str):
                kept[name] = answer
            elif isinstance(before, dict) and before.get("text") == answer:
                kept[name] = before  # an earlier page, not sent again
            elif answer not in item.question.missing:
                text_id = _text_id(visit.interview, name, answer)
                with suppress(Erased):
                    await self._vault.seal(
                        connection, visit.interview.customer, text_id, TextKind.ANSWER, answer, at=now
                    )
                    kept[name] = {"text": text_id}
            else:
                kept[name] = answer
        return kept

    async def _locked(self, connection: Connection, contact: str, now: datetime) -> Visit | None:
        wave, number = _place_of(contact)
        interview = await self._responses.locked(connection, wave, number)
        return None if interview is None else await self._visited(interview, now)

    async def _visited(self, interview: Interview, now: datetime) -> Visit:
        definition = await self._surveys.definition(interview.survey, interview.version)
        return Visit(interview, definition, interview.standing(now))


def _items_of(visit: Visit, page: Page) -> frozenset[str]:
    return frozenset(item.id for item in visit.definition.questionnaire.items() if item.page == page.id)


def _place_of(contact: str) -> tuple[str, int]:
    wave, _, number = contact.partition("/")
    return wave, int(number)


def _plain(answer: Any) -> Answer:
    """An answer as it was kept: choices were a list, and the words of an open answer are an id."""
    if isinstance(answer, list):
        return tuple(answer)
    return str(answer["text"]) if isinstance(answer, dict) else answer


def _text_id(interview: Interview, question: str, text: str) -> str:
    """The id of an open answer: the same words sent twice are one text."""
    digest = hashlib.sha256(f"{interview.wave}/{interview.number}/{question}\x00{text}".encode()).hexdigest()
    return f"txt_{digest[:32]}"

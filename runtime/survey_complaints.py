"""Complaints out of bad answers: a survey whose plan says so opens one, with the answers linked, once.

The answers and the wish for a complaint were saved in one transaction; whoever comes first opens it, whatever process
died meanwhile.
"""

import secrets
from collections.abc import Callable, Iterator
from datetime import datetime

from domain.complaints.decide import decide_intake
from domain.complaints.evolve import fold
from domain.complaints.intake import Intake
from domain.complaints.situation import SYSTEM, Circumstances
from domain.complaints.terms import Way
from domain.privacy import Identity, TextKind
from domain.surveys.definition import SurveyDefinition
from domain.surveys.questionnaire import Rating
from runtime.rulebook import Rulebook
from storage.follow_ups import FollowUp, FollowUps
from storage.intakes import next_reference, open_case
from storage.pool import Connection, Pool, transaction
from storage.surveys import Surveys
from storage.vault import Erased, Vault

CHANNEL = "survey"
AT_ONCE = 20
_NARRATIVE = {
    "zh": "客户在满意度调查“{survey}”（{wave}，第 {number} 号）中对以下问题给出了低分，请联系客户了解情况。\n"
    "“{question}”：{code}（满分 {best}）。",
    "en": "In the satisfaction survey {survey} ({wave}, contact {number}) the customer gave a low score; please find "
    "out what went wrong.\n{question} {code} of {best}.",
}


class SurveyComplaints:
    """Opens complaints that bad answers ask for."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        surveys: Surveys,
        follow_ups: FollowUps,
        rulebook: Rulebook,
        policy: str,
        now: Callable[[], datetime],
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._surveys = surveys
        self._follow_ups = follow_ups
        self._rulebook = rulebook
        self._policy = policy
        self._now = now

    async def open_all(self) -> int:
        """Open what is still to be opened; how many. Their workflows are started by who starts what was left."""
        if not await self._follow_ups.without_complaint(1):
            return 0
        now = self._now()
        policy = await self._rulebook.in_force(self._policy, now.date())
        circumstances = Circumstances(now=now, policy=policy, calendar=await self._rulebook.calendar(policy))
        opened = 0
        for each in await self._follow_ups.without_complaint(AT_ONCE):
            definition = await self._surveys.definition(each.survey, each.version)
            async with transaction(self._pool) as connection:
                opened += await self._open(connection, each, definition, circumstances)
        return opened

    async def _open(
        self, connection: Connection, each: FollowUp, definition: SurveyDefinition, circumstances: Circumstances
    ) -> bool:
        """Open the complaint of one follow-up unless somebody has meanwhile."""
        if not await self._follow_ups.claim(connection, each):
            return False
        now = circumstances.now
        reference, narrative = await next_reference(connection, now), f"txt_{secrets.token_hex(16)}"
        text = narrative_of(each, definition)
        try:
            await self._vault.seal(connection, each.customer, narrative, TextKind.NARRATIVE, text, at=now)
            identity = await self._vault.identity(each.customer)
        except Erased:
            await self._follow_ups.opened(connection, each, None, SYSTEM, now)
            return False
        intake = Intake(
            reference=reference,
            channel=CHANNEL,
            received_at=now,
            taken_by=SYSTEM,
            customer=each.customer,
            language=each.language,
            reachable_by=tuple(_ways(identity)),
            narrative=narrative,
            repeat_of=each.about,
        )
        entries = decide_intake(intake, f"receive-{reference}", circumstances)
        await open_case(connection, entries, fold(entries), now)
        await self._follow_ups.opened(connection, each, reference, SYSTEM, now)
        return True


def narrative_of(each: FollowUp, definition: SurveyDefinition) -> str:
    """What the complaint says, in the customer's language; the answers themselves stay with the survey."""
    language = each.language if each.language in _NARRATIVE else "en"
    item = definition.questionnaire.item(each.question)
    asked = each.question if item is None else item.question.text.get(language, each.question)
    best = item.question.scale.maximum if item is not None and isinstance(item.question, Rating) else "?"
    return _NARRATIVE[language].format(
        survey=definition.title.get(language, definition.id),
        wave=each.wave,
        number=each.number,
        question=asked,
        code=each.code,
        best=best,
    )


def _ways(identity: Identity) -> Iterator[Way]:
    if identity.email:
        yield Way.EMAIL
    if identity.phone:
        yield Way.PHONE
    if identity.address:
        yield Way.POST

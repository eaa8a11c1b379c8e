"""Letters as people see them: before they are ordered, while they wait to be posted or called, when they come back."""

from datetime import UTC, datetime

from documents.letters import PrintedLetter
from domain.access import Person, may, scope_of
from domain.complaints.case import Case
from domain.complaints.commands import Submission
from domain.complaints.contact import ContactLimits
from domain.complaints.orders import COMMAND_FOR, Ordered
from domain.complaints.particulars import particulars
from domain.complaints.shipped import newest_template
from domain.complaints.steps import Step
from domain.complaints.terms import BY_HAND, TO_OTHERS, StepState, Way
from domain.complaints.writing import compose, dated, worded
from domain.links import LinkPurpose
from domain.privacy import IDENTIFYING, Identity, Language
from runtime.assembly import Parts
from runtime.bounces import Bounce, Bounces, CameBackBefore, NotSettledYet, Outcome
from starter.desk import CaseDesk
from starter.letter_check import Draft, draft
from starter.problems import Problem, forbidden, not_found, unavailable
from starter.reading import STORY, Reads
from storage.contacts import Contacts
from storage.deliveries import Deliveries
from storage.letters import WaitingLetter, WaitingLetters


class LetterDesk:
    """Shows letters and takes in what became of them."""

    def __init__(self, parts: Parts, cases: CaseDesk, reads: Reads, sender: str) -> None:
        self._parts = parts
        self._cases = cases
        self._reads = reads
        self._sender = sender
        self._waiting = WaitingLetters(parts.pool)
        self._contacts = Contacts(parts.pool)
        self._bounces = Bounces(Deliveries(parts.pool), parts.records, self._give, lambda: datetime.now(UTC))

    async def preview(self, person: Person, reference: str, ordered: Ordered) -> Draft:
        """The letter as it would go out, for whoever may order it. Raises `Problem`: 403, 404."""
        command = COMMAND_FOR.get(ordered.kind)
        if command is None:
            raise not_found("there is no such letter")
        if not may(person, command):
            raise forbidden(command)
        case = await self._cases.visible_case(person, reference)
        policy = await self._parts.rulebook.policy(case.policy)
        name, link = "", ""
        if ordered.kind not in TO_OTHERS:
            await self._reads.note(person.id, case.intake.customer, IDENTIFYING, reference)
            name = (await self._parts.vault.identity(case.intake.customer)).name or ""
            link = await self._parts.links.url(LinkPurpose.CASE, reference, datetime.now(UTC))
        return draft(case, policy, ordered, self._parts.settings.time_zone, name, link)

    async def waiting(self, person: Person, way: Way | None, after: str, limit: int) -> list[WaitingLetter]:
        """What waits to be posted or called, of the cases that the person sees."""
        return await self._waiting.page(scope_of(person), way, after, limit)

    async def printed(self, person: Person, reference: str, item: str) -> PrintedLetter:
        """A letter that waits for a person, as it is printed or read out; the read is logged. Raises `Problem`: 404."""
        case = await self._cases.visible_case(person, reference)
        step = case.step(item)
        if step is None or step.way not in BY_HAND or step.state is StepState.DROPPED:
            raise not_found("there is no such letter to print and no such call to make")
        await self._reads.note(person.id, case.intake.customer, STORY, reference)
        identity = await self._parts.vault.identity(case.intake.customer)
        text = await self._parts.vault.open_text(step.text) if step.text else ""
        return await self._laid_out(case, step, identity, text)

    async def _laid_out(self, case: Case, step: Step, identity: Identity, text: str) -> PrintedLetter:
        language, zone, now = case.intake.language, self._parts.settings.time_zone, datetime.now(UTC)
        fields = worded(particulars(case, step), language, zone) | {
            "reference": case.reference,
            "name": identity.name or "",
            "text": text,
            "link": await self._parts.links.url(LinkPurpose.CASE, case.reference, now),
        }
        written = compose(step.template or newest_template(step.kind, language, Way.POST), fields)
        to = identity.address if step.way is Way.POST else identity.phone
        return PrintedLetter(
            language=Language.ZH if language == "zh" else Language.EN,
            sender=self._sender,
            recipient=tuple(filter(None, [identity.name, *(to or "").splitlines()])),
            date=dated(now, language, zone),
            reference=case.reference,
            subject=written.subject,
            body=written.body,
        )

    async def bounced(self, person: Person, bounce: Bounce) -> tuple[str | None, str | None, Outcome]:
        """Record that a message came back: case, step, and whether that is news. Raises `Problem`: 503."""
        try:
            return await self._bounces.record(bounce, person.id)
        except NotSettledYet:
            detail = "that it was taken is not recorded yet; report it again later"
            raise unavailable("not_settled_yet", detail) from None

    async def _give(self, reference: str, submission: Submission) -> None:
        try:
            await self._cases.carry(reference, submission)
        except Problem as problem:
            if problem.code == "not_sent":
                raise CameBackBefore(reference) from None
            raise

    async def limits(self, person: Person, reference: str) -> ContactLimits:
        """What the customer of a case does not want. Raises `Problem`: 404."""
        case = await self._cases.visible_case(person, reference)
        return await self._contacts.limits(case.intake.customer)

    async def set_limits(self, person: Person, reference: str, limits: ContactLimits) -> None:
        """Take over what the customer of a case wants from now on, in this case and in every other."""
        case = await self._cases.visible_case(person, reference)
        await self._contacts.set(case.intake.customer, limits, by=person.id, at=datetime.now(UTC))

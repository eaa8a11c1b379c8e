"""Letters to the customer: written, sent once, and said what became of them."""

from collections.abc import Callable
from datetime import datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ports import (
    Deliveries,
    IdentityCorrections,
    Letter,
    PostOffice,
    UndeliverableError,
    Vault,
)
from contracts.cases import StepOrder, StepReceipt
from contracts.names import CORRECT_IDENTITY, SEND_LETTER
from domain.complaints.writing import write


class Correspondence:
    """Sends what a step orders. A letter that was handed over before is not sent again.

    Between the mail server's acceptance and our record a crash can repeat a message: mail has no idempotency keys. The
    Message-ID is made of the effect key, so that the receiving side can tell; `Deliveries` counts such attempts.
    """

    def __init__(self, vault: Vault, post: PostOffice, deliveries: Deliveries, now: Callable[[], datetime]) -> None:
        self._vault = vault
        self._post = post
        self._deliveries = deliveries
        self._now = now

    @activity.defn(name=SEND_LETTER)
    async def send_letter(self, order: StepOrder) -> StepReceipt:
        """Send the letter of a step by mail, once under its key."""
        earlier = await self._deliveries.accepted(order.effect_key)
        if earlier is not None:
            return StepReceipt(evidence=earlier)
        letter = await self._letter(order)
        await self._deliveries.attempted(order.effect_key, self._now())
        evidence = await self._hand_over(letter)
        await self._deliveries.accept(order.effect_key, evidence, self._now())
        return StepReceipt(evidence=evidence)

    async def _letter(self, order: StepOrder) -> Letter:
        identity = await self._vault.identity(order.customer)
        if identity.email is None:
            raise _failure("the customer has no e-mail address", "no_address", is_final=True)
        text = await self._vault.open_text(order.step.text) if order.step.text else ""
        fields = {"reference": order.reference, "name": identity.name or "", "text": text}
        subject, body = write(order.step.kind, order.language, fields)
        return Letter(order.effect_key, identity.email, subject, body, order.language)

    async def _hand_over(self, letter: Letter) -> str:
        try:
            return await self._post.send(letter)
        except UndeliverableError as error:
            raise _failure("the mail server did not take the letter", error.code, is_final=error.is_final) from None


class IdentityKeeper:
    """Puts corrected personal data into the vault."""

    def __init__(self, vault: Vault, corrections: IdentityCorrections, now: Callable[[], datetime]) -> None:
        self._vault = vault
        self._corrections = corrections
        self._now = now

    @activity.defn(name=CORRECT_IDENTITY)
    async def correct_identity(self, order: StepOrder) -> StepReceipt:
        """Apply a correction of personal data, once under its key."""
        step = order.step
        if step.text is None or step.detail is None:
            raise _failure("a correction names its field and its value", "incomplete", is_final=True)
        value = await self._vault.open_text(step.text)
        await self._corrections.correct(order.customer, step.detail, value, order.effect_key, self._now())
        return StepReceipt()


def _failure(message: str, code: str, *, is_final: bool) -> ApplicationError:
    """Why the step failed and at which attempt; a final failure is not tried again."""
    return ApplicationError(message, activity.info().attempt, type=code, non_retryable=is_final)

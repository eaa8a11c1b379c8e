"""Looking through the mailbox that mails come back to, again and again."""

import logging
from collections import defaultdict
from typing import Literal

from activities.ports import CaseUnavailable, Refusal
from domain.bounced_mail import Returned, message_id, read_bounce
from domain.complaints.commands import Submission
from domain.complaints.situation import SYSTEM
from gateways.mailbox import Mail, Mailbox
from runtime.bounces import Bounce, Bounces, CameBackBefore, NotSettledYet
from runtime.case_commands import CaseCommands
from storage.pool import StoreAway

Became = Literal["recorded", "known", "unknown", "delayed", "no report", "later"]

log = logging.getLogger(__name__)


class ReturnedMail:
    """Reads reports of mail servers and records what came back for good.

    A mail is marked only when nothing is left to do about it, so that an outage costs nothing but time; that two
    processes read the same one changes nothing either.
    """

    def __init__(self, mailbox: Mailbox, bounces: Bounces, domain: str) -> None:
        self._mailbox = mailbox
        self._bounces = bounces
        self._domain = domain

    async def fetch(self) -> int:
        """Look through what is unread; how many messages came back."""
        by_outcome: defaultdict[Became, list[Mail]] = defaultdict(list)
        for mail in await self._mailbox.unread():
            by_outcome[await self._outcome(mail)].append(mail)
        later, strangers = by_outcome.pop("later", []), by_outcome.pop("no report", [])
        await self._mailbox.mark(mail for mails in by_outcome.values() for mail in mails)
        await self._mailbox.mark(strangers, for_a_person=True)
        counts: dict[str, int] = {name: len(mails) for name, mails in by_outcome.items()}
        if counts or later or strangers:
            log.info("returned mail", extra=counts | {"later": len(later), "no_report": len(strangers)})
        return counts.get("recorded", 0)

    async def _outcome(self, mail: Mail) -> Became:
        returned = read_bounce(mail.content)
        if returned is None:
            return "no report"
        if not returned.permanent:
            return "delayed"
        try:
            _, _, outcome = await self._bounces.record(Bounce(self._named(returned), returned.code), SYSTEM)
        except (NotSettledYet, CaseUnavailable, StoreAway):
            return "later"
        return outcome

    def _named(self, returned: Returned) -> str:
        """The Message-ID: the report's, or the one that our mark belongs to."""
        return returned.message_id or message_id(returned.mark or "", self._domain)


class GiveBounce:
    """Brings a report to a case; a refusal means that the message is not out any more."""

    def __init__(self, commands: CaseCommands) -> None:
        self._commands = commands

    async def __call__(self, reference: str, submission: Submission) -> None:
        try:
            await self._commands.give(reference, submission)
        except Refusal as refusal:
            if refusal.guard == "not_sent":
                raise CameBackBefore(reference) from None
            raise

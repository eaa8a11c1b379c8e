"""Asking a partner, and the partner's answer."""

from typing import Literal

from pydantic import Field

from domain.complaints.command_parts import Code, Command, SealedText


class RequestPartner(Command):
    """Ask a partner; it answers by its signed link, on a clock of its own."""

    command: Literal["request_partner"] = "request_partner"
    partner: Code
    question: SealedText
    way: Literal["email"] | None = Field(None, description="`email` sends the question to the partner's address")


class PartnerReply(Command):
    """A partner's answer to a question."""

    command: Literal["partner_reply"] = "partner_reply"
    number: int = Field(ge=1)
    answer: SealedText

"""What customers ask of their case, themselves by their page or through somebody who talks to them."""

from typing import Literal

from pydantic import Field

from domain.complaints.callback import FiveLevels
from domain.complaints.command_parts import Command, SealedText
from domain.complaints.terms import Way


class Appeal(Command):
    """The customer disputes the explanation; another person assesses again. Once only."""

    command: Literal["appeal"] = "appeal"
    reason: SealedText


class Withdraw(Command):
    """The customer takes the complaint back."""

    command: Literal["withdraw"] = "withdraw"
    reason: SealedText
    confirmed_by: Way = Field(description="how the customer confirmed it")


class Reopen(Command):
    """Take an answered or closed case up again."""

    command: Literal["reopen"] = "reopen"
    reason: SealedText


class Confirm(Command):
    """The customer says that the matter is settled; the case is closed."""

    command: Literal["confirm"] = "confirm"
    satisfaction: FiveLevels | None = Field(None, description="1 very dissatisfied … 5 very satisfied")
    reason: SealedText | None = Field(None, description="what the customer has to say about it")

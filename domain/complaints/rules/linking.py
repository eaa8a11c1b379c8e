"""What a case has to do with others: partners, earlier cases, incidents, other policies, files."""

from collections.abc import Iterator

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.partner_requests import PartnerRequest
from domain.complaints.rules.given import given
from domain.complaints.situation import Situation
from domain.ruling import Refused

Facts = Iterator[f.AnyFact]


def question_is_open(situation: Situation) -> None:
    command, requests = situation.command, situation.case.partner_requests
    if isinstance(command, c.PartnerReply):
        requests = tuple(request for request in requests if request.number == command.number)
    if all(request.answer is not None for request in requests):
        raise Refused("no_open_question", "no such question waits for the partner")


def is_not_merged(situation: Situation) -> None:
    command, case = situation.command, situation.case
    if case.merged_into is not None:
        raise Refused("already_merged", f"the case is merged into {case.merged_into}")
    if isinstance(command, c.Merge) and command.into == case.reference:
        raise Refused("merged_into_itself", "a case is merged into another one")


def other_case_is_the_earlier(situation: Situation) -> None:
    """The earliest receipt leads, so that two cases never lead each other, and what is merged leads no other."""
    command, case, other = situation.command, situation.case, situation.circumstances.neighbour
    if not isinstance(command, c.Merge) or other is None:
        return
    if other.reference != command.into:
        raise Refused("case_not_at_hand", f"the case is merged into {other.reference} at the same time")
    if (other.intake.received_at, other.reference) > (case.intake.received_at, case.reference):
        raise Refused("not_the_earlier", f"{other.reference} was received later; merge that one into this")
    if other.merged_into is not None:
        raise Refused("other_is_merged", f"{other.reference} is merged into {other.merged_into}; merge into that")


def is_merged(situation: Situation) -> None:
    if situation.case.merged_into is None:
        raise Refused("not_merged", "the case is not merged")


def has_no_incident(situation: Situation) -> None:
    if situation.case.incident is not None:
        raise Refused("already_linked", f"the case is linked to {situation.case.incident}")


def has_an_incident(situation: Situation) -> None:
    if situation.case.incident is None:
        raise Refused("not_linked", "the case is linked to no incident")


def policy_is_another(situation: Situation) -> None:
    command, other = situation.command, situation.circumstances.other
    if not isinstance(command, c.ChangePolicy):
        return
    if command.policy == situation.case.policy:
        raise Refused("same_policy", f"the case is handled under {command.policy} already")
    if other is not None and other[0].pin != command.policy:
        raise Refused("policy_not_at_hand", f"the case changes to {other[0].pin} at the same time; give it again")


def file_is_new(situation: Situation) -> None:
    command = situation.command
    if isinstance(command, c.Attach) and command.file in situation.case.files:
        raise Refused("already_attached", "the file is attached already")


def request_partner(situation: Situation) -> Facts:
    command = given(situation, c.RequestPartner)
    number = len(situation.case.partner_requests) + 1
    request = PartnerRequest(number=number, partner=command.partner, question=command.question)
    yield f.PartnerAsked(request=request, way=command.way)


def partner_reply(situation: Situation) -> Facts:
    command = given(situation, c.PartnerReply)
    asked = situation.case.partner_request(command.number)
    if asked is None:
        raise Refused("no_open_question", f"this case has no question {command.number}")
    yield f.PartnerReplied(request=asked.model_copy(update={"answer": command.answer}))


def merge(situation: Situation) -> Facts:
    yield f.Merged(into=given(situation, c.Merge).into)


def unmerge(situation: Situation) -> Facts:
    yield f.Unmerged(reason=given(situation, c.Unmerge).reason)


def link_incident(situation: Situation) -> Facts:
    yield f.IncidentLinked(incident=given(situation, c.LinkIncident).incident)


def unlink_incident(situation: Situation) -> Facts:
    yield f.IncidentUnlinked(reason=given(situation, c.UnlinkIncident).reason)


def change_policy(situation: Situation) -> Facts:
    """The due times after stand in the fact's clocks; `effects` fills them in from the new policy."""
    command = given(situation, c.ChangePolicy)
    before = {clock.key: clock.due_at for clock in situation.case.clocks if clock.is_open}
    yield f.PolicyChanged(
        old=situation.case.policy, new=command.policy, reason=command.reason, due_before=before, due_after={}
    )


def attach(situation: Situation) -> Facts:
    yield f.Attached(file=given(situation, c.Attach).file)

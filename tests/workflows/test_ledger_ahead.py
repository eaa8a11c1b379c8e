"""A run that does not know the end of its ledger, or whose time is over: the ledger decides."""

from datetime import UTC, datetime

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from contracts.names import REFUSED, SUPERSEDED
from contracts.search_attributes import NEEDS_OPERATOR
from domain.complaints import commands as c
from domain.complaints.decide import decide
from domain.complaints.evolve import fold
from domain.complaints.situation import Circumstances
from domain.complaints.terms import Status
from runtime.assembly import case_worker
from tests.house import House
from tests.mail_server import MailServer
from tests.workflows.conftest import OpenHouse
from tests.workflows.following import all_agree, entries, queried, submit, until_fact

TEXT = "txt_" + "0" * 32


async def record_behind_its_back(house: House, reference: str, submission_id: str, command: c.AnyCommand) -> None:
    """Append to the ledger what a run decided that died before it could take it over."""
    case = await house.record(reference)
    policy = await house.parts.rulebook.policy(case.policy)
    circumstances = Circumstances(
        now=datetime.now(UTC), policy=policy, calendar=await house.parts.rulebook.calendar(policy)
    )
    submission = c.Submission(id=submission_id, actor=house.people["handler"].id, command=command)
    made = decide(case, submission, circumstances)
    await house.parts.ledger.append(case, made, fold(made, case))


async def test_the_tail_that_a_run_does_not_know_is_adopted_with_its_next_command(house: House) -> None:
    reference = await house.take(channel="phone")
    await house.do(reference, "note", text="One.")
    await record_behind_its_back(house, reference, "assess-lost", c.Assess(decision="valid"))
    assert (await queried(house, reference)).status is Status.RECEIVED

    answer = await submit(house, reference, "note-2", c.Note(text=TEXT))

    assert (answer.sequence, answer.case.status) == (5, Status.ACCEPTED)
    assert (await house.facts(reference))[-2:] == ["complaint.assessed", "complaint.noted"]


async def test_the_command_whose_answer_was_lost_is_answered_with_its_place(house: House) -> None:
    reference = await house.take(channel="phone")
    await house.do(reference, "note", text="One.")
    await record_behind_its_back(house, reference, "assess-lost", c.Assess(decision="valid"))
    answer = await submit(house, reference, "assess-lost", c.Assess(decision="valid"))
    assert (answer.sequence, answer.case.status) == (4, Status.ACCEPTED)
    again = await submit(house, reference, "assess-lost", c.Assess(decision="valid"))
    assert again.sequence == 4
    assert (await house.facts(reference)).count("complaint.assessed") == 1


async def test_a_command_that_only_the_recorded_case_allows_is_not_refused_by_a_run_that_is_behind(
    house: House,
) -> None:
    reference = await house.take(channel="phone")
    await house.do(reference, "note", text="One.")
    await record_behind_its_back(house, reference, "assess-lost", c.Assess(decision="valid"))
    with pytest.raises(WorkflowUpdateFailedError):
        await submit(house, reference, "claim-1", c.Claim())
    seen = (await house.record(reference)).sequence
    answer = await submit(house, reference, "claim-2", c.Claim(), as_of=seen)
    assert (answer.sequence, answer.case.status) == (5, Status.ASSIGNED)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await submit(house, reference, "close-1", c.Close(), as_of=seen + 7)
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.details[0] == "not_lawful_now"


@pytest.mark.filterwarnings("ignore:.*TMPRL1102")  # a twin leaves its callers without an answer: they ask again
async def test_the_run_of_an_epoch_that_is_over_ends_and_the_next_one_goes_on(
    unattended: OpenHouse, mail_server: MailServer
) -> None:
    mail_server.refuse("450 4.3.2 try later")
    async with unattended() as house, case_worker(house.parts, strict=True):
        reference = await house.take()
        await until_fact(house, reference, "step.failed")
        twin = house.workflow(reference)
        run_id = (await twin.describe()).run_id
        assert await house.parts.unstarted.restart_all(datetime.now(UTC)) == 1

        with pytest.raises(WorkflowUpdateFailedError) as unanswered:
            await twin.execute_update(
                "perform",
                c.Submission(id="note-1", actor=house.people["handler"].id, command=c.Note(text=TEXT)),
                id="note-1",
            )
        assert getattr(unanswered.value.cause, "type", None) != REFUSED
        with pytest.raises(WorkflowFailureError) as ended:
            await house.parts.client.get_workflow_handle(twin.id, run_id=run_id).result()
        assert isinstance(ended.value.cause, ApplicationError)
        assert ended.value.cause.type == SUPERSEDED

        assert await house.parts.launcher.start(reference, epoch=2)
        answer = await submit(house, reference, "note-2", c.Note(text=TEXT))
        assert (answer.case.epoch, [step.key for step in answer.case.parked]) == (2, ["acknowledgement.1"])
        assert (await entries(house, reference))[-1].epoch == 2
        assert (await house.facts(reference)).count("complaint.noted") == 1
        shown = (await house.workflow(reference).describe()).typed_search_attributes
        assert shown.get(NEEDS_OPERATOR) is True
        await all_agree(house)

"""The whole law of the case in one table: from which statuses a command is lawful, its guards, what it makes happen.

The list of allowed commands, the recording activity, the importer, the simulator and the property tests all read it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from domain.complaints import acts, guards
from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.rules import (
    amending,
    calling_back,
    delivering,
    linking,
    raising,
    recalculating,
    redressing,
    waiting,
)
from domain.complaints.situation import Situation
from domain.complaints.terms import ENDED, Status

ANY = frozenset(Status)
OPEN = ANY - ENDED
UNASSESSED = frozenset({Status.RECEIVED, Status.ASSESSING})
EXPLAINED = frozenset({Status.CLOSED, Status.DUPLICATE, Status.TRANSFERRED})
TO_BE_ASSIGNED = frozenset({Status.ACCEPTED, Status.ASSIGNED, Status.INVESTIGATING, Status.STAGE_TWO})
ANSWERED = frozenset({Status.RESPONDED, Status.CALLBACK})
ANSWERED_OR_CLOSED = ANSWERED | {Status.CLOSED}
LOOKED_INTO = frozenset({Status.INVESTIGATING, Status.STAGE_TWO})


@dataclass(frozen=True, slots=True)
class Rule:
    """When a command is lawful and what it makes happen."""

    lawful_from: frozenset[Status]
    act: Callable[[Situation], Iterator[f.AnyFact]]
    guards: tuple[Callable[[Situation], None], ...] = ()


RULES: dict[type[c.Command], Rule] = {
    c.Acknowledge: Rule(
        UNASSESSED,
        acts.acknowledge,
        (guards.not_acknowledged_yet, guards.no_notice_under_way, guards.customer_is_reachable),
    ),
    c.Assess: Rule(UNASSESSED, acts.assess, (guards.assessed_by_another, guards.not_a_duplicate_of_itself)),
    c.Explain: Rule(
        frozenset({Status.EXPLAINING}), acts.explain, (guards.no_letter_under_way, guards.customer_is_reachable)
    ),
    c.Appeal: Rule(
        EXPLAINED,
        acts.appeal,
        (guards.was_explained, guards.not_appealed_before, guards.inside_the_appeal_window),
    ),
    c.Assign: Rule(TO_BE_ASSIGNED, acts.assign, (guards.handler_is_eligible,)),
    c.Claim: Rule(
        frozenset({Status.ACCEPTED, Status.STAGE_TWO}),
        acts.claim,
        (guards.nobody_handles_it, guards.actor_is_eligible),
    ),
    c.StartInvestigation: Rule(
        frozenset({Status.ASSIGNED, Status.STAGE_TWO}), acts.start_investigation, (guards.actor_is_the_handler,)
    ),
    c.Respond: Rule(
        frozenset({Status.INVESTIGATING}),
        acts.respond,
        (
            guards.actor_is_the_handler,
            guards.no_letter_under_way,
            guards.customer_is_reachable,
            redressing.redress_is_decided,
        ),
    ),
    c.Close: Rule(frozenset({Status.RESPONDED}), acts.close),
    c.Note: Rule(ANY, acts.note),
    c.Attach: Rule(ANY, linking.attach, (linking.file_is_new,)),
    c.Correct: Rule(ANY, acts.correct, (guards.something_changes,)),
    c.Confirm: Rule(ANSWERED, calling_back.confirm),
    c.Withdraw: Rule(OPEN, acts.withdraw),
    c.Reopen: Rule(ANSWERED_OR_CLOSED, acts.reopen, (guards.was_answered, guards.inside_the_reopen_window)),
    c.Hold: Rule(OPEN, waiting.hold, (waiting.hold_is_allowed,)),
    c.Resume: Rule(OPEN, waiting.resume, (waiting.is_held,)),
    c.Extend: Rule(
        OPEN,
        waiting.extend,
        (waiting.extension_is_allowed, guards.no_extension_letter_under_way, guards.customer_is_reachable),
    ),
    c.ApproveExtension: Rule(
        OPEN, waiting.approve_extension, (waiting.extension_is_asked_for, waiting.approver_is_another)
    ),
    c.UpdateCustomer: Rule(OPEN, waiting.update_customer, (guards.no_update_under_way, guards.customer_is_reachable)),
    c.Escalate: Rule(OPEN, raising.escalate, (raising.level_is_higher,)),
    c.AcknowledgeEscalation: Rule(ANY, raising.acknowledge_escalation, (raising.escalation_is_open,)),
    c.PlanCallback: Rule(
        ANSWERED,
        calling_back.plan_callback,
        (calling_back.planned_caller_is_not_the_handler, calling_back.window_is_ahead),
    ),
    c.RecordVisit: Rule(
        ANSWERED,
        calling_back.record_visit,
        (
            calling_back.caller_is_not_the_handler,
            calling_back.attempts_are_on_different_days,
            calling_back.another_way_is_tried,
        ),
    ),
    c.ToStageTwo: Rule(
        ANSWERED_OR_CLOSED,
        raising.to_stage_two,
        (raising.stage_one_is_over, guards.was_answered, guards.inside_the_reopen_window),
    ),
    c.ReferExternal: Rule(ANSWERED_OR_CLOSED | {Status.STAGE_TWO}, raising.refer_external),
    c.RecordExternalOutcome: Rule(frozenset({Status.EXTERNAL}), raising.record_external_outcome),
    c.RequestPartner: Rule(LOOKED_INTO, linking.request_partner),
    c.PartnerReply: Rule(OPEN, linking.partner_reply, (linking.question_is_open,)),
    c.RequestRedress: Rule(LOOKED_INTO | ANSWERED | {Status.RESPONDING}, redressing.request_redress),
    c.ApproveRedress: Rule(
        ANY,
        redressing.approve_redress,
        (
            redressing.redress_is_pending,
            redressing.approver_is_another,
            redressing.approver_may_approve_that_much,
        ),
    ),
    c.RejectRedress: Rule(ANY, redressing.reject_redress, (redressing.redress_is_pending,)),
    c.PayRedress: Rule(ANY, redressing.pay_redress, (redressing.redress_is_approved,)),
    c.Merge: Rule(OPEN, linking.merge, (linking.is_not_merged, linking.other_case_is_the_earlier)),
    c.Unmerge: Rule(OPEN, linking.unmerge, (linking.is_merged,)),
    c.LinkIncident: Rule(OPEN, linking.link_incident, (linking.has_no_incident,)),
    c.UnlinkIncident: Rule(OPEN, linking.unlink_incident, (linking.has_an_incident,)),
    c.ChangePolicy: Rule(OPEN, linking.change_policy, (linking.policy_is_another,)),
    c.RecalculateClocks: Rule(ANY, recalculating.recalculate_clocks, (recalculating.some_clock_moves,)),
    c.Abort: Rule(OPEN, acts.abort, (guards.something_is_parked,)),
    c.RetryStep: Rule(ANY, acts.retry_step, (guards.step_can_go_again, guards.letter_still_means_something)),
    c.AmendStep: Rule(
        ANY,
        amending.amend_step,
        (guards.step_can_go_again, guards.letter_still_means_something, amending.amendment_fits),
    ),
    c.SkipStep: Rule(ANY, acts.skip_step, (guards.step_is_at_rest,)),
    c.Tick: Rule(ANY, acts.tick),
    c.MarkPosted: Rule(ANY, delivering.mark_posted, (delivering.waits_to_be_posted,)),
    c.RecordCall: Rule(ANY, delivering.record_call, (delivering.waits_for_a_call,)),
    c.StepDone: Rule(ANY, delivering.step_done),
    c.StepFailed: Rule(ANY, delivering.step_failed),
    c.StepDeferred: Rule(ANY, delivering.step_deferred, (delivering.goes_to_somebody,)),
    c.StepBounced: Rule(ANY, delivering.step_bounced, (delivering.was_sent,)),
}

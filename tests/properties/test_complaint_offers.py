"""What a person is offered can be done: for each command that needs nothing but itself, along random lives of a case.

The other direction (what can be done is offered) and everything else that must hold is `test_whole_case`'s.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from domain.access import Person
from domain.complaints import commands as c
from domain.complaints.decide import allowed_commands
from tests.properties.test_whole_case import CaseMachine
from tests.unit.complaints import story as s

NEEDS_NOTHING: dict[str, c.Command] = {
    "acknowledge": s.ACKNOWLEDGE,
    "assess": s.VALID,
    "explain": s.EXPLAIN,
    "appeal": s.APPEAL,
    "claim": s.CLAIM,
    "start_investigation": s.START,
    "respond": s.RESPOND,
    "close": s.CLOSE,
    "note": s.NOTE,
    "withdraw": s.WITHDRAW,
    "reopen": s.REOPEN,
    "update_customer": s.UPDATE,
    "acknowledge_escalation": s.ACKNOWLEDGE_ESCALATION,
    "to_stage_two": s.TO_STAGE_TWO,
    "refer_external": s.REFER,
    "record_external_outcome": s.EXTERNAL_OUTCOME,
    "request_partner": s.ASK_PARTNER,
    "request_redress": s.ASK_REDRESS,
    "merge": s.MERGE,
    "unmerge": s.UNMERGE,
    "link_incident": s.LINK_INCIDENT,
    "unlink_incident": s.UNLINK_INCIDENT,
    "abort": s.ABORT,
}
"""By command: a body that passes wherever any body does."""


class OfferMachine(CaseMachine):
    """The same lives, with a look at the offers now and then."""

    @rule(person=st.sampled_from(sorted(s.STAFF)))
    def what_is_offered_can_be_done(self, person: str) -> None:
        refused = {name: self.story.refused(NEEDS_NOTHING[name], person) for name in self.offered(s.STAFF[person])}
        assert [(name, guard) for name, guard in refused.items() if guard is not None] == []

    def offered(self, person: Person) -> set[str]:
        return NEEDS_NOTHING.keys() & allowed_commands(self.story.case, person, self.story.circumstances)


def test_what_a_person_is_offered_can_be_done() -> None:
    each = settings(max_examples=settings().max_examples // 20, stateful_step_count=20)
    for place in s.WAYS_TO:
        run_state_machine_as_test(type("OffersFromThere", (OfferMachine,), {"place": place}), settings=each)

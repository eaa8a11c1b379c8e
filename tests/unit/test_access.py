"""Who may do what and see what, held to the table of roles that people agreed on."""

from itertools import product

import pytest

from domain.access import ALLOWED, LinkHolder, Person, Role, may, scope_of

HOTLINE = "complaint.take acknowledge explain appeal reopen withdraw note attach correct"
HANDLER = (
    "assess claim start_investigation hold resume extend respond request_partner request_redress note attach correct"
)
SUPERVISOR = (
    f"{HOTLINE} {HANDLER} assign approve_extension approve_redress reject_redress escalate acknowledge_escalation merge"
    " to_stage_two refer_external record_external_outcome change_policy recalculate_clocks"
)
MAY = {
    Role.HOTLINE: HOTLINE.split(),
    Role.HANDLER: HANDLER.split(),
    Role.CALLER: ["plan_callback", "record_visit", "complaint.read"],
    Role.SUPERVISOR: sorted(set(SUPERVISOR.split()) - {"claim"}),
    Role.OPERATOR: ["step.read", "retry_step", "amend_step", "skip_step", "abort"],
    Role.PARTNER: ["partner_reply", "attach"],
    Role.CUSTOMER: ["confirm", "appeal", "reopen", "withdraw", "note", "attach"],
    Role.AUDITOR: ["complaint.read", "complaint.list", "customer.read"],
    Role.ADMIN: ["staff.manage", "staff.read"],
}
MAY_NOT = {
    Role.HOTLINE: ["assess", "assign", "respond", "close", "retry_step", "staff.read", "approve_redress", "merge"],
    Role.HANDLER: ["complaint.take", "assign", "approve_extension", "approve_redress", "withdraw", "merge", "abort"],
    Role.CALLER: ["assess", "respond", "close", "complaint.take", "assign"],
    Role.SUPERVISOR: ["retry_step", "skip_step", "staff.manage"],
    Role.OPERATOR: ["complaint.read", "complaint.list", "customer.read", "note", "assess", "staff.manage"],
    Role.ANALYST: ["complaint.read", "complaint.list", "customer.read", "note", "step.read"],
    Role.PARTNER: ["complaint.read", "complaint.list", "customer.read", "taxonomy.read", "note"],
    Role.CUSTOMER: [
        "complaint.take",
        "complaint.read",
        "customer.read",
        "taxonomy.read",
        "close",
        "respond",
        "correct",
    ],
    Role.AUDITOR: ["note", "assess", "complaint.take", "retry_step", "staff.manage"],
    Role.PRIVACY: ["complaint.list", "note", "retry_step"],
    Role.ADMIN: ["complaint.read", "complaint.list", "customer.read", "note", "retry_step"],
}


def person(*roles: Role, active: bool = True, team: str | None = None) -> Person:
    return Person(id="per_000001", name="Ann", roles=frozenset(roles), active=active, team=team)


@pytest.mark.parametrize(("role", "permission"), [(role, each) for role, listed in MAY.items() for each in listed])
def test_a_role_may_what_it_is_there_for(role: Role, permission: str) -> None:
    assert may(person(role), permission)


@pytest.mark.parametrize(("role", "permission"), [(role, each) for role, listed in MAY_NOT.items() for each in listed])
def test_a_role_may_nothing_else(role: Role, permission: str) -> None:
    assert not may(person(role), permission)


def test_several_roles_may_what_either_may() -> None:
    for permission in ALLOWED:
        both = may(person(Role.HOTLINE, Role.OPERATOR), permission)
        assert both == (may(person(Role.HOTLINE), permission) or may(person(Role.OPERATOR), permission))


def test_who_has_left_or_has_no_role_may_nothing() -> None:
    assert not any(may(person(*Role, active=False), permission) for permission in ALLOWED)
    assert not any(may(person(), permission) for permission in ALLOWED)


def test_what_has_no_row_is_allowed_to_nobody() -> None:
    assert not may(person(*Role), "make_coffee")


def sees(
    who: Person, *, taken_by: str = "per_x", handler: str | None, team: str | None, status: str = "accepted"
) -> bool:
    return scope_of(who).covers(reference="C-2026-000001", taken_by=taken_by, handler=handler, team=team, status=status)


def test_supervisors_and_auditors_see_all() -> None:
    for role, handler in product((Role.SUPERVISOR, Role.AUDITOR), (None, "per_y")):
        assert sees(person(role), handler=handler, team="south")


def test_the_hotline_sees_what_it_took() -> None:
    assert sees(person(Role.HOTLINE), taken_by="per_000001", handler="per_y", team="south")
    assert not sees(person(Role.HOTLINE), handler=None, team=None)


def test_a_handler_sees_own_cases_the_teams_and_those_that_nobody_has() -> None:
    north = person(Role.HANDLER, team="north")
    assert sees(north, handler="per_000001", team=None)
    assert sees(north, handler="per_y", team="north")
    assert sees(north, handler=None, team=None)
    assert not sees(north, handler="per_y", team="south")
    assert not sees(north, handler="per_y", team=None)
    assert not sees(north, handler=None, team="south")


def test_who_has_no_team_is_of_no_team() -> None:
    assert not sees(person(Role.HANDLER), handler="per_y", team=None)


def test_a_caller_sees_what_waits_for_a_call_back() -> None:
    for status, expected in (("responded", True), ("callback", True), ("accepted", False), ("closed", False)):
        assert sees(person(Role.CALLER), handler="per_y", team=None, status=status) is expected


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ANALYST, Role.PARTNER, Role.PRIVACY, Role.ADMIN])
def test_who_has_no_business_with_cases_sees_none(role: Role) -> None:
    assert not sees(person(role), taken_by="per_000001", handler=None, team=None, status="responded")


def test_who_holds_a_link_sees_the_one_case_that_it_is_about() -> None:
    for role in (Role.CUSTOMER, Role.PARTNER, Role.SUPERVISOR):
        holder = LinkHolder(id="customer", name="", roles=frozenset({role}), case="C-2026-000001")
        other = holder.model_copy(update={"case": "C-2026-000002"})
        assert sees(holder, taken_by="customer", handler=None, team=None)
        assert not sees(other, taken_by="customer", handler=None, team=None)

"""What a person may do with a case now, as forms: their groups, their fields with what can be chosen for this case."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from domain.access import Person
from domain.complaints.case import Case
from domain.complaints.decide import allowed_commands
from domain.complaints.guards import is_reachable_by
from domain.complaints.situation import Circumstances
from domain.complaints.terms import ORDERED, ClockState, StepState, Way
from starter.bodies import CASE_COMMANDS
from starter.console.fields import Field, Option, fields_of
from starter.console.wording import Speech
from starter.services import Services

GROUPS: Mapping[str, tuple[str, ...]] = {
    "next": ("claim", "acknowledge", "assess", "start_investigation", "respond", "explain", "close", "record_visit"),
    "customer": ("update_customer", "plan_callback", "record_call", "mark_posted", "reopen", "appeal", "withdraw"),
    "time": ("hold", "resume", "extend", "approve_extension", "recalculate_clocks", "change_policy"),
    "others": (
        *("assign", "escalate", "acknowledge_escalation", "request_partner", "partner_reply", "to_stage_two"),
        *("refer_external", "record_external_outcome"),
    ),
    "money": ("request_redress", "approve_redress", "reject_redress", "pay_redress"),
    "record": ("note", "correct", "merge", "unmerge", "link_incident", "unlink_incident"),
}
"""Every command of a case has its place; the first group is the way through a case, in its order."""

LETTERS = frozenset({"explain", "respond", "update_customer", "extend"})
"""Commands with a letter: their form has a preview and a checklist."""

GRAVE = frozenset({"withdraw", "merge", "reject_redress", "to_stage_two", "refer_external", "change_policy"})
"""What is not easily undone."""

_LISTS = {
    "ground": "ground",
    "outcome": "outcome",
    "cause": "cause",
    "remedies": "remedy",
    "body": "body",
}
_CURRENCIES = ("CNY", "USD", "EUR", "GBP", "HKD")
_LEVELS = frozenset({"satisfaction", "items.speed", "items.manner", "items.result", "items.communication"})


@dataclass(frozen=True, slots=True)
class CommandGroup:
    """Commands that belong together, as far as they are lawful now."""

    name: str
    commands: tuple[str, ...]


def commands_now(case: Case, person: Person) -> tuple[str, ...]:
    """What the person may do with the case now, by forms."""
    allowed = allowed_commands(case, person, Circumstances(now=datetime.now(UTC)))
    return tuple(name for name in allowed if name in CASE_COMMANDS)


def grouped(commands: Iterable[str]) -> list[CommandGroup]:
    """The commands in the groups of the case page."""
    wanted = set(commands)
    listed = [CommandGroup(name, tuple(each for each in group if each in wanted)) for name, group in GROUPS.items()]
    return [group for group in listed if group.commands]


async def form_for(services: Services, person: Person, case: Case, command: str, say: Speech) -> tuple[Field, ...]:
    """The empty form of a command for a case."""
    return tuple([await _with_choices(services, person, case, command, each, say) for each in fields_of(command)])


async def _with_choices(
    services: Services, person: Person, case: Case, command: str, empty: Field, say: Speech
) -> Field:
    name = empty.name
    if name in {"handler", "caller"}:
        return replace(empty, kind="choice", options=await _colleagues(services))
    if name == "incident":
        return replace(empty, suggestions=await _incidents(services))
    if name in {"duplicate_of", "into"}:
        return replace(empty, suggestions=await _other_cases(services, person, case, say))
    if name == "policy":
        return replace(empty, suggestions=tuple((p.pin, p.pin) for p in services.parts.rulebook.policies()))
    chosen = _of_case(case, command, empty, say) or _of_lists(services, command, empty, say)
    return chosen or _of_vocabulary(case, empty, say)


def _of_case(case: Case, command: str, empty: Field, say: Speech) -> Field | None:
    """What can be chosen among what the case has."""
    match command, empty.name:
        case ("resume", "kind"):
            return replace(empty, options=_said(say, "HoldKind", (hold.kind for hold in case.holds)))
        case (_, "clock"):
            kinds = dict.fromkeys(c.kind for c in case.clocks if c.state in {ClockState.RUNNING, ClockState.PAUSED})
            return replace(empty, options=_said(say, "ClockKind", kinds))
        case (("approve_redress" | "reject_redress" | "pay_redress"), "number"):
            return replace(empty, kind="choice", vocabulary="Numbers", options=tuple(_redress(case, say)))
        case ("partner_reply", "number"):
            asked = tuple((str(r.number), f"{r.number} · {r.partner}") for r in case.partner_requests if not r.answer)
            return replace(empty, kind="choice", vocabulary="Numbers", options=asked)
        case (("mark_posted" | "record_call"), "item"):
            way = Way.POST if command == "mark_posted" else Way.CALL
            waiting = (s for s in case.steps_in(StepState.WAITING) if s.way is way)
            steps = tuple((step.key, say.of("StepKind", step.kind)) for step in waiting)
            return replace(empty, kind="choice", options=steps)
        case _:
            return None


def _of_lists(services: Services, command: str, empty: Field, say: Speech) -> Field | None:
    """What can be chosen among the codes of the organisation."""
    listed = "redress" if (command, empty.name) == ("request_redress", "kind") else _LISTS.get(empty.name)
    if (command, empty.name) == ("correct", "code"):
        return replace(empty, suggestions=codes(services, "category", say))
    if listed is None:
        return None
    kind: Any = "several" if empty.kind == "several" else "choice"
    return replace(empty, kind=kind, options=codes(services, listed, say))


def _of_vocabulary(case: Case, empty: Field, say: Speech) -> Field:
    if empty.name in _LEVELS:
        return replace(empty, kind="choice", vocabulary="Levels", options=_said(say, "Levels", "12345"))
    if empty.name == "level":
        return replace(empty, kind="choice", vocabulary="Numbers", options=tuple((n, n) for n in "1234"))
    if empty.name == "money.currency":
        return replace(empty, kind="choice", options=tuple((code, code) for code in _CURRENCIES))
    if empty.name == "way" and not empty.vocabulary:
        return replace(empty, options=_said(say, "PartnerWay", empty.values))
    if empty.vocabulary == "Way":
        return replace(empty, options=tuple(_ways(case, empty, say)))
    return replace(empty, options=_said(say, empty.vocabulary, empty.values)) if empty.values else empty


def codes(services: Services, listed: str, say: Speech) -> tuple[Option, ...]:
    """The codes of a list by their names; those that stand under another, behind it."""
    terms = getattr(services.taxonomy, listed)

    def name(code: str) -> str:
        under = terms[code].under
        return f"{say.term(listed, under)} › {say.term(listed, code)}" if under else say.term(listed, code)

    return tuple((code, name(code)) for code in terms)


def _said(say: Speech, vocabulary: str, values: Iterable[Any]) -> tuple[Option, ...]:
    return tuple((str(value), say.of(vocabulary, value)) for value in values)


def _ways(case: Case, empty: Field, say: Speech) -> Iterator[Option]:
    """The ways to the customer; where the customer left nothing for one, it says so."""
    for value in empty.values:
        lacking = Way(value) in ORDERED and not is_reachable_by(case, Way(value))
        said = say.of("Way", value)
        yield value, f"{said} {say.words['commands']['no_contact']}" if lacking else said


def _redress(case: Case, say: Speech) -> Iterator[Option]:
    for each in case.redress:
        money = f"{each.money.amount} {each.money.currency}"
        state = say.of("RedressState", each.state)
        yield str(each.number), f"{each.number} · {say.term('redress', each.kind)} {money} ({state})"


async def _colleagues(services: Services) -> tuple[Option, ...]:
    return tuple((each.person.id, each.person.name) for each in await services.parts.people.candidates())


async def _incidents(services: Services) -> tuple[Option, ...]:
    going_on = [each for each in await services.undertakings.page("incident", limit=20) if not each.has_ended]
    titles = await services.undertaker.titles(going_on)
    return tuple((each.reference, titles.get(each.title, "")) for each in going_on)


async def _other_cases(services: Services, person: Person, case: Case, say: Speech) -> tuple[Option, ...]:
    earlier = await services.likeness.of_case(person, case)
    return tuple(
        (each.case.reference, f"{say.of('Status', each.case.status)} · {say.brief(each.case.received_at)}")
        for each in earlier
    )

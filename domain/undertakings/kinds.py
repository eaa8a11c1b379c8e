"""The kinds of undertakings brought together: one decider, one fold, one union on the wire."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from domain.ruling import Decided, Refused, decide_in_order
from domain.undertakings import analysis_run, defection_study, improvement, improvement_facts, incident
from domain.undertakings.envelope import (
    SYSTEM,
    Command,
    Fact,
    RetryStep,
    StepFailed,
    StepParked,
    StepRetried,
    Tick,
)
from domain.undertakings.undertaking import (
    REMEMBERED_COMMANDS,
    Part,
    StepState,
    Undertaking,
    UndertakingStep,
)

AnyUndertaking = Annotated[
    improvement.Improvement | incident.Incident | analysis_run.AnalysisRun | defection_study.DefectionStudy,
    Field(discriminator="kind"),
]
PersonsCommand = Annotated[
    improvement_facts.PersonsImprovementCommand
    | incident.PersonsIncidentCommand
    | analysis_run.PersonsAnalysisCommand
    | defection_study.PersonsDefectionCommand
    | RetryStep,
    Field(discriminator="command"),
]
SystemsCommand = Annotated[
    Tick
    | StepFailed
    | improvement_facts.EffectChecked
    | improvement_facts.LetterSent
    | incident.CasesLinked
    | analysis_run.Computed
    | analysis_run.ImprovementsProposed
    | defection_study.Selected
    | defection_study.StudyReported,
    Field(discriminator="command"),
]
AnyCommand = Annotated[PersonsCommand | SystemsCommand, Field(discriminator="command")]
StepResult = Annotated[
    improvement_facts.EffectChecked
    | improvement_facts.LetterSent
    | incident.CasesLinked
    | analysis_run.Computed
    | analysis_run.ImprovementsProposed
    | defection_study.Selected
    | defection_study.StudyReported,
    Field(discriminator="command"),
]
AnyFact = Annotated[
    improvement_facts.ImprovementFact
    | incident.IncidentFact
    | analysis_run.AnalysisFact
    | defection_study.DefectionFact
    | StepParked
    | StepRetried,
    Field(discriminator="type"),
]

PERSONS_COMMANDS: dict[str, type[Command]] = {
    kind.model_fields["command"].default: kind
    for group in get_args(get_args(PersonsCommand)[0])
    for kind in (get_args(group) or (group,))
}
STEP_RESULTS = tuple(kind for kind in get_args(get_args(StepResult)[0]))


class Submission(Part):
    """A command with who gives it and the id under which it is done once."""

    id: str = Field(max_length=120)
    actor: str = Field(max_length=64)
    command: AnyCommand
    as_of: int = Field(0, ge=0, description="the sequence of the record that the giver saw")


class Entry(Part):
    """A fact in its place in the ledger: of which undertaking, where in its order, when, by whom, for which command."""

    reference: str
    epoch: int = Field(ge=1)
    sequence: int = Field(ge=1)
    schema_version: int = 1
    at: datetime
    actor: str
    command_id: str
    fact: AnyFact


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind is opened, judged, decided and evolved."""

    prefix: str
    first: type[Fact]
    opened: Callable[[str, Any, str, datetime], Undertaking]
    lawful: Mapping[type[Command], frozenset[Any]]
    check: Callable[[Any, Command, str, datetime], None]
    facts_of: Callable[[Any, Command, datetime], Iterator[Fact]]
    overdue: Callable[[Any, datetime], Iterator[Fact]]
    evolve: Callable[[Any, Fact, datetime, str], Undertaking]


KINDS: Mapping[str, _Kind] = {
    "improvement": _Kind(
        "I",
        improvement_facts.Proposed,
        improvement.proposed,
        improvement.LAWFUL,
        improvement.check,
        improvement.facts_of,
        improvement.overdue,
        improvement.evolve,
    ),
    "incident": _Kind(
        "N",
        incident.Suspected,
        incident.suspected,
        incident.LAWFUL,
        incident.check,
        incident.facts_of,
        incident.overdue,
        incident.evolve,
    ),
    "analysis": _Kind(
        "A",
        analysis_run.Ordered,
        analysis_run.ordered,
        analysis_run.LAWFUL,
        analysis_run.check,
        analysis_run.facts_of,
        analysis_run.overdue,
        analysis_run.evolve,
    ),
    "defection": _Kind(
        "D",
        defection_study.Begun,
        defection_study.begun,
        defection_study.LAWFUL,
        defection_study.check,
        defection_study.facts_of,
        defection_study.overdue,
        defection_study.evolve,
    ),
}
_OPENING = {kind.first: kind for kind in KINDS.values()}
_FIRST_STEP = {
    analysis_run.Ordered: analysis_run.COMPUTE,
    defection_study.Begun: defection_study.SELECT,
}


def open_undertaking(
    reference: str, fact: Fact, actor: str, submission_id: str, at: datetime
) -> tuple[tuple[Entry, ...], AnyUndertaking]:
    """The first entry of an undertaking, with the step that begins it, and what it makes."""
    begins = _FIRST_STEP.get(type(fact))
    if begins is not None:
        fact = fact.model_copy(update={"steps": (UndertakingStep(key=f"{begins}.1", kind=begins),)})
    entry = Entry.model_validate(
        {
            "reference": reference,
            "epoch": 1,
            "sequence": 1,
            "at": at,
            "actor": actor,
            "command_id": submission_id,
            "fact": fact,
        }
    )
    return (entry,), fold((entry,))


def fold(entries: Iterable[Entry], undertaking: AnyUndertaking | None = None) -> AnyUndertaking:
    """The undertaking after its entries, from the beginning or from where it stood."""
    for entry in entries:
        undertaking = _after(undertaking, entry)
    if undertaking is None:
        raise ValueError("an undertaking begins with an entry")
    return undertaking


def check(undertaking: AnyUndertaking, submission: Submission, now: datetime) -> None:
    """Raise `Refused` if the command is not lawful for the undertaking as it is."""
    command, kind = submission.command, KINDS[undertaking.kind]
    if isinstance(command, (Tick, StepFailed, *STEP_RESULTS)):
        return
    if isinstance(command, RetryStep):
        step = undertaking.step(command.step)
        if step is None or step.state is not StepState.PARKED:
            raise Refused("not_parked", f"there is no parked step {command.step}")
        return
    lawful = kind.lawful.get(type(command))
    if lawful is None:
        raise Refused("unknown_command", f"{command.command} is no command of an {undertaking.kind}")
    if undertaking.status not in lawful:
        expected = ", ".join(sorted(lawful))
        raise Refused("wrong_status", f"{command.command} needs one that is {expected}; it is {undertaking.status}")
    kind.check(undertaking, command, submission.actor, now)


def allowed_commands(undertaking: AnyUndertaking) -> tuple[str, ...]:
    """What a person might ask of it as it is now, roles apart."""
    lawful = KINDS[undertaking.kind].lawful
    names = [name for name, kind in PERSONS_COMMANDS.items() if undertaking.status in lawful.get(kind, ())]
    return tuple(sorted([*names, *(["retry_step"] if undertaking.parked else [])]))


def decide_all(
    undertaking: AnyUndertaking, submissions: Iterable[Submission], now: datetime, recorded: Mapping[str, int]
) -> Decided[AnyUndertaking, Entry]:
    """Decide submissions one after the other; what came due before each is recorded first."""
    return decide_in_order(undertaking, submissions, recorded, lambda known, each: _decide(known, each, now), fold)


def _decide(undertaking: AnyUndertaking, submission: Submission, now: datetime) -> tuple[Entry, ...]:
    kind = KINDS[undertaking.kind]
    due = tuple(kind.overdue(undertaking, now))
    entries = _entries(undertaking, due, SYSTEM, submission.id, now)
    undertaking = fold(entries, undertaking)
    check(undertaking, submission, now)
    facts = tuple(_facts(undertaking, submission.command, now))
    return (*entries, *_entries(undertaking, facts, submission.actor, submission.id, now))


def _facts(undertaking: AnyUndertaking, command: Command, now: datetime) -> Iterator[Fact]:
    match command:
        case Tick():
            return
        case RetryStep(step=key):
            yield StepRetried(step=key, steps=_changed(undertaking, key, StepState.RUNNING))
        case StepFailed(step=key, error=error, attempts=attempts):
            step = undertaking.step(key)
            if step is not None and step.state is StepState.RUNNING:
                parked = {"state": StepState.PARKED, "error": error, "rounds": step.rounds + 1}
                yield StepParked(step=key, error=error, attempts=attempts, steps=(step.model_copy(update=parked),))
        case _:
            yield from _of_kind(undertaking, command, now)


def _of_kind(undertaking: AnyUndertaking, command: Command, now: datetime) -> Iterator[Fact]:
    """The facts of the kind; what ends a step says so in the first of them, and an end drops what still runs."""
    finished: tuple[UndertakingStep, ...] = ()
    if isinstance(command, STEP_RESULTS):
        step = undertaking.step(command.step)
        if step is None or step.state is not StepState.RUNNING:
            return
        finished = _changed(undertaking, command.step, StepState.DONE)
    for fact in KINDS[undertaking.kind].facts_of(undertaking, command, now):
        dropped = _dropped(undertaking) if fact.type.endswith((".cancelled", ".dismissed")) else ()
        yield fact.model_copy(update={"steps": (*finished, *dropped, *fact.steps)})
        finished = ()


def _changed(undertaking: AnyUndertaking, key: str, state: StepState) -> tuple[UndertakingStep, ...]:
    step = undertaking.step(key)
    return () if step is None else (step.model_copy(update={"state": state, "error": None}),)


def _dropped(undertaking: AnyUndertaking) -> tuple[UndertakingStep, ...]:
    return tuple(step.model_copy(update={"state": StepState.DROPPED}) for step in undertaking.unfinished_steps)


def _entries(
    undertaking: AnyUndertaking, facts: Iterable[Fact], actor: str, command_id: str, now: datetime
) -> tuple[Entry, ...]:
    place = undertaking.sequence
    return tuple(
        Entry.model_validate(
            {
                "reference": undertaking.reference,
                "epoch": undertaking.epoch,
                "sequence": place + number,
                "at": now,
                "actor": actor,
                "command_id": command_id,
                "fact": fact,
            }
        )
        for number, fact in enumerate(facts, start=1)
    )


def _after(undertaking: AnyUndertaking | None, entry: Entry) -> AnyUndertaking:
    fact = entry.fact
    if undertaking is None:
        opened: AnyUndertaking = _OPENING[type(fact)].opened(entry.reference, fact, entry.actor, entry.at)  # type: ignore[assignment]
    else:
        opened = KINDS[undertaking.kind].evolve(undertaking, fact, entry.at, entry.actor)  # type: ignore[assignment]
    by_key = {step.key: step for step in opened.steps} | {step.key: step for step in fact.steps}
    recent = (*opened.recent, (entry.command_id, entry.sequence))[-REMEMBERED_COMMANDS:]
    return opened.model_copy(
        update={
            "sequence": entry.sequence,
            "epoch": entry.epoch,
            "steps": tuple(by_key.values()),
            "recent": recent,
        }
    )


_ENTRY = TypeAdapter(Entry)


def read_entry(document: dict[str, Any]) -> Entry:
    """An entry of the ledger as today's code understands it."""
    return _ENTRY.validate_python(document)

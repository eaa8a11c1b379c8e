"""Opening undertakings and giving them commands: the one way in for HTTP and CLI.

Authorise → check the body → seal the texts → open in one transaction, or do the command in the undertaking's workflow.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args

from pydantic import Field, StringConstraints, ValidationError, create_model
from pydantic.fields import FieldInfo

from contracts.undertakings import UndertakingAnswer
from domain.access import LinkHolder, Person, Role, may
from domain.complaints.command_parts import Code
from domain.privacy import Identity
from domain.surveys.comparison.defection import FEWEST_INTERVIEWS, MOST_INTERVIEWS
from domain.undertakings.analysis_run import Dimension
from domain.undertakings.defection_study import DefectionStudy
from domain.undertakings.envelope import Command
from domain.undertakings.kinds import PERSONS_COMMANDS, AnyUndertaking, Submission
from domain.undertakings.measure import MOST_MEASURES
from domain.undertakings.undertaking import Target
from runtime.launcher import UndertakingLauncher
from runtime.undertaking_desk import UndertakingDesk
from starter.bodies import Body, Day, FreeText, Line, Moment
from starter.carrying import carry
from starter.keys import RequestKeys
from starter.problems import FieldError, Problem, field_errors, forbidden, invalid, not_found
from starter.repetitions import Repeatable, Repetitions
from storage.idempotency import StoredAnswer
from storage.people import People
from storage.pool import StoreAway
from storage.undertakings import Undertakings
from storage.vault import Vault

LONGEST_PERIOD = timedelta(days=1100)
_REFERENCE = re.compile(r"[A-Z]-\d{4}-\d{6,9}")
_SEALED = {"reason", "text", "notes"}
"""The fields of commands that carry sealed texts; a body carries the text."""
_WORK = {"owner": "improvement.report_done", "manager": "defection.record_interview"}
"""The fields of commands that give work to somebody, and what that person must be allowed to do."""


class TargetBody(Body):
    """Which complaints it is about; absent codes do not narrow."""

    category: Code | None = None
    product: Code | None = None
    region: Code | None = None
    partner: Code | None = None


class ImprovementForm(Body):
    """A proposal to do something better, inside or at a partner."""

    title: Line
    description: FreeText | None = None
    target: TargetBody = TargetBody()
    partner: Code | None = Field(None, description="the partner who carries it out, if it is not done inside")
    source: Annotated[str, StringConstraints(pattern=r"^[A-Z]-[0-9]{4}-[0-9]{6,9}$")] | None = Field(
        None, description="the analysis, wave, incident or case that it came from"
    )
    survey: Code | None = Field(None, description="the survey whose next wave is also looked at for the effect")


class IncidentForm(Body):
    """One cause that is suspected behind many complaints."""

    title: Line
    description: FreeText | None = None
    target: TargetBody
    since: Moment


class AnalysisForm(Body):
    """Which days are analysed, the first and the last taken, and by what complaints are grouped."""

    first: Day
    last: Day
    as_of: Moment | None = Field(None, description="look at the record as it stood then; now, if absent")
    group_by: tuple[Dimension, ...] = Field(tuple(Dimension), min_length=1, max_length=len(Dimension))


class DefectionForm(Body):
    """A study of who left, with so many interviews."""

    title: Line
    size: int = Field(FEWEST_INTERVIEWS, ge=FEWEST_INTERVIEWS, le=MOST_INTERVIEWS)


class MeasureBody(Body):
    """A measure that the sign-off accepts."""

    title: Line
    target: TargetBody = TargetBody()
    partner: Code | None = None


class SignOffBody(Body):
    """Take responsibility for the report, and accept measures."""

    measures: tuple[MeasureBody, ...] = Field((), max_length=MOST_MEASURES)


@dataclass(frozen=True, slots=True)
class UndertakingRequest:
    """A command as an interface received it; `name` is that of the command within its kind."""

    person: Person
    kind: str
    reference: str
    name: str
    values: Mapping[str, Any]
    key: str | None = None
    repeatable: Repeatable | None = None


@dataclass(frozen=True, slots=True)
class UndertakingDone:
    """Where a command was recorded and the undertaking as it is now, or the answer that it had before."""

    answer: UndertakingAnswer | None
    replayed: StoredAnswer | None = None


@cache
def body_of(command: str) -> type[Body]:
    """The model of a command's request body: its fields, sealed texts as texts."""
    if command == "analysis.sign_off":
        return SignOffBody
    kind = PERSONS_COMMANDS[command]
    fields: dict[str, Any] = {
        name: (_open_type(name, info), FieldInfo(default=info.default, description=info.description))
        for name, info in kind.model_fields.items()
        if name != "command"
    }
    return create_model(
        f"{kind.__name__}{command.partition('.')[0].title()}Body", __base__=Body, __doc__=kind.__doc__, **fields
    )


def _open_type(name: str, info: FieldInfo) -> Any:
    if name in _SEALED:
        return FreeText if info.is_required() else Union[FreeText, None]  # noqa: UP007  built at run time
    if name in {"due_at", "until", "since", "carried_out_at"}:
        optional = type(None) in get_args(info.annotation)
        return Union[Moment, None] if optional else Moment  # noqa: UP007  built at run time
    return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def commands_of(kind: str) -> tuple[str, ...]:
    """The names of a kind's commands, without the kind."""
    return tuple(name.partition(".")[2] for name in PERSONS_COMMANDS if name.startswith(f"{kind}."))


class Undertaker:
    """Opens undertakings and takes commands for them."""

    def __init__(
        self,
        *,
        desk: UndertakingDesk,
        undertakings: Undertakings,
        launcher: UndertakingLauncher,
        vault: Vault,
        repetitions: Repetitions,
        keys: RequestKeys,
        people: People,
        zone: str,
    ) -> None:
        self._people = people
        self._desk = desk
        self._undertakings = undertakings
        self._launcher = launcher
        self._vault = vault
        self._repetitions = repetitions
        self._keys = keys
        self._zone = zone

    async def propose_improvement(self, person: Person, form: ImprovementForm, key: str | None) -> AnyUndertaking:
        values = {"target": _target(form.target), "partner": form.partner, "source": form.source}
        if form.survey is not None:
            values["survey"] = form.survey
        return await self._open("improvement", person, _texts(form), values, key)

    async def suspect_incident(self, person: Person, form: IncidentForm, key: str | None) -> AnyUndertaking:
        values = {"target": _target(form.target), "since": form.since}
        return await self._open("incident", person, _texts(form), values, key)

    async def order_analysis(self, person: Person, form: AnalysisForm, key: str | None) -> AnyUndertaking:
        """Raises `Problem` 422 for a period that ends before it begins, or that is too long."""
        if not timedelta(0) <= form.last - form.first <= LONGEST_PERIOD:
            raise invalid([FieldError("/last", f"on or after first, and at most {LONGEST_PERIOD.days} days later")])
        as_of = min(form.as_of or datetime.now(UTC), datetime.now(UTC))
        values = {
            "period": {"first": form.first, "last": form.last, "zone": self._zone, "as_of": as_of},
            "group_by": tuple(dict.fromkeys(form.group_by)),
        }
        return await self._open("analysis", person, {"title": f"{form.first} – {form.last}"}, values, key)

    async def begin_study(self, person: Person, form: DefectionForm, key: str | None) -> AnyUndertaking:
        return await self._open("defection", person, {"title": form.title}, {"size": form.size}, key)

    async def recorded(self, kind: str, reference: str) -> AnyUndertaking:
        """The undertaking as it is recorded. Raises `Problem` 404."""
        found = await self._undertakings.find(reference) if _REFERENCE.fullmatch(reference) else None
        if found is None or found.kind != kind:
            raise not_found("there is none of this number")
        return found

    async def current(self, kind: str, reference: str) -> tuple[AnyUndertaking, Literal["live", "record"]]:
        """As it is recorded, which is before anybody is answered, and whether its process runs."""
        recorded = await self.recorded(kind, reference)
        runs = not recorded.has_ended and await self._launcher.is_running(reference)
        return recorded, "live" if runs else "record"

    async def titles(self, undertakings: Sequence[AnyUndertaking]) -> dict[str, str]:
        """The titles, by the ids of their texts."""
        return await self._vault.open_texts([each.title for each in undertakings]) if undertakings else {}

    async def texts(self, undertaking: AnyUndertaking) -> dict[str, str]:
        """Every text that the state names, by its field."""
        named = {
            field: item
            for field, item in undertaking.model_dump(include={"title", "description", "answer"}).items()
            if item is not None
        }
        opened = await self._vault.open_texts(list(named.values()))
        return {field: opened[item] for field, item in named.items()}

    async def perform(self, request: UndertakingRequest) -> UndertakingDone:
        """Do a command. Raises `Problem`: 403, 404, 409 (the guard), 422 (the fields), 503."""
        command = request.name if request.name in PERSONS_COMMANDS else f"{request.kind}.{request.name}"
        if not may(request.person, command):
            raise forbidden(command)
        undertaking = await self.recorded(request.kind, request.reference)
        if not _is_theirs(request.person, undertaking):
            raise not_found("there is none of this number")
        submission, texts = self._understood(request, command, undertaking)
        await self._check_eligible(submission.command)
        earlier = await self._repetitions.begin(request.repeatable)
        if earlier is not None:
            return UndertakingDone(None, earlier)
        try:
            await self._desk.seal(undertaking, texts)
            return UndertakingDone(await self._carry(request.reference, submission))
        except (Problem, StoreAway) as error:
            await self._repetitions.leave(request.repeatable, error)
            raise

    async def keep(self, request: UndertakingRequest, answer: StoredAnswer) -> None:
        """Keep the answer of a request for its repetition."""
        await self._repetitions.keep(request.repeatable, answer)

    async def interviewee(self, person: Person, reference: str, number: int) -> tuple[str, Identity]:
        """Whom an interview of a study is with: for the manager to whom it is assigned, and for supervisors.

        Raises `Problem` 404, also for what is somebody else's.
        """
        study = await self.recorded("defection", reference)
        interview = study.interview(number) if isinstance(study, DefectionStudy) else None
        if interview is None or not (interview.manager == person.id or Role.SUPERVISOR in person.roles):
            raise not_found("there is no interview of this number for you")
        known = await self._vault.identities([interview.customer])
        return interview.customer, known.get(interview.customer, Identity())

    async def _check_eligible(self, command: Command) -> None:
        """Refuse to give work to nobody, or to somebody who may not do it. Raises `Problem` 409."""
        for field, needs in _WORK.items():
            given = getattr(command, field, None)
            if given is None:
                continue
            who = (await self._people.people([given])).get(given)
            if who is None or not may(who, needs):
                raise Problem(409, "not_eligible", f"{field}: an active member of staff who may {needs} is expected")

    async def _open(
        self, kind: str, person: Person, texts: Mapping[str, str], values: Mapping[str, Any], key: str | None
    ) -> AnyUndertaking:
        submission = self._keys.submission("open", person.id, kind, key)
        origin = None if key is None else submission
        opened = await self._desk.open(
            kind, person.id, texts=texts, values=values, origin=origin, submission=submission
        )
        await self._launcher.start(opened.reference)
        return opened

    def _understood(
        self, request: UndertakingRequest, command: str, undertaking: AnyUndertaking
    ) -> tuple[Submission, dict[str, str]]:
        """The submission, and its texts by the ids under which they are to be sealed. Raises `Problem` 422."""
        submission_id = self._keys.submission(command, request.person.id, request.reference, request.key)
        try:
            body = body_of(command).model_validate(request.values)
            values, texts = self._with_sealed_texts(submission_id, body)
            meant: Command = PERSONS_COMMANDS[command].model_validate({"command": command, **values})
        except ValidationError as error:
            raise invalid(field_errors(error.errors())) from None
        given = {"id": submission_id, "actor": request.person.id, "command": meant, "as_of": undertaking.sequence}
        return Submission.model_validate(given), texts

    def _with_sealed_texts(self, submission: str, body: Body) -> tuple[dict[str, Any], dict[str, str]]:
        values, texts = body.model_dump(exclude_none=True), {}
        for field in _SEALED & values.keys():
            item = self._keys.text(submission, field)
            texts[item], values[field] = values[field], item
        for number, measure in enumerate(values.get("measures", ())):
            item = self._keys.text(submission, f"measures.{number}.title")
            texts[item], measure["title"] = measure["title"], item
        return values, texts

    async def _carry(self, reference: str, submission: Submission) -> UndertakingAnswer:
        """Bring the command to the workflow. Its refusal is a 409; an unknown outcome is a 503."""
        epoch = await self._undertakings.epoch(reference)
        return await carry(self._launcher, reference, epoch, submission)


def _is_theirs(person: Person, undertaking: AnyUndertaking) -> bool:
    """Whether it is any business of theirs: a partner has the one improvement that its link is about."""
    if isinstance(person, LinkHolder):
        return person.case == undertaking.reference
    return person.roles != {Role.PARTNER}


def _texts(form: ImprovementForm | IncidentForm) -> dict[str, str]:
    return {"title": form.title} | ({} if form.description is None else {"description": form.description})


def _target(body: TargetBody) -> Target:
    return Target(**body.model_dump())

"""Waves over HTTP: planned, launched, followed, closed, and their numbers, reports and data."""

import asyncio
import re
from datetime import datetime
from itertools import zip_longest
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Body as FromBody
from pydantic import Field

from documents.rendering import ReportFormat, render
from domain.access import Permission, Person, may
from domain.surveys.report.document import Report
from domain.surveys.report.wording import ReportLanguage
from domain.surveys.waves.commands import PERSONS_WAVE_COMMANDS
from domain.surveys.waves.decide import allowed_wave_commands
from domain.surveys.waves.wave import PlannedReminder, Result, SampleSize, Wave, WaveStatus, WaveStep
from domain.undertakings.undertaking import Target
from starter.api.entry import Allowed, House, Key, Once
from starter.api.models import Answer
from starter.api.repeating import answered_once, replay
from starter.api.strict_json import StrictJsonRoute
from starter.api.survey_examples import WAVE, WAVE_COMMANDS
from starter.api.surveys import SurveyId
from starter.bodies import Body
from starter.handler_signs import HandlerReview
from starter.problems import FieldError, Problem, invalid
from starter.repetitions import stored
from starter.wave_numbers import Numbers, raw_data_file
from starter.waves import WaveRequest, wave_body_of
from storage.cases import MAX_PAGE
from storage.idempotency import StoredAnswer

router = APIRouter(prefix="/v1", tags=["waves"], route_class=StrictJsonRoute)

WaveReference = Annotated[str, Path(pattern=r"^W-[0-9]{4}-[0-9]{6,9}$", description="such as W-2026-000001")]
Reader = Annotated[Person, Depends(Allowed(Permission.READ_WAVES))]
Planner = Annotated[Person, Depends(Allowed(Permission.PLAN_WAVES))]
Reviewer = Annotated[Person, Depends(Allowed(Permission.REVIEW_HANDLERS))]
DataReader = Annotated[Person, Depends(Allowed(Permission.READ_RESPONSES))]

MEDIA_TYPES = {
    ReportFormat.HTML: "text/html",
    ReportFormat.PDF: "application/pdf",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.JSON: "application/json",
}
DATA_TYPES = {"csv": "text/csv", "sav": "application/octet-stream"}
_REPORT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The report", "content": {kind: {"schema": {}} for kind in MEDIA_TYPES.values()}}
}
_DATA: dict[int | str, dict[str, Any]] = {
    200: {"description": "The responses", "content": {kind: {"schema": {}} for kind in DATA_TYPES.values()}}
}


class WaveForm(Body):
    """Which version of the survey; the newest if absent."""

    version: int | None = Field(None, ge=1, le=1_000_000, strict=True)


class HandedOverMeasure(Answer):
    """A measure that the sign-off accepted, in codes, and its improvement once there is one."""

    target: Target
    partner: str | None
    improvement: str | None


class WaveView(Answer):
    """A wave in codes and times."""

    reference: str
    survey: str
    version: int
    status: WaveStatus
    source: Literal["live", "record"] = Field(description="live: its process runs; record: it has none now")
    sequence: int
    planned_by: str
    planned_at: datetime
    sample: SampleSize | None
    released: int
    launched_at: datetime | None
    closes_at: datetime | None
    reminders: tuple[PlannedReminder, ...]
    result: Result | None
    report_sha256: str | None
    signed_off_by: str | None
    measures: tuple[HandedOverMeasure, ...] = Field(description="what the sign-off accepted, and who takes it up")
    steps: tuple[WaveStep, ...]
    allowed: tuple[str, ...] = Field(description="the commands that you may give now")

    @classmethod
    def of(cls, wave: Wave, person: Person, source: Literal["live", "record"]) -> "WaveView":
        kept = {name: getattr(wave, name) for name in cls.model_fields.keys() - {"source", "allowed", "measures"}}
        allowed = tuple(name for name in allowed_wave_commands(wave) if may(person, f"wave.{name}"))
        measures = tuple(
            HandedOverMeasure(target=measure.target, partner=measure.partner, improvement=improvement)
            for measure, improvement in zip_longest(wave.measures, wave.improvements)
        )
        return cls(**kept, source=source, allowed=allowed, measures=measures)


class WaveCommandDone(WaveView):
    recorded_sequence: int = Field(description="where the command stands in the ledger")


class WaveList(Answer):
    items: tuple[WaveView, ...]
    next_cursor: str | None


class WaveTimelineEntry(Answer):
    sequence: int
    type: str
    at: datetime
    actor: str
    fact: dict[str, Any]


class WaveTimeline(Answer):
    items: tuple[WaveTimelineEntry, ...]
    texts: dict[str, str] = Field(description="what people wrote, by the ids that stand in the facts")


@router.post(
    "/surveys/{survey_id}/waves", status_code=201, response_model=WaveView, summary="Plan a wave and draw its sample"
)
async def plan(
    survey_id: SurveyId,
    form: Annotated[WaveForm, FromBody(openapi_examples=WAVE)],
    services: House,
    person: Planner,
    key: Key,
    once: Once,
) -> Response:
    """The wave pins the version. Its sample is drawn behind the answer; then it is `sampled` and can be launched."""

    async def planned() -> StoredAnswer:
        wave = await services.surveys.waves.plan(person, survey_id, form.version, key)
        return stored(WaveView.of(wave, person, "record").model_dump(mode="json"), 201)

    return await answered_once(services, once, planned)


@router.get("/waves", summary="List waves, the newest first")
async def page(
    services: House,
    person: Reader,
    survey: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,63}$")] = None,
    needs_operator: bool | None = None,
    cursor: Annotated[str | None, Query(max_length=100, description="as the page before gave it")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> WaveList:
    before = None if cursor is None else _place(cursor)
    found = await services.surveys.wave_records.page(survey, before, limit + 1, needs_operator=needs_operator)
    items = tuple(WaveView.of(wave, person, "record") for wave in found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return WaveList(
        items=items, next_cursor=None if last is None else f"{last.planned_at.isoformat()}~{last.reference}"
    )


@router.get("/waves/{wave}", summary="Read a wave")
async def read(wave: WaveReference, services: House, person: Reader) -> WaveView:
    """The wave as its running process has it, or else as it is recorded; `source` says which."""
    current, source = await services.surveys.waves.current(wave)
    return WaveView.of(current, person, source)


@router.get("/waves/{wave}/timeline", summary="Read what happened to a wave, in order")
async def timeline(wave: WaveReference, services: House, _: Reader) -> WaveTimeline:
    await services.surveys.waves.recorded(wave)
    entries = await services.surveys.wave_records.entries(wave)
    return WaveTimeline(
        items=tuple(
            WaveTimelineEntry(
                sequence=entry.sequence,
                type=entry.fact.type,
                at=entry.at,
                actor=entry.actor,
                fact=entry.fact.model_dump(mode="json", exclude={"type"}),
            )
            for entry in entries
        ),
        texts=await services.surveys.waves.texts(entry.fact for entry in entries),
    )


@router.get("/waves/{wave}/results", summary="Read the numbers of a wave so far")
async def results(wave: WaveReference, services: House, _: Reader) -> Numbers:
    """Index with its interval, response rates, and what became of each contact; final once the wave is computed."""
    return await services.surveys.wave_numbers.so_far(await services.surveys.waves.recorded(wave))


@router.get("/waves/{wave}/handlers", summary="Read what a wave says of those who handled the complaints")
async def handlers(wave: WaveReference, services: House, _: Reviewer) -> HandlerReview:
    """Signs that somebody bends the measurement, beside all handlers: tasks to look into, never findings."""
    return await services.surveys.handler_signs.review(await services.surveys.waves.recorded(wave))


@router.get("/waves/{wave}/report", summary="Read the report of a wave", response_class=Response, responses=_REPORT)
async def report(
    wave: WaveReference,
    services: House,
    _: Reader,
    kind: Annotated[ReportFormat, Query(alias="format")] = ReportFormat.HTML,
    lang: ReportLanguage = ReportLanguage.CHINESE,
) -> Response:
    """From the frozen answers; there is one once the wave is `reported`."""
    await services.surveys.waves.recorded(wave)
    kept = await services.surveys.wave_results.report(wave)
    if kept is None:
        raise Problem(409, "not_reported", "there is no report before the wave is closed and computed")
    content = await asyncio.to_thread(render, Report.model_validate_json(kept), kind, lang)
    return _file(content, MEDIA_TYPES[kind], f"{wave}-{lang}.{kind}")


@router.get("/waves/{wave}/responses", summary="Read the answers of a wave", response_class=Response, responses=_DATA)
async def responses(
    wave: WaveReference,
    services: House,
    _: DataReader,
    kind: Annotated[Literal["csv", "sav"], Query(alias="format")] = "csv",
    lang: ReportLanguage = ReportLanguage.CHINESE,
) -> Response:
    """A row each with weight, stratum and flags; contacts by their numbers, texts left out."""
    content = await raw_data_file(
        services.surveys.wave_numbers, await services.surveys.waves.recorded(wave), kind, lang
    )
    return _file(content, DATA_TYPES[kind], f"{wave}.{kind}")


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _place(cursor: str) -> tuple[datetime, str]:
    at, _, reference = cursor.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not re.fullmatch(r"W-[0-9]{4}-[0-9]{6,9}", reference):
        raise invalid([FieldError("query cursor", "expected a cursor as the page before gave it")])
    return moment, reference


def _add_command(name: str) -> None:
    """One route a command, with a body and a permission of its own."""
    body_type = wave_body_of(name)

    async def give(
        wave: WaveReference,
        body: Body,
        services: House,
        person: Annotated[Person, Depends(Allowed(f"wave.{name}"))],
        key: Key,
        once: Once,
    ) -> Response:
        request = WaveRequest(person, wave, name, body.model_dump(exclude_unset=True, mode="json"), key, once)
        done = await services.surveys.waves.perform(request)
        if done.answer is None:
            assert done.replayed is not None  # noqa: S101  one of the two is there
            return replay(done.replayed, was_replayed=True)
        view = WaveView.of(done.answer.wave, person, "live")
        answer = stored(WaveCommandDone(**dict(view), recorded_sequence=done.answer.sequence).model_dump(mode="json"))
        await services.surveys.waves.keep(request, answer)
        return replay(answer, was_replayed=False)

    give.__annotations__["body"] = Annotated[body_type, FromBody(openapi_examples=WAVE_COMMANDS[name])]
    give.__name__ = f"wave_{name}"
    give.__doc__ = PERSONS_WAVE_COMMANDS[name].__doc__
    summary = f"{name.replace('_', ' ').capitalize()} (wave)"
    router.post(f"/waves/{{wave}}/commands/{name}", response_model=WaveCommandDone, summary=summary)(give)


for _name in PERSONS_WAVE_COMMANDS:
    _add_command(_name)

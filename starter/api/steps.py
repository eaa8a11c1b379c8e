"""Steps over HTTP: operators see what failed, and retry, amend or skip it, without seeing what the case is about."""

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Body as FromBody
from pydantic import Field, StringConstraints

from domain.access import Permission, Person
from domain.complaints.step_commands import AmendStep, TemplateCode
from domain.complaints.terms import StepKind, Way
from starter.api.entry import Allowed, House, Key, Once
from starter.api.examples import ABORT, AMEND, RETRY, SKIP
from starter.api.repeating import replay
from starter.api.step_models import CauseList, CauseView, OneStepView, ParkedStepView, StepList, StepOutcome
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, FreeText, Moment
from starter.desk import Request
from starter.problems import not_found
from starter.repetitions import Repeatable, stored
from storage.cases import MAX_PAGE
from storage.steps import StepFilter

router = APIRouter(prefix="/v1/steps", tags=["operators"], route_class=StrictJsonRoute)

STEP_ID = r"^C-[0-9]{4}-[0-9]{6,9}\.[a-z_]{1,40}\.[0-9]{1,4}$"

StepId = Annotated[str, Field(pattern=STEP_ID)]
ErrorCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
InPath = Annotated[str, Path(description="the id of a step, such as C-2026-000001.response_letter.1")]
Operator = Annotated[Person, Depends(Allowed(Permission.READ_STEPS))]


class RetryBody(Body):
    reason: FreeText | None = None


class SkipBody(Body):
    reason: FreeText


class AmendBody(Body):
    """At least one change; nothing personal. A wrong address or text is corrected in the case."""

    reason: FreeText
    way: Way | None = Field(None, description=AmendStep.model_fields["way"].description)
    template: TemplateCode | None = Field(None, description=AmendStep.model_fields["template"].description)
    not_before: Moment | None = Field(None, description=AmendStep.model_fields["not_before"].description)


class StepNarrowing(Body):
    """What parked steps are narrowed to."""

    kind: StepKind | None = None
    error: ErrorCode | None = Field(None, description="the code of what went wrong")
    since: Moment | None = Field(None, description="parked at this time or later")
    before: Moment | None = Field(None, description="parked before this time")

    def filter(self) -> StepFilter:
        return StepFilter(**{name: getattr(self, name) for name in StepNarrowing.model_fields})


class StepQuery(StepNarrowing):
    """What the list is narrowed to, and where the page begins."""

    state: Literal["parked"] = "parked"
    cursor: Annotated[StepId | None, Field(description="the id after which to go on")] = None
    limit: int = Field(50, ge=1, le=MAX_PAGE)


@router.get("", summary="List parked steps")
async def page(query: Annotated[StepQuery, Query()], services: House, _: Operator) -> StepList:
    """In the order of their ids."""
    found = await services.parts.steps.parked(query.filter(), after=query.cursor or "", limit=query.limit + 1)
    items = tuple(ParkedStepView.of(step) for step in found[: query.limit])
    return StepList(items=items, next_cursor=items[-1].id if len(found) > query.limit else None)


@router.get("/causes", summary="Why are steps parked?")
async def causes(services: House, _: Operator) -> CauseList:
    """Parked steps by kind and error, the most frequent cause first."""
    return CauseList(items=tuple(CauseView.of(cause) for cause in await services.parts.steps.causes()))


@router.get("/{step_id}", summary="Read a step and what became of it")
async def read(step_id: InPath, services: House, _: Operator) -> OneStepView:
    """A step in whatever state, what an operator may change of it, and who did what to it so far."""
    reference, key = parts_of(step_id)
    found = await services.parts.steps.one(reference, key)
    if found is None:
        raise not_found("there is no such step")
    return OneStepView.of(*found, key)


@router.post("/{step_id}/retry", response_model=StepOutcome, summary="Retry a parked step")
async def retry(
    step_id: InPath,
    body: Annotated[RetryBody, FromBody(openapi_examples=RETRY)],
    services: House,
    person: Annotated[Person, Depends(Allowed("retry_step"))],
    key: Key,
    once: Once,
) -> Response:
    return await _one(services, _request(person, "retry_step", step_id, body, key, once))


@router.post("/{step_id}/amend", response_model=StepOutcome, summary="Change a parked step and retry it")
async def amend(
    step_id: InPath,
    body: Annotated[AmendBody, FromBody(openapi_examples=AMEND)],
    services: House,
    person: Annotated[Person, Depends(Allowed("amend_step"))],
    key: Key,
    once: Once,
) -> Response:
    """By another way, or later. `GET /v1/steps/{id}` says what may be changed of it."""
    return await _one(services, _request(person, "amend_step", step_id, body, key, once))


@router.post("/{step_id}/skip", response_model=StepOutcome, summary="Give a parked step up")
async def skip(
    step_id: InPath,
    body: Annotated[SkipBody, FromBody(openapi_examples=SKIP)],
    services: House,
    person: Annotated[Person, Depends(Allowed("skip_step"))],
    key: Key,
    once: Once,
) -> Response:
    return await _one(services, _request(person, "skip_step", step_id, body, key, once))


@router.post("/{step_id}/abort", response_model=StepOutcome, summary="Give the whole process up, as a step is parked")
async def abort(
    step_id: InPath,
    body: Annotated[SkipBody, FromBody(openapi_examples=ABORT)],
    services: House,
    person: Annotated[Person, Depends(Allowed("abort"))],
    key: Key,
    once: Once,
) -> Response:
    """The case ends without an answer, with the reason."""
    return await _one(services, _request(person, "abort", step_id, body, key, once))


def parts_of(step_id: str) -> tuple[str, str]:
    """The case and the key of a step. Raises `Problem` for what is no id."""
    if re.fullmatch(STEP_ID, step_id) is None:
        raise not_found("there is no such step")
    reference, _, key = step_id.partition(".")
    return reference, key


def _request(
    person: Person, name: str, step_id: str, body: Body, key: str | None, once: Repeatable | None = None
) -> Request:
    reference, step = parts_of(step_id)
    values: dict[str, Any] = body.model_dump(exclude_unset=True) | {"step": step}
    own_key = None if key is None else f"{step}:{key}"
    return Request(person, reference, name, values, key=own_key, repeatable=once)


async def _one(services: House, request: Request) -> Response:
    done = await services.cases.perform(request)
    if done.replayed is not None:
        return replay(done.replayed, was_replayed=True)
    outcome = StepOutcome(id=f"{request.reference}.{request.values['step']}", outcome="done")
    answer = stored(outcome.model_dump())
    await services.cases.keep(request, answer)
    return replay(answer, was_replayed=False)

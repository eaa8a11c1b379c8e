"""Importing records of another system over HTTP: a look first, then a durable batch whose rows can be followed."""

import asyncio
import json
import re
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, Response, UploadFile
from pydantic import Field

from domain.access import Permission, Person
from domain.complaints.importing import Mapping, Report, shipped_mappings
from starter.api.entry import Allowed, House, Key, once_for
from starter.api.models import Answer
from starter.api.repeating import answered_once
from starter.imports import Looked, read_mapping
from starter.problems import not_found
from starter.repetitions import stored
from storage.cases import MAX_PAGE
from storage.idempotency import StoredAnswer
from storage.imports import ImportProgress

router = APIRouter(prefix="/v1", tags=["imports"])

MOST_LISTED = 50
_ID = re.compile(r"imp_[0-9a-f]{20}")

Importer = Annotated[Person, Depends(Allowed(Permission.IMPORT_COMPLAINTS))]


class RowView(Answer):
    row: int
    outcome: Literal["imported", "known", "left_out"] = Field(description="known: taken over before, by the same key")
    reference: str | None


class ImportView(Answer):
    """An import: what was found in its file, and how far it is."""

    id: str | None = Field(description="absent for a look")
    mapping: str
    asked_by: str
    asked_at: datetime | None
    rows: int
    imported: int
    known: int
    left_out: int
    is_finished: bool
    report: Report


class ImportPageView(ImportView):
    """An import and a page of its rows, those that are settled."""

    items: tuple[RowView, ...]
    next_cursor: str | None


class ImportList(Answer):
    items: tuple[ImportView, ...]


class MappingList(Answer):
    items: tuple[Mapping, ...]


@router.post(
    "/imports",
    status_code=202,
    response_model=ImportView,
    summary="Import complaints from a CSV file, or only look at it",
    responses={200: {"model": ImportView, "description": "A look: nothing was taken over"}},
)
async def take(
    request: Request,
    file: UploadFile,
    mapping: Annotated[str, Form(description="cfpb, nyc311, or a mapping as TOML; see `amends import --example-map`")],
    services: House,
    person: Importer,
    key: Key,
    dry_run: Annotated[bool, Form(description="only say what it would bring")] = False,
    leave_out_bad_rows: Annotated[bool, Form(description="import the others")] = False,
) -> Response:
    """The same row of the same source is one case, however often it is handed in.

    Closed rows become records; open ones are started, their clocks counted from receipt, and no notice is sent.
    """
    understood = read_mapping(mapping)
    looked = await services.imports.look(file.file, understood)
    if dry_run:
        return Response(_look_view(person, looked).model_dump_json(), 200, media_type="application/json")
    told = json.dumps([looked.sha256, mapping, leave_out_bad_rows]).encode()
    once = None if key is None else once_for(request, person, services, key, told)

    async def taken() -> StoredAnswer:
        batch = await services.imports.take(person, file.file, looked, leave_out_bad_rows=leave_out_bad_rows)
        progress = await services.imports.records.progress(batch)
        assert progress is not None  # noqa: S101  it was just written
        return stored(_view(progress).model_dump(mode="json"), 202, {"Location": f"/v1/imports/{batch}"})

    return await answered_once(services, once, taken)


@router.get("/imports", summary="List the newest imports")
async def newest(services: House, _: Importer) -> ImportList:
    return ImportList(items=tuple(_view(each) for each in await services.imports.records.newest(MOST_LISTED)))


@router.get("/imports/mappings", summary="The mappings that come with Amends")
async def mappings(_: Importer) -> MappingList:
    return MappingList(items=await asyncio.to_thread(shipped_mappings))


@router.get("/imports/{import_id}", summary="How far is an import, and what became of each row?")
async def read(
    import_id: str,
    services: House,
    _: Importer,
    cursor: Annotated[int, Query(ge=0, le=10_000_000, description="the row after which to go on")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> ImportPageView:
    progress = await services.imports.records.progress(import_id) if _ID.fullmatch(import_id) else None
    if progress is None:
        raise not_found("there is no such import")
    rows = await services.imports.records.page(import_id, cursor, limit + 1)
    items = tuple(RowView.model_validate(row, from_attributes=True) for row in rows[:limit])
    more = str(items[-1].row) if len(rows) > limit else None
    return ImportPageView(**dict(_view(progress)), items=items, next_cursor=more)


def _view(progress: ImportProgress) -> ImportView:
    return ImportView(
        **{name: getattr(progress, name) for name in ImportView.model_fields if name != "report"},
        report=Report.model_validate(progress.report),
    )


def _look_view(person: Person, looked: Looked) -> ImportView:
    return ImportView(
        id=None,
        mapping=looked.plan.mapping.id,
        asked_by=person.id,
        asked_at=None,
        rows=looked.report.rows,
        imported=0,
        known=0,
        left_out=0,
        is_finished=True,
        report=looked.report,
    )

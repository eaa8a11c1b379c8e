"""The case pack for an ombudsman over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from domain.access import Permission, Person
from domain.privacy import Language
from starter.api.complaints import Reference
from starter.api.entry import Allowed, House

router = APIRouter(prefix="/v1/complaints", tags=["complaints"])

PACK = "application/zip"
_ARCHIVE: dict[int | str, dict[str, Any]] = {200: {"description": "The pack", "content": {PACK: {}}}}


@router.get(
    "/{reference}/pack",
    summary="The case as an ombudsman asks for it",
    response_class=Response,
    responses=_ARCHIVE,
)
async def pack(
    reference: Reference,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.EXPORT_CASE))],
    language: Annotated[Language, Query(alias="lang", description="the language of the document's own words")] = (
        Language.ZH
    ),
) -> Response:
    """An archive: `case.pdf` (case file, timeline with hashes, letters, both forms, files), `case.json`, the ledger
    line by line, and `manifest.json` with the SHA-256 of each. `amends verify pack` checks it without a server.
    """
    archive = await services.packs.pack(person, reference, language)
    headers = {"Content-Disposition": f'attachment; filename="{reference}.zip"'}
    return Response(archive, media_type=PACK, headers=headers)

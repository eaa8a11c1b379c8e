"""Files of a case over HTTP: always handed out as downloads, never shown in place."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response, UploadFile

from domain.access import Permission, Person
from starter.api.complaints import Reference
from starter.api.document import GONE
from starter.api.entry import Allowed, House, Key, once_for
from starter.api.models import Answer
from starter.api.repeating import answered_once
from starter.attachments import KINDS, LARGEST_FILE, File
from starter.problems import Problem
from starter.repetitions import stored
from storage.idempotency import StoredAnswer

router = APIRouter(prefix="/v1/complaints", tags=["complaints"])

_DOWNLOAD: dict[int | str, dict[str, Any]] = {200: {"description": "The file", "content": {kind: {} for kind in KINDS}}}


class AttachmentView(Answer):
    id: str
    name: str
    kind: str
    size: int
    sha256: str
    added_by: str
    added_at: datetime


@router.post("/{reference}/attachments", status_code=201, response_model=AttachmentView, summary="Attach a file")
async def add(
    request: Request,
    reference: Reference,
    file: UploadFile,
    services: House,
    person: Annotated[Person, Depends(Allowed("attach"))],
    key: Key,
) -> Response:
    """At most 10 MB: PDF, JPEG, PNG, WebP, plain text, MP3 or WAV."""
    content = await file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise Problem(413, "too_large", f"a file has at most {LARGEST_FILE} bytes")
    handed_in = File(file.filename or "", file.content_type or "", content)
    once = None if key is None else once_for(request, person, services, key, _told(handed_in))

    async def added() -> StoredAnswer:
        kept = await services.attachments.add(person, reference, handed_in, key)
        view = AttachmentView(**{name: getattr(kept, name) for name in AttachmentView.model_fields})
        return stored(view.model_dump(mode="json"), 201)

    return await answered_once(services, once, added)


@router.get(
    "/{reference}/attachments/{file}",
    summary="Download a file",
    response_class=Response,
    responses=_DOWNLOAD | GONE,
)
async def read(
    reference: Reference,
    file: str,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.READ_CUSTOMER))],
) -> Response:
    """The file as it was handed in; the read is logged."""
    attachment, content = await services.attachments.read(person, reference, file)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name)}"}
    return Response(content, media_type=attachment.kind, headers=headers)


def _told(file: File) -> bytes:
    """What makes an upload the same as another, whatever its boundaries were."""
    return json.dumps([file.name, file.kind, hashlib.sha256(file.content).hexdigest()]).encode()

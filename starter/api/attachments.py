"""Files of a case over HTTP: always handed out as downloads, never shown in place."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Depends, Response, UploadFile

from domain.access import Permission, Person
from starter.api.entry import Allowed, House
from starter.api.models import Answer
from starter.attachments import LARGEST_FILE, File
from starter.problems import Problem

router = APIRouter(prefix="/v1/complaints", tags=["complaints"])
audit = structlog.get_logger("amends.audit")


class AttachmentView(Answer):
    id: str
    name: str
    kind: str
    size: int
    sha256: str
    added_by: str
    added_at: datetime


@router.post("/{reference}/attachments", status_code=201, summary="Attach a file")
async def add(
    reference: str,
    file: UploadFile,
    services: House,
    person: Annotated[Person, Depends(Allowed("attach"))],
) -> AttachmentView:
    """At most 10 MB: PDF, JPEG, PNG, WebP, plain text, MP3 or WAV."""
    content = await file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise Problem(413, "too_large", f"a file has at most {LARGEST_FILE} bytes")
    handed_in = File(file.filename or "", file.content_type or "", content)
    added = await services.attachments.add(person, reference, handed_in)
    return AttachmentView(**{name: getattr(added, name) for name in AttachmentView.model_fields})


@router.get("/{reference}/attachments/{file}", summary="Download a file", response_class=Response)
async def read(
    reference: str,
    file: str,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.READ_CUSTOMER))],
) -> Response:
    """The file as it was handed in; the read is logged."""
    attachment, content = await services.attachments.read(person, reference, file)
    audit.info("file read", reference=reference, file=file, reader=person.id)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name)}"}
    return Response(content, media_type=attachment.kind, headers=headers)

"""The pages as one router, with the stylesheet that they share."""

from fastapi import APIRouter, Response

from starter.pages import case_page, complain, improvement_page, partner_page, questionnaire
from starter.pages.rendering import STYLESHEET, stylesheet

router = APIRouter(include_in_schema=False)
for part in (complain, case_page, partner_page, improvement_page, questionnaire):
    router.include_router(part.router)


@router.get(STYLESHEET)
async def style() -> Response:
    """The one stylesheet; its address carries its version, so it may be kept."""
    return Response(stylesheet(), media_type="text/css", headers={"Cache-Control": "public, max-age=86400"})

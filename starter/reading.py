"""Saying that personal data are opened for somebody: one call, made before they are handed out.

`await services.reads.note(person.id, subject, CLASSES, reference)` is all that a route or a page needs. The route and
the id of its request are known from where the call comes from (`starter.origin`).
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import structlog

from domain.privacy import IDENTIFYING, Act, DataClass
from starter.origin import origin
from storage.personal_log import Line, PersonalDataLog
from storage.pool import Pool

STORY = (*IDENTIFYING, DataClass.FREE_TEXT)
"""What the story of a case opens."""
FILES = (DataClass.FILE,)
TEXTS = (DataClass.FREE_TEXT,)

audit = structlog.get_logger("amends.audit")


class Reads:
    """Writes to the log of personal data. Raises StoreAway; then nothing may be handed out."""

    def __init__(self, pool: Pool) -> None:
        self.log = PersonalDataLog(pool)

    async def note(
        self,
        by: str,
        subject: str,
        classes: Iterable[DataClass],
        reference: str | None = None,
        act: Act = Act.READ,
    ) -> None:
        """Note that somebody (a person's id, or `customer`) is about to see a subject's data of these classes."""
        await self.note_all(by, [(subject, reference)], classes, act)

    async def note_all(
        self, by: str, opened: Iterable[tuple[str, str | None]], classes: Iterable[DataClass], act: Act
    ) -> None:
        """The same of many subjects, each with the case that it is about."""
        lines = [line(by, subject, act, classes, reference) for subject, reference in opened]
        if lines:
            await self.log.append(lines)
            audit.info(
                "personal data opened",
                act=act.value,
                by=by,
                subjects=len(lines),
                reference=lines[0].reference if len(lines) == 1 else None,
                route=lines[0].route,
            )


def line(by: str, subject: str, act: Act, classes: Iterable[DataClass] = (), reference: str | None = None) -> Line:
    """A line of the log about what is done now."""
    came = origin()
    return Line(
        subject=subject,
        at=datetime.now(UTC),
        by=by,
        act=act,
        classes=tuple(sorted(set(classes))),
        route=came.route,
        request=came.request,
        reference=reference,
    )

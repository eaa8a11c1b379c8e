"""Opening undertakings, for people, for schedules and for other undertakings, and keeping what they compute.

An origin is undertaken once: the period of a schedule, the measure of an analysis, the surge of a day.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from domain.privacy import Identity, TextKind
from domain.undertakings.envelope import Fact
from domain.undertakings.kinds import KINDS, AnyUndertaking, open_undertaking
from domain.undertakings.measure import Measure
from storage.pool import Connection, Pool, transaction
from storage.undertakings import KeptResult, OriginTaken, Undertakings, next_undertaking_reference, open_in
from storage.vault import Vault


class UndertakingDesk:
    """Opens undertakings and keeps their results."""

    def __init__(self, pool: Pool, vault: Vault, undertakings: Undertakings, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._vault = vault
        self._undertakings = undertakings
        self._now = now

    async def open(
        self,
        kind: str,
        actor: str,
        *,
        texts: Mapping[str, str],
        values: Mapping[str, Any],
        origin: str | None = None,
        submission: str | None = None,
    ) -> AnyUndertaking:
        """Open an undertaking with its texts sealed; what an origin has opened already is answered.

        `values` are the fields of the kind's first fact. It is started behind the answer by whoever comes first.
        """
        if origin is not None and (known := await self._undertakings.of_origin(origin)) is not None:
            return known
        try:
            async with transaction(self._pool) as connection:
                return await self._open(connection, kind, actor, texts, values, origin, submission)
        except OriginTaken:
            known = await self._undertakings.of_origin(origin or "")
            if known is None:
                raise
            return known

    async def seal(self, undertaking: AnyUndertaking, texts: Mapping[str, str]) -> None:
        """Seal texts under the undertaking's key, by their ids."""
        async with transaction(self._pool) as connection:
            for item, text in texts.items():
                await self._vault.seal(connection, undertaking.subject, item, TextKind.NOTE, text, at=self._now())

    async def keep(self, run: AnyUndertaking, figures: dict[str, Any], report: dict[str, Any], inputs: str) -> str:
        """Keep figures and report once; the hash of the report."""
        text = json.dumps(report, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        await self._undertakings.keep_result(run.reference, KeptResult(inputs, figures, report, digest), self._now())
        kept = await self._undertakings.result(run.reference)
        return digest if kept is None else kept.report_sha256

    async def propose(self, measure: Measure, number: int, *, source: str, by: str, survey: str | None = None) -> str:
        """Open an improvement for the measure of this number of a source, once; its number."""
        title = await self._vault.open_text(measure.title)
        opened = await self.open(
            "improvement",
            by,
            texts={"title": title},
            values={"target": measure.target, "partner": measure.partner, "source": source, "survey": survey},
            origin=f"{source}/{number}",
        )
        return opened.reference

    async def _open(
        self,
        connection: Connection,
        kind: str,
        actor: str,
        texts: Mapping[str, str],
        values: Mapping[str, Any],
        origin: str | None,
        submission: str | None,
    ) -> AnyUndertaking:
        now = self._now()
        reference = await next_undertaking_reference(connection, kind, now)
        subject = await self._vault.create_subject(connection, Identity(), at=now)
        items = {field: f"txt_{secrets.token_hex(16)}" for field in texts}
        for field, text in texts.items():
            await self._vault.seal(connection, subject, items[field], TextKind.NOTE, text, at=now)
        first: Fact = KINDS[kind].first.model_validate({**values, **items, "subject": subject})
        entries, undertaking = open_undertaking(reference, first, actor, submission or f"open-{reference}", now)
        await open_in(connection, entries, undertaking, now, origin)
        return undertaking

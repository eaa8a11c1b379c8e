"""Opening what a schedule asks for: analyses of the days that are over, and incidents that are suspected of a surge."""

import asyncio
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from temporalio import activity

from activities.undertaking_ports import Observations, Opening
from contracts.names import UNDERTAKE_PERIODICALLY
from contracts.undertakings import Opened, PeriodicOrder
from domain.analysis.surge import DAYS_NEEDED, Signal, scan_day
from domain.undertakings.analysis_run import Dimension, Period
from domain.undertakings.cadence import Cadence, days_over
from domain.undertakings.envelope import SYSTEM
from domain.undertakings.undertaking import Target

FALSE_ALARM_DAYS_A_YEAR = 2.0


class PeriodicWork:
    """Opens each period's work once, however often it is asked."""

    def __init__(self, observations: Observations, opening: Opening, zone: str) -> None:
        self._observations = observations
        self._opening = opening
        self._zone = zone

    @activity.defn(name=UNDERTAKE_PERIODICALLY)
    async def undertake_periodically(self, order: PeriodicOrder) -> Opened:
        """Open the analysis of the days that are over, or look for surges on the last of them."""
        at = order.at or activity.info().started_time
        first, last = days_over(order.cadence, at, self._zone)
        period = Period(first=first, last=last, zone=self._zone, as_of=at)
        if order.cadence is Cadence.SURGES:
            return Opened(references=tuple([await self._suspect(period, each) for each in await self._surges(period)]))
        return Opened(references=(await self._order(order.cadence, period),))

    async def _order(self, cadence: Cadence, period: Period) -> str:
        title = f"{period.first} – {period.last}"
        opened = await self._opening.open(
            "analysis",
            SYSTEM,
            texts={"title": title},
            values={"period": period, "group_by": tuple(Dimension)},
            origin=f"{cadence}/{period.first}",
        )
        return opened.reference

    async def _surges(self, period: Period) -> tuple[Signal, ...]:
        counts = await self._observations.counts(period, DAYS_NEEDED)
        if not counts.cells:
            return ()
        scan = await asyncio.to_thread(scan_day, counts.cells, counts.table, FALSE_ALARM_DAYS_A_YEAR)
        return scan.signals

    async def _suspect(self, period: Period, signal: Signal) -> str:
        """An incident is suspected; a person confirms it, and only then cases are linked."""
        category, region, partner = (None if part == "–" else part for part in signal.label.split(" · "))
        since = datetime.combine(period.last, time.min, ZoneInfo(self._zone)) - timedelta(days=1)
        opened = await self._opening.open(
            "incident",
            SYSTEM,
            texts={
                "title": f"{signal.label}: {signal.observed} (expected {signal.expected:.1f})",
                "description": f"A surge on {period.last}, seen by {signal.watch}.",
            },
            values={"target": Target(category=category, region=region, partner=partner), "since": since},
            origin=f"surge/{period.last}/{signal.label}",
        )
        return opened.reference

"""What schedules open: the analysis of the days that are over, and incidents suspected of a surge, each once."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.names import PERIODIC
from contracts.undertakings import Opened, PeriodicOrder
from domain.analysis.surge import DAYS_NEEDED
from domain.undertakings.analysis_run import AnalysisRun
from domain.undertakings.cadence import Cadence
from domain.undertakings.incident import Incident
from runtime.schedules import apply_schedules
from tests.house import House

ZONE = ZoneInfo("Asia/Shanghai")
TOMORROW = datetime.now(ZONE).replace(hour=6, minute=15) + timedelta(days=1)
"""A turn that means tomorrow morning looks at today, whose complaints are all recorded by then."""


@pytest.fixture(scope="module", autouse=True)
async def four_months(house: House) -> None:
    """A category with a complaint a day for sixteen weeks, of which twenty came today."""
    for day in range(DAYS_NEEDED):
        at = datetime.now(ZONE).replace(hour=0, minute=0, second=0) - timedelta(days=day)
        for _ in range(1 if day else 20):
            await house.take(category="billing_amount", region="east", received_at=at.isoformat(), customer={})


async def turn(house: House, cadence: Cadence, at: datetime) -> Opened:
    client, queue = house.parts.client, house.parts.settings.task_queue
    opened: Opened = await client.execute_workflow(
        PERIODIC,
        PeriodicOrder(cadence=cadence, at=at),
        id=f"periodic-{queue}-{cadence}-{at:%j%M%S}",
        task_queue=queue,
        result_type=Opened,
    )
    return opened


async def test_a_surge_of_the_day_before_is_suspected_to_be_an_incident_once(house: House) -> None:
    first, second = [await turn(house, Cadence.SURGES, TOMORROW + timedelta(minutes=minute)) for minute in (0, 1)]
    assert first == second
    (reference,) = first.references
    incident = await house.parts.undertakings.find(reference)
    assert isinstance(incident, Incident)
    assert incident.status == "suspected"
    assert incident.target.model_dump() == {
        "category": "billing_amount",
        "product": None,
        "region": "east",
        "partner": None,
    }
    assert (await house.services.undertaker.texts(incident))["title"].startswith("billing_amount · east")


async def test_days_that_were_not_recorded_yet_are_no_surge(house: House) -> None:
    assert (await turn(house, Cadence.SURGES, TOMORROW - timedelta(days=8))).references == ()


async def test_the_analysis_of_a_week_is_opened_once_for_the_days_that_are_over(house: House) -> None:
    (reference,) = (await turn(house, Cadence.WEEKLY, TOMORROW)).references
    run = await house.parts.undertakings.find(reference)
    assert isinstance(run, AnalysisRun)
    assert (run.period.first.weekday(), run.period.last.weekday()) == (0, 6)
    assert TOMORROW.date() - timedelta(days=7) <= run.period.last < TOMORROW.date()
    assert (await turn(house, Cadence.WEEKLY, TOMORROW + timedelta(seconds=1))).references == (reference,)


async def test_schedules_are_put_right_and_not_doubled(house: House) -> None:
    client, queue = house.parts.client, house.parts.settings.task_queue
    first, second = [await apply_schedules(client, queue, "Asia/Shanghai") for _ in range(2)]
    assert first == second == ("periodic/surges", "periodic/weekly", "periodic/monthly")
    described = await client.get_schedule_handle("periodic/weekly").describe()
    assert described.schedule.spec.time_zone_name == "Asia/Shanghai"
    assert described.schedule.policy.catchup_window == timedelta(days=1)
    for schedule in first:
        await client.get_schedule_handle(schedule).delete()

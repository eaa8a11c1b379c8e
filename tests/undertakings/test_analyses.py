"""A periodic analysis by the API: computed from the ledger, reported, signed off, and made into improvements."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.analysis.figures import compute_figures
from domain.analysis.report import report_of
from domain.complaints import shipped
from domain.undertakings.analysis_run import Period
from storage.analysis import Observations
from tests.api.test_batches import finished, outcomes
from tests.api.test_recalculations import moved_to, ordered
from tests.api.visitors import Api, problem, visitors
from tests.house import House
from tests.undertakings.test_improvements_and_incidents import command, until

TODAY = datetime.now(UTC)


@pytest.fixture(scope="module")
async def api(house: House) -> AsyncIterator[Api]:
    async with visitors(house) as api:
        await some_days(house)
        yield api


async def some_days(house: House) -> None:
    """Ten days of complaints about three categories, one of which is withdrawn and one closed as invalid."""
    for day in range(1, 11):
        at = (TODAY - timedelta(days=day)).isoformat()
        for category, count in (("billing_amount", 3), ("repair_late", 1)):
            for number in range(count):
                customer = {"id": f"A-{day}-{category}-{number}"}
                await house.take(category=category, received_at=at, customer=customer, region="east")
    lone = await house.take(category="conduct", received_at=(TODAY - timedelta(days=2)).isoformat(), customer={})
    await house.do(lone, "withdraw", by="supervisor", reason="It is settled.", confirmed_by="phone")


def period() -> dict[str, str]:
    return {"first": f"{TODAY - timedelta(days=14):%Y-%m-%d}", "last": f"{TODAY + timedelta(days=1):%Y-%m-%d}"}


async def reported(api: Api) -> str:
    answer = await api["supervisor"].post("/v1/analyses", period(), key="the-analysis")
    assert answer.status_code == 201, answer.text
    path = f"/v1/analyses/{answer.json()['reference']}"
    await until(api["supervisor"], path, status="reported")
    return path


async def test_an_analysis_counts_what_the_ledger_has(api: Api, house: House) -> None:
    path = await reported(api)
    report = (await api["supervisor"].get(f"{path}/report", format="json")).json()
    figures = (await house.services.undertakings.result(path.rpartition("/")[2])).figures  # type: ignore[union-attr]
    assert figures["complaints"] == 41
    assert figures["open"] == 40
    ranking = next(each for each in figures["rankings"] if each["dimension"] == "category")
    assert [(group["label"], group["cases"]) for group in ranking["groups"]] == [
        ("billing_amount", 30),
        ("repair_late", 10),
        ("conduct", 1),
    ]
    assert ranking["vital_few"] == 2
    assert report["sections"][0]["id"] == "one_page"


@pytest.mark.parametrize(("format_", "begins"), [("html", b"<!"), ("pdf", b"%PDF"), ("xlsx", b"PK"), ("json", b"{")])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_its_report_is_had_in_every_format_and_language(
    api: Api, format_: str, begins: bytes, language: str
) -> None:
    answer = await api["supervisor"].get(f"{await reported(api)}/report", format=format_, lang=language)
    assert answer.status_code == 200
    assert answer.content.lstrip().startswith(begins)


async def test_who_may_not_see_cases_does_not_see_figures_about_few_people(api: Api) -> None:
    path = await reported(api)
    full, withheld = [
        (await api[role].get(f"{path}/report", format="json", lang="en")).json() for role in ("supervisor", "analyst")
    ]
    assert {bar["label"]["en"]: bar["value"] is None for bar in _bars(full)} == {
        "Wrong amount": False,
        "Late repair": False,
        "Conduct of staff": False,
    }
    assert {bar["label"]["en"] for bar in _bars(withheld) if bar["value"] is None} == {
        "Conduct of staff",
        "Late repair",
    }


def _bars(report: dict[str, Any]) -> list[dict[str, Any]]:
    causes = next(section for section in report["sections"] if section["id"] == "causes")
    return next(block["bars"] for block in causes["blocks"] if block["kind"] == "bar")  # type: ignore[no-any-return]


async def test_the_same_past_days_give_the_same_figures_whatever_happened_since(house: House, api: Api) -> None:
    """Looked at as of one moment: what is done to their cases afterwards is not in what is observed."""
    last = (TODAY - timedelta(days=1)).date()
    past = Period(first=last - timedelta(days=12), last=last, zone="UTC", as_of=datetime.now(UTC))
    observations = Observations(house.parts.pool)
    before = await observations.observe(past)
    changed = before.complaints.reference[0]
    await house.do(str(changed), "withdraw", by="supervisor", reason="Settled.", confirmed_by="phone")
    after = await observations.observe(past)
    assert after.sha256() == before.sha256()
    assert len(before.complaints) > 30


async def test_what_is_corrected_afterwards_changes_nothing_in_what_was_seen_before(house: House, api: Api) -> None:
    last = (TODAY - timedelta(days=1)).date()
    past = Period(first=last - timedelta(days=12), last=last, zone="UTC", as_of=datetime.now(UTC))
    observations = Observations(house.parts.pool)
    before = await observations.observe(past)
    changed = str(before.complaints.reference[before.complaints.category == "repair_late"][0])
    for code in ("repair_quality", "other"):
        await house.do(changed, "correct", by="supervisor", field="category", code=code, reason="It was another thing.")
    assert (await observations.observe(past)).sha256() == before.sha256()
    now = await observations.observe(past.model_copy(update={"as_of": datetime.now(UTC)}))
    assert (now.complaints.category == "other").sum() == (before.complaints.category == "other").sum() + 1


async def test_a_code_that_was_renamed_in_mid_period_counts_under_its_new_name_and_the_report_says_so(
    house: House, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.take(category="information", customer={})
    terms = dict(shipped.taxonomy().category)
    terms["conduct"] = terms["conduct"].model_copy(update={"formerly": ("information",)})
    renamed = shipped.taxonomy().model_copy(update={"category": {k: t for k, t in terms.items() if k != "information"}})
    monkeypatch.setattr(shipped, "taxonomy", lambda: renamed)
    past = Period(first=TODAY.date(), last=TODAY.date() + timedelta(days=1), zone="UTC", as_of=datetime.now(UTC))
    observed = await Observations(house.parts.pool).observe(past)
    assert observed.renamed == (("information", "conduct"),)
    assert "information" not in observed.complaints.category
    figures = compute_figures(observed)
    assert figures.renamed == {"information": "conduct"}
    assert "The category information was renamed" in report_of(figures).model_dump_json()


async def test_a_promise_that_is_paused_over_the_end_of_the_period_is_neither_kept_nor_broken(house: House) -> None:
    held, running = [await house.take(policy="default", customer={}) for _ in range(2)]
    for reference in (held, running):
        await house.do(reference, "assess", by="handler", decision="valid")
        await house.do(reference, "claim", by="handler")
        await house.do(reference, "start_investigation", by="handler")
    until = (TODAY + timedelta(days=3)).isoformat()
    await house.do(held, "hold", kind="customer", until=until, reason="photographs")
    past = Period(first=TODAY.date(), last=TODAY.date() + timedelta(days=1), zone="UTC", as_of=datetime.now(UTC))
    complaints = (await Observations(house.parts.pool).observe(past)).complaints
    for reference in (held, running):
        row = complaints.reference.tolist().index(reference)
        assert (complaints.broken[row], complaints.overdue[row]) == (0, 0)


async def test_what_customers_wrote_makes_themes_on_a_stated_sample(api: Api) -> None:
    report = (await api["supervisor"].get(f"{await reported(api)}/report", format="json")).json()
    (block,) = next(section for section in report["sections"] if section["id"] == "themes")["blocks"]
    assert block["kind"] in {"table", "paragraph"}
    if block["kind"] == "table":
        assert "41" in block["note"]["en"]


async def test_a_sign_off_opens_an_improvement_for_each_measure_once(api: Api) -> None:
    path = await reported(api)
    measure = {"title": "Explain estimated bills", "target": {"category": "billing_amount"}}
    problem(await api["analyst"].post(f"{path}/commands/sign_off", {"measures": [measure]}), 403, "forbidden")
    await command(api["supervisor"], path, "sign_off", measures=[measure, {"title": "Second fitter at week ends"}])
    async with asyncio.timeout(60):
        while len((await api["supervisor"].get(path)).json()["state"]["proposed"]) < 2:
            await asyncio.sleep(0.1)
    listed = (await api["supervisor"].get("/v1/improvements")).json()["items"]
    mine = [each for each in listed if each["state"]["source"] == path.rpartition("/")[2]]
    assert sorted(each["title"] for each in mine) == ["Explain estimated bills", "Second fitter at week ends"]
    problem(await api["supervisor"].post(f"{path}/commands/sign_off", {}), 409, "wrong_status")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"first": "2026-02-02", "last": "2026-02-01"}, "/last"),
        ({"first": "2020-01-01", "last": "2026-02-01"}, "/last"),
        ({"first": "2026-01-01", "last": "2026-02-01", "group_by": []}, "/group_by"),
        ({"first": "2026-01-01", "last": "2026-02-01", "group_by": ["weather"]}, "/group_by/0"),
        ({"first": "yesterday", "last": "2026-02-01"}, "/first"),
    ],
)
async def test_a_period_that_cannot_be_analysed_is_refused_by_name(
    api: Api, body: dict[str, Any], pointer: str
) -> None:
    answer = await api["supervisor"].post("/v1/analyses", body)
    assert pointer in {error["pointer"] for error in problem(answer, 422, "invalid")["errors"]}


async def test_days_without_complaints_have_a_report_that_says_so(api: Api) -> None:
    answer = await api["supervisor"].post("/v1/analyses", {"first": "2020-01-01", "last": "2020-01-31"})
    path = f"/v1/analyses/{answer.json()['reference']}"
    await until(api["supervisor"], path, status="reported")
    text = (await api["supervisor"].get(f"{path}/report", lang="en")).text
    assert "There were no complaints in this period." in text


async def test_a_calendar_that_changes_in_mid_period_is_counted_by_what_is_due_now_and_the_report_says_so(
    house: House, api: Api
) -> None:
    """The last test of the file: every running clock of the house moves."""
    reference = await house.take(category="repair_quality", customer={})
    past = Period(first=TODAY.date() - timedelta(days=20), last=TODAY.date(), zone="UTC", as_of=datetime.now(UTC))
    observations = Observations(house.parts.pool)
    before = await observations.observe(past)
    await moved_to(api, "Asia/Tokyo")
    moved = outcomes(await finished(api, (await ordered(api))["batch"]))
    assert moved[reference] == ("done", None)
    assert (await observations.observe(past)).sha256() == before.sha256()
    after = await observations.observe(past.model_copy(update={"as_of": datetime.now(UTC)}))
    assert (before.recalculated, after.recalculated) == (0, [outcome for outcome, _ in moved.values()].count("done"))
    said = report_of(compute_figures(after)).model_dump_json()
    assert f"The clocks of {after.recalculated} cases were moved to a changed calendar" in said

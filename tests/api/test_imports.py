"""Importing over HTTP: looked at first, taken over once, every row followed to its case."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.api.visitors import Api, Visitor, problem

pytestmark = pytest.mark.services

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "complaints"
CFPB = DATA / "cfpb_official_fixture_280.csv"
NYC = DATA / "nyc311_animals_2025q1.csv"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not beside this checkout")

OWN = """
id = "{id}"
time_zone = "Asia/Shanghai"
channel = "phone"
language = "zh"

[title]
zh = "旧系统"
en = "Old system"

[columns]
id = "No"
received_at = "Date"
ended_at = "Ended"
category = "Kind"
account = "Account"
name = "Name"
phone = "Phone"
narrative = ["Text"]

[codes.category]
"Pressure" = "supply_pressure"
"""
HEADER = "No,Date,Ended,Kind,Account,Name,Phone,Text"


async def send(visitor: Visitor, content: str | bytes, mapping: str, **wishes: Any) -> Any:
    """Hand a file in; the answer."""
    body = content.encode() if isinstance(content, str) else content
    files = {"file": ("old.csv", body, "text/csv")}
    key = wishes.pop("key", None)
    return await visitor.send("POST", "/v1/imports", data={"mapping": mapping, **wishes}, files=files, key=key)


async def taken(visitor: Visitor, content: str | bytes, mapping: str, **wishes: Any) -> dict[str, Any]:
    """Take a file over; the import at its end."""
    answer = await send(visitor, content, mapping, **wishes)
    assert answer.status_code == 202, answer.text
    async with asyncio.timeout(240):
        while True:
            found: dict[str, Any] = (await visitor.get(f"/v1/imports/{answer.json()['id']}")).json()
            if found["is_finished"]:
                return found
            await asyncio.sleep(0.1)


async def rows_of(visitor: Visitor, batch: str) -> dict[int, str | None]:
    pages = await visitor.pages(f"/v1/imports/{batch}", limit=200)
    return {row["row"]: row["reference"] for page in pages for row in page}


def own(name: str, *lines: str) -> tuple[str, str]:
    """A file and a mapping of its own."""
    return "\n".join([HEADER, *lines]) + "\n", OWN.format(id=name)


@needs_data
async def test_the_280_rows_of_the_cfpb_become_open_cases_that_can_be_listed_filtered_and_followed(api: Api) -> None:
    supervisor = api["supervisor"]
    done = await taken(supervisor, CFPB.read_bytes(), "cfpb")
    assert (done["rows"], done["imported"], done["known"], done["left_out"]) == (280, 280, 0, 0)
    assert done["report"]["repetitions"] == 1
    assert done["report"]["formats"]["Date received"] == "YYYY-MM-DD"
    listed = [
        case for page in await supervisor.pages("/v1/complaints", q="debt_collection", limit=100) for case in page
    ]
    assert len(listed) == 70
    old = {"received_from": "2016-10-03T00:00:00Z", "received_to": "2016-10-06T04:00:00Z", "limit": 200}
    everything = [each for page in await supervisor.pages("/v1/complaints", **old) for each in page]
    with CFPB.open() as file:
        dates = [line.partition(",")[0] for line in file][1:]
    assert len(everything) == sum("2016-10-03" <= date <= "2016-10-05" for date in dates)
    first = (await rows_of(supervisor, done["id"]))[2]
    assert await api.house.parts.launcher.start(str(first))
    case = await supervisor.until(str(first), source="live")
    assert (case["received_at"], case["policy"]) == ("2016-10-03T04:00:00Z", "us-cfpb@1")
    assert case["legacy"]["category"] == "Improper contact or sharing of info"
    assert {clock["kind"]: clock["state"] for clock in case["clocks"]} == {
        "first_response": "breached",
        "final_response": "breached",
    }
    assert await supervisor.do(str(first), "assess", decision="valid")


@needs_data
async def test_the_4969_rows_of_nyc_311_are_records_or_cases_and_the_same_file_adds_nothing(api: Api) -> None:
    supervisor, pool = api["supervisor"], api.house.parts.pool
    done = await taken(supervisor, NYC.read_bytes(), "nyc311")
    assert (done["imported"], done["report"]["open"], done["report"]["closed"]) == (4969, 277, 4692)
    counted = "SELECT count(*) FROM case_record WHERE state ->> 'imported_from' = 'nyc311'"
    assert await pool.fetchval(f"{counted} AND is_open") == 277
    page = (await supervisor.get("/v1/complaints", category="pet_shop", status="closed", limit=200)).json()["items"]
    assert {case["legacy"]["category"] for case in page} == {"Pet Shop"}
    assert all(case["clocks"] == [] and case["steps"] == [] and case["ended_at"] for case in page)
    facts = (await supervisor.get(f"/v1/complaints/{page[0]['reference']}/timeline")).json()["items"]
    assert [entry["fact"]["type"] for entry in facts] == ["complaint.imported"]
    still_open = {"status": "received", "received_from": "2025-01-01T05:00:00Z", "received_to": "2025-07-01T00:00:00Z"}
    listed = [case for page in await supervisor.pages("/v1/complaints", **still_open, limit=200) for case in page]
    assert len({case["reference"] for case in listed}) == 277
    followed = listed[0]["reference"]
    assert await api.house.parts.launcher.start(followed)
    assert (await supervisor.until(followed, source="live"))["policy"] == listed[0]["policy"]
    assert (await supervisor.do(followed, "assess", decision="valid"))["status"] == "accepted"
    again = await taken(supervisor, NYC.read_bytes(), "nyc311")
    assert (again["imported"], again["known"]) == (0, 4969)
    assert await pool.fetchval(counted) == 4969
    assert await rows_of(supervisor, again["id"]) == await rows_of(supervisor, done["id"])


async def test_a_look_says_what_would_come_and_takes_nothing(api: Api) -> None:
    before = await api.house.parts.pool.fetchval("SELECT count(*) FROM case_record")
    content, mapping = own("look", "1,2025-03-04,,Frogs,,,,x", "2,,,,,,,y", "3,2025-03-05,2025-03-06,Pressure,,,,z")
    answer = await send(api["supervisor"], content, mapping, dry_run=True)
    report = answer.json()["report"]
    assert answer.status_code == 200
    assert (report["rows"], report["usable"], report["open"], report["closed"]) == (3, 2, 1, 1)
    assert report["unknown_codes"] == {"category": {"Frogs": 1}}
    assert report["first_problems"] == [
        {"row": 3, "column": "Date", "problem": "holds no date in the column's format", "is_fatal": True}
    ]
    assert await api.house.parts.pool.fetchval("SELECT count(*) FROM case_record") == before


async def test_a_bad_row_refuses_the_file_unless_it_is_to_be_left_out(api: Api) -> None:
    content, mapping = own("bad", "1,2025-03-04,,,,,,x", "2,soon,,,,,,y")
    told = problem(await send(api["supervisor"], content, mapping), 422, "bad_rows")
    assert told["errors"] == [{"pointer": "/file row 3 Date", "message": "holds no date in the column's format"}]
    done = await taken(api["supervisor"], content, mapping, leave_out_bad_rows=True)
    assert (done["imported"], done["left_out"]) == (1, 1)
    assert (await rows_of(api["supervisor"], done["id"]))[3] is None


async def test_exact_duplicates_are_rows_of_their_own_and_are_reported(api: Api) -> None:
    content, mapping = own("twins", *[",2025-03-04,,Pressure,,,,the same"] * 3)
    done = await taken(api["supervisor"], content, mapping)
    assert (done["imported"], done["report"]["repetitions"]) == (3, 2)
    assert done["report"]["first_repetitions"] == [{"row": 3, "of": 2}, {"row": 4, "of": 2}]
    assert len(set((await rows_of(api["supervisor"], done["id"])).values())) == 3


async def test_rows_of_one_number_are_one_case(api: Api) -> None:
    content, mapping = own("numbered", "7,2025-03-04,,,,,,x", "7,2025-03-04,,,,,,other words")
    done = await taken(api["supervisor"], content, mapping)
    assert (done["imported"], done["known"]) == (1, 1)
    assert done["report"]["problems"] == {"No: is that of row 2: one case": 1}
    further = await taken(api["supervisor"], content + "8,2025-03-05,,,,,,new\n", mapping)
    assert (further["imported"], further["known"]) == (1, 2)


async def test_who_complained_is_sealed_found_by_phone_and_known_by_the_account(api: Api) -> None:
    content, mapping = own(
        "people",
        "1,2025-03-04,,Pressure,ACC-1,王小明,138 0000 7777,低",
        "2,2025-03-05,,Pressure,acc 1,王小明,138 0000 7777,又低",
        "3,2025-03-06,,,,,call me,无",
    )
    done = await taken(api["supervisor"], content, mapping)
    rows = await rows_of(api["supervisor"], done["id"])
    assert done["report"]["problems"] == {
        "Phone: cannot be looked up as it is written: it is kept with the narrative": 1
    }
    page = (await api["supervisor"].get("/v1/complaints", customer="+86 138 0000 7777")).json()["items"]
    assert {case["reference"] for case in page} == {rows[2], rows[3]}
    story = (await api["supervisor"].get(f"/v1/complaints/{rows[2]}/story")).json()
    assert (story["customer"]["name"], story["narrative"]) == ("王小明", "低")
    story = (await api["supervisor"].get(f"/v1/complaints/{rows[4]}/story")).json()
    assert story["narrative"] == "无\n[phone: call me]"
    kept = await api.house.parts.pool.fetch("SELECT payload FROM ledger WHERE reference = ANY($1)", list(rows.values()))
    assert "王小明" not in str(kept)
    assert await api.house.parts.pool.fetchval("SELECT count(*) FROM import_chunk") == 0


async def test_no_notice_goes_out_for_an_imported_case(api: Api) -> None:
    content, mapping = own("quiet", "1,2025-03-04,,Pressure,,,,x")
    mapping = mapping.replace('phone = "Phone"', 'email = "Phone"').replace('channel = "phone"', 'channel = "web"')
    content = content.replace(",,,,x", ",,,old@example.org,x").replace("Pressure,,,old", "Pressure,,,old")
    done = await taken(api["supervisor"], content, mapping)
    reference = str((await rows_of(api["supervisor"], done["id"]))[2])
    assert await api.house.parts.launcher.start(reference)
    case = await api["supervisor"].until(reference, source="live")
    assert case["steps"] == []
    facts = await api.house.facts(reference)
    assert facts[0] == "complaint.imported"
    assert set(facts) <= {"complaint.imported", "clock.breached", "complaint.escalated"}


async def test_the_same_request_under_its_key_is_one_import(api: Api) -> None:
    content, mapping = own("keyed", "1,2025-03-04,,,,,,x")
    first, second = [await send(api["supervisor"], content, mapping, key="import-1") for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("mapping", "content", "code", "said"),
    [
        ("nothing", "a,b\n", "invalid", "expected cfpb, nyc311 or a mapping as TOML"),
        ("a = [", "a,b\n", "invalid", "is no TOML"),
        ("cfpb", "product\nx\n", "unusable_file", "the file has no such column"),
        ("cfpb", "", "unusable_file", "the file has no header"),
        ("cfpb", b"Date received\n\xff\xfe\n", "unusable_file", "the file is not utf-8"),
        ("cfpb", 'Date received\n"never closed\n', "unusable_file", "line"),
        ("cfpb", "Date received,Issue\n03/04/2016,x\n", "unusable_file", "could be M/D/YYYY or D/M/YYYY"),
        (
            OWN.format(id="p").replace('channel = "phone"', 'channel = "phone"\npolicy = "no-such"'),
            "Date\n",
            "invalid",
            "no policy",
        ),
    ],
)
async def test_a_file_that_cannot_be_taken_over_is_refused_with_the_reason(
    api: Api, mapping: str, content: str | bytes, code: str, said: str
) -> None:
    told = problem(await send(api["supervisor"], content, mapping), 422, code)
    assert said in str(told["errors"])


async def test_imports_are_listed_the_newest_first_and_a_stranger_number_is_not_there(api: Api) -> None:
    content, mapping = own("listed", "1,2025-03-04,,,,,,x")
    done = await taken(api["supervisor"], content, mapping)
    listed = (await api["supervisor"].get("/v1/imports")).json()["items"]
    assert listed[0]["id"] == done["id"]
    problem(await api["supervisor"].get("/v1/imports/imp_" + "0" * 20), 404, "not_found")
    names = [each["id"] for each in (await api["supervisor"].get("/v1/imports/mappings")).json()["items"]]
    assert names == ["cfpb", "nyc311"]

"""Words are found in narratives by those who may see the case, so many cases at a time, and it is logged."""

from tests.api.visitors import Api, problem, wrong_fields

PATH = "/v1/complaints/search-narratives"


async def test_words_are_found_whatever_their_case_and_width(api: Api) -> None:
    reference = await api["hotline"].take(narrative="Der Ｋｅｓｓｅｌ summt 燃气 seit Tagen.", demand="Neuer Kessel")
    other = await api["hotline"].take(narrative="Nothing of the kind.")
    found = (await api["supervisor"].post(PATH, {"contains": "kessel"})).json()
    assert {(m["reference"], m["kind"]) for m in found["items"]} == {(reference, "narrative"), (reference, "demand")}
    assert any("燃气" in match["excerpt"] for match in found["items"])
    chinese = (await api["supervisor"].post(PATH, {"contains": "燃气"})).json()
    assert [match["reference"] for match in chinese["items"]] == [reference]
    log = (await api["auditor"].get("/v1/personal-data/log", reference=other)).json()["items"]
    assert {(line["act"], line["by"]) for line in log} == {("searched", api["supervisor"].person.id)}


async def test_only_cases_within_sight_are_looked_into(api: Api) -> None:
    reference = await api["supervisor"].take(narrative="A secret of the supervisor: xyzzy.")
    assert (await api["hotline"].post(PATH, {"contains": "xyzzy"})).json()["items"] == []
    assert [m["reference"] for m in (await api["privacy"].post(PATH, {"contains": "xyzzy"})).json()["items"]] == [
        reference
    ]
    problem(await api["operator"].post(PATH, {"contains": "xyzzy"}), 403, "forbidden")


async def test_a_search_stops_where_it_is_told_and_goes_on_from_there(api: Api) -> None:
    taken = {await api["hotline"].take(narrative=f"plugh {number}", channel="app") for number in range(5)}
    found, scanned, cursor = set(), 0, None
    for _ in range(3):
        query = {"contains": "plugh", "filter": {"channel": "app"}, "scan": 2}
        page = (await api["supervisor"].post(PATH, query | ({"cursor": cursor} if cursor else {}))).json()
        found |= {match["reference"] for match in page["items"]}
        scanned, cursor = scanned + page["scanned"], page["next_cursor"]
    assert (found, scanned, cursor) == (taken, 5, None)


async def test_a_wrong_search_is_named(api: Api) -> None:
    assert wrong_fields(await api["supervisor"].post(PATH, {"contains": "x", "scan": 5_000})) == ["/contains", "/scan"]
    assert wrong_fields(await api["supervisor"].post(PATH, {"contains": "xy", "cursor": "nonsense"})) == ["/cursor"]
    assert wrong_fields(await api["supervisor"].post(PATH, {"contains": "xy", "filter": {"colour": "red"}})) == [
        "/filter/colour"
    ]

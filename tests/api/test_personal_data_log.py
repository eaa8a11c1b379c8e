"""Every reading of personal data leaves a line that says who, what kind and through which route, and not what."""

from typing import Any

from tests.api.visitors import Api, wrong_fields

WHO = {"name": "Ann Example", "email": "ann.log@example.org"}


async def lines(api: Api, **query: Any) -> list[dict[str, Any]]:
    answer = await api["auditor"].get("/v1/personal-data/log", **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_reading_a_story_leaves_a_line_with_who_and_which_request(api: Api) -> None:
    reference = await api["hotline"].take(customer=WHO)
    answer = await api["supervisor"].get(f"/v1/complaints/{reference}/story")
    (line,) = await lines(api, reference=reference)
    assert line["by"] == api["supervisor"].person.id
    assert line["act"] == "read"
    assert line["classes"] == ["contact", "free_text", "identity", "preference"]
    assert line["route"].startswith("GET ")
    assert line["route"].endswith("{reference}/story")
    assert line["request"] == answer.headers["X-Request-Id"]
    assert line["subject"] == (await api.house.record(reference)).intake.customer
    assert "Ann" not in str(line)


async def test_who_may_not_see_the_case_leaves_no_line_of_reading(api: Api) -> None:
    reference = await api["hotline"].take(customer=WHO)
    assert (await api["caller"].get(f"/v1/complaints/{reference}/story")).status_code == 404
    assert await lines(api, reference=reference) == []


async def test_looking_a_customer_up_leaves_a_line_where_one_was_found(api: Api) -> None:
    reference = await api["hotline"].take(customer={"email": "looked.up@example.org"})
    subject = (await api.house.record(reference)).intake.customer
    await api["supervisor"].get("/v1/complaints", customer="looked.up@example.org")
    await api["supervisor"].get("/v1/complaints", customer="nobody@example.org")
    (line,) = await lines(api, subject=subject)
    assert (line["act"], line["by"]) == ("found", api["supervisor"].person.id)


async def test_downloading_a_file_leaves_a_line(api: Api) -> None:
    reference = await api["hotline"].take(customer=WHO)
    sent = await api["hotline"].send(
        "POST", f"/v1/complaints/{reference}/attachments", files={"file": ("a.txt", b"text", "text/plain")}
    )
    await api["hotline"].get(f"/v1/complaints/{reference}/attachments/{sent.json()['id']}")
    (line,) = await lines(api, reference=reference)
    assert (line["act"], line["classes"]) == ("read", ["file"])


async def test_the_log_is_read_page_by_page_from_the_newest_on_by_reader(api: Api) -> None:
    reference = await api["hotline"].take(customer=WHO)
    for _ in range(5):
        await api["handler"].get(f"/v1/complaints/{reference}/story")
    pages = await api["privacy"].pages("/v1/personal-data/log", by=api["handler"].person.id, limit=2)
    numbers = [line["number"] for page in pages for line in page]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) >= 5
    assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)


async def test_a_wrong_filter_is_named(api: Api) -> None:
    assert wrong_fields(await api["auditor"].get("/v1/personal-data/log?subject=Ann&limit=0")) == [
        "query limit",
        "query subject",
    ]

"""Files of a case by HTTP: sealed, bounded, handed out as downloads to who sees the case."""

import hashlib
import json
import os
from io import StringIO
from pathlib import Path

import httpx
import pytest

from starter.keys import RequestKeys
from tests.api.visitors import Api, Visitor, problem, wrong_fields

PDF = b"%PDF-1.7\nCANARY of a file\n%%EOF"
LARGEST = 10_000_000
FULL = Path("/dev/full")


async def hand_in(
    visitor: Visitor,
    reference: str,
    content: bytes = PDF,
    kind: str = "application/pdf",
    name: str = "账单.pdf",
    key: str | None = None,
) -> httpx.Response:
    files = {"file": (name, content, kind)}
    return await visitor.send("POST", f"/v1/complaints/{reference}/attachments", files=files, key=key)


async def test_a_file_comes_back_as_it_was_handed_in(api: Api, logs: StringIO) -> None:
    reference = await api["hotline"].take()
    added = (await hand_in(api["hotline"], reference)).json()
    assert added == {
        "id": added["id"],
        "name": "账单.pdf",
        "kind": "application/pdf",
        "size": len(PDF),
        "sha256": hashlib.sha256(PDF).hexdigest(),
        "added_by": api["hotline"].person.id,
        "added_at": added["added_at"],
    }
    assert (await api["handler"].read(reference))["files"] == [added["id"]]
    got = await api["handler"].get(f"/v1/complaints/{reference}/attachments/{added['id']}")
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, PDF, "application/pdf")
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''%E8%B4%A6%E5%8D%95.pdf"
    read = next(json.loads(line) for line in logs.getvalue().splitlines() if "personal data opened" in line)
    assert (read["reference"], read["by"]) == (reference, api["handler"].person.id)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_file_lies_sealed_in_the_store(api: Api) -> None:
    reference = await api["hotline"].take()
    added = (await hand_in(api["hotline"], reference)).json()
    kept = [path.read_bytes() for path in files_in(api.house.parts.settings.files_dir) if path.name == added["id"]]
    assert len(kept) == 1
    assert b"CANARY" not in kept[0]


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
async def test_on_a_full_disk_a_file_is_a_503_and_is_kept_when_the_request_is_repeated(api: Api) -> None:
    """The kernel refuses the bytes, as on a full disk; nothing of them stays, and the case is as it was."""
    hotline, key = api["hotline"], "one-key"
    reference, settings = await hotline.take(), api.house.parts.settings
    kept = settings.files_dir / (first := (await hand_in(hotline, reference, key="another")).json()["id"])[4:6] / first
    file = RequestKeys(api.house.parts.keys.command_ids()).file(hotline.person.id, reference, key)
    part = settings.files_dir / file[4:6] / f"{file}.{os.getpid()}.part"
    part.parent.mkdir(exist_ok=True, parents=True)
    part.symlink_to(FULL)
    refused = await hand_in(hotline, reference, key=key)
    problem(refused, 503, "files_away")
    assert int(refused.headers["retry-after"]) > 0
    assert not part.is_symlink()
    assert kept.exists()
    assert (await hotline.read(reference))["files"] == [first]
    repeated = await hand_in(hotline, reference, key=key)
    assert (repeated.status_code, repeated.json()["id"]) == (201, file)


async def test_a_file_is_handed_out_under_its_own_case_only(api: Api) -> None:
    one, other = await api["hotline"].take(), await api["hotline"].take()
    file = (await hand_in(api["hotline"], one)).json()["id"]
    for path in (
        f"/v1/complaints/{other}/attachments/{file}",
        f"/v1/complaints/{one}/attachments/att_{'0' * 32}",
        f"/v1/complaints/{one}/attachments/..%2f..%2fetc%2fpasswd",
        f"/v1/complaints/{one}/attachments/%00",
    ):
        problem(await api["supervisor"].get(path), 404, "not_found")
    problem(await api["caller"].get(f"/v1/complaints/{one}/attachments/{file}"), 404, "not_found")
    problem(await api["supervisor"].command(other, "attach", {"file": file}), 404, "not_found")


async def test_the_same_upload_under_a_key_is_one_file(api: Api) -> None:
    reference = await api["hotline"].take()
    first = await hand_in(api["hotline"], reference, key="file")
    again = await hand_in(api["hotline"], reference, key="file")
    assert first.status_code == 201
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert len((await api["hotline"].read(reference))["files"]) == 1
    problem(await hand_in(api["hotline"], reference, PDF + b"more", key="file"), 422, "key_reused")


@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        (PDF, "application/x-msdownload", "a.exe"),
        (PDF, "text/html", "a.html"),
        (b"<html>", "application/pdf", "a.pdf"),
        (b"", "text/plain", "empty.txt"),
        (PDF, "application/pdf", "x" * 201),
    ],
)
async def test_what_is_no_document_is_refused(api: Api, content: bytes, kind: str, name: str) -> None:
    reference = await api["hotline"].take()
    assert wrong_fields(await hand_in(api["hotline"], reference, content, kind, name)) == ["/file"]
    assert (await api["hotline"].read(reference))["files"] == []


async def test_a_file_that_is_too_large_is_refused(api: Api) -> None:
    reference = await api["hotline"].take()
    problem(await hand_in(api["hotline"], reference, PDF.ljust(LARGEST + 1)), 413, "too_large")
    problem(await hand_in(api["hotline"], reference, PDF.ljust(2 * LARGEST)), 413, "too_large")
    assert (await hand_in(api["hotline"], reference, PDF.ljust(LARGEST))).status_code == 201


async def test_a_form_without_a_file_names_it(api: Api) -> None:
    reference = await api["hotline"].take()
    answer = await api["hotline"].send("POST", f"/v1/complaints/{reference}/attachments", data={"other": "x"})
    assert wrong_fields(answer) == ["/file"]


async def test_nobody_attaches_to_a_case_out_of_sight(api: Api) -> None:
    foreign = await api["supervisor"].take()
    problem(await hand_in(api["hotline"], foreign), 404, "not_found")

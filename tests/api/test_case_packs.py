"""The pack for an ombudsman: whole, checked by anybody, and anything changed in it shows."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from documents.pack import verify
from starter.cli.main import app
from tests.api.visitors import Api, problem

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
async def reference(api: Api) -> str:
    taken = await api["hotline"].take(customer={"name": "李华"}, narrative="燃气压力低", demand="检查")
    handler = api["handler"]
    await handler.do(taken, "assess", decision="valid")
    await handler.do(taken, "claim")
    await handler.do(taken, "start_investigation")
    files = {"file": ("proof.txt", b"a meter reading", "text/plain")}
    assert (await handler.send("POST", f"/v1/complaints/{taken}/attachments", files=files)).status_code == 201
    await handler.do(taken, "respond", way="phone", letter="我们已更换阀门。", outcome="upheld", cause="equipment")
    return taken


@pytest.fixture(scope="module")
async def archive(api: Api, reference: str) -> bytes:
    answer = await api["supervisor"].get(f"/v1/complaints/{reference}/pack", lang="zh")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    return answer.content


def parts_of(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def bound(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    return made.getvalue()


async def test_a_pack_holds_the_case_on_paper_as_data_and_as_its_ledger(
    api: Api, reference: str, archive: bytes
) -> None:
    parts = parts_of(archive)
    assert set(parts) == {"manifest.json", "case.pdf", "case.json", "ledger.ndjson"}
    assert parts["case.pdf"].startswith(b"%PDF-")
    case = json.loads(parts["case.json"])
    timeline = (await api["supervisor"].get(f"/v1/complaints/{reference}/timeline")).json()["items"]
    assert [entry["hash"] for entry in case["timeline"]] == [entry["hash"] for entry in timeline]
    assert case["customer"]["name"] == "李华"
    assert {"燃气压力低", "检查", "我们已更换阀门。"} <= set(case["texts"].values())
    assert [(each["size"], each["sha256"][:8]) for each in case["files"]] == [(15, "8a862a9d")]


def test_a_whole_pack_verifies_and_names_its_head(archive: bytes, reference: str) -> None:
    found = verify(archive)
    assert (found.reference, found.findings) == (reference, ())
    assert found.head == json.loads(parts_of(archive)["ledger.ndjson"].splitlines()[-1])["hash"]


def _changed_letter(parts: dict[str, bytes]) -> None:
    parts["case.json"] = parts["case.json"].replace("阀门".encode(), "管道".encode())


def _changed_entry(parts: dict[str, bytes]) -> None:
    parts["ledger.ndjson"] = parts["ledger.ndjson"].replace(b"phone", b"visit")


def _lost_tail(parts: dict[str, bytes]) -> None:
    parts["ledger.ndjson"] = b"".join(parts["ledger.ndjson"].splitlines(keepends=True)[:-1])


def _lost_part(parts: dict[str, bytes]) -> None:
    del parts["case.pdf"]


def _added_part(parts: dict[str, bytes]) -> None:
    parts["another.pdf"] = b"%PDF-"


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (_changed_letter, "case.json is not what the manifest says"),
        (_changed_entry, "entry 1 breaks the chain"),
        (_lost_tail, "the ledger does not end at the head that the manifest names"),
        (_lost_part, "case.pdf is missing"),
        (_added_part, "another.pdf is not in the manifest"),
    ],
)
def test_whatever_is_changed_in_a_pack_shows(
    archive: bytes, change: Callable[[dict[str, bytes]], None], finding: str
) -> None:
    parts = parts_of(archive)
    change(parts)
    assert finding in verify(bound(parts)).findings


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", bound({"manifest.json": b"{}"}), bound({"x": b""})],
    ids=["nothing", "no archive", "an empty manifest", "no manifest"],
)
def test_what_is_no_pack_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="this is no case pack"):
        verify(content)


def test_the_command_line_checks_a_pack_without_a_server(tmp_path: Path, archive: bytes) -> None:
    file = tmp_path / "case.zip"
    file.write_bytes(archive)
    said = CliRunner().invoke(app, ["verify", "pack", str(file)])
    assert (said.exit_code, "Everything fits." in said.output) == (0, True)
    parts = parts_of(archive)
    _lost_tail(parts)
    file.write_bytes(bound(parts))
    assert CliRunner().invoke(app, ["verify", "pack", str(file)]).exit_code == 1


async def test_a_pack_is_for_supervisors_and_auditors_and_its_export_is_logged(api: Api, reference: str) -> None:
    problem(await api["handler"].get(f"/v1/complaints/{reference}/pack"), 403, "forbidden")
    assert (await api["auditor"].get(f"/v1/complaints/{reference}/pack", lang="en")).status_code == 200
    logged = (await api["privacy"].get("/v1/personal-data/log", reference=reference)).json()["items"][0]
    assert (logged["by"], logged["act"]) == (api["auditor"].person.id, "exported")
    problem(await api["supervisor"].get("/v1/complaints/C-2026-999999/pack"), 404, "not_found")

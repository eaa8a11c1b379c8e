"""A scene of the demonstration: a case on paper, its pack checked, and the records of an old system taken over."""

import asyncio
import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from documents.pack import verify
from starter.demo.people import Person
from starter.one_machine import Machine

OLD_ROWS, OPEN_ROWS = 60, 4
PATIENCE_SECONDS = 120
MAPPING = """
id = "old-system"
time_zone = "Asia/Shanghai"
language = "zh"
channel = "phone"

[title]
zh = "旧系统投诉台账"
en = "Complaints of the old system"

[columns]
id = "编号"
received_at = "受理日期"
ended_at = "结案日期"
category = "类别"
name = "姓名"
phone = "电话"
narrative = ["内容"]

[codes.category]
"压力低" = "supply_pressure"
"账单" = "billing_amount"
"""
_KINDS = ("压力低", "账单", "其它事项")


async def do_the_paperwork(machine: Machine, references: Sequence[str], say: Callable[[str], None]) -> list[str]:
    """Print the forms of a case, bind and check its pack, import an old register twice; what of it is still open."""
    folder = machine.folder / "paperwork"
    folder.mkdir(exist_ok=True)
    async with httpx.AsyncClient(base_url=machine.url, timeout=60) as client:
        admin = Person("admin", client, machine.token)
        enrolled = await admin.send("POST", "/v1/staff", json={"name": "陈洁 (archive)", "roles": ["supervisor"]})
        client.headers["Authorization"] = f"Bearer {enrolled['token']}"
        await _print(client, references[0], folder, say)
        return await _import(client, say)


async def _print(client: httpx.AsyncClient, reference: str, folder: Path, say: Callable[[str], None]) -> None:
    sizes = []
    for kind in ("register", "visit"):
        for language in ("zh", "en"):
            path, wanted = f"/v1/complaints/{reference}/{kind}-form", {"Accept": "application/pdf"}
            paper = await _get(client, path, params={"lang": language}, headers=wanted)
            (folder / f"{reference}-{kind}-{language}.pdf").write_bytes(paper)
            sizes.append(f"{kind} {language} {len(paper) // 1024} KB")
    pack = await _get(client, f"/v1/complaints/{reference}/pack", params={"lang": "en"})
    (folder / f"{reference}.zip").write_bytes(pack)
    found = verify(pack)
    whole = "everything fits" if not found.findings else "; ".join(found.findings)
    say(f"{reference} on paper: {', '.join(sizes)}. Its pack of {found.entries} entries was checked: {whole}.")


async def _import(client: httpx.AsyncClient, say: Callable[[str], None]) -> list[str]:
    first, second = await _taken_over(client), await _taken_over(client)
    say(
        f"An old register of {first['rows']} rows was taken over: {first['imported']} cases, {OPEN_ROWS} of them open, "
        f"{first['report']['repetitions']} rows said twice. Handed in again: {second['imported']} new."
    )
    rows = await client.get(f"/v1/imports/{first['id']}", params={"limit": 200})
    opened = [row["reference"] for row in rows.json()["items"]][:OPEN_ROWS]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not all([await _is_live(client, reference) for reference in opened]):
            await asyncio.sleep(0.5)
    return opened


async def _taken_over(client: httpx.AsyncClient) -> dict[str, Any]:
    """The import at its end."""
    answer = await client.post("/v1/imports", data={"mapping": MAPPING}, files={"file": ("old.csv", old_register())})
    answer.raise_for_status()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            state: dict[str, Any] = (await client.get(f"/v1/imports/{answer.json()['id']}")).json()
            if state["is_finished"]:
                return state
            await asyncio.sleep(0.3)


def old_register() -> bytes:
    """A made file; the first rows are still open, and the last one is there twice."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["编号", "受理日期", "结案日期", "类别", "姓名", "电话", "内容"])
    for number in range(OLD_ROWS):
        ended = "" if number < OPEN_ROWS else f"2025-0{1 + number % 9}-{15 + number % 13}"
        received, kind = f"2025-0{1 + number % 9}-{1 + number % 14:02}", _KINDS[number % 3]
        phone = f"138 0000 {number:04}"
        table.writerow([f"OLD-{number:04}", received, ended, kind, f"客户{number}", phone, f"旧系统记录：{kind}"])
    table.writerow([f"OLD-{number:04}", received, ended, kind, f"客户{number}", phone, f"旧系统记录：{kind}"])
    return text.getvalue().encode()


async def _is_live(client: httpx.AsyncClient, reference: str) -> bool:
    answer = await client.get(f"/v1/complaints/{reference}")
    return bool(answer.json()["source"] == "live")


async def _get(client: httpx.AsyncClient, path: str, **request: Any) -> bytes:
    answer = await client.get(path, **request)
    answer.raise_for_status()
    return answer.content

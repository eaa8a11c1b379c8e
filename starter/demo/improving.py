"""A scene of the demonstration: from the analysis of a year to improvements that worked, an incident, and who left.

What the year brought is simulated and taken over by the import; all that follows is done by people through the API, a
partner by its link, and the scan for surges by its schedule.
"""

import asyncio
import random
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from temporalio.client import Client

from contracts.names import PERIODIC
from domain.undertakings.cadence import Cadence
from runtime.converter import data_converter
from runtime.schedules import apply_schedules
from runtime.settings import Settings
from starter.demo.mailbox import Mailbox
from starter.demo.past_year import DAYS, MAPPING, MEASURE_DAYS_AGO, PARTNER, year_csv
from starter.demo.people import Person
from starter.one_machine import Machine

ZONE = ZoneInfo("Asia/Shanghai")
PATIENCE_SECONDS = 240.0
LOOK_AGAIN_SECONDS = 0.3
WINDOW_DAYS = 56
INTERVIEWS = 10
CAUSES = ("late_repair", "bill", "moved_away", "late_repair", "no_answer", "late_repair", "bill", "late_repair")
LIFE_EVENTS = {"moved_away"}
LINK = re.compile(r"https?://\S+(/improvement/\S+)")
MEASURES = (
    {"title": "Read every meter once a quarter", "target": {"category": "billing_meter"}},
    {"title": "Fitters keep their hours", "target": {"category": "repair_late"}, "partner": PARTNER},
)


@dataclass(slots=True)
class Loops:
    """What came out."""

    year: int = 0
    analysis: dict[str, Any] = field(default_factory=dict)
    incident: dict[str, Any] = field(default_factory=dict)
    improvements: list[dict[str, Any]] = field(default_factory=list)
    study: dict[str, Any] = field(default_factory=dict)

    @property
    def broken(self) -> list[str]:
        """What the scene was to end with and did not."""
        expected = {
            "the analysis is not signed off": self.analysis.get("status") == "signed_off",
            "the surge is no incident that was handled": self.incident.get("status") == "closed",
            "no case was linked to the incident": self.incident.get("state", {}).get("linked", 0) > 0,
            "an improvement has no effect": [each["status"] for each in self.improvements] == ["closed"] * 2,
            "the defection study is not finished": self.study.get("status") == "reported",
        }
        return [finding for finding, holds in expected.items() if not holds]


async def close_the_loops(machine: Machine, mailbox: Mailbox, seed: int, say: Callable[[str], None]) -> Loops:
    """Analyse a year, handle a surge, improve inside and at a partner, and ask why customers left."""
    async with httpx.AsyncClient(base_url=machine.url, timeout=60) as client:
        scene = _Scene(machine, mailbox, client, random.Random(seed), say)  # noqa: S311  a simulation
        return await scene.run()


class _Scene:
    def __init__(
        self,
        machine: Machine,
        mailbox: Mailbox,
        client: httpx.AsyncClient,
        chance: random.Random,
        say: Callable[[str], None],
    ) -> None:
        self._machine = machine
        self._mailbox = mailbox
        self._client = client
        self._chance = chance
        self._say = say
        self._today = datetime.now(ZONE).date()
        self._loops = Loops()
        self._people: dict[str, Person] = {}

    async def run(self) -> Loops:
        await self._enrol()
        await self._bring_the_year_in()
        await self._scan_for_surges()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._analyse_and_improve())
            group.create_task(self._handle_the_incident())
            group.create_task(self._study_defection())
        return self._loops

    async def _enrol(self) -> None:
        admin = Person("admin", self._client, self._machine.token)
        staff = {"head": "supervisor", "deputy": "supervisor", "engineer": "handler", "manager": "handler"}
        names = {"head": "高远", "deputy": "Sara Lind", "engineer": "何平", "manager": "Tom Reed"}
        for who, role in staff.items():
            made = await admin.send("POST", "/v1/staff", json={"name": f"{names[who]} ({role})", "roles": [role]})
            self._people[who] = Person(made["id"], self._client, made["token"])
        entry = {"email": "desk@city-fitters.example.org", "language": "en"}
        await admin.send("PUT", f"/v1/correspondents/partner.{PARTNER}", json=entry)

    async def _bring_the_year_in(self) -> None:
        content = year_csv(self._today, self._chance).encode()
        asked = await self._people["head"].send(
            "POST", "/v1/imports", files={"file": ("year.csv", content)}, data={"mapping": MAPPING}
        )
        done = await self._until(f"/v1/imports/{asked['id']}", lambda view: view["is_finished"])
        self._loops.year = done["imported"]
        self._say(f"The {done['imported']} complaints of the year before are taken over from the old system.")

    async def _scan_for_surges(self) -> None:
        """Let the schedule have its turn now; one that went with a lost store is put right first."""
        sealing = data_converter(self._machine.keys)
        client = await Client.connect(self._machine.environment["TEMPORAL_ADDRESS"], data_converter=sealing)
        queue, zone = (Settings.model_fields[name].default for name in ("task_queue", "time_zone"))
        await apply_schedules(client, self._machine.environment.get("AMENDS_TASK_QUEUE", queue), zone)
        await client.get_schedule_handle(f"{PERIODIC}/{Cadence.SURGES}").trigger()

    async def _handle_the_incident(self) -> None:
        """The scan has suspected one; a supervisor confirms it, its cases are linked and have one answer proposed."""
        head = self._people["head"]
        listed = await self._until("/v1/incidents", lambda view: bool(view["items"]))
        path = f"/v1/incidents/{listed['items'][0]['reference']}"
        await self._command(head, path, "confirm")
        found = await self._until(path, lambda view: view["state"]["linked"] > 0)
        self._say(f"Surge: {found['title']}; {found['state']['linked']} cases are linked to {found['reference']}.")
        await self._command(head, path, "answer", text="A main broke at the east gate. It was mended in the night.")
        self._loops.incident = await self._command(head, path, "close", reason="No more have come.")

    async def _analyse_and_improve(self) -> None:
        head = self._people["head"]
        days = {"first": str(self._today - timedelta(days=DAYS)), "last": str(self._today - timedelta(days=1))}
        ordered = await head.send("POST", "/v1/analyses", json=days)
        path = f"/v1/analyses/{ordered['reference']}"
        await self._until(path, lambda view: view["status"] == "reported")
        report = await head.download(f"{path}/report?format=pdf&lang=zh", "application/pdf")
        (self._machine.folder / "analysis.pdf").write_bytes(report)
        await self._command(head, path, "sign_off", measures=list(MEASURES))
        signed = await self._until(path, lambda view: len(view["state"]["proposed"]) == len(MEASURES))
        self._loops.analysis = signed
        self._say(f"Analysis {signed['reference']} of the year is signed off, with {len(MEASURES)} measures.")
        inside, outside = (f"/v1/improvements/{reference}" for reference in signed["state"]["proposed"])
        for improvement in (inside, outside):
            await self._approve(improvement)
        await self._carry_out_inside(inside)
        await self._carry_out_at_the_partner(outside)
        for improvement in (inside, outside):
            closed = await self._until(improvement, lambda view: bool(view["state"]["checks"]))
            self._loops.improvements.append(closed)

    async def _approve(self, path: str) -> None:
        due = (datetime.now(UTC) + timedelta(days=60)).isoformat()
        agreed = {"owner": self._people["engineer"].id, "due_at": due, "window_days": WINDOW_DAYS}
        await self._command(self._people["deputy"], path, "approve", **agreed)

    async def _carry_out_inside(self, path: str) -> None:
        """It was carried out ten weeks ago already, so that its effect can be looked at today."""
        engineer = self._people["engineer"]
        await self._command(engineer, path, "start")
        day = self._today - timedelta(days=MEASURE_DAYS_AGO)
        told = {"text": "Every meter was read.", "carried_out_at": datetime.combine(day, time(12), ZONE).isoformat()}
        await self._command(engineer, path, "report_done", **told)

    async def _carry_out_at_the_partner(self, path: str) -> None:
        """By the link in the letter that the partner got."""
        link = await self._link_in_letter(path.rpartition("/")[2])
        day = self._today - timedelta(days=MEASURE_DAYS_AGO)
        for fields in (
            {"action": "start"},
            {"action": "reply", "text": "Two more fitters are on the road."},
            {"action": "report_done", "text": "Hours are kept since then.", "day": f"{day:%Y-%m-%d}"},
        ):
            page = await self._client.get(link)
            key = re.search(r'name="key" value="([^"]+)"', page.text)
            if key is None:
                raise RuntimeError(f"the partner's page has no form: {page.status_code}")
            answer = await self._client.post(link, data=fields | {"key": key.group(1)})
            if answer.status_code != 201:
                raise RuntimeError(f"the partner's page answered {answer.status_code}")

    async def _link_in_letter(self, reference: str) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for message in self._mailbox.messages:
                    if reference in str(message["Subject"]) and (found := LINK.search(message.get_content())):
                        return found.group(1)
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _study_defection(self) -> None:
        head, managers = self._people["head"], (self._people["manager"], self._people["engineer"])
        await head.send("POST", "/v1/customers/import", content=_values_csv(self._chance))
        begun = await head.send("POST", "/v1/defection-studies", json={"title": "Who left", "size": INTERVIEWS})
        path = f"/v1/defection-studies/{begun['reference']}"
        view = await self._until(path, lambda view: view["status"] == "interviewing")
        for number in range(1, len(view["state"]["interviews"]) + 1):
            manager = managers[number % 2]
            await self._command(head, path, "assign", number=number, manager=manager.id)
            view = await self._interview(manager, path, number)
            if view["status"] == "regrouping":
                await self._command(head, path, "regroup", names=[{"cause": "no_answer", "becomes": "bill"}])
        self._loops.study = await self._until(path, lambda view: view["status"] == "reported")

    async def _interview(self, manager: Person, path: str, number: int) -> dict[str, Any]:
        if number == INTERVIEWS:
            return await self._command(manager, path, "no_interview", number=number, reason="Does not answer.")
        cause = CAUSES[number % len(CAUSES)]
        kind = "life_event" if cause in LIFE_EVENTS else "failure"
        told = {"number": number, "cause": cause, "cause_kind": kind, "notes": "Said so when asked twice."}
        return await self._command(manager, path, "record_interview", **told)

    async def _command(self, who: Person, path: str, name: str, **body: Any) -> dict[str, Any]:
        done = await who.send("POST", f"{path}/commands/{name}", json=body, key=secrets.token_hex(8))
        view: dict[str, Any] = done["undertaking"]
        return view

    async def _until(self, path: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_so(view := await self._people["head"].send("GET", path)):
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return view


def _values_csv(chance: random.Random) -> str:
    """Customers with what they bought before and buy now; one in six left, though half were satisfied."""
    rows = ["id,name,phone,value_before,value_now,last_score"]
    for number in range(1, 121):
        before = round(chance.lognormvariate(7, 1))
        kept = 0.0 if number % 6 == 0 else 0.4 if number % 11 == 0 else 1.0
        score = chance.choice((40, 60, 80, 90))
        rows.append(f"V-{number:04},Buyer {number},+86137{number:08},{before},{round(before * kept)},{score}")
    return "\n".join(rows) + "\n"

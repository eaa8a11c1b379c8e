"""Personal data lie in the vault and nowhere else: canaries go in everywhere, and every other place is searched.

Real processes on real files: cases that succeed, fail, park, are retried, skipped, withdrawn, and a worker that dies
among them. What must be found is looked for as well, or finding nothing would prove nothing.
"""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest
from temporalio.api.common.v1 import Payload

from contracts.names import case_workflow_id
from runtime.codec import SealingCodec
from starter.demo.wave import sent
from tests.chaos.installation import Installation, installed
from tests.chaos.sink import Sink
from tests.security.canaries import ASCII_MARK, CHINESE_MARK, Canaries, files_below, found_in, unpacked
from tests.surveys.field import LINK, by_mail

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 120
MANY = 100
ANSWER = {"outcome": "upheld", "cause": "equipment"}
TEXT_FIELD = re.compile(r'<textarea id="[^"]*" name="([^"]+)"')
EVERY_ROLE = ["hotline", "handler", "supervisor", "operator"]


@dataclass
class House:
    """An installation in which canaries were planted, the people who did it, and all that they were answered."""

    installation: Installation
    sink: Sink
    client: httpx.AsyncClient
    canaries: Canaries = field(default_factory=Canaries)
    answers: list[bytes] = field(default_factory=list)
    references: dict[str, str] = field(default_factory=dict)
    people: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def enrol(self, name: str) -> None:
        created = await self.ask("POST", "/v1/staff", self.installation.admin_token, name=name, roles=EVERY_ROLE)
        self.people[name] = created["id"], created["token"]

    async def take(self, case: str, *, email: str | None = None, only_email: bool = False, **more: Any) -> str:
        """A complaint with a canary in every field that takes a text; the case's number.

        Who left an e-mail address only is written to by no other way when it does not work.
        """
        plant = self.canaries
        customer = {
            "id": plant.word(f"{case}: account"),
            "name": plant.text(f"{case}: name"),
            "phone": plant.phone(f"{case}: phone"),
            "email": email or f"{plant.word(f'{case}: email')}@example.com",
            "address": plant.text(f"{case}: address"),
        }
        if only_email:
            del customer["phone"], customer["address"]
        form = {
            "channel": "web",
            "source_ref": plant.text(f"{case}: source"),
            "customer": customer,
            "narrative": plant.text(f"{case}: narrative"),
            "demand": plant.text(f"{case}: demand"),
        }
        taken = await self.by("first", "POST", "/v1/complaints", **form | more)
        self.references[case] = taken["reference"]
        return str(taken["reference"])

    async def do(self, case: str, command: str, person: str = "first", **body: Any) -> dict[str, Any]:
        """A command that is accepted."""
        done = await self.asked(case, command, person, **body)
        assert "recorded_at_sequence" in done, done
        return done

    async def asked(self, case: str, command: str, person: str = "first", **body: Any) -> dict[str, Any]:
        """A command that may be refused."""
        return await self.by(person, "POST", f"/v1/complaints/{self.references[case]}/commands/{command}", **body)

    async def read(self, case: str) -> dict[str, Any]:
        return await self.by("first", "GET", f"/v1/complaints/{self.references[case]}")

    async def until(self, case: str, *, status: str | None = None, step: tuple[str, str] | None = None) -> None:
        """Until the case has a status, or the step of a kind a state."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                view = await self.read(case)
                steps = {(each["kind"], each["state"]) for each in view["steps"]}
                if (status is None or view["status"] == status) and (step is None or step in steps):
                    return
                await asyncio.sleep(0.2)

    async def by(self, person: str, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Ask as this person, under a key that is personal too, until the service can answer."""
        key = self.canaries.text(f"key of {method} {path}").encode("ascii", "ignore").decode().strip()
        return await self.ask(method, path, self.people[person][1], key, **body)

    async def ask(self, method: str, path: str, token: str, key: str | None = None, **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                answer = await self.client.request(
                    method, path, headers=headers, json=body if method == "POST" else None
                )
                if not path.endswith("/story"):
                    self.answers.append(f"{answer.headers}".encode() + answer.content)
                found: dict[str, Any] = answer.json()
                if answer.status_code != 503 and found.get("code") != "still_running":
                    return found
                await asyncio.sleep(0.5)


async def succeeds(house: House) -> None:
    """Every kind of text on the way to the answer, every personal field corrected, and the case taken up again."""
    plant, case = house.canaries, "succeeds"
    await house.take(case)
    await house.do(case, "assess", decision="partly", ground="outside_terms", evidence=plant.text("evidence"))
    await house.do(case, "assign", handler=house.people["second"][0], reason=plant.text("reason of assigning"))
    await house.do(case, "start_investigation", "second")
    await house.do(case, "note", text=plant.text("note"))
    corrections = {
        "name": plant.text("corrected name"),
        "phone": plant.phone("corrected phone"),
        "email": f"{plant.word('corrected email')}@example.com",
        "address": plant.text("corrected address"),
        "account": plant.word("corrected account"),
    }
    for personal, value in corrections.items():
        await house.do(case, "correct", field=personal, text=value, reason=plant.text(f"reason to correct {personal}"))
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await house.do(case, "hold", kind="customer", until=until, reason=plant.text("reason of a hold"))
    await house.do(case, "resume", kind="customer")
    await house.do(case, "request_partner", partner="city_fitters", question=plant.text("question to a partner"))
    await house.do(case, "partner_reply", number=1, answer=plant.text("answer of a partner"))
    await house.do(case, "respond", "second", way="email", letter=plant.text("letter"), **ANSWER)
    await house.until(case, step=("response_letter", "done"))
    await house.do(case, "reopen", reason=plant.text("reason to reopen"))


async def is_explained_and_appealed(house: House) -> None:
    case = "appealed"
    await house.take(case)
    await house.do(case, "assess", decision="invalid", ground="unfounded", evidence=house.canaries.text("evidence"))
    await house.do(case, "explain", way="email", letter=house.canaries.text("explanation"))
    await house.until(case, status="closed")
    await house.do(case, "appeal", reason=house.canaries.text("reason to appeal"))


async def fails_and_is_skipped(house: House) -> None:
    """The mail server refuses for good, and quotes the customer while it does."""
    case, address = "skipped", f"{house.canaries.word('address that is refused')}@example.com"
    house.sink.refuse(f"550 5.1.1 <{address}> {house.canaries.word('reply of the mail server')} unknown here", address)
    await house.take(case, email=address, only_email=True)
    await house.until(case, step=("acknowledgement", "parked"))
    await house.by(
        "first",
        "POST",
        f"/v1/steps/{house.references[case]}.acknowledgement.1/skip",
        reason=house.canaries.text("reason to skip"),
    )
    await house.until(case, step=("acknowledgement", "skipped"))


async def parks_and_is_retried(house: House) -> None:
    """Refused for now, with a quotation; retried with a reason; refused again; withdrawn while it is parked."""
    case, address = "withdrawn", f"{house.canaries.word('address that is busy')}@example.com"
    house.sink.refuse(f"450 4.2.0 {house.canaries.word('busy reply')} mailbox of {address} busy", address)
    await house.take(case, email=address)
    await house.until(case, step=("acknowledgement", "parked"))
    retry = f"/v1/steps/{house.references[case]}.acknowledgement.1/retry"
    await house.by("first", "POST", retry, reason=house.canaries.text("reason to retry"))
    await house.do(case, "withdraw", reason=house.canaries.text("reason to withdraw"), confirmed_by="phone")


async def is_asked_wrongly(house: House) -> None:
    """Refused requests: what was given is in none of the answers, and in no log."""
    case, plant = "asked wrongly", house.canaries
    await house.take(case, channel="phone")
    await house.asked(case, "respond", way="email", letter=plant.text("letter out of turn"), **ANSWER)
    await house.asked(case, "note", text=plant.text("note"), remark=plant.text("unknown field"))
    await house.asked(case, "assess", decision=plant.text("no decision"))
    await house.asked(case, "correct", field="email", text=plant.text("no e-mail address"))
    customer = {"phone": plant.text("no telephone"), "name": plant.text("its name")}
    form = {"channel": "web", "narrative": plant.text("refused narrative"), "customer": customer}
    await house.by("first", "POST", "/v1/complaints", **form)
    wanted = plant.phones[0]
    await house.by("first", "GET", f"/v1/complaints?customer={wanted}&remark={plant.word('parameter')}")
    await house.by("first", "GET", f"/v1/complaints/{plant.word('no reference')}")
    await house.ask("GET", "/v1/me", plant.word("no token"))


async def answers_a_survey(house: House) -> None:
    """Customers in the frame, invitations, a bad answer in words, and what people write about a wave."""
    plant = house.canaries
    for number in range(6):
        who = {
            "id": plant.word(f"survey: customer number {number}"),
            "name": plant.text(f"survey: name {number}"),
            "email": f"{plant.word(f'survey: email {number}')}@example.com",
            "address": plant.text(f"survey: address {number}"),
        }
        await house.by("first", "POST", "/v1/customers", **who, language="en", district="east")
    definition = by_mail(sampling={"method": "census"}).model_dump(mode="json")
    await house.by("first", "POST", "/v1/surveys", definition=definition)
    wave = (await house.by("first", "POST", "/v1/surveys/gas_utility/waves"))["reference"]
    house.references["wave"] = wave
    path = f"/v1/waves/{wave}"
    await until_wave(house, wave, lambda view: view["status"] == "sampled")
    before = len(house.sink.deliveries)
    await house.by("first", "POST", f"{path}/commands/launch")
    await until_wave(house, wave, lambda view: view["steps"][-1]["state"] == "done")
    links = [LINK.search(str(each.message.get_content())) for each in house.sink.deliveries[before:]]
    links = [link for link in links if link is not None]
    for link in links[:5]:
        await respond(house, f"/r/{link.group(1)}")
    await house.client.post(f"/r/{links[5].group(1)}", data={"action": "opt_out", "sure": "yes"})
    for name in ("pause", "resume", "close"):
        because = {} if name == "resume" else {"reason": plant.text(f"reason to {name} a wave")}
        await house.by("first", "POST", f"{path}/commands/{name}", **because)
    bad = (await house.by("first", "GET", "/v1/follow-ups"))["items"][0]
    done = f"/v1/follow-ups/{bad['wave']}/{bad['number']}/done"
    await house.by("first", "POST", done, outcome="settled", note=plant.text("note of a follow-up"))
    await until_wave(house, wave, lambda view: view["status"] == "reported")
    measures = [{"title": plant.text("measure of a wave"), "target": {"category": "repair_late"}}]
    await house.by("first", "POST", f"{path}/commands/sign_off", measures=measures)
    await until_wave(house, wave, lambda view: view["measures"][0]["improvement"] is not None)


async def until_wave(house: House, wave: str, is_so: Callable[[dict[str, Any]], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so(await house.by("first", "GET", f"/v1/waves/{wave}")):
            await asyncio.sleep(0.2)


async def respond(house: House, path: str) -> None:
    """Rate everything badly, and say why in words."""
    page = await sent(house.client, path, {"action": "begin"})
    while page.shown is not None:
        answers = {name: codes[0] for name, codes in page.choices.items()}
        answers |= {name: house.canaries.text("answer in words") for name in TEXT_FIELD.findall(page.html)}
        page = await sent(house.client, path, answers | {"page": page.shown, "action": "save"})


async def loses_its_worker(house: House) -> None:
    """The worker dies while a letter is on its way, and PostgreSQL while a case is being handled."""
    case = "loses its worker"
    house.sink.dawdle(1.0)
    await house.take(case)
    await asyncio.sleep(0.5)
    house.installation.kill("worker-1")
    house.sink.dawdle(0)
    await house.installation.settle()
    house.installation.kill("postgres")
    await house.do(case, "note", text=house.canaries.text("note in an outage"))
    await house.until(case, step=("acknowledgement", "done"))


WAYS = (
    fails_and_is_skipped,
    parks_and_is_retried,
    succeeds,
    is_explained_and_appealed,
    is_asked_wrongly,
    answers_a_survey,
    loses_its_worker,
)


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    """An installation that has gone through all of it."""
    sink = Sink()
    await sink.start()
    settings = {"AMENDS_SMTP_URL": sink.url, "AMENDS_DEFAULT_POLICY": "demo-full", "AMENDS_LOG_LEVEL": "DEBUG"}
    async with (
        installed(settings, workers=1) as installation,
        httpx.AsyncClient(base_url=installation.url, timeout=30) as client,
    ):
        house = House(installation, sink, client)
        for name in ("first", "second"):
            await house.enrol(name)
        for go in WAYS:
            await go(house)
        yield house
    await sink.stop()


async def temporal_store(house: House) -> list[bytes]:
    """The bytes of its database file and of what is not yet in it."""
    return [octets for _, octets in files_below(house.installation.folder / "temporal")]


async def histories(house: House) -> list[bytes]:
    """Every run as Temporal exports it, and what is in it once base64 is undone."""
    exported = [text.encode() for text in await _exported(house)]
    return [*exported, *(inner for octets in exported for inner in unpacked(octets))]


async def opened_payloads(house: House) -> list[bytes]:
    """What went through Temporal, unsealed: it is ids and codes even for whoever has the key."""
    codec = SealingCodec(house.installation.keys, accept_plain=True)  # search attributes cannot be sealed
    sealed = [payload for text in await _exported(house) for payload in _payloads(json.loads(text))]
    return [payload.SerializeToString() for payload in await codec.decode(sealed)]


async def logs(house: House) -> list[bytes]:
    folder = house.installation.folder
    return [(folder / "up.log").read_bytes(), *(octets for _, octets in files_below(folder / "logs"))]


async def metrics(house: House) -> list[bytes]:
    return [(await house.client.get("/metrics")).content]


async def process_arguments(house: House) -> list[bytes]:
    """Arguments and environments of every process that has to do with the data folder."""
    folder = str(house.installation.folder).encode()
    told = [_proc(process, "cmdline") + _proc(process, "environ") for process in _processes()]
    return [octets for octets in told if folder in octets]


async def tables_outside_the_vault(house: House) -> list[bytes]:
    return await _rows(house, "table_schema NOT IN ('vault', 'pg_catalog', 'information_schema')")


async def vault_as_it_is_stored(house: House) -> list[bytes]:
    return await _rows(house, "table_schema = 'vault'")


async def data_folder(house: House) -> list[bytes]:
    """Every file: PostgreSQL's tables and write-ahead log, Temporal's store, notes, logs."""
    return [octets for _, octets in files_below(house.installation.folder)]


async def answers(house: House) -> list[bytes]:
    """Everything that the API answered but the stories: headers, bodies, problems."""
    return house.answers


Place = Callable[[House], Awaitable[list[bytes]]]
PLACES: dict[Place, str] = {
    temporal_store: "{workflow}",
    histories: "{reference}",
    opened_payloads: "{reference}",
    logs: "{reference}",
    metrics: "amends_http_requests_total",
    process_arguments: "start-dev",
    tables_outside_the_vault: "{reference}",
    vault_as_it_is_stored: "cus_",
    data_folder: "{reference}",
    answers: "{reference}",
}
"""Where nothing personal may be, and what must be found there if we really looked."""


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
async def test_no_canary_is_found(house: House, place: Place) -> None:
    looked_at = await place(house)
    reference = house.references["succeeds"]
    control = PLACES[place].format(reference=reference, workflow=case_workflow_id(reference)).encode()
    assert any(control in octets for octets in looked_at)
    assert not {mark for octets in looked_at for mark in found_in(octets, house.canaries.marks())}


async def test_the_canaries_are_read_where_they_belong(house: House) -> None:
    """In the story of the case, by whoever may read it, and in the letters that went out."""
    path = f"/v1/complaints/{house.references['succeeds']}/story"
    story = json.dumps(await house.by("first", "GET", path), ensure_ascii=False)
    mails = "\n".join(delivery.message.as_bytes().decode() for delivery in house.sink.deliveries)
    letters = "\n".join(str(delivery.message.get_content()) for delivery in house.sink.deliveries)
    read = {place for canary, place in house.canaries.planted.items() if canary in story}
    went_out = {place for canary, place in house.canaries.planted.items() if canary in letters + mails}
    assert read >= {"succeeds: narrative", "succeeds: demand", "evidence", "note", "letter", "reason to reopen"}
    assert read >= {f"corrected {name}" for name in ("name", "phone", "email", "address", "account")}
    assert went_out >= {"letter", "explanation", "corrected email", "corrected name"}
    timeline = await house.client.get(
        f"/v1/waves/{house.references['wave']}/timeline",
        headers={"Authorization": f"Bearer {house.people['first'][1]}"},
    )
    written = {place for canary, place in house.canaries.planted.items() if canary in timeline.text}
    assert written == {"reason to pause a wave", "reason to close a wave", "measure of a wave"}
    assert went_out >= {f"survey: {part} {number}" for part in ("name", "email") for number in range(6)}
    assert CHINESE_MARK in story
    assert CHINESE_MARK in letters


async def test_the_cases_went_the_ways_that_were_meant(house: House) -> None:
    assert len(house.canaries.planted) >= MANY
    facts = b" ".join(await tables_outside_the_vault(house)).decode(errors="replace")
    for fact in (
        "step.done",
        "step.failed",
        "step.retried",
        "step.skipped",
        "complaint.withdrawn",
        "complaint.appealed",
    ):
        assert fact in facts


@pytest.mark.parametrize("mark", [ASCII_MARK, CHINESE_MARK, "13900076123"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_the_search_finds_a_mark_in_every_encoding(mark: str, encoding: str) -> None:
    octets = mark.encode(encoding)
    shapes = [octets, octets.hex().encode(), quote(mark).encode(), json.dumps(mark).encode(), mark.upper().encode()]
    shapes += [base64.b64encode(bytes(before) + octets) for before in range(3) if encoding != "utf-16-be"]
    shapes += [base64.urlsafe_b64encode(b"x" + octets + b"yz")] if encoding != "utf-16-be" else []
    for shape in shapes if encoding != "utf-16-be" else shapes[:1]:
        assert found_in(b"before" + shape + b"behind", [mark]) == {mark}


async def _exported(house: House) -> list[str]:
    client = await house.installation.temporal()
    runs = [run async for run in client.list_workflows()]
    return [(await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()).to_json() for run in runs]


def _payloads(node: Any) -> Iterator[Payload]:
    """The payloads in an exported history."""
    if isinstance(node, list):
        for item in node:
            yield from _payloads(item)
    elif isinstance(node, dict):
        if "data" in node and "encoding" in node.get("metadata", {}):
            metadata = {name: base64.b64decode(value) for name, value in node["metadata"].items()}
            yield Payload(metadata=metadata, data=base64.b64decode(node["data"]))
        for item in node.values():
            yield from _payloads(item)


def _processes() -> list[Path]:
    return list(Path("/proc").glob("[0-9]*"))


def _proc(process: Path, name: str) -> bytes:
    try:
        return (process / name).read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


async def _rows(house: House, schemas: str) -> list[bytes]:
    """All rows of the tables as text, and the bytes of their binary columns as they are."""
    connection = await asyncpg.connect(house.installation.database_url)
    try:
        tables = await connection.fetch(
            f"SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables WHERE {schemas}"
        )
        found: list[bytes] = []
        for table in tables:
            for row in await connection.fetch(f"SELECT t::text AS whole, t.* FROM {table['name']} t"):
                found += [value if isinstance(value, bytes) else str(value).encode() for value in row.values()]
    finally:
        await connection.close()
    return [b"\n".join(found)]

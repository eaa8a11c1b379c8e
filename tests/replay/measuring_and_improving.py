"""Waves of surveys, and what is undertaken beside single cases, told for the recording of their histories."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.names import PERIODIC, WAVE_TURN, undertaking_workflow_id, wave_workflow_id
from contracts.undertakings import PeriodicOrder
from contracts.waves import WaveTurnOrder
from domain.surveys.waves.recurrence import Every, Recurrence
from domain.surveys.waves.wave import Wave, WaveStatus
from domain.undertakings.cadence import Cadence
from domain.undertakings.kinds import AnyUndertaking
from starter.undertakings import (
    AnalysisForm,
    DefectionForm,
    ImprovementForm,
    IncidentForm,
    TargetBody,
    UndertakingRequest,
)
from tests.mail_server import MailServer
from tests.replay.stage import LATER, TEXT, Stage, later
from tests.surveys.field import LINK, answer, by_mail, command, planned, quick_frame, until, until_fact, until_status

CUSTOMERS = 12


async def wave_to_its_report(stage: Stage) -> str:
    """Every command of the field, and measures handed over at the end."""
    house = stage.house
    await quick_frame(house, CUSTOMERS)
    reminders = [{"kind": "not_opened", "after": "P1D", "channel": "email"}]
    sampling = {"method": "stratified", "size": 8, "strata": ["district"], "reserve_share": 0.5}
    definition = by_mail(id="whole", sampling=sampling, fieldwork__reminders=reminders, fieldwork__quarantine="PT0S")
    begun = len(stage.mail.deliveries)
    wave = (await planned(house, definition)).reference
    await command(house, wave, "launch")
    await until_fact(house, wave, "wave.invited")
    for token in _tokens(stage.mail, begun)[:6]:
        await answer(house, token)
    await command(house, wave, "pause", reason=TEXT)
    await command(house, wave, "resume")
    await command(house, wave, "extend", until=later(days=40), reason=TEXT)
    revised = by_mail(
        id="whole", version=2, sampling=sampling, fieldwork__reminders=reminders, fieldwork__quarantine="PT0S"
    )
    await house.services.surveys.survey_records.store(revised, house.people["analyst"].id, datetime.now(UTC))
    await command(house, wave, "revise", version=2, reason=TEXT)
    await command(house, wave, "release_reserve", reason=TEXT)
    await until_fact(house, wave, "wave.invited", times=2)
    await stage.time.fast_forward(_workflow(stage, wave_workflow_id(wave)), timedelta(days=1, minutes=1))
    await until_fact(house, wave, "wave.reminded")
    await command(house, wave, "close", reason=TEXT)
    await until_status(house, wave, WaveStatus.REPORTED)
    await command(house, wave, "sign_off", measures=[{"title": TEXT, "target": {"category": "repair_late"}}])
    await until_fact(house, wave, "wave.measures_handed_over")
    return wave_workflow_id(wave)


async def wave_that_ended_by_itself(stage: Stage) -> str:
    """Nobody closes it, and nobody has answered: what cannot be computed is parked, and the wave is cancelled."""
    wave = await _launched(stage, "silent")
    await until_fact(stage.house, wave.reference, "wave.invited")
    await stage.time.fast_forward(_workflow(stage, wave_workflow_id(wave.reference)), timedelta(days=28, minutes=1))
    await until_fact(stage.house, wave.reference, "step.failed")
    await command(stage.house, wave.reference, "cancel", reason=TEXT)
    return wave_workflow_id(wave.reference)


async def wave_whose_invitations_were_parked(stage: Stage) -> str:
    """The mail server refuses; tried again, and given up."""
    stage.mail.refuse(LATER)
    wave = (await _launched(stage, "parked")).reference
    await until_fact(stage.house, wave, "step.failed")
    await command(stage.house, wave, "retry_step", by="operator", step="invite.1", reason=TEXT)
    await until_fact(stage.house, wave, "step.failed", times=2)
    await command(stage.house, wave, "skip_step", by="operator", step="invite.1", reason=TEXT)
    stage.mail.behave()
    return wave_workflow_id(wave)


async def turn_of_a_survey(stage: Stage) -> str:
    house = stage.house
    await planned(house, by_mail(id="recurring", sampling={"method": "census"}))
    recurrence = Recurrence(every=Every.QUARTER)
    by = house.people["analyst"].id
    await house.parts.surveys.recurrences.set("recurring", recurrence, by, datetime.now(UTC))
    return await _turn(stage, WAVE_TURN, WaveTurnOrder(survey="recurring"))


async def turn_of_the_weekly_analysis(stage: Stage) -> str:
    return await _turn(stage, PERIODIC, PeriodicOrder(cadence=Cadence.WEEKLY))


async def improvement_that_worked(stage: Stage) -> str:
    """Late and reminded, given to another, and effective in the end."""
    for _ in range(12):
        await stage.house.take(category="billing_meter", received_at=later(hours=-3), customer={})
    form = ImprovementForm(title=TEXT, description=TEXT, target=TargetBody(category="billing_meter"))
    improvement = await stage.house.services.undertaker.propose_improvement(stage.house.people["handler"], form, None)
    here = _Undertaking(stage, improvement)
    owner = stage.house.people["handler"].id
    await here.do("approve", owner=owner, due_at=later(days=10), window_days=1)
    await here.do("reassign", owner=owner)
    await stage.time.fast_forward(here.workflow, timedelta(days=11))
    await here.do("extend", until="2100-01-01T00:00:00Z", reason=TEXT)
    await here.do("start", by="handler")
    await here.do("reply", by="handler", text=TEXT)
    await here.do("report_done", by="handler", text=TEXT)
    await stage.time.fast_forward(here.workflow, timedelta(days=1, minutes=1))
    await here.until("closed")
    return here.workflow.id


async def improvement_that_was_rejected(stage: Stage) -> str:
    form = ImprovementForm(title=TEXT)
    improvement = await stage.house.services.undertaker.propose_improvement(stage.house.people["handler"], form, None)
    here = _Undertaking(stage, improvement)
    await here.do("reject", reason=TEXT)
    return here.workflow.id


async def incident_with_its_cases(stage: Stage) -> str:
    """A case is linked, all get one answer; more are linked later."""
    await stage.take(category="supply_interruption", region="harbour")
    target = TargetBody(category="supply_interruption", region="harbour")
    form = IncidentForm(title=TEXT, target=target, since=later(days=-1))
    incident = await stage.house.services.undertaker.suspect_incident(stage.house.people["handler"], form, None)
    here = _Undertaking(stage, incident)
    await here.do("confirm")
    await here.until_done("link_cases.1")
    await here.do("answer", text=TEXT)
    await here.do("link_more")
    await here.until_done("link_cases.2")
    await here.do("close", reason=TEXT)
    return here.workflow.id


async def analysis_with_its_measure(stage: Stage) -> str:
    today = datetime.now(UTC).date()
    form = AnalysisForm(first=today - timedelta(days=7), last=today)
    analysis = await stage.house.services.undertaker.order_analysis(stage.house.people["analyst"], form, None)
    here = _Undertaking(stage, analysis)
    await here.until("reported")
    await here.do("sign_off", measures=[{"title": TEXT}])
    await here.until_done("propose_improvements.1")
    return here.workflow.id


async def study_of_who_left(stage: Stage) -> str:
    """Ten interviews, regrouped after a third."""
    rows = [f"V-{number},Buyer,+861370000{number:04},100,{0 if number <= 10 else 100},80" for number in range(1, 31)]
    content = "\n".join(["id,name,phone,value_before,value_now,last_score", *rows])
    await stage.house.services.surveys.frame.bring_in(content.encode())
    form = DefectionForm(title=TEXT, size=10)
    study = await stage.house.services.undertaker.begin_study(stage.house.people["supervisor"], form, None)
    here = _Undertaking(stage, study)
    await here.until("interviewing")
    manager = stage.house.people["handler"].id
    for number in range(1, 11):
        await here.do("assign", number=number, manager=manager)
        if number == 10:
            await here.do("no_interview", by="handler", number=number, reason=TEXT)
            continue
        told = {"number": number, "cause": "late", "cause_kind": "failure", "notes": TEXT}
        if (await here.do("record_interview", by="handler", **told)).status == "regrouping":
            await here.do("regroup", names=[{"cause": "late", "becomes": "late_repair"}])
    await here.until("reported")
    return here.workflow.id


class _Undertaking:
    """One of them, with short words for what scenarios do."""

    def __init__(self, stage: Stage, undertaking: AnyUndertaking) -> None:
        self._house = stage.house
        self._undertaking = undertaking
        self.workflow = _workflow(stage, undertaking_workflow_id(undertaking.reference))

    async def do(self, name: str, by: str = "supervisor", **values: Any) -> AnyUndertaking:
        request = UndertakingRequest(
            self._house.people[by], self._undertaking.kind, self._undertaking.reference, name, values
        )
        done = await self._house.services.undertaker.perform(request)
        assert done.answer is not None
        return done.answer.undertaking

    async def until(self, status: str) -> None:
        async def has_come() -> bool:
            return bool((await self._record()).status == status)

        await until(has_come)

    async def until_done(self, key: str) -> None:
        async def has_come() -> bool:
            step = (await self._record()).step(key)
            return step is not None and step.state == "done"

        await until(has_come)

    async def _record(self) -> AnyUndertaking:
        found = await self._house.parts.undertakings.find(self._undertaking.reference)
        assert found is not None
        return found


async def _launched(stage: Stage, survey: str) -> Wave:
    await quick_frame(stage.house, CUSTOMERS)
    definition = by_mail(id=survey, sampling={"method": "census"}, fieldwork__quarantine="PT0S")
    wave = await planned(stage.house, definition)
    await command(stage.house, wave.reference, "launch")
    return wave


async def _turn(stage: Stage, workflow: str, order: object) -> str:
    client, queue = stage.house.parts.client, stage.house.parts.settings.task_queue
    name = f"{workflow}/{secrets.token_hex(8)}"
    await client.execute_workflow(workflow, order, id=name, task_queue=queue)
    return name


def _workflow(stage: Stage, name: str) -> Any:
    return stage.house.parts.client.get_workflow_handle(name)


def _tokens(mail: MailServer, begun: int) -> list[str]:
    """The links in the letters since then; other letters have none."""
    found = (LINK.search(str(each.message.get_content())) for each in mail.deliveries[begun:])
    return [link.group(1) for link in found if link is not None]

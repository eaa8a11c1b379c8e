"""The composition root: the real parts plugged into the ports."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig

from activities.batches import BatchWorker
from activities.correspondence import Correspondence, IdentityKeeper, MessageWriter
from activities.importing import ImportWorker
from activities.ports import PostOffice
from activities.recording import CaseRecorder
from contracts.cases import Patience
from contracts.names import DEPLOYMENT
from domain.complaints import shipped
from domain.complaints.terms import Way
from domain.surveys.dispositions import Channel
from gateways.files import FolderOfFiles
from gateways.mail import MailPost, MailServer, domain_of
from gateways.mailbox import Mailbox, MailboxAccount
from gateways.sms import SmsAccount, SmsGateway
from gateways.tombstones import TombstoneFile
from gateways.webhooks import WebhookSender
from runtime.bounces import Bounces
from runtime.case_commands import CaseCommands
from runtime.erasing import Eraser
from runtime.events import tell
from runtime.housekeeping import Chore
from runtime.launcher import TEMPORAL_AWAY, CaseLauncher, UndertakingLauncher
from runtime.links import SignedLinks
from runtime.operations import Operations
from runtime.returned_mail import GiveBounce, ReturnedMail
from runtime.rulebook import Rulebook
from runtime.sandbox import workflow_runner
from runtime.schedules import apply_recurrences, apply_schedules
from runtime.settings import Settings
from runtime.survey_assembly import SurveyParts, complaints_of_surveys, survey_activities, survey_parts
from runtime.temporal import connect
from runtime.undertaking_assembly import undertaking_activities
from runtime.undertaking_desk import UndertakingDesk
from runtime.webhooks import WebhookPost
from storage import chains, idempotency, personal_log
from storage.batches import Batches
from storage.cases import CaseRecords
from storage.contacts import Contacts, Correspondents
from storage.corrections import IdentityCorrections
from storage.deliveries import Deliveries
from storage.imports import Imports
from storage.keys import MasterKeys
from storage.ledger import Ledger
from storage.limits import Buckets
from storage.outbox import Event, Outbox
from storage.people import People
from storage.pool import Connection, Pool, open_pool
from storage.rotation import KeyUse
from storage.standing import Standing
from storage.steps import StepRecords
from storage.undertakings import Undertakings
from storage.unstarted import Kind, Unstarted
from storage.vault import Vault
from storage.webhook_deliveries import WebhookDeliveries, fan_out
from storage.webhooks import Webhooks
from workflows.batch import Batch
from workflows.complaint import ComplaintCase
from workflows.importing import Import
from workflows.periodic import Periodic
from workflows.undertaking import UndertakingRun
from workflows.wave import SurveyWave
from workflows.wave_turn import WaveTurn

GRACE = timedelta(seconds=25)
"""How long a stopping worker lets its activities finish; less than what an orchestrator waits before it kills."""
STICKY_QUEUE_LIMIT = timedelta(seconds=3)
"""After a worker dies, its cases wait this long for it before another one takes them."""


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process of Amends is made of."""

    settings: Settings
    keys: MasterKeys
    pool: Pool
    vault: Vault
    ledger: Ledger
    people: People
    records: CaseRecords
    steps: StepRecords
    standing: Standing
    operations: Operations
    unstarted: Unstarted
    rulebook: Rulebook
    client: Client
    launcher: CaseLauncher
    files: FolderOfFiles
    eraser: Eraser
    links: SignedLinks
    undertakings: Undertakings
    undertaking_desk: UndertakingDesk
    undertaking_launcher: UndertakingLauncher
    surveys: SurveyParts


@asynccontextmanager
async def assemble(settings: Settings, *, name: str, lazy: bool) -> AsyncIterator[Parts]:
    """Open the store and the connection to Temporal, and plug everything together.

    Lazy: Temporal may be away, as an interface needs only the store. A worker needs both and waits for them.
    """
    keys = settings.master_keys()
    pool = await open_pool(settings.database_url, size=settings.database_pool_size, name=name)
    try:
        client = await connect(
            keys,
            lazy=lazy,
            accept_plain=settings.accept_plain_payloads,
            metrics_address=settings.temporal_metrics,
        )
        parts = plug_together(settings, keys, pool, client)
        await parts.vault.confirm_keys()
        await KeyUse(pool).leads(keys.newest, _now())
        await parts.eraser.honour()
        yield parts
    finally:
        await pool.close()


def plug_together(settings: Settings, keys: MasterKeys, pool: Pool, client: Client) -> Parts:
    """The parts of a process over an open pool and a client."""
    unstarted, ledger, rulebook = Unstarted(pool, Kind.CASE), Ledger(pool), Rulebook(pool)
    vault = Vault(pool, keys, settings.default_region)
    files = FolderOfFiles(settings.files_dir)
    undertakings = Undertakings(pool)
    return Parts(
        settings=settings,
        keys=keys,
        pool=pool,
        vault=vault,
        ledger=ledger,
        people=People(pool),
        records=CaseRecords(pool),
        steps=StepRecords(pool),
        standing=Standing(pool),
        operations=Operations(client, settings.task_queue),
        unstarted=unstarted,
        rulebook=rulebook,
        client=client,
        launcher=CaseLauncher(client, settings.task_queue, unstarted),
        files=files,
        eraser=Eraser(
            pool=pool,
            vault=vault,
            ledger=ledger,
            rulebook=rulebook,
            files=files,
            tombstones=TombstoneFile(settings.erasures_file),
            key=keys.anchor(),
        ),
        links=SignedLinks(pool, keys, settings.public_url),
        undertakings=undertakings,
        undertaking_desk=UndertakingDesk(pool, vault, undertakings, _now),
        undertaking_launcher=UndertakingLauncher(client, settings.task_queue, Unstarted(pool, Kind.UNDERTAKING)),
        surveys=survey_parts(pool, client, settings.task_queue),
    )


def case_worker(parts: Parts, *, strict: bool = False) -> Worker:
    """The worker that runs cases and their activities."""
    return Worker(
        parts.client,
        task_queue=parts.settings.task_queue,
        workflows=[ComplaintCase, Batch, Import, SurveyWave, WaveTurn, UndertakingRun, Periodic],
        activities=case_activities(parts),
        workflow_runner=workflow_runner(strict=strict),
        graceful_shutdown_timeout=GRACE,
        sticky_queue_schedule_to_start_timeout=STICKY_QUEUE_LIMIT,
        deployment_config=_deployment(parts.settings.worker_build),
    )


def _deployment(build: str | None) -> WorkerDeploymentConfig | None:
    """Which release this worker is; cases live for months and replay on every release, so they move to the newest."""
    if build is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


def case_activities(parts: Parts) -> Sequence[Callable[..., Any]]:
    """Every activity of a case, bound to the real parts."""
    settings = parts.settings
    patience = Patience(attempts=settings.step_attempts, first_wait=settings.step_first_wait)
    recorder = CaseRecorder(parts.ledger, parts.rulebook, parts.people, patience)
    correspondence = _correspondence(parts)
    keeper = IdentityKeeper(parts.vault, IdentityCorrections(parts.pool, parts.vault), _now)
    batches = BatchWorker(Batches(parts.pool), CaseCommands(parts.launcher, parts.ledger))
    imports = Imports(parts.pool, parts.vault, parts.keys, settings.default_region)
    importer = ImportWorker(imports, parts.rulebook, shipped.taxonomy(), settings.default_policy, _now)
    return [
        recorder.load_case,
        recorder.perform_and_record,
        correspondence.send_letter,
        keeper.correct_identity,
        batches.carry_out_page,
        importer.import_page,
        *survey_activities(parts, _survey_offices(settings), patience),
        *undertaking_activities(parts, _mail(settings), patience, _now),
    ]


def _mail(settings: Settings) -> MailPost:
    return MailPost(MailServer.from_url(settings.smtp_url), settings.mail_from, settings.return_path)


def _sms(settings: Settings) -> SmsGateway | None:
    if settings.sms_url is None:
        return None
    account = SmsAccount.from_url(settings.sms_url, settings.sms_signature, settings.sms_templates)
    return SmsGateway(account, settings.default_region)


def _survey_offices(settings: Settings) -> dict[Channel, PostOffice]:
    """What takes invitations: mail, and text messages where there is a gateway for them."""
    texts = _sms(settings)
    return {Channel.EMAIL: _mail(settings)} | ({} if texts is None else {Channel.SMS: texts})


def _correspondence(parts: Parts) -> Correspondence:
    settings, pool = parts.settings, parts.pool
    channels: dict[Way, PostOffice] = {Way.EMAIL: _mail(settings)}
    if (texts := _sms(settings)) is not None:
        channels[Way.SMS] = texts
    return Correspondence(
        MessageWriter(parts.vault, Correspondents(pool), parts.links, settings.time_zone, _now),
        channels,
        Deliveries(pool),
        Contacts(pool),
        parts.rulebook,
        _now,
    )


def _mailbox_chores(parts: Parts) -> Sequence[Chore]:
    """Where a mailbox for returned mail is named, looking through it."""
    settings = parts.settings
    if settings.mailbox_url is None:
        return []
    give = GiveBounce(CaseCommands(parts.launcher, parts.ledger))
    bounces = Bounces(Deliveries(parts.pool), parts.records, give, _now)
    mailbox = Mailbox(MailboxAccount.from_url(settings.mailbox_url))
    returned = ReturnedMail(mailbox, bounces, domain_of(settings.mail_from))
    return [Chore("fetch returned mail", settings.mailbox_every, returned.fetch)]


def chores(parts: Parts) -> Sequence[Chore]:
    """What must be done again and again, by whichever process is there."""
    return [
        *_mailbox_chores(parts),
        Chore("start what was left", timedelta(seconds=1), parts.launcher.start_those_left),
        Chore("start undertakings that were left", timedelta(seconds=1), parts.undertaking_launcher.start_those_left),
        Chore("start waves that were left", timedelta(seconds=2), parts.surveys.launcher.start_those_left),
        Chore("open complaints of bad answers", timedelta(seconds=5), complaints_of_surveys(parts).open_all),
        Chore("start batches that were left", timedelta(seconds=30), lambda: _start_batches(parts)),
        Chore("tell what happened", timedelta(seconds=1), lambda: tell_all(parts.pool)),
        Chore("start imports that were left", timedelta(seconds=30), lambda: _start_imports(parts)),
        Chore(
            "anchor the ledger", timedelta(minutes=5), lambda: chains.anchor(parts.pool, parts.keys.anchor(), _now())
        ),
        Chore(
            "anchor the log of personal data",
            timedelta(minutes=5),
            lambda: personal_log.anchor_log(parts.pool, parts.keys.anchor(), _now()),
        ),
        Chore("put the schedules right", timedelta(minutes=5), lambda: _apply_schedules(parts)),
        Chore("look at the horizons", timedelta(days=1), lambda: parts.rulebook.warn_of_horizons(_now())),
        Chore("let go what was kept long enough", timedelta(minutes=1), lambda: parts.eraser.sweep(_now())),
        Chore("look for wedged workflows", timedelta(minutes=1), lambda: _warn_of_wedged(parts)),
        Chore("prune kept answers", timedelta(hours=1), lambda: idempotency.prune(parts.pool, _now())),
        Chore("tell webhooks", timedelta(seconds=0.5), webhook_post(parts).open_lanes),
        Chore("seal secrets of webhooks again", timedelta(minutes=5), Webhooks(parts.pool, parts.keys).seal_again),
        Chore("prune deliveries", timedelta(hours=1), lambda: WebhookDeliveries(parts.pool).prune(_now())),
        Chore("prune full buckets", timedelta(minutes=10), lambda: Buckets(parts.pool).prune(_now())),
    ]


async def _apply_schedules(parts: Parts) -> int:
    client, queue, zone = parts.client, parts.settings.task_queue, parts.settings.time_zone
    recurrences = await parts.surveys.recurrences.all()
    return len(await apply_schedules(client, queue, zone)) + await apply_recurrences(client, queue, zone, recurrences)


async def tell_all(pool: Pool) -> int:
    """Into the log, and to every webhook that wants it."""

    async def note(connection: Connection, events: Sequence[Event]) -> None:
        await fan_out(connection, events, _now())

    return await Outbox(pool).drain(tell, note=note)


def webhook_post(parts: Parts) -> WebhookPost:
    """Who brings deliveries to webhooks on their way."""
    settings = parts.settings
    sender = WebhookSender(private_targets=settings.webhook_private_targets, time_limit=settings.webhook_time_limit)
    webhooks = Webhooks(parts.pool, parts.keys)
    return WebhookPost(webhooks, WebhookDeliveries(parts.pool), sender, settings.public_url, _now)


async def _warn_of_wedged(parts: Parts) -> int:
    """Say which workflows cannot go on by themselves: a release must mend them."""
    try:
        wedged = await parts.operations.wedged()
    except (*TEMPORAL_AWAY, TimeoutError):
        return 0
    for each in wedged:
        log.error("workflow is wedged", extra={"workflow_id": each.id, "problems": list(each.problems)})
    return len(wedged)


async def _start_batches(parts: Parts) -> int:
    """Start unfinished batches unless they run: the process that took one in may have died, or Temporal was away."""
    for batch in await Batches(parts.pool).unfinished():
        await parts.launcher.start_batch(batch)
    return 0


async def _start_imports(parts: Parts) -> int:
    """The same for imports; one that was never handed in whole goes after a day."""
    imports = Imports(parts.pool, parts.vault, parts.keys, parts.settings.default_region)
    for batch in await imports.unfinished():
        await parts.launcher.start_import(batch)
    return await imports.drop_unready(_now() - timedelta(days=1))


def _now() -> datetime:
    return datetime.now(UTC)

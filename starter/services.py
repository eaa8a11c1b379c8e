"""The desks that the interfaces call, made from the parts of `runtime.assembly`."""

from dataclasses import dataclass
from email.utils import parseaddr

from domain.complaints import shipped
from domain.complaints.taxonomy import Taxonomy
from runtime.assembly import Parts
from starter.accounts import AccountDesk
from starter.attachments import AttachmentDesk
from starter.batches import BatchDesk
from starter.board import BoardDesk
from starter.case_packs import PackDesk
from starter.desk import CaseDesk
from starter.forms import FormDesk
from starter.imports import ImportDesk
from starter.intake import IntakeDesk
from starter.keys import RequestKeys
from starter.letters import LetterDesk
from starter.likeness import LikenessDesk
from starter.pages.limits import PublicLimits
from starter.privacy import PrivacyDesk
from starter.reading import Reads
from starter.repetitions import Repetitions
from starter.searching import NarrativeSearch
from starter.staff import StaffDesk
from starter.steps import StepDesk
from starter.survey_services import SurveyServices, survey_services
from starter.undertakings import Undertaker
from storage.attachments import Attachments
from storage.batches import Batches
from storage.contacts import Contacts
from storage.imports import Imports
from storage.limits import Buckets
from storage.saved_views import SavedViews
from storage.undertakings import Undertakings
from storage.webhook_deliveries import WebhookDeliveries
from storage.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Services:
    """What an interface needs: the parts to read from, the desks to write through."""

    parts: Parts
    taxonomy: Taxonomy
    keys: RequestKeys
    repetitions: Repetitions
    intake: IntakeDesk
    cases: CaseDesk
    batches: BatchDesk
    batch_records: Batches
    steps: StepDesk
    attachments: AttachmentDesk
    likeness: LikenessDesk
    reads: Reads
    privacy: PrivacyDesk
    narratives: NarrativeSearch
    forms: FormDesk
    undertakings: Undertakings
    undertaker: Undertaker
    limits: PublicLimits
    webhooks: Webhooks
    webhook_deliveries: WebhookDeliveries
    surveys: SurveyServices
    packs: PackDesk
    imports: ImportDesk
    letters: LetterDesk
    accounts: AccountDesk
    board: BoardDesk
    views: SavedViews
    staff: StaffDesk


def services(parts: Parts) -> Services:
    taxonomy, keys = shipped.taxonomy(), RequestKeys(parts.keys.command_ids())
    repetitions, reads = Repetitions(parts.pool), Reads(parts.pool)
    cases = CaseDesk(
        pool=parts.pool,
        vault=parts.vault,
        ledger=parts.ledger,
        records=parts.records,
        rulebook=parts.rulebook,
        taxonomy=taxonomy,
        launcher=parts.launcher,
        repetitions=repetitions,
        keys=keys,
        contacts=Contacts(parts.pool),
        region=parts.settings.default_region,
        zone=parts.settings.time_zone,
    )
    forms = FormDesk(
        vault=parts.vault,
        ledger=parts.ledger,
        people=parts.people,
        cases=cases,
        reads=reads,
        taxonomy=taxonomy,
        zone=parts.settings.time_zone,
    )
    return Services(
        parts=parts,
        taxonomy=taxonomy,
        keys=keys,
        repetitions=repetitions,
        intake=IntakeDesk(
            pool=parts.pool,
            vault=parts.vault,
            rulebook=parts.rulebook,
            taxonomy=taxonomy,
            source_secret=parts.keys.command_ids(),
            region=parts.settings.default_region,
            default_policy=parts.settings.default_policy,
            start=parts.launcher.start,
        ),
        cases=cases,
        batches=BatchDesk(parts.pool, parts.records, cases, parts.launcher.start_batch),
        batch_records=Batches(parts.pool),
        steps=StepDesk(
            pool=parts.pool,
            vault=parts.vault,
            steps=parts.steps,
            cases=parts.records,
            keys=keys,
            start=parts.launcher.start_batch,
        ),
        likeness=LikenessDesk(parts.pool, parts.vault, reads),
        attachments=AttachmentDesk(parts.pool, parts.vault, parts.files, cases, keys, reads),
        reads=reads,
        narratives=NarrativeSearch(parts.records, parts.vault, reads),
        privacy=PrivacyDesk(
            pool=parts.pool,
            vault=parts.vault,
            records=parts.records,
            eraser=parts.eraser,
            files=parts.files,
            reads=reads,
        ),
        forms=forms,
        packs=PackDesk(ledger=parts.ledger, attachments=Attachments(parts.pool, parts.vault), cases=cases, forms=forms),
        imports=ImportDesk(
            imports=Imports(parts.pool, parts.vault, parts.keys, parts.settings.default_region),
            rulebook=parts.rulebook,
            taxonomy=taxonomy,
            region=parts.settings.default_region,
            default_policy=parts.settings.default_policy,
            start=parts.launcher.start_import,
        ),
        undertakings=parts.undertakings,
        undertaker=Undertaker(
            desk=parts.undertaking_desk,
            undertakings=parts.undertakings,
            launcher=parts.undertaking_launcher,
            vault=parts.vault,
            repetitions=repetitions,
            keys=keys,
            people=parts.people,
            zone=parts.settings.time_zone,
        ),
        webhooks=Webhooks(parts.pool, parts.keys),
        webhook_deliveries=WebhookDeliveries(parts.pool),
        surveys=survey_services(parts, repetitions, keys, reads),
        limits=PublicLimits(Buckets(parts.pool), parts.keys.limits(), parts.settings),
        letters=LetterDesk(parts, cases, reads, parseaddr(parts.settings.mail_from)[0]),
        accounts=AccountDesk(parts.pool, idle=parts.settings.session_idle, longest=parts.settings.session_longest),
        board=BoardDesk(parts.pool, parts.settings.time_zone),
        views=SavedViews(parts.pool),
        staff=StaffDesk(parts.pool),
    )

"""The desks that the interfaces call, made from the parts of `runtime.assembly`."""

from dataclasses import dataclass

from domain.complaints import shipped
from domain.complaints.taxonomy import Taxonomy
from runtime.assembly import Parts
from starter.desk import CaseDesk
from starter.intake import IntakeDesk
from starter.keys import RequestKeys
from starter.repetitions import Repetitions


@dataclass(frozen=True, slots=True)
class Services:
    """What an interface needs: the parts to read from, the desks to write through."""

    parts: Parts
    taxonomy: Taxonomy
    keys: RequestKeys
    repetitions: Repetitions
    intake: IntakeDesk
    cases: CaseDesk


def services(parts: Parts) -> Services:
    taxonomy, keys = shipped.taxonomy(), RequestKeys(parts.keys.command_ids())
    repetitions = Repetitions(parts.pool)
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
        cases=CaseDesk(
            pool=parts.pool,
            vault=parts.vault,
            ledger=parts.ledger,
            records=parts.records,
            taxonomy=taxonomy,
            launcher=parts.launcher,
            repetitions=repetitions,
            keys=keys,
            region=parts.settings.default_region,
        ),
    )

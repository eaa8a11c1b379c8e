"""What is needed to compute the same numbers again."""

from collections.abc import Iterator

from domain.surveys.report.cells import Text
from domain.surveys.report.document import Provenance, Section
from domain.surveys.report.sections.pieces import paragraph, row, text
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import Wording, phrase


def reproducibility(provenance: Provenance) -> Section:
    """The last section."""
    table = Table(
        title=phrase("reproducibility.table"),
        columns=(phrase("reproducibility.what"), phrase("reproducibility.value")),
        rows=tuple(row(text(name), Text.verbatim(value)) for name, value in _entries(provenance)),
    )
    return Section(
        id="reproducibility",
        title=phrase("reproducibility.title"),
        blocks=(paragraph("reproducibility.intro"), table),
    )


def _entries(provenance: Provenance) -> Iterator[tuple[Wording, str]]:
    for name, digest in provenance.inputs.items():
        yield phrase("reproducibility.input", name=name), digest
    for name, digest in provenance.definitions.items():
        yield phrase("reproducibility.definition", name=name), digest
    for name in ("method", "confidence", "seed", "replicates", "program"):
        yield phrase(f"reproducibility.{name}"), str(getattr(provenance, name))

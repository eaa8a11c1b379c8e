"""All findings of a survey at once: what a report is written from. Owns their order and which one is the index."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.surveys.definition import IndexMethod
from domain.surveys.dispositions import Disposition
from domain.surveys.report.findings.beside import BesideFinding, find_beside
from domain.surveys.report.findings.care import CareFindings, find_care
from domain.surveys.report.findings.loyalty import LoyaltyFindings, find_loyalty
from domain.surveys.report.findings.priorities import Priority
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.findings.structure import StructureFindings, find_in_structure
from domain.surveys.report.findings.tree import TreeFindings, find_in_tree
from domain.surveys.report.subject import Subject
from domain.surveys.tree_index import Score


class Step(StrEnum):
    """What is computed, in this order; the bootstrap belongs to the structure."""

    TREE = "tree"
    STRUCTURE = "structure"
    LOYALTY = "loyalty"
    BESIDE = "beside"
    CARE = "care"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a wave knows beyond its answers: the index of the wave before and what became of its contacts."""

    previous: Score | None = None
    dispositions: Mapping[Disposition, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was found; a part is none where the survey does not have it."""

    subject: Subject
    responses: Responses
    circumstances: Circumstances
    replicates: int
    seed: int
    tree: TreeFindings | None
    structure: StructureFindings | None
    loyalty: LoyaltyFindings | None
    beside: tuple[BesideFinding, ...]
    care: CareFindings

    @property
    def is_by_tree(self) -> bool:
        """Whether the published index is the tree's; it is the model's otherwise."""
        return self.tree is not None and (self.structure is None or self.subject.method is IndexMethod.WEIGHTED_TREE)

    @property
    def index(self) -> Score:
        """The published index."""
        found = self.published
        return found.index.index if isinstance(found, TreeFindings) else found.index

    @property
    def priorities(self) -> tuple[Priority, ...]:
        """What works on the published index."""
        return self.published.priorities

    @property
    def segments(self) -> dict[str, dict[str, Score]]:
        return self.published.segments

    @property
    def published(self) -> TreeFindings | StructureFindings:
        """The findings that the published index comes from."""
        found = self.tree if self.is_by_tree else self.structure
        if found is None:
            raise AssertionError("a subject has a tree or a model")
        return found


def evaluate(
    subject: Subject,
    responses: Responses,
    *,
    replicates: int,
    seed: int,
    circumstances: Circumstances | None = None,
    announce: Callable[[Step], None] = lambda _: None,
) -> Evaluation:
    """Compute every finding, with so many bootstrap replicates (0 for none); `announce` is told each step.

    Refuses with SurveyProblem what the tree and the model refuse: nothing is computed in part.
    """
    confidence = subject.options.confidence
    announce(Step.TREE)
    tree = None if subject.tree is None else find_in_tree(subject.tree, subject, responses)
    announce(Step.STRUCTURE)
    structure = None
    if subject.model is not None and subject.index_construct is not None:
        structure = find_in_structure(subject.model, subject.index_construct, responses, confidence, replicates, seed)
    announce(Step.LOYALTY)
    loyalty = None if structure is None else find_loyalty(structure, responses, confidence)
    announce(Step.BESIDE)
    beside = find_beside(subject, responses)
    announce(Step.CARE)
    return Evaluation(
        subject=subject,
        responses=responses,
        circumstances=circumstances or Circumstances(),
        replicates=replicates if structure is not None else 0,
        seed=seed,
        tree=tree,
        structure=structure,
        loyalty=loyalty,
        beside=beside,
        care=find_care(subject, responses),
    )

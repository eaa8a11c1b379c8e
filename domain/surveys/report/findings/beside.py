"""The figures that stand beside the index and are never called it: satisfaction rate, net promoter score, effort."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.surveys.questionnaire import Rating, Role
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.subject import Subject
from domain.surveys.secondary import NetPromoterScore, customer_effort_score, net_promoter_score, satisfaction_rate
from domain.surveys.tree_index import Score


@dataclass(frozen=True, slots=True)
class BesideFinding:
    """One question with its figure: in percent, in points of -100 … 100, or in codes of its scale."""

    question: Rating
    role: Role
    score: Score
    net: NetPromoterScore | None = None


def find_beside(subject: Subject, responses: Responses) -> tuple[BesideFinding, ...]:
    """The figures of those questions that somebody answered."""
    return tuple(_found(subject, responses))


def _found(subject: Subject, responses: Responses) -> Iterator[BesideFinding]:
    for name, question in subject.standing_beside().items():
        codes, confidence = responses.codes.get(name), subject.options.confidence
        if codes is None:
            continue
        match question.role:
            case Role.NET_PROMOTER:
                net = net_promoter_score(name, codes, responses.design, confidence)
                yield BesideFinding(question, Role.NET_PROMOTER, net.score, net)
            case Role.EFFORT:
                score = customer_effort_score(name, codes, responses.design, question.scale, confidence)
                yield BesideFinding(question, Role.EFFORT, score)
            case _:
                least = question.scale.maximum - subject.satisfied + 1
                score = satisfaction_rate(name, codes, responses.design, question.scale, least, confidence)
                yield BesideFinding(question, Role.SATISFACTION, score)

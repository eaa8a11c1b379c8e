"""Response, cooperation, refusal and contact rates of a sample (AAPOR Standard Definitions, 10th edition, 2023)."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from domain.surveys.dispositions import Disposition
from domain.surveys.errors import Problem, refuse_if_any


@dataclass(frozen=True, slots=True)
class OutcomeRates:
    """All rates by their AAPOR names; one that would be 0/0 is none.

    `estimated_eligibility` is e, by which the unknown were multiplied.
    """

    estimated_eligibility: float | None
    rr1: float | None
    rr2: float | None
    rr3: float | None
    rr4: float | None
    rr5: float | None
    rr6: float | None
    coop1: float | None
    coop2: float | None
    coop3: float | None
    coop4: float | None
    ref1: float | None
    ref2: float | None
    ref3: float | None
    con1: float | None
    con2: float | None
    con3: float | None


def count_dispositions(dispositions: Iterable[Disposition]) -> dict[Disposition, int]:
    """How many units have each disposition, all eight of them; they sum to the sample."""
    counts = Counter(dispositions)
    return {disposition: counts[disposition] for disposition in Disposition}


def outcome_rates(counts: dict[Disposition, int] | dict[Disposition, float], e: float | None = None) -> OutcomeRates:
    """Rates from counts, or from sums of base weights, by disposition; one that is left out counts 0.

    `e` is the part of the unknown that is eligible; none: as among the known (Council of American Survey Research
    Organizations 1982). Refuses with SurveyProblem counts below 0 and e outside 0–1.
    """
    refuse_if_any(
        Problem(disposition, f"a count of at least 0 is expected, not {count}")
        for disposition, count in counts.items()
        if not 0 <= count < math.inf
    )
    refuse_if_any([Problem("e", f"between 0 and 1, not {e}")] if e is not None and not 0 <= e <= 1 else [])
    i, p, r, nc, o, uh, uo, ne = (float(counts.get(disposition, 0)) for disposition in Disposition)
    interviewed, contacted = i + p, i + p + r + o
    eligible, unknown = contacted + nc, uh + uo
    share = e if e is not None else _ratio(eligible, eligible + ne)
    everyone = eligible + unknown
    likely = eligible + share * unknown if share is not None else None
    return OutcomeRates(
        estimated_eligibility=share,
        rr1=_ratio(i, everyone),
        rr2=_ratio(interviewed, everyone),
        rr3=_ratio(i, likely),
        rr4=_ratio(interviewed, likely),
        rr5=_ratio(i, eligible),
        rr6=_ratio(interviewed, eligible),
        coop1=_ratio(i, contacted),
        coop2=_ratio(interviewed, contacted),
        coop3=_ratio(i, interviewed + r),
        coop4=_ratio(interviewed, interviewed + r),
        ref1=_ratio(r, everyone),
        ref2=_ratio(r, likely),
        ref3=_ratio(r, eligible),
        con1=_ratio(contacted, everyone),
        con2=_ratio(contacted, likely),
        con3=_ratio(contacted, eligible),
    )


def _ratio(part: float, whole: float | None) -> float | None:
    return part / whole if whole else None

"""What complaints are about in the customers' own words: themes of narratives, by the pieces of words they share.

Pieces of two to four signs need no word splitter, so that Chinese and English go the same way. A theme is a part of a
non-negative factorisation of their weights; it is named by its most telling pieces and shown by the narratives that
are most of it. A theme is a hint where to read, never a count that is reported to anybody outside.

Sources: Salton, Buckley, Information Processing & Management 24, 1988 (weights); Lee, Seung, Nature 401, 1999
(factorisation); both by scikit-learn.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from domain.analysis.refusal import AnalysisProblem
from domain.surveys.arrays import FloatArray, IntArray

MOST_NARRATIVES = 20_000
MOST_PIECES = 20_000
FEWEST_NARRATIVES = 20
PIECES_SHOWN = 8
EXAMPLES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme: its telling pieces, how many of the sampled narratives are mostly about it, and which are most of it."""

    pieces: tuple[str, ...]
    narratives: int
    share: float
    examples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Themes:
    """Themes, the largest first, found in `sampled` of `all` narratives."""

    all: int
    sampled: int
    themes: tuple[Theme, ...]


def find_themes(narratives: Sequence[str], count: int, generator: Generator) -> Themes:
    """Find so many themes in narratives, on a random sample of at most 20,000; fewer where few pieces are shared.

    `examples` are positions in `narratives`. Refuses with AnalysisProblem: fewer than 20 narratives, which say nothing,
    or a count outside 2–50.
    """
    if len(narratives) < FEWEST_NARRATIVES:
        raise AnalysisProblem("narratives", f"at least {FEWEST_NARRATIVES}, not {len(narratives)}")
    if not 2 <= count <= 50:
        raise AnalysisProblem("count", f"2 to 50, not {count}")
    size = min(len(narratives), MOST_NARRATIVES)
    sample: IntArray = np.sort(generator.choice(len(narratives), size=size, replace=False))
    belongs, pieces_of, pieces = _factors([narratives[row] for row in sample], count, int(generator.integers(2**31)))
    mostly = np.where(belongs.sum(axis=1) > 0, belongs.argmax(axis=1), -1)
    themes = [_theme(k, belongs[:, k], mostly, pieces_of[k], pieces, sample) for k in range(belongs.shape[1])]
    found = sorted((theme for theme in themes if theme.narratives), key=lambda each: (-each.narratives, each.pieces))
    return Themes(len(narratives), size, tuple(found))


def _factors(texts: list[str], count: int, seed: int) -> tuple[FloatArray, FloatArray, Sequence[str]]:
    """How much each text is of each theme (n, k), how much each piece tells of it (k, p), and the pieces (p,)."""
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigh = TfidfVectorizer(
        preprocessor=_without_signs,
        analyzer="char_wb",
        ngram_range=(2, 4),
        min_df=3,
        max_df=0.5,
        max_features=MOST_PIECES,
        sublinear_tf=True,
    )
    try:
        weights = weigh.fit_transform(texts)
    except ValueError:
        raise AnalysisProblem("narratives", "texts that share some words") from None
    themes = min(count, *weights.shape)
    factorise = NMF(n_components=themes, init="nndsvda", random_state=seed, max_iter=200, tol=1e-3)
    return factorise.fit_transform(weights), factorise.components_, weigh.get_feature_names_out().tolist()


def _without_signs(text: str) -> str:
    """Pieces end at punctuation: what runs across a full stop means nothing."""
    return re.sub(r"[\W_]+", " ", text.lower())


def _theme(
    number: int, belongs: FloatArray, mostly: IntArray, weights: FloatArray, pieces: Sequence[str], sample: IntArray
) -> Theme:
    own = int(np.count_nonzero(mostly == number))
    examples = [int(sample[row]) for row in np.argsort(-belongs, kind="stable")[:EXAMPLES_SHOWN] if belongs[row] > 0]
    return Theme(_telling(weights, pieces), own, own / len(mostly), tuple(examples))


def _telling(weights: FloatArray, pieces: Sequence[str]) -> tuple[str, ...]:
    """The heaviest pieces, without those that are parts of one that is shown."""
    shown: list[str] = []
    for place in np.argsort(-weights, kind="stable")[: 6 * PIECES_SHOWN]:
        piece = pieces[place].strip()
        if len(piece) < 2 or any(piece in other for other in shown):
            continue
        shown = [other for other in shown if other not in piece] + [piece]
        if len(shown) == PIECES_SHOWN:
            break
    return tuple(shown)

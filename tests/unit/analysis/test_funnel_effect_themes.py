import numpy as np
import pytest
from scipy.stats import binomtest

from domain.analysis.effect import Verdict, check_effect
from domain.analysis.funnel import compare_partners
from domain.analysis.refusal import AnalysisProblem
from domain.analysis.themes import find_themes


def test_a_small_partner_with_an_extreme_rate_keeps_its_wider_limits() -> None:
    cases, exposure = [100, 102, 98, 101, 4, 220], [1000, 1000, 1000, 1000, 20, 1000]
    funnel = compare_partners(["a", "b", "c", "d", "small", "bad"], cases, exposure)
    by_name = {each.label: each for each in funnel.standings}
    small, bad = by_name["small"], by_name["bad"]
    assert small.low <= small.rate <= small.high
    assert bad.rate > bad.high
    assert funnel.standings[0].label == "bad"
    assert abs(small.shrunken - funnel.rate) < abs(small.rate - funnel.rate)


def test_partners_that_vary_by_chance_only_are_all_inconspicuous() -> None:
    chance = np.random.default_rng(1)
    exposure = chance.integers(200, 4000, 60)
    funnel = compare_partners([str(k) for k in range(60)], chance.poisson(exposure * 0.05), exposure)
    assert all(each.adjusted_p_value > 0.01 for each in funnel.standings)
    assert funnel.dispersion < 1.3


def test_a_comparison_needs_two_partners_and_a_complaint() -> None:
    with pytest.raises(AnalysisProblem):
        compare_partners(["a"], [1], [1])
    with pytest.raises(AnalysisProblem):
        compare_partners(["a", "b"], [0, 0], [1, 1])


def test_the_effect_is_tested_as_the_exact_binomial_test_does() -> None:
    found = check_effect(40, 1000, 20, 1000)
    assert found.p_value == pytest.approx(binomtest(20, 60, 0.5, alternative="less").pvalue)
    interval = binomtest(20, 60, 0.5).proportion_ci(0.95, method="exact")
    assert found.low == pytest.approx(interval.low / (1 - interval.low))
    assert found.high == pytest.approx(interval.high / (1 - interval.high))
    assert found.ratio == pytest.approx(0.5)
    assert found.verdict is Verdict.EFFECTIVE


def test_exposures_of_different_length_are_allowed_for() -> None:
    found = check_effect(40, 3000, 20, 1500)
    assert found.ratio == pytest.approx(1)
    assert found.verdict is Verdict.NOT_EFFECTIVE


def test_days_that_vary_more_than_chance_make_the_same_counts_say_less() -> None:
    assert check_effect(40, 1000, 20, 1000, dispersion=2.6).p_value > check_effect(40, 1000, 20, 1000).p_value
    assert check_effect(40, 1000, 24, 1000, dispersion=2.6).verdict is Verdict.NOT_EFFECTIVE


def test_too_few_before_to_show_any_effect_is_too_early() -> None:
    assert check_effect(3, 1000, 0, 100).verdict is Verdict.TOO_EARLY
    assert check_effect(0, 1000, 0, 1000).ratio is None


@pytest.mark.parametrize("arguments", [(-1, 1, 0, 1), (1, 0, 0, 1), (1, 1, 0, -1)])
def test_impossible_counts_are_refused(arguments: tuple[int, float, int, float]) -> None:
    with pytest.raises(AnalysisProblem):
        check_effect(*arguments)


WORDS = {
    "压力": ["晚上燃气压力太低，做不了饭", "燃气压力低，热水器打不着火", "每天晚上压力都很低"],
    "bill": ["my bill is wrong again", "the bill was estimated and wrong", "I was billed twice, the bill is wrong"],
}


def narratives() -> list[str]:
    chance = np.random.default_rng(2)
    return [f"{chance.choice(texts)} {number % 7}" for number in range(60) for texts in WORDS.values()]


def test_themes_of_both_languages_are_told_apart() -> None:
    texts = narratives()
    found = find_themes(texts, 2, np.random.default_rng(3))
    assert found.sampled == found.all == 120
    told = ["".join(theme.pieces) for theme in found.themes]
    assert any("压力" in pieces for pieces in told)
    assert any("bill" in pieces for pieces in told)
    for theme in found.themes:
        assert theme.narratives >= 50
        languages = {texts[row].isascii() for row in theme.examples}
        assert len(languages) == 1


def test_the_same_seed_finds_the_same_themes() -> None:
    texts = narratives()
    first, second = (find_themes(texts, 3, np.random.default_rng(9)) for _ in range(2))
    assert first == second


def test_too_few_narratives_say_nothing() -> None:
    with pytest.raises(AnalysisProblem, match="narratives"):
        find_themes(["short"] * 19, 2, np.random.default_rng(1))
    with pytest.raises(AnalysisProblem, match="narratives"):
        find_themes([chr(65 + k) * 3 for k in range(20)], 2, np.random.default_rng(1))

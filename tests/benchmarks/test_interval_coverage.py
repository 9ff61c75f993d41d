"""The intervals and the test that accuracy is judged by, against scipy and by simulation."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from edge_runtime.statistics import mcnemar_exact, paired_difference_interval, wilson_interval


@pytest.mark.parametrize("total", [100, 1000])
def test_wilson_covers_the_truth_as_often_as_promised(total: int) -> None:
    # Not drawn but counted: the chance of every possible count is known exactly.
    counts = np.arange(total + 1)
    intervals = [wilson_interval(int(count), total) for count in counts]
    lows, highs = (np.array([getattr(one, end) for one in intervals]) for end in ("low", "high"))
    truths = np.linspace(0.05, 0.99, 189)
    covered = [
        float(stats.binom.pmf(counts, total, truth)[(lows <= truth) & (truth <= highs)].sum())
        for truth in truths
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.004)
    assert min(covered) > 0.91  # it swings with the truth, as for every interval of counts


@pytest.mark.parametrize(
    ("only_first", "only_second", "total"),
    [(0.004, 0.004, 10_000), (0.003, 0.006, 10_000), (0.02, 0.05, 500), (0.0005, 0.0005, 2000)],
)
def test_the_paired_interval_covers_the_truth_as_often_as_promised(
    only_first: float, only_second: float, total: int
) -> None:
    shares = [only_first, only_second, 1 - only_first - only_second]
    draws = np.random.default_rng(9).multinomial(total, shares, size=4000)
    truth = only_first - only_second
    intervals = [paired_difference_interval(int(a), int(b), total) for a, b, _ in draws]
    held = float(np.mean([one.low <= truth <= one.high for one in intervals]))
    # Where hardly a picture differs it covers more than it must; never clearly less.
    assert held >= 0.94
    if total * min(only_first, only_second) >= 10:
        assert held == pytest.approx(0.95, abs=0.012)


# Far out in the tail scipy gives 0 for p-values that float64 can hold, so it is asked up to here.
@given(st.integers(0, 450), st.integers(0, 450))
def test_mcnemar_is_scipy_s_binomial_test(only_first: int, only_second: int) -> None:
    if only_first + only_second == 0:
        expected = 1.0
    else:
        expected = stats.binomtest(only_first, only_first + only_second, 0.5).pvalue
    assert mcnemar_exact(only_first, only_second) == pytest.approx(expected, rel=1e-7, abs=1e-250)


@given(st.integers(0, 2000), st.integers(0, 2000))
@example(21, 1054)
@settings(max_examples=30)
def test_mcnemar_is_the_sum_of_the_tail(only_first: int, only_second: int) -> None:
    flips = only_first + only_second
    tail = sum(comb(flips, k) for k in range(min(only_first, only_second) + 1))
    expected = min(Fraction(1), Fraction(2 * tail, 2**flips))
    assert mcnemar_exact(only_first, only_second) == pytest.approx(float(expected), rel=1e-12)


def test_mcnemar_alarms_no_more_often_than_promised() -> None:
    # Two classifiers that are equally right and differ on 1 % of 5,000 pictures.
    draws = np.random.default_rng(4).multinomial(5000, [0.005, 0.005, 0.99], size=4000)
    alarms = np.mean([mcnemar_exact(int(a), int(b)) < 0.05 for a, b, _ in draws])
    assert alarms <= 0.05

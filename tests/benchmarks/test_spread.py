"""Intervals over processes and comparisons, against scipy and simulated runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.spread import (
    estimate_median,
    estimate_ratio,
    holm_rejections,
    relative_spread,
    student_cdf,
    student_quantile,
)

POSITIVE = st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=12)


@pytest.mark.parametrize("freedom", [1, 2.5, 4, 14, 200])
def test_student_s_distribution_is_scipy_s(freedom: float) -> None:
    for t in (-4.0, -0.3, 0.0, 1.3, 12.0):
        assert student_cdf(t, freedom) == pytest.approx(stats.t.cdf(t, freedom), abs=1e-12)
    for share in (0.005, 0.5, 0.975):
        expected = stats.t.ppf(share, freedom)
        assert student_quantile(share, freedom) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("processes", [2, 3, 5, 15])
def test_interval_covers_the_truth_as_often_as_promised(processes: int) -> None:
    draws = np.exp(np.random.default_rng(3).normal(np.log(30), 0.05, size=(2000, processes)))
    inside = 0
    for row in draws:
        estimate = estimate_median(list(row))
        assert estimate.low is not None
        assert estimate.high is not None
        inside += estimate.low <= 30 <= estimate.high
    assert inside / len(draws) == pytest.approx(0.95, abs=0.015)


def test_welch_s_test_is_scipy_s() -> None:
    first, second = [10.0, 10.4, 9.9, 10.2], [11.0, 11.3, 10.8]
    expected = stats.ttest_ind(np.log(second), np.log(first), equal_var=False)
    result = estimate_ratio(first, second)
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    interval = expected.confidence_interval(0.95)
    assert result.low == pytest.approx(np.exp(interval.low))
    assert result.high == pytest.approx(np.exp(interval.high))


def test_eight_processes_and_more_are_trimmed_as_scipy_does() -> None:
    generator = np.random.default_rng(5)
    first, second = np.exp(generator.normal(3, 0.02, 10)), np.exp(generator.normal(3.05, 0.03, 12))
    second[3] *= 4  # a process that met a neighbour
    expected = stats.ttest_ind(np.log(second), np.log(first), equal_var=False, trim=0.2)
    result = estimate_ratio(list(first), list(second))
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-6)
    assert result.ratio == pytest.approx(np.exp(0.05), rel=0.04)


def test_false_alarms_are_as_rare_as_promised() -> None:
    draws = np.exp(np.random.default_rng(11).normal(3, 0.05, (1000, 20)))
    alarms = 0
    for row in draws:
        p_value = estimate_ratio(list(row[:10]), list(row[10:])).p_value
        assert p_value is not None
        alarms += p_value < 0.05
    assert alarms / len(draws) == pytest.approx(0.05, abs=0.02)


@given(POSITIVE)
def test_interval_contains_the_estimate(medians: list[float]) -> None:
    estimate = estimate_median(medians)
    assert min(medians) <= estimate.value * (1 + 1e-9)
    assert estimate.value <= max(medians) * (1 + 1e-9)
    if estimate.low is not None and estimate.high is not None:
        assert estimate.low <= estimate.value <= estimate.high
    else:
        assert len(medians) == 1


def test_one_process_tells_no_spread() -> None:
    assert estimate_median([5.0]).low is None
    assert estimate_ratio([5.0], [6.0]).p_value is None
    assert relative_spread([5.0]) == 0.0
    assert relative_spread([9.0, 10.0, 11.0]) == pytest.approx(0.2)


def test_more_processes_do_not_make_a_machine_look_less_steady() -> None:
    draws = np.exp(np.random.default_rng(8).normal(3, 0.05, (2000, 30)))
    few, many = (np.median([relative_spread(list(row[:n])) for row in draws]) for n in (3, 30))
    assert many <= few * 1.1
    plain = np.median((draws.max(axis=1) - draws.min(axis=1)) / np.median(draws, axis=1))
    assert plain > 2 * few, "as the plain range would"


def test_one_restless_process_of_five_does_not_decide_and_two_do() -> None:
    assert relative_spread([10.0, 10.1, 10.0, 10.2, 19.0]) == pytest.approx(0.02, abs=0.005)
    assert relative_spread([10.0, 10.1, 10.0, 19.0, 19.0]) > 0.5


def test_holm_keeps_what_stands_against_many() -> None:
    assert holm_rejections([0.001, 0.04, 0.3]) == [True, False, False]
    assert holm_rejections([0.001, 0.02, 0.04]) == [True, True, True]
    assert holm_rejections([]) == []

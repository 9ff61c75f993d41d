"""Early-stopping percentiles against MLPerf's published counts and against known distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.measurement.percentiles import estimate_percentile, least_samples


# MLPerf inference policies, table of the early-stopping criterion (99 % confidence).
@pytest.mark.parametrize(("percentile", "least"), [(0.90, 64), (0.95, 130), (0.99, 662)])
def test_least_samples_are_mlperf_s(percentile: float, least: int) -> None:
    assert least_samples(percentile) == least
    assert estimate_percentile(range(least - 1), percentile) is None
    assert estimate_percentile(range(least), percentile) is not None


def test_bound_holds_as_often_as_promised() -> None:
    draws = np.random.default_rng(7).exponential(size=(2000, 200))
    truth = -np.log(1 - 0.9)
    held = sum((estimate_percentile(list(row), 0.9) or 0.0) >= truth for row in draws)
    assert held / len(draws) >= 0.985


def test_estimate_nears_the_percentile_as_samples_grow() -> None:
    draws = np.random.default_rng(7).exponential(size=50_000)
    estimate = estimate_percentile(list(draws), 0.9)
    assert estimate == pytest.approx(-np.log(1 - 0.9), rel=0.05)


@given(st.lists(st.floats(0.1, 1e9), min_size=1, max_size=800))
def test_percentiles_are_samples_and_in_order(samples: list[float]) -> None:
    known = [
        value for p in (0.9, 0.95, 0.99) if (value := estimate_percentile(samples, p)) is not None
    ]
    assert known == sorted(known)
    assert all(value in samples for value in known)
    assert all(np.percentile(samples, 90) <= value * (1 + 1e-12) for value in known)


@pytest.mark.parametrize("wrong", [0.0, 1.0, 90.0])
def test_a_percentile_is_a_fraction(wrong: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        estimate_percentile([1.0], wrong)

"""Percentiles that say when they do not know, after MLPerf's early stopping.

A high percentile of few samples is luck. MLPerf LoadGen therefore reports an *estimate*: the
largest observation for which, at 99 % confidence, at least the wanted share of all future queries
would be faster. With too few samples there is none, and nothing is printed in its place.
Source: MLPerf inference policies, "Early Stopping Criterion"; Reddi et al., arXiv 1911.02549.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

CONFIDENCE = 0.99


def least_samples(percentile: float, confidence: float = CONFIDENCE) -> int:
    """Fewest samples that allow an estimate: 64 for p90, 130 for p95, 662 for p99.

    Args:
        percentile: As a fraction, such as 0.9.
        confidence: That the true percentile lies no higher than the estimate.
    """
    _check_fraction(percentile, confidence)
    samples = 2
    while _tail(1, samples, percentile) > 1 - confidence:
        samples += 1
    return samples


def estimate_percentile(
    samples: Sequence[float], percentile: float, confidence: float = CONFIDENCE
) -> float | None:
    """Early-stopping estimate of a percentile, in the samples' unit; None with too few samples.

    It is one of the samples, and lies at or above the plain percentile: the bound that holds with
    `confidence`, coming down towards the plain percentile as samples grow.

    Args:
        samples: Durations in any order.
        percentile: As a fraction, such as 0.9.
        confidence: That the true percentile lies no higher than the estimate.

    Raises:
        ValueError: A fraction is not between 0 and 1.
    """
    _check_fraction(percentile, confidence)
    over = _allowed_over(len(samples), percentile, confidence)
    return None if over == 0 else sorted(samples)[len(samples) - over]


@lru_cache(maxsize=4096)
def _allowed_over(count: int, percentile: float, confidence: float) -> int:
    """How many of `count` samples may exceed a bound that still holds; 0 where not even one."""
    low, high = 0, count  # `low` is always allowed, `high` never
    while high - low > 1:
        middle = (low + high) // 2
        if _tail(middle, count, percentile) <= 1 - confidence:
            low = middle
        else:
            high = middle
    return low


def _tail(over: int, count: int, percentile: float) -> float:
    """P(at most `over` of `count` samples are slow), each being slow with chance 1 − percentile."""
    log_fast, log_slow = math.log(percentile), math.log1p(-percentile)
    total = math.lgamma(count + 1)
    return math.fsum(
        math.exp(
            total
            - math.lgamma(slow + 1)
            - math.lgamma(count - slow + 1)
            + slow * log_slow
            + (count - slow) * log_fast
        )
        for slow in range(over + 1)
    )


def _check_fraction(*values: float) -> None:
    for value in values:
        if not 0.0 < value < 1.0:
            raise ValueError(f"expected a fraction between 0 and 1, found {value}")

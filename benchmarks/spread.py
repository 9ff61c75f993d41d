"""What several fresh processes say together about one latency, and about two.

Calls inside one process resemble each other (same addresses, same neighbours), so a thousand of
them are not a thousand independent looks. The process is the unit here: each gives one median, and
intervals come from how those medians differ. Latencies are compared by ratio, hence the logarithms.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, median, stdev

DEFAULT_CONFIDENCE = 0.95
_LEAST_TO_TRIM = 8


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the interval that it lies in; the ends are None where one process tells nothing.

    Attributes:
        value: In the unit of what was measured.
        low: Lower end of the interval.
        high: Upper end.
        processes: How many fresh processes it comes from.
    """

    value: float
    low: float | None
    high: float | None
    processes: int


@dataclass(frozen=True, slots=True)
class RatioEstimate:
    """How many times larger the second is than the first; 1.1 is ten percent more.

    Attributes:
        ratio: second / first.
        low: Lower end of its interval.
        high: Upper end.
        p_value: That so large a difference comes from luck, two-sided; None with one process each.
    """

    ratio: float
    low: float | None
    high: float | None
    p_value: float | None


def estimate_median(medians: Sequence[float], confidence: float = DEFAULT_CONFIDENCE) -> Estimate:
    """Join the medians of several processes: geometric mean, with Student's interval on logs.

    Args:
        medians: One positive number per process.
        confidence: Of the interval.

    Raises:
        ValueError: There are no processes, or a median is not positive.
    """
    logs = _logs(medians)
    centre = fmean(logs)
    if len(logs) == 1:
        return Estimate(math.exp(centre), None, None, 1)
    half = (
        student_quantile(0.5 + confidence / 2, len(logs) - 1) * stdev(logs) / math.sqrt(len(logs))
    )
    return Estimate(math.exp(centre), math.exp(centre - half), math.exp(centre + half), len(logs))


def estimate_ratio(
    first: Sequence[float], second: Sequence[float], confidence: float = DEFAULT_CONFIDENCE
) -> RatioEstimate:
    """Compare the medians of two sets of processes: Yuen's test on the logarithms.

    With eight processes or more a fifth is cut off each end, so that a process that met a noisy
    neighbour decides nothing; with fewer it is Welch's test.
    Source: K. K. Yuen, "The two-sample trimmed t for unequal population variances",
    Biometrika 61 (1974).

    Args:
        first: One positive number per process.
        second: The same of the other side.
        confidence: Of the interval.

    Raises:
        ValueError: A side is empty, or a median is not positive.
    """
    a, b = sorted(_logs(first)), sorted(_logs(second))
    difference = _trimmed_mean(b) - _trimmed_mean(a)
    if min(len(a), len(b)) < 2:
        return RatioEstimate(math.exp(difference), None, None, None)
    (part_a, free_a), (part_b, free_b) = _trimmed_error(a), _trimmed_error(b)
    error = math.sqrt(part_a + part_b)
    if error == 0.0:
        ratio, p_value = math.exp(difference), 1.0 if difference == 0.0 else 0.0
        return RatioEstimate(ratio, ratio, ratio, p_value)
    freedom = (part_a + part_b) ** 2 / (part_a**2 / free_a + part_b**2 / free_b)
    half = student_quantile(0.5 + confidence / 2, freedom) * error
    return RatioEstimate(
        ratio=math.exp(difference),
        low=math.exp(difference - half),
        high=math.exp(difference + half),
        p_value=2 * (1 - student_cdf(abs(difference) / error, freedom)),
    )


def _trim_count(count: int) -> int:
    """How many to cut off each end: a fifth, and none of few, where each one is needed."""
    return count // 5 if count >= _LEAST_TO_TRIM else 0


def _trimmed_mean(ordered: Sequence[float]) -> float:
    cut = _trim_count(len(ordered))
    return fmean(ordered[cut : len(ordered) - cut])


def _trimmed_error(ordered: Sequence[float]) -> tuple[float, int]:
    """Squared standard error of the trimmed mean (winsorized variance) and degrees of freedom."""
    count, cut = len(ordered), _trim_count(len(ordered))
    winsorized = [min(max(x, ordered[cut]), ordered[count - 1 - cut]) for x in ordered]
    kept = count - 2 * cut
    return (count - 1) * stdev(winsorized) ** 2 / (kept * (kept - 1)), kept - 1


def relative_spread(medians: Sequence[float]) -> float:
    """How far the processes lie apart, as a share of the middle one.

    Of four and fewer the fastest and the slowest; of more a fifth is left out at each end. The
    plain range grows with every process that is added, so that a more thorough run would look less
    steady; this one stays where it is, and one process that met a neighbour does not decide it.
    """
    if len(medians) < 2:
        return 0.0
    cut = len(medians) // 5
    inner = sorted(medians)[cut : len(medians) - cut]
    return (inner[-1] - inner[0]) / median(medians)


def holm_rejections(p_values: Sequence[float], alpha: float = 0.05) -> list[bool]:
    """Which of many tests stand, the chance of even one false alarm kept under `alpha`.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure",
    Scandinavian Journal of Statistics 6 (1979).
    """
    stands = [False] * len(p_values)
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > alpha / (len(p_values) - rank):
            break
        stands[index] = True
    return stands


def student_cdf(t: float, freedom: float) -> float:
    """P(T ≤ t) of Student's distribution with `freedom` degrees (incomplete beta function)."""
    tail = 0.5 * _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))
    return tail if t < 0 else 1.0 - tail


@lru_cache(maxsize=1024)
def student_quantile(probability: float, freedom: float) -> float:
    """The t with P(T ≤ t) = `probability`, found by bisection to about 1e-12."""
    if not 0.0 < probability < 1.0:
        raise ValueError(f"expected a fraction between 0 and 1, found {probability}")
    if probability < 0.5:
        return -student_quantile(1 - probability, freedom)
    low, high = 0.0, 1.0
    while student_cdf(high, freedom) < probability:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if student_cdf(middle, freedom) < probability else (low, middle)
    return (low + high) / 2


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularized incomplete beta function by Lentz's continued fraction (DLMF 8.17.22)."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _incomplete_beta(b, a, 1.0 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1.0 / max(1.0 - (a + b) * x / (a + 1), tiny)
    fraction = d
    for m in range(1, 1000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / (1.0 + numerator * d or tiny)
            c = 1.0 + numerator / c or tiny
            fraction *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return front * fraction / a


def _logs(values: Sequence[float]) -> list[float]:
    if not values or min(values) <= 0:
        raise ValueError("medians of at least one process are needed, all above zero")
    return [math.log(value) for value in values]

"""Whether a quantity rises over time: a straight line with the interval of its slope."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from benchmarks.spread import student_quantile
from edge_runtime.statistics import DEFAULT_CONFIDENCE

# Neighbouring samples of a process resemble each other, which would make the interval too narrow;
# means of so many stretches hardly do.
_STRETCHES = 20


@dataclass(frozen=True, slots=True)
class Trend:
    """Slope of a line, in units of y per unit of x, with its two-sided interval."""

    slope: float
    low: float
    high: float


def fit_trend(
    xs: Sequence[float], ys: Sequence[float], confidence: float = DEFAULT_CONFIDENCE
) -> Trend:
    """Fit a line by least squares through the means of stretches of the samples.

    Raises:
        ValueError: Fewer than three samples, or all at one place.
    """
    if len(xs) != len(ys) or len(xs) < 3:
        raise ValueError(f"a trend needs three samples or more, found {len(xs)} and {len(ys)}")
    x, y = _means_of_stretches(xs), _means_of_stretches(ys)
    middle_x, middle_y = fmean(x), fmean(y)
    spread = sum((a - middle_x) ** 2 for a in x)
    if spread == 0.0:
        raise ValueError("all samples were taken at one place")
    slope = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True)) / spread
    freedom = len(x) - 2
    rest = sum((b - middle_y - slope * (a - middle_x)) ** 2 for a, b in zip(x, y, strict=True))
    error = math.sqrt(rest / freedom / spread)
    half = student_quantile(0.5 + confidence / 2, freedom) * error
    return Trend(slope, slope - half, slope + half)


def _means_of_stretches(values: Sequence[float]) -> list[float]:
    count = min(_STRETCHES, len(values))
    ends = [len(values) * place // count for place in range(count + 1)]
    return [fmean(values[start:end]) for start, end in pairwise(ends)]

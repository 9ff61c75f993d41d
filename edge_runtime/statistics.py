"""What can be said about accuracy from a finite set of pictures.

Counts of hits go in, intervals and p-values come out; nothing here knows of models or files.
All of it is closed form or exact, and needs the standard library alone.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

DEFAULT_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval, as fractions: 0.92 is 92 percent.

    Attributes:
        low: Lower end.
        high: Upper end.
        confidence: How often such an interval covers the truth, such as 0.95.
    """

    low: float
    high: float
    confidence: float = DEFAULT_CONFIDENCE


def wilson_interval(correct: int, total: int, confidence: float = DEFAULT_CONFIDENCE) -> Interval:
    """Interval of a proportion such as accuracy, by Wilson's score method.

    Unlike the usual ± it stays inside 0 to 1 and keeps its coverage near the ends.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927); recommended by Brown, Cai and DasGupta, Statistical Science 16 (2001).

    Args:
        correct: Hits, 0 to `total`.
        total: Pictures, at least 1.
        confidence: Between 0 and 1, both excluded.

    Raises:
        ValueError: The counts or the confidence make no sense.
    """
    _check_counts(total, correct)
    z = _normal_quantile(confidence)
    share = correct / total
    shrink = 1 + z * z / total
    centre = (share + z * z / (2 * total)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    # At the ends the formula gives 0 and 1 exactly; rounding must not lose that.
    low = 0.0 if correct == 0 else max(0.0, centre - half)
    high = 1.0 if correct == total else min(1.0, centre + half)
    return Interval(low, high, confidence)


def paired_difference_interval(
    only_first: int, only_second: int, total: int, confidence: float = DEFAULT_CONFIDENCE
) -> Interval:
    """Interval of accuracy(first) − accuracy(second), both measured on the same pictures.

    Pictures that both or neither label rightly cancel, so it is far narrower than the two single
    intervals suggest. It never has width zero, not even when no prediction differs.
    Source: D. G. Bonett and R. M. Price, "Adjusted Wald confidence interval for a difference of
    binomial proportions based on paired data", J. Educational and Behavioral Statistics 37 (2012);
    recommended by Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014).

    Args:
        only_first: Pictures that only the first labelled rightly.
        only_second: Pictures that only the second labelled rightly.
        total: All pictures, at least 1.
        confidence: Between 0 and 1, both excluded.

    Raises:
        ValueError: The counts or the confidence make no sense.
    """
    _check_counts(total, only_first, only_second)
    z = _normal_quantile(confidence)
    first = (only_first + 1) / (total + 2)
    second = (only_second + 1) / (total + 2)
    difference = first - second
    half = z * math.sqrt((first + second - difference * difference) / (total + 2))
    return Interval(max(-1.0, difference - half), min(1.0, difference + half), confidence)


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Two-sided p-value that two classifiers are equally accurate, from where they disagree.

    Exact: under the hypothesis each disagreement is a fair coin. 1.0 where they never disagree.
    Source: Q. McNemar, Psychometrika 12 (1947), with the binomial distribution in place of χ².

    Args:
        only_first: Pictures that only the first labelled rightly.
        only_second: Pictures that only the second labelled rightly.

    Raises:
        ValueError: A count is negative.
    """
    _check_counts(only_first + only_second + 1, only_first, only_second)
    flips = only_first + only_second
    ways, tail = 1, 1  # C(flips, 0) and the sum of C(flips, k) so far: whole numbers, so exact
    for k in range(min(only_first, only_second)):
        ways = ways * (flips - k) // (k + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << flips))


def _normal_quantile(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, found {confidence}")
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def _check_counts(total: int, *parts: int) -> None:
    if total < 1 or min(parts) < 0 or sum(parts) > total:
        raise ValueError(f"counts {parts} do not fit into a total of {total} (at least 1)")

"""Which files are still right, and which of them to recommend."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from edge_runtime.statistics import DEFAULT_CONFIDENCE
from export.comparison import Comparison
from export.recipes import Recipe

DEFAULT_MAX_DROP_POINTS = 0.5
# A file whose scores are the float model's up to rounding needs no statistics to be called right.
NUMERICALLY_EQUAL = 1e-4
# Below this share of equal answers, equal accuracy is chance.
_FAITHFUL = 0.9
# From the smallest and fastest to the safest.
FALLBACK_ORDER = ("qat_int8", "static_int8", "dynamic_int8", "fp16", "fp32", "int16x8")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file may be shipped, and why not.

    Attributes:
        passed: It may.
        reason: Why not, or a reservation; None where there is nothing to say.
    """

    passed: bool
    reason: str | None = None


def judge(comparisons: Sequence[Comparison], max_drop_points: float) -> Verdict:
    """Judge one file by the runtime on which it does worst.

    The upper end of the paired 95 % interval of the drop counts, so "within 0.5 points" is a
    statement about all pictures like these, not about these alone. Where there are so few pictures
    that no file could pass that way, the drop itself counts, and the verdict says so.

    Args:
        comparisons: One per runtime that ran the file.
        max_drop_points: Percentage points of accuracy that may be lost.
    """
    if not comparisons:
        return Verdict(False, "no runtime here runs it")
    worst = max(comparisons, key=lambda comparison: comparison.worst_drop_points)
    if all(is_numerically_equal(comparison) for comparison in comparisons):
        return Verdict(True)
    drop = -100.0 * worst.difference
    if worst.total < count_pictures_needed(max_drop_points):
        needed = count_pictures_needed(max_drop_points)
        note = (
            f"judged by the drop itself: {worst.total} pictures are too few to prove any file "
            f"within {max_drop_points:g} points ({needed} or more can)"
        )
        if worst.agreement < _FAITHFUL:
            note += f"; it gives only {worst.agreement:.0%} of the float model's answers"
        return Verdict(drop <= max_drop_points, note if drop <= max_drop_points else _fail(worst))
    if worst.worst_drop_points <= max_drop_points:
        return Verdict(True)
    return Verdict(False, _fail(worst) + f"; at most {max_drop_points:g} are allowed")


def is_numerically_equal(comparison: Comparison) -> bool:
    """Whether the scores are the float model's up to rounding: 1e-4 of the largest, or of 1."""
    allowed = NUMERICALLY_EQUAL * max(1.0, comparison.largest_score)
    return comparison.agreement == 1.0 and comparison.largest_error <= allowed


def count_pictures_needed(max_drop_points: float) -> int:
    """The fewest pictures with which a file that flips no answer is proven within the limit."""
    if max_drop_points <= 0:
        return 0
    z = NormalDist().inv_cdf(0.5 + DEFAULT_CONFIDENCE / 2)
    return math.ceil(z * math.sqrt(2) / (max_drop_points / 100)) - 2


def choose_recommended(passed: Mapping[Recipe, int]) -> Recipe | None:
    """Choose the smallest precision that is still right, by the fallback order.

    Args:
        passed: Recipes whose file passed, with its size in bytes.

    Returns:
        The first by `FALLBACK_ORDER`; of two formats the smaller file. None where none passed.
    """
    return min(
        passed,
        key=lambda recipe: (FALLBACK_ORDER.index(recipe.precision), passed[recipe]),
        default=None,
    )


def _fail(worst: Comparison) -> str:
    return (
        f"accuracy drops by {-100 * worst.difference:.2f} points "
        f"(95 % interval {-100 * worst.difference_high:.2f} to {worst.worst_drop_points:.2f}) "
        f"on {worst.total} pictures"
    )

"""From what was found about one file to whether it may be shipped."""

from collections.abc import Sequence

from edge_runtime.contract import Requirements
from export.comparison import Comparison
from export.gate import NUMERICALLY_EQUAL, Verdict, judge
from export.manifest import Finding
from export.targets import Target

# A batch and its pictures one by one may differ by rounding, and by the steps of a whole batch
# where activations are quantized while running: as a share of the largest score (or of 1). A wrong
# reshape differs by far more.
_BATCH_TOLERANCE = 0.05


def judge_file(
    findings: Sequence[Finding],
    precision: str,
    requires: Requirements,
    target: Target,
    max_drop_points: float,
) -> Verdict:
    """Judge one file: does it load where it must, and is it still right?

    Args:
        findings: One per runtime.
        precision: The recipe's precision.
        requires: What the file asks of a runtime.
        target: Where it must load.
        max_drop_points: The gate, in percentage points.
    """
    if target.is_strict:
        obstacle = target.find_obstacle(requires)
        refused = next((finding for finding in findings if not finding.loads), None)
        if refused is not None:
            obstacle = obstacle or f"it does not run on {refused.runtime}: {refused.reason}"
        if obstacle is not None:
            return Verdict(False, obstacle)
    comparisons = [f.comparison for f in findings if f.comparison is not None]
    if not comparisons and findings:
        reasons = "; ".join(f"{f.runtime}: {f.reason}" for f in findings)
        return Verdict(False, f"no runtime here runs it ({reasons})")
    broken = next(
        (f for f in findings if f.loads and f.batch_error > _allowed_batch_error(f)), None
    )
    if broken is not None:
        return Verdict(
            False,
            f"on {broken.runtime} a batch of pictures gets other scores than its pictures one by "
            f"one (by up to {broken.batch_error:.3g})",
        )
    if precision == "fp32":
        unequal = [c for c in comparisons if c.largest_error > _allowed_float_error(c)]
        if unequal:
            return Verdict(
                False,
                f"a float file must give the float model's scores, but one differs by "
                f"{max(c.largest_error for c in unequal):.3g}: the converter changed the network",
            )
    return judge(comparisons, max_drop_points)


def _allowed_float_error(comparison: Comparison) -> float:
    # Ten times what rounding does, so that only a changed network is caught.
    return 10 * NUMERICALLY_EQUAL * max(1.0, comparison.largest_score)


def _allowed_batch_error(finding: Finding) -> float:
    largest = finding.comparison.largest_score if finding.comparison else 1.0
    return max(_BATCH_TOLERANCE * max(1.0, largest), 3 * finding.output_step)

"""From what was found about one file to whether it may be shipped."""

from collections.abc import Sequence

from edge_runtime.contract import Requirements
from export.gate import Verdict, judge
from export.manifest import Finding
from export.targets import Target

# A batch and its pictures one by one may differ by rounding; a wrong reshape differs by far more.
_BATCH_TOLERANCE = 0.05


def judge_file(
    findings: Sequence[Finding], requires: Requirements, target: Target, max_drop_points: float
) -> Verdict:
    """Judge one file: does it load where it must, and is it still right?

    Args:
        findings: One per runtime.
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
    return judge(comparisons, max_drop_points)


def _allowed_batch_error(finding: Finding) -> float:
    return max(_BATCH_TOLERANCE, 3 * finding.output_step)

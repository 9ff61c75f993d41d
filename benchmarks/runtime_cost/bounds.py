"""What is promised of `edge_runtime`'s cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.runtime_cost.turns import Estimate, How, Turns, estimate


@dataclass(frozen=True, slots=True)
class Bound:
    """One promise.

    Attributes:
        key: Short name, for ``--only`` and JSON.
        what: What is compared, in words.
        how: As a difference (in `unit`) or as a ratio (no unit).
        side: Whether the limit may not be exceeded or must be reached.
        limit: Of the estimate's value.
        unit: Of the limit, such as ``µs``; ``×`` for ratios.
    """

    key: str
    what: str
    how: How
    side: Literal["at most", "at least"]
    limit: float
    unit: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise with what was measured."""

    bound: Bound
    estimate: Estimate

    @property
    def is_met(self) -> bool:
        """Whether the estimate's value keeps the limit."""
        value, limit = self.estimate.value, self.bound.limit
        return value <= limit if self.bound.side == "at most" else value >= limit


_LITERT = "set_tensor, invoke, get_tensor of LiteRT"
_ONNX = "`session.run` of ONNX Runtime"
_CNN, _NANO = "the seed's CNN", "`nano`"

# Single calls are bounded as ratios: a slower processor takes longer for both sides, so a number of
# microseconds that holds on one does not hold on another.
BOUNDS = (
    *(
        Bound(f"scores-{case}", f"`scores(x)` by {loop}, {model}", "ratio", "at most", 1.1, "×")
        for case, loop, model in (
            ("litert", _LITERT, _CNN),
            ("litert-nano", _LITERT, _NANO),
            ("onnx", _ONNX, _CNN),
            ("onnx-nano", _ONNX, _NANO),
        )
    ),
    Bound(
        "classify-litert", f"`classify(array)` by {_LITERT}, {_CNN}", "ratio", "at most", 1.5, "×"
    ),
    Bound(
        "classify-litert-nano",
        f"`classify(array)` by {_LITERT}, {_NANO}",
        "ratio",
        "at most",
        2.0,
        "×",
    ),
    Bound(
        "batch",
        "10,000 pictures as one batch on two cores, against one by one on one core",
        "ratio",
        "at least",
        1.8,
        "×",
    ),
    Bound(
        "command",
        "`edge-runtime classify photo.png`, whole process, by the bare script's time",
        "ratio",
        "at most",
        1.3,
        "×",
    ),
    Bound(
        "memory",
        "its peak memory above the bare script's",
        "difference",
        "at most",
        8.0,
        "MB",
    ),
    Bound(
        "import",
        "`import edge_runtime` above `import numpy`, whole process",
        "difference",
        "at most",
        15.0,
        "ms",
    ),
    Bound(
        "import-classifier",
        "`from edge_runtime import Classifier` above the same",
        "difference",
        "at most",
        15.0,
        "ms",
    ),
)
BOUNDS_BY_KEY = {bound.key: bound for bound in BOUNDS}


def judge(key: str, groups: Sequence[Turns]) -> Finding:
    """Hold what was measured against the bound of that key."""
    bound = BOUNDS_BY_KEY[key]
    return Finding(bound, estimate(groups, bound.how))

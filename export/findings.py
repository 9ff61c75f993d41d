"""From replays to findings: one file on each runtime, and the runtimes against each other."""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from export.comparison import compare_scores
from export.manifest import Finding, RuntimePair
from export.verification import Replay


def to_finding(
    replay: Replay, reference: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]
) -> Finding:
    """Compare one replay with the float model's scores (N, classes)."""
    reason, scores = replay.reason, replay.scores
    if scores is not None and not np.isfinite(scores).all():
        reason, scores = "its scores hold NaN or infinity", None
    return Finding(
        backend=replay.backend,
        runtime=replay.runtime,
        loads=scores is not None,
        reason=reason,
        output_step=replay.output_step,
        batch_error=replay.batch_error,
        comparison=None if scores is None else compare_scores(scores, reference, labels),
        fast_accuracy=_measure_accuracy(replay.fast_scores, labels),
    )


def _measure_accuracy(
    scores: npt.NDArray[np.float32] | None, labels: npt.NDArray[np.int64]
) -> float | None:
    return None if scores is None else float((scores.argmax(axis=1) == labels).mean())


def compare_runtimes(replays: Sequence[Replay]) -> tuple[RuntimePair, ...]:
    """Compare the same file's scores between each two runtimes that ran it."""
    return tuple(
        _compare_pair(first, second)
        for first, second in itertools.combinations(replays, 2)
        if first.scores is not None and second.scores is not None
    )


def _compare_pair(first: Replay, second: Replay) -> RuntimePair:
    assert first.scores is not None
    assert second.scores is not None
    largest = float(np.abs(first.scores.astype(np.float64) - second.scores).max())
    step = first.output_step
    return RuntimePair(
        first=first.backend,
        second=second.backend,
        agreement=float((first.scores.argmax(axis=1) == second.scores.argmax(axis=1)).mean()),
        largest_difference=largest,
        largest_steps=round(largest / step) if step > 0 else None,
    )

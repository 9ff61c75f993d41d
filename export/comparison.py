"""What a set of scores says against the float reference: errors, agreement, accuracy.

Pure arithmetic on arrays; nothing here runs a model.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_runtime.statistics import (
    mcnemar_exact,
    paired_difference_interval,
    wilson_interval,
)

Scores = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

WORST_FLIPS = 10


@dataclass(frozen=True, slots=True)
class Flip:
    """A picture that the float model and the artifact label differently.

    Attributes:
        index: Of the picture in the evaluation set.
        label: True class.
        reference: The float model's class.
        found: The artifact's class.
        regret: How much of the reference's score the artifact's class lacks there; larger is worse.
    """

    index: int
    label: int
    reference: int
    found: int
    regret: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """An artifact on one runtime against the float Keras model, on the same pictures.

    Fractions are of 1; `difference` and its ends are accuracy of the artifact minus accuracy of
    the reference, so below zero where the artifact is worse. Errors are of scores against the
    reference's, whose largest magnitude is `largest_score`.
    """

    total: int
    correct: int
    reference_correct: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    difference: float
    difference_low: float
    difference_high: float
    mcnemar_p: float
    only_artifact_correct: int
    only_reference_correct: int
    agreement: float
    largest_error: float
    mean_error: float
    largest_score: float
    class_differences: tuple[float, ...]
    answers_used: int
    flips: tuple[Flip, ...]

    @property
    def worst_drop_points(self) -> float:
        """Upper end of the accuracy lost, in percentage points."""
        return -100.0 * self.difference_low


def compare_scores(scores: Scores, reference: Scores, labels: Labels) -> Comparison:
    """Compare an artifact's scores with the float model's.

    Args:
        scores: (N, classes), of the artifact.
        reference: (N, classes), of the float model.
        labels: (N,), true classes.
    """
    found, expected = scores.argmax(axis=1), reference.argmax(axis=1)
    hit, reference_hit = found == labels, expected == labels
    total, correct = len(labels), int(hit.sum())
    gained, lost = int((hit & ~reference_hit).sum()), int((reference_hit & ~hit).sum())
    single = wilson_interval(correct, total)
    paired = paired_difference_interval(gained, lost, total)
    errors = np.abs(scores.astype(np.float64) - reference)
    return Comparison(
        total=total,
        correct=correct,
        reference_correct=int(reference_hit.sum()),
        accuracy=correct / total,
        accuracy_low=single.low,
        accuracy_high=single.high,
        difference=(gained - lost) / total,
        difference_low=paired.low,
        difference_high=paired.high,
        mcnemar_p=mcnemar_exact(gained, lost),
        only_artifact_correct=gained,
        only_reference_correct=lost,
        agreement=float((found == expected).mean()),
        largest_error=float(errors.max()),
        mean_error=float(errors.mean()),
        largest_score=float(np.abs(reference).max()),
        class_differences=_class_differences(hit, reference_hit, labels, scores.shape[1]),
        answers_used=len(np.unique(found)),
        flips=_worst_flips(found, expected, reference, labels),
    )


def _class_differences(
    hit: npt.NDArray[np.bool_], reference_hit: npt.NDArray[np.bool_], labels: Labels, classes: int
) -> tuple[float, ...]:
    """Per class, recall of the artifact minus recall of the reference; 0 for classes not there."""
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    gained = np.bincount(labels, weights=hit.astype(float), minlength=classes)
    held = np.bincount(labels, weights=reference_hit.astype(float), minlength=classes)
    return tuple(float(x) for x in (gained - held) / counts)


def _worst_flips(
    found: npt.NDArray[np.intp], expected: npt.NDArray[np.intp], reference: Scores, labels: Labels
) -> tuple[Flip, ...]:
    flipped = np.flatnonzero(found != expected)
    regret = reference[flipped, expected[flipped]] - reference[flipped, found[flipped]]
    # Where the float model was right, the flip costs a hit: those come first.
    lost = expected[flipped] == labels[flipped]
    order = np.lexsort((-regret, ~lost))[:WORST_FLIPS]
    return tuple(
        Flip(
            index=int(flipped[i]),
            label=int(labels[flipped[i]]),
            reference=int(expected[flipped[i]]),
            found=int(found[flipped[i]]),
            regret=float(regret[i]),
        )
        for i in order
    )

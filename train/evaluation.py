"""How well a trained model does on pictures that it never saw."""

import math
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from edge_runtime.statistics import Interval, wilson_interval
from train.samples import Images, LabelledImages

# Pictures scored at a time: large enough to be fast, small enough for any memory.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class ClassResult:
    """What became of one class. A share is NaN where there was nothing to take it of.

    Attributes:
        name: The class.
        support: Pictures of it in the set.
        precision: Share of the pictures so labelled that are of this class.
        recall: Share of the pictures of this class that are so labelled.
        f1: Harmonic mean of both.
    """

    name: str
    support: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A model's answers on one set of pictures.

    Attributes:
        samples: The pictures and their true classes.
        probabilities: float32 (N, classes), each row adding up to 1.
        class_names: In the order of the columns.
    """

    samples: LabelledImages
    probabilities: npt.NDArray[np.float32]
    class_names: tuple[str, ...]

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """int64 (N,), the class with the highest score."""
        best: npt.NDArray[np.int64] = self.probabilities.argmax(1).astype(np.int64)
        return best

    @property
    def correct(self) -> int:
        """Pictures labelled rightly."""
        return int(np.sum(self.predicted == self.samples.labels))

    @property
    def accuracy(self) -> float:
        """Share of the pictures labelled rightly, 0–1."""
        return self.correct / len(self.samples)

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """int64 (classes, classes): rows are true classes, columns the given ones."""
        classes = len(self.class_names)
        flat = np.bincount(
            self.samples.labels * classes + self.predicted, minlength=classes * classes
        )
        return flat.reshape(classes, classes).astype(np.int64)

    def interval(self) -> Interval:
        """Return the 95 % Wilson score interval of the accuracy."""
        return wilson_interval(self.correct, len(self.samples))

    def per_class(self) -> tuple[ClassResult, ...]:
        """Return precision, recall and F1 of each class, in the order of the labels."""
        confusion = self.confusion
        hits, given, true = np.diag(confusion), confusion.sum(0), confusion.sum(1)
        return tuple(
            ClassResult(
                name=name,
                support=int(true[i]),
                precision=_share(hits[i], given[i]),
                recall=_share(hits[i], true[i]),
                f1=_share(2 * hits[i], given[i] + true[i]),
            )
            for i, name in enumerate(self.class_names)
        )

    def confident_mistakes(self, count: int) -> npt.NDArray[np.intp]:
        """Return the places of wrongly labelled pictures, the surest mistakes first."""
        wrong = np.flatnonzero(self.predicted != self.samples.labels)
        confidence = self.probabilities[wrong].max(1)
        return wrong[np.argsort(-confidence, kind="stable")][:count]


def predict_scores(model: keras.Model, images: Images) -> npt.NDArray[np.float32]:
    """Return the model's raw outputs, float32 (N, classes), in batches."""
    parts = [
        np.asarray(model.predict_on_batch(images[i : i + _BATCH]), np.float32)
        for i in range(0, len(images), _BATCH)
    ]
    return np.concatenate(parts)


def evaluate(
    model: keras.Model, samples: LabelledImages, class_names: tuple[str, ...], from_logits: bool
) -> Evaluation:
    """Score every picture."""
    scores = predict_scores(model, samples.images)
    if from_logits:
        scores = to_probabilities(scores)
    return Evaluation(samples, scores, class_names)


def to_probabilities(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Apply the softmax to each row of (N, classes)."""
    # Subtracting the maximum keeps exp within range and changes nothing else.
    powers = np.exp(logits - logits.max(1, keepdims=True))
    probabilities: npt.NDArray[np.float32] = powers / powers.sum(1, keepdims=True)
    return probabilities


def _share(part: int, whole: int) -> float:
    return float(part) / float(whole) if whole else math.nan

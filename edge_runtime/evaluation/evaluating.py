"""Running a classifier over labelled pictures and counting what it got right."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge_runtime.classifier import Classifier
from edge_runtime.contract import ArtifactMetadata, Polarity
from edge_runtime.errors import ArtifactError, DataError
from edge_runtime.evaluation.labelled_set import LabelledSet, Unreadable, read_batches
from edge_runtime.statistics import Interval, wilson_interval

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said of one picture: class indices, and the probability of its answer."""

    name: str
    label: int
    predicted: int
    probability: float


@dataclass(frozen=True, slots=True)
class StatedAccuracy:
    """What the artifact says of its own accuracy, on the pictures that its maker had.

    Attributes:
        whose: ``this file`` or ``its float model``.
        correct: Hits.
        total: Pictures.
        contained: Whether that accuracy lies in the interval that was found here.
    """

    whose: str
    correct: int
    total: int
    contained: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How right a classifier was.

    Attributes:
        labels: Class names, in the order of the model's outputs.
        confusion: Pictures by true class (rows) and answer (columns).
        interval: Of the accuracy, Wilson's.
        stated: What the artifact itself says; empty where it says nothing.
        unreadable: Pictures that were left out.
        answers: One per picture that was read.
    """

    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    interval: Interval
    stated: tuple[StatedAccuracy, ...]
    unreadable: tuple[Unreadable, ...]
    answers: tuple[Answer, ...]

    @property
    def total(self) -> int:
        """Pictures that were answered."""
        return len(self.answers)

    @property
    def correct(self) -> int:
        """Pictures that were answered rightly."""
        return sum(row[place] for place, row in enumerate(self.confusion))


def evaluate(
    classifier: Classifier,
    data: LabelledSet,
    progress: Progress,
    polarity: Polarity | None = None,
) -> Evaluation:
    """Answer every picture, in batches; one that cannot be read is noted and left out.

    Args:
        classifier: What is judged.
        data: Pictures with their classes.
        progress: Told how far it is.
        polarity: What the pictures show; see `Classifier.classify`.

    Raises:
        DataError: Not a single picture can be read.
        ArtifactError: The runtime fails on this model, or its scores are no finite numbers.
    """
    answers: list[Answer] = []
    unreadable: list[Unreadable] = []
    progress("evaluate", 0, len(data.labels))
    for batch in read_batches(data, classifier.input, polarity):
        unreadable.extend(batch.unreadable)
        if len(batch.places):
            probabilities = classifier.probabilities(batch.pixels)  # (n, classes) float32
            if not np.isfinite(probabilities).all():
                raise ArtifactError(
                    "the model answers scores that are no finite numbers, so nothing can be "
                    "counted; export it again"
                )
            best = probabilities.argmax(axis=1)
            for place, row, index in zip(batch.places, probabilities, best, strict=True):
                label = int(data.labels[place])
                answers.append(Answer(data.names[place], label, int(index), float(row[index])))
        progress("evaluate", batch.seen, len(data.labels))
    if not answers:
        raise DataError(
            f"none of the {len(data.labels)} pictures can be read; the first one: "
            f"{unreadable[0].reason}"
        )
    confusion = np.zeros((len(classifier.labels),) * 2, np.int64)
    for answer in answers:
        confusion[answer.label, answer.predicted] += 1
    interval = wilson_interval(int(np.trace(confusion)), len(answers))
    return Evaluation(
        labels=classifier.labels,
        confusion=tuple(tuple(map(int, row)) for row in confusion),
        interval=interval,
        stated=compare_with_stated(interval, classifier.metadata),
        unreadable=tuple(unreadable),
        answers=tuple(answers),
    )


def compare_with_stated(
    found: Interval, metadata: ArtifactMetadata | None
) -> tuple[StatedAccuracy, ...]:
    """Say whether the accuracies that an artifact states lie in the interval found here."""
    if metadata is None or metadata.accuracy is None:
        return ()
    stated = metadata.accuracy
    hits = (("this file", stated.correct), ("its float model", stated.reference_correct))
    return tuple(
        StatedAccuracy(
            whose, correct, stated.total, found.low <= correct / stated.total <= found.high
        )
        for whose, correct in hits
    )

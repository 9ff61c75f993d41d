"""From what a model said to how right it is, and how it differs from the float model."""

import base64
import binascii
import zlib

import numpy as np
import numpy.typing as npt

from benchmarks.artifacts import EvaluationSet
from benchmarks.errors import ResultsError
from benchmarks.results import AccuracyRecord, ClassAccuracy, ReferenceComparison
from edge_runtime.statistics import mcnemar_exact, paired_difference_interval, wilson_interval

Predictions = npt.NDArray[np.int64]


def judge_scores(
    artifact: str, runtime: str, scores: npt.NDArray[np.float32], evaluation: EvaluationSet
) -> AccuracyRecord:
    """Judge (N, classes) float32 scores against the labels and the float model's scores.

    Raises:
        ResultsError: The scores do not fit the evaluation set.
    """
    classes, total = len(evaluation.class_names), len(evaluation.labels)
    if scores.shape != (total, classes):
        raise ResultsError(
            f"{artifact} on {runtime}: expected scores of shape {(total, classes)} for {total} "
            f"pictures of {classes} classes, found {scores.shape}; name pictures of this model "
            "(--evaluation), or leave the file out (--only)"
        )
    answers = scores.argmax(axis=1).astype(np.int64)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (evaluation.labels, answers), 1)
    correct = int(np.trace(confusion))
    return AccuracyRecord(
        artifact=artifact,
        runtime=runtime,
        correct=correct,
        total=total,
        interval=wilson_interval(correct, total),
        per_class=tuple(
            ClassAccuracy(name, int(confusion[index, index]), int(confusion[index].sum()))
            for index, name in enumerate(evaluation.class_names)
        ),
        confusion=tuple(tuple(map(int, row)) for row in confusion),
        predictions=pack_predictions(answers),
        reference=_compare_with_reference(scores, answers, evaluation),
    )


def _compare_with_reference(
    scores: npt.NDArray[np.float32], answers: Predictions, evaluation: EvaluationSet
) -> ReferenceComparison | None:
    reference = evaluation.reference_scores
    if reference is None:
        return None
    reference_answers = reference.argmax(axis=1)
    only_artifact, only_reference = count_flips(answers, reference_answers, evaluation.labels)
    total = len(answers)
    errors = np.abs(scores - reference)
    return ReferenceComparison(
        agreement=float((answers == reference_answers).mean()),
        difference=(only_artifact - only_reference) / total,
        interval=paired_difference_interval(only_artifact, only_reference, total),
        only_artifact=only_artifact,
        only_reference=only_reference,
        mcnemar_p=mcnemar_exact(only_artifact, only_reference),
        largest_error=float(errors.max()),
        mean_error=float(errors.mean()),
    )


def count_flips(first: Predictions, second: Predictions, labels: Predictions) -> tuple[int, int]:
    """Count pictures that only the first, and only the second, labelled rightly."""
    first_right, second_right = first == labels, second == labels
    return int((first_right & ~second_right).sum()), int((second_right & ~first_right).sum())


def pack_predictions(answers: Predictions) -> str:
    """Write class indices compactly: little-endian 16-bit numbers, deflated (zlib), as base64.

    Raises:
        ValueError: There are more than 65,536 classes.
    """
    if len(answers) and answers.max() > np.iinfo(np.uint16).max:
        raise ValueError("more classes than 16 bits can number")
    return base64.b64encode(zlib.compress(answers.astype("<u2").tobytes(), 9)).decode("ascii")


def unpack_predictions(text: str, total: int) -> Predictions:
    """Read what `pack_predictions` wrote: (N,) int64.

    Raises:
        ResultsError: The text is damaged or holds another number of answers.
    """
    try:
        raw = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), 2 * total + 1)
    except (binascii.Error, zlib.error) as error:
        raise ResultsError(f"packed predictions are damaged: {error}") from error
    if len(raw) != 2 * total:
        raise ResultsError(f"expected {total} packed predictions, found {len(raw) / 2:g} or more")
    return np.frombuffer(raw, "<u2").astype(np.int64)

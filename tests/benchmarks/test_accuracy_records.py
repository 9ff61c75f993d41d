"""From scores to accuracy records, and predictions in and out of their packed form."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy import count_flips, judge_scores, pack_predictions, unpack_predictions
from benchmarks.artifacts import EvaluationSet
from benchmarks.errors import ResultsError


def test_one_class_for_all_is_as_right_as_that_class_is_frequent(evaluation: EvaluationSet) -> None:
    total = len(evaluation.labels)
    scores = np.zeros((total, 10), np.float32)
    scores[:, 3] = 1.0
    record = judge_scores("a.tflite", "litert", scores, evaluation)
    dresses = int((evaluation.labels == 3).sum())
    assert record.correct == dresses
    assert record.interval.low < record.correct / total < record.interval.high
    assert [row[3] for row in record.confusion] == [entry.total for entry in record.per_class]
    assert record.per_class[3].correct == record.per_class[3].total == dresses
    assert record.reference is not None
    assert record.reference.only_reference == total - dresses
    assert record.reference.difference == pytest.approx((dresses - total) / total)
    assert record.reference.mcnemar_p < 1e-9


def test_the_float_model_against_itself_differs_in_nothing(evaluation: EvaluationSet) -> None:
    assert evaluation.reference_scores is not None
    record = judge_scores("a", "onnx", evaluation.reference_scores, evaluation)
    assert record.reference is not None
    assert record.reference.agreement == 1.0
    assert record.reference.largest_error == 0.0
    assert record.reference.mcnemar_p == 1.0


def test_without_a_reference_nothing_is_compared(evaluation: EvaluationSet) -> None:
    bare = replace(evaluation, reference_scores=None)
    record = judge_scores("a", "onnx", np.zeros((len(bare.labels), 10), np.float32), bare)
    assert record.reference is None


def test_scores_of_another_shape_are_refused(evaluation: EvaluationSet) -> None:
    with pytest.raises(ResultsError, match="expected scores of shape"):
        judge_scores("a", "onnx", np.zeros((3, 10), np.float32), evaluation)


def test_flips_count_each_side() -> None:
    labels = np.array([0, 1, 2, 3])
    assert count_flips(np.array([0, 1, 0, 0]), np.array([0, 0, 2, 3]), labels) == (1, 2)


@given(st.lists(st.integers(0, 65_535), max_size=300))
def test_packed_predictions_come_back(answers: list[int]) -> None:
    array = np.array(answers, np.int64)
    assert unpack_predictions(pack_predictions(array), len(array)).tolist() == answers


@pytest.mark.parametrize("text", ["", "%%%", "AAAA"])
def test_damaged_predictions_are_refused(text: str) -> None:
    with pytest.raises(ResultsError):
        unpack_predictions(text, 4)


def test_predictions_of_another_count_are_refused() -> None:
    with pytest.raises(ResultsError, match="expected 4"):
        unpack_predictions(pack_predictions(np.arange(9)), 4)

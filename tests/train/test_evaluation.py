import math

import numpy as np
import pytest

from train.evaluation import Evaluation
from train.samples import LabelledImages


def _evaluation(true: list[int], given_labels: list[int], classes: int = 3) -> Evaluation:
    images = np.zeros((len(true), 2, 2, 1), np.uint8)
    probabilities = np.full((len(true), classes), 0.1, np.float32)
    confidence = np.linspace(0.5, 0.9, len(true))
    probabilities[np.arange(len(true)), given_labels] = confidence
    names = tuple(f"class {i}" for i in range(classes))
    return Evaluation(LabelledImages(images, np.array(true, np.int64)), probabilities, names)


def test_counts_and_shares_on_a_worked_example() -> None:
    evaluation = _evaluation([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 1])
    assert evaluation.correct == 4
    assert evaluation.confusion.tolist() == [[2, 1, 0], [0, 2, 0], [0, 1, 0]]
    first, second, third = evaluation.per_class()
    assert (first.precision, first.support) == (1.0, 3)
    assert first.recall == pytest.approx(2 / 3)
    assert (second.precision, second.recall) == (0.5, 1.0)
    assert second.f1 == pytest.approx(2 / 3)
    assert math.isnan(third.precision)
    assert third.recall == 0


def test_the_surest_mistakes_come_first() -> None:
    evaluation = _evaluation([0, 0, 0, 1], [1, 0, 2, 2])
    assert evaluation.confident_mistakes(5).tolist() == [3, 2, 0]
    assert evaluation.confident_mistakes(1).tolist() == [3]


def test_the_interval_agrees_with_a_published_example() -> None:
    # Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3: 81 of 263.
    true, labelled = [0] * 263, [0] * 81 + [1] * 182
    interval = _evaluation(true, labelled, classes=2).interval()
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)

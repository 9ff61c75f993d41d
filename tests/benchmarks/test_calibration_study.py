"""Choices of calibration are told apart on the same pictures, or not at all."""

import numpy as np
import pytest

from benchmarks.calibration_study import Outcome, compare_choices, format_pairs


def build_outcome(count: int, wrong: range, file_format: str = "onnx") -> Outcome:
    labels = np.zeros(1000, np.int64)
    answers = labels.copy()
    answers[list(wrong)] = 1
    return Outcome(file_format, "min-max", count, 0.0, -0.1, 0.1, 1.0, answers, labels)


def test_pairs_of_one_format_are_compared_picture_by_picture() -> None:
    outcomes = [
        build_outcome(20, range(40)),
        build_outcome(50, range(5, 45)),
        build_outcome(100, range(4)),
        build_outcome(20, range(900), "tflite"),
    ]
    pairs = compare_choices(outcomes)
    # 36 pictures right with one alone is surer than 40 against 4.
    assert (pairs[0].first, pairs[0].second) == ("min-max 20", "min-max 100")
    assert (pairs[0].only_first, pairs[0].only_second) == (0, 36)
    assert len(pairs) == 3
    alike = next(pair for pair in pairs if pair.second == "min-max 50")
    assert (alike.only_first, alike.only_second) == (5, 5)
    assert alike.p_value == pytest.approx(1.0)
    said = format_pairs(pairs)
    assert "3 pairs of choices" in said
    assert "2 have p < 0.05 alone, 2 when held against all" in said
    assert said.count("| yes |") == 2

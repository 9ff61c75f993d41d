"""Which files are called right, which is recommended, and what happens to one that collapses."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_runtime.contract import InputSpec, ModelSpec, OutputSpec, Requirements
from export.comparison import Comparison, compare_scores
from export.float_model import FloatClassifier
from export.gate import choose_recommended, count_pictures_needed, judge
from export.judging import judge_file
from export.manifest import Finding, Manifest
from export.pipeline import Options, export_source
from export.recipes import RECIPES, Recipe, select_recipes
from export.samples import Samples
from export.source import Source
from export.summary import format_summary
from export.targets import TARGETS
from tests.export.conftest import LABELS

BY_KEY: dict[str, Recipe] = {recipe.key: recipe for recipe in RECIPES}


def compare(total: int, lost: int, gained: int = 0) -> Comparison:
    """Two-class scores in which `lost` right answers turn wrong and `gained` the other way."""
    labels = np.zeros(total, np.int64)
    reference = np.tile(np.array([[0.9, 0.1]], np.float32), (total, 1))
    reference[total - gained :] = [0.2, 0.8]
    scores = reference.copy()
    scores[:lost] = [0.4, 0.6]
    scores[total - gained :] = [0.7, 0.3]
    return compare_scores(scores, reference, labels)


def test_comparison_counts_what_was_made() -> None:
    found = compare(1000, lost=30, gained=10)
    assert (found.only_reference_correct, found.only_artifact_correct) == (30, 10)
    assert found.difference == pytest.approx(-0.02)
    assert found.difference_low < -0.02 < found.difference_high
    assert found.agreement == pytest.approx(0.96)
    assert found.mcnemar_p < 0.01
    assert found.class_differences == pytest.approx((-0.02, 0.0))
    assert len(found.flips) == 10
    assert all(flip.reference == flip.label for flip in found.flips)


def test_upper_end_of_the_interval_counts() -> None:
    within = compare(10_000, lost=20, gained=10)  # 0.1 points, at most 0.2
    beyond = compare(10_000, lost=300, gained=270)  # 0.3 points, at most 0.77
    assert judge([within], 0.5).passed
    verdict = judge([beyond], 0.5)
    assert not verdict.passed
    assert "0.30 points" in str(verdict.reason)


def test_worst_runtime_decides() -> None:
    assert not judge([compare(10_000, lost=10), compare(10_000, lost=400)], 0.5).passed


def test_equal_scores_pass_whatever_the_number_of_pictures() -> None:
    assert judge([compare(5, lost=0)], 0.5).passed
    assert judge([compare(5, lost=0)], 0.0).passed


def test_too_few_pictures_are_said_and_the_drop_itself_counts() -> None:
    assert count_pictures_needed(0.5) > 100
    small = judge([compare(100, lost=1, gained=1)], 0.5)
    assert small.passed
    assert "too few" in str(small.reason)
    assert not judge([compare(100, lost=3)], 0.5).passed


def test_a_batch_may_differ_by_steps_of_its_scores_but_not_by_the_scores() -> None:
    def judge_batch(batch_error: float, largest_score: float) -> bool:
        found = dataclasses.replace(compare(1000, lost=0), largest_score=largest_score)
        finding = Finding("onnx", "onnxruntime", True, batch_error=batch_error, comparison=found)
        requires = Requirements(onnx_opset=17, onnx_ir_version=8)
        return judge_file([finding], "dynamic_int8", requires, TARGETS["any"], 0.5).passed

    assert judge_batch(0.04, largest_score=1.0)
    assert not judge_batch(0.2, largest_score=1.0)
    # Logits of 20 in int8 steps of their range, found for the whole batch at once.
    assert judge_batch(0.2, largest_score=20.0)
    assert not judge_batch(5.0, largest_score=20.0)


def test_a_file_that_runs_nowhere_fails() -> None:
    assert not judge([], 0.5).passed


def test_recommendation_follows_the_fallback_order_then_size() -> None:
    files = {
        BY_KEY["fp32.tflite"]: 900,
        BY_KEY["dynamic_int8.tflite"]: 230,
        BY_KEY["static_int8.onnx"]: 250,
        BY_KEY["static_int8.tflite"]: 240,
    }
    assert choose_recommended(files) is BY_KEY["static_int8.tflite"]
    del files[BY_KEY["static_int8.tflite"]], files[BY_KEY["static_int8.onnx"]]
    assert choose_recommended(files) is BY_KEY["dynamic_int8.tflite"]
    assert choose_recommended({}) is None


def test_a_network_that_collapses_in_int8_falls_back(
    keras: Any, pictures: dict[str, Samples], tmp_path: Path
) -> None:
    from tests.export.keras_zoo import build_collapsing

    keras.utils.set_random_seed(0)
    model = build_collapsing()
    train, test = pictures["train"], pictures["test"]
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(train.images, train.labels, batch_size=16, epochs=4, verbose=0)
    spec = ModelSpec("wild", LABELS, InputSpec(28, 28, 1), OutputSpec("probabilities"))
    source = Source(FloatClassifier(model, spec), "0" * 64, train, test)
    recipes = select_recipes(["static_int8", "dynamic_int8", "fp16", "fp32"], with_ranges=False)
    options = Options(recipes, max_drop_points=2.0)
    manifest = export_source(source, tmp_path / "wild", options, show_progress=False)
    by_key = {f"{entry.precision}.{entry.format}": entry for entry in manifest.artifacts}
    for key in ("static_int8.tflite", "static_int8.onnx"):
        assert by_key[key].status == "rejected"
        assert "accuracy drops" in str(by_key[key].reason)
        assert not (tmp_path / "wild" / by_key[key].file).exists()
    assert manifest.recommended is not None
    assert "static_int8" not in manifest.recommended
    assert (tmp_path / "wild" / manifest.recommended).is_file()
    shown = format_summary(manifest, tmp_path / "wild")
    path = tmp_path / "wild" / manifest.recommended
    assert f"\nrecommended (the smallest precision that is still right): {path}\n" in shown
    assert "the smallest precision that is still right" in (
        tmp_path / "wild" / "report.md"
    ).read_text(encoding="utf-8")
    assert by_key["fp32.tflite"].status == "kept"


def test_a_reason_that_many_files_share_is_told_once(artifacts: tuple[Path, Manifest]) -> None:
    folder, manifest = artifacts
    entries = [dataclasses.replace(entry, reason=None) for entry in manifest.artifacts]
    told = [dataclasses.replace(entry, reason="too few pictures") for entry in entries[:2]]
    alone = dataclasses.replace(entries[2], reason="cannot be")
    summary = format_summary(
        dataclasses.replace(manifest, artifacts=(*told, alone, *entries[3:])), folder
    )
    keys = ", ".join(f"{entry.precision}.{entry.format}" for entry in told)
    assert summary.count("too few pictures") == 1
    assert f"\n{keys}: too few pictures\n{alone.file}: cannot be\n" in summary

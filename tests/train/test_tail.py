"""Whole runs with averaged weights, mixing, a teacher and a quantized tail, at miniature size."""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_runtime.contract import LearnedRanges
from edge_runtime.document import from_json
from train.errors import RunError
from train.framework import load_keras
from train.initial_run import InitialRun, open_initial_run
from train.mixing import Mixing
from train.progress import Progress
from train.recipes import with_teacher
from train.run_folder import RunRecord, load_record
from train.samples import ImageDataset
from train.settings import TrainingSettings

SETTINGS = TrainingSettings(
    architecture="nano",
    epochs=3,
    batch_size=32,
    learning_rate=0.01,
    warmup_epochs=0.5,
    validation_fraction=0.1,
    mixing=Mixing(mixup=0.2, cutmix=0.2),
    ema=0.9,
    weight_decay=0.01,
    tail_epochs=2,
)
QUIET = Progress(quiet=True)


@pytest.fixture(scope="module", autouse=True)
def _keras() -> None:
    load_keras()


@pytest.fixture(scope="module")
def run(dataset: ImageDataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from train.training import train_run

    folder = tmp_path_factory.mktemp("runs") / "fashion-nano"
    train_run(dataset, SETTINGS, folder, QUIET)
    return folder


def _load(path: Path) -> Any:
    import keras

    return keras.models.load_model(path, compile=False)


def _record(folder: Path) -> RunRecord:
    record = load_record(folder)
    assert record is not None
    return record


def test_the_run_folder_holds_plain_models_and_the_ranges_of_their_layers(
    run: Path, dataset: ImageDataset
) -> None:
    model, before = _load(run / "model.keras"), _load(run / "float_model.keras")
    kinds = {type(layer).__name__ for layer in model.layers}
    assert kinds == {"InputLayer", "Rescaling", "Conv2D", "GlobalAveragePooling2D", "Dense"}
    ranges = from_json(LearnedRanges, (run / "ranges.json").read_bytes(), "ranges.json")
    names = [layer.name for layer in model.layers if layer.name not in ("input", "rescaling")]
    assert [entry.layer for entry in ranges.activations] == names
    record = _record(run)
    for network, correct in ((model, record.test_correct), (before, record.float_correct)):
        scores = np.asarray(network.predict_on_batch(dataset.test.images))
        assert int(np.sum(scores.argmax(1) == dataset.test.labels)) == correct
    assert record.quantized_correct is not None
    rows = (run / "history.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["1", "2", "3", "4", "5"]
    assert "in int8 steps" in (run / "report.md").read_text()


@pytest.mark.parametrize("epoch", [2, 4])
def test_a_run_resumes_to_the_last_bit_before_and_in_the_tail(
    run: Path, dataset: ImageDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    import train.fitting
    from train.training import train_run

    whole = train.fitting._run_epoch

    def interrupted(*arguments: Any) -> Any:
        if arguments[4] == epoch:
            raise KeyboardInterrupt
        return whole(*arguments)

    folder = tmp_path / "fashion-nano"
    monkeypatch.setattr(train.fitting, "_run_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_run(dataset, SETTINGS, folder, QUIET)
    with pytest.raises(RunError, match="another run's checkpoint"):
        train_run(dataset, dataclasses.replace(SETTINGS, ema=0.5), folder, QUIET)
    monkeypatch.undo()
    train_run(dataset, SETTINGS, folder, QUIET)
    assert (folder / "ranges.json").read_bytes() == (run / "ranges.json").read_bytes()
    for name in ("model.keras", "float_model.keras"):
        resumed, direct = _load(folder / name).get_weights(), _load(run / name).get_weights()
        for one, other in zip(resumed, direct, strict=True):
            assert np.array_equal(one, other)
    assert _record(folder).quantized_correct == _record(run).quantized_correct
    assert [path.name for path in tmp_path.iterdir()] == ["fashion-nano"]


def test_a_tail_needs_logits(dataset: ImageDataset, tmp_path: Path) -> None:
    from train.training import train_run

    settings = dataclasses.replace(SETTINGS, architecture="cnn")
    with pytest.raises(RunError, match=r"cnn gives probabilities.*--tail-epochs 0"):
        train_run(dataset, settings, tmp_path / "fashion-cnn", QUIET)


def test_averaged_weights_are_those_that_the_steps_add_up_to() -> None:
    import keras

    from train.averaging import averaged_weights, take_average

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.8), "mse")
    random, average = np.random.default_rng(0), np.zeros(())
    for step in range(5):
        model.train_on_batch(random.normal(size=(4, 3)), random.normal(size=(4, 2)))
        weights = np.asarray(model.layers[0].kernel)
        average = weights if step == 0 else 0.8 * average + 0.2 * weights
    with averaged_weights(model):
        assert np.allclose(np.asarray(model.layers[0].kernel), average, atol=1e-6)
    assert np.array_equal(np.asarray(model.layers[0].kernel), weights)
    take_average(model)
    assert np.allclose(np.asarray(model.layers[0].kernel), average, atol=1e-6)


def test_a_teacher_is_asked_for_the_pictures_as_they_are_shown(
    run: Path, dataset: ImageDataset
) -> None:
    import keras

    from train.teacher import load_teacher

    initial = open_initial_run(run)
    teacher = load_teacher(initial, dataset.class_names, 0.7)
    images = dataset.train.images[:5] // np.uint8(2)
    targets = np.eye(10, dtype=np.float32)[dataset.train.labels[:5]]
    logits = _load(run / "model.keras").predict_on_batch(images)
    expected = 0.3 * targets + 0.7 * keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    found = teacher.blend(images, targets)
    assert np.allclose(found, expected, atol=1e-6)
    assert np.allclose(found.sum(1), 1, atol=1e-6)
    # Blended targets give the weighted sum of both losses (cross-entropy is linear in them).
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    student = np.random.default_rng(0).normal(size=(5, 10)).astype(np.float32)
    parts = (0.3, targets), (0.7, keras.ops.softmax(logits))
    total = sum(share * float(loss(part, student)) for share, part in parts)
    assert float(loss(found, student)) == pytest.approx(total, rel=1e-5)
    with pytest.raises(RunError, match="knows other classes"):
        load_teacher(initial, dataset.class_names[::-1], 0.7)


def test_a_run_with_a_teacher_records_which(
    run: Path, dataset: ImageDataset, tmp_path: Path
) -> None:
    from train.training import train_run

    initial: InitialRun = open_initial_run(run)
    settings = dataclasses.replace(SETTINGS, epochs=1, tail_epochs=0, label_smoothing=0.1)
    taught = with_teacher(settings, initial.digest())
    assert taught.label_smoothing == 0
    record = train_run(dataset, taught, tmp_path / "student", QUIET, teacher=initial)
    assert record.identity.settings.teacher == initial.digest()
    alone = train_run(dataset, settings, tmp_path / "alone", QUIET)
    weights = (
        _load(tmp_path / name / "model.keras").get_weights() for name in ("student", "alone")
    )
    assert any(not np.array_equal(one, other) for one, other in zip(*weights, strict=True))
    assert alone.identity.settings.teacher == ""


@pytest.mark.slow
def test_export_makes_int8_files_that_answer_as_the_tail_trained(run: Path, tmp_path: Path) -> None:
    artifacts = tmp_path / "artifacts"
    command = [sys.executable, "-m", "export", "--run", str(run), "--out", str(artifacts)]
    command += ["--recipes", "qat_int8", "--max-accuracy-drop", "100"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    from edge_runtime.formats.metadata import read_metadata

    correct = _record(run).quantized_correct
    assert correct is not None
    for path in (
        artifacts / "fashion-nano_qat_int8.tflite",
        artifacts / "fashion-nano_qat_int8.onnx",
    ):
        metadata = read_metadata(path) if path.suffix == ".tflite" else None
        assert path.is_file()
        if metadata is not None and metadata.accuracy is not None:
            # A tie that rounds the other way may move a picture that sits on the fence.
            assert abs(metadata.accuracy.correct - correct) <= 2
    shutil.rmtree(artifacts)

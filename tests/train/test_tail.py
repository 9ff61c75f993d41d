"""Whole runs with averaged weights, mixing, a teacher and a quantized tail, at miniature size."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edge_runtime.classifier import Classifier
from edge_runtime.contract import LearnedRanges
from edge_runtime.document import from_json
from tests.train.interrupting import interrupt_before
from train.errors import RunError
from train.framework import load_keras
from train.initial_run import InitialRun, open_initial_run
from train.mixing import Mixing
from train.progress import Progress
from train.recipes import with_teachers
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
    optimizer="muon",
    ema=0.9,
    weight_decay=0.01,
    tail_epochs=2,
)
QUIET = Progress(quiet=True)


@pytest.fixture(scope="module", autouse=True)
def _keras() -> None:
    load_keras()


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


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


@pytest.mark.slow
@pytest.mark.parametrize("epoch", [2, 4])
def test_a_run_resumes_to_the_last_bit_before_and_in_the_tail(
    run: Path, dataset: ImageDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    from train.training import train_run

    folder = tmp_path / "fashion-nano"
    interrupt_before(epoch, monkeypatch)
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
    images = np.zeros((1, 3), np.uint8)
    with averaged_weights(model, images, 1):
        assert np.allclose(np.asarray(model.layers[0].kernel), average, atol=1e-6)
    assert np.array_equal(np.asarray(model.layers[0].kernel), weights)
    take_average(model, images, 1)
    assert np.allclose(np.asarray(model.layers[0].kernel), average, atol=1e-6)


def test_averaged_weights_come_with_statistics_of_their_own() -> None:
    import keras

    from train.averaging import averaged_weights, take_average
    from train.zoo import ARCHITECTURES

    to_numpy = keras.ops.convert_to_numpy
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (64, 28, 28, 1), np.uint8)
    model = ARCHITECTURES["nano"].build((28, 28, 1), 10)
    model.compile(keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5), "mse")
    for _ in range(3):
        model.train_on_batch(images, random.normal(size=(64, 10)))
    norm = model.get_layer("conv1").norm
    momentum, before = norm.momentum, [to_numpy(variable) for variable in model.variables]
    with averaged_weights(model, images, 16):
        # A fixed network's outputs over the four batches, which are all pictures there are.
        outputs = to_numpy(model.get_layer("conv1").conv(images / np.float32(255)))
        assert np.allclose(to_numpy(norm.moving_mean), outputs.mean((0, 1, 2)), atol=1e-4)
        parts = [part.var((0, 1, 2)) for part in np.split(outputs, 4)]
        assert np.allclose(to_numpy(norm.moving_variance), np.mean(parts, 0), rtol=1e-3)
    assert norm.momentum == momentum
    for variable, value in zip(model.variables, before, strict=True):
        assert np.array_equal(to_numpy(variable), value)
    take_average(model, images, 16)
    assert np.allclose(to_numpy(norm.moving_mean), outputs.mean((0, 1, 2)), atol=1e-4)


@pytest.mark.parametrize("mirrored", [False, True])
def test_targets_are_blended_with_what_the_teachers_say(
    run: Path, dataset: ImageDataset, mirrored: bool, tmp_path: Path
) -> None:
    import keras

    from train.teacher import learn_from_teachers

    initial = open_initial_run(run)
    images = dataset.train.images[:5] // np.uint8(2)
    targets = np.eye(10, dtype=np.float32)[dataset.train.labels[:5]]

    def ask(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        logits = _load(run / "model.keras").predict_on_batch(pictures)
        said: npt.NDArray[np.float32] = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
        return said

    said = (ask(images) + ask(images[:, :, ::-1])) / 2 if mirrored else ask(images)
    expected = 0.3 * targets + 0.7 * said
    names = dataset.class_names
    found = learn_from_teachers(targets, images, [initial], names, 0.7, mirrored, QUIET)
    assert np.allclose(found, expected, atol=1e-6)
    twice = learn_from_teachers(targets, images, [initial] * 2, names, 0.7, mirrored, QUIET)
    assert np.allclose(twice, expected, atol=1e-6)
    assert np.allclose(found.sum(1), 1, atol=1e-6)
    # Blended targets give the weighted sum of both losses (cross-entropy is linear in them).
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    student = np.random.default_rng(0).normal(size=(5, 10)).astype(np.float32)
    parts = (0.3, targets), (0.7, said)
    total = sum(share * float(loss(part, student)) for share, part in parts)
    assert float(loss(found, student)) == pytest.approx(total, rel=1e-5)
    other = tmp_path / "other"
    shutil.copytree(initial.folder, other)
    narrow = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
    narrow.add(keras.layers.Dense(1))
    narrow.save(other / "model.keras")
    odd = [open_initial_run(other)]
    with pytest.raises(RunError, match=r"does not answer each picture with 10 scores"):
        learn_from_teachers(targets, images, odd, names, 0.7, mirrored, QUIET)
    with pytest.raises(RunError, match="knows other classes"):
        learn_from_teachers(targets, images, [initial], names[::-1], 0.7, mirrored, QUIET)
    with pytest.raises(RunError, match=r"takes pictures of \(28, 28, 1\).*\(14, 28, 1\)"):
        learn_from_teachers(targets, images[:, ::2], [initial], names, 0.7, mirrored, QUIET)


@pytest.mark.slow
def test_a_run_with_a_teacher_records_which(
    run: Path, dataset: ImageDataset, tmp_path: Path
) -> None:
    from train.training import train_run

    initial: InitialRun = open_initial_run(run)
    settings = dataclasses.replace(SETTINGS, epochs=1, tail_epochs=0)
    taught = with_teachers(settings, [initial.digest()])
    record = train_run(dataset, taught, tmp_path / "student", QUIET, teachers=[initial])
    assert record.identity.settings.teacher == initial.digest()
    alone = train_run(dataset, settings, tmp_path / "alone", QUIET)
    weights = (
        _load(tmp_path / name / "model.keras").get_weights() for name in ("student", "alone")
    )
    assert any(not np.array_equal(one, other) for one, other in zip(*weights, strict=True))
    assert alone.identity.settings.teacher == ""


def _rebuild_quantized(run: Path) -> Any:
    """The network of the tail, from what the run folder holds of it."""
    import keras

    from train.quantization.network import QuantizedLayer

    ranges = from_json(LearnedRanges, (run / "ranges.json").read_bytes(), "ranges.json")
    spans = {entry.layer: (entry.minimum, entry.maximum) for entry in ranges.activations}

    def wrap(layer: Any) -> Any:
        return QuantizedLayer(layer, *spans[layer.name]) if layer.name in spans else layer

    return keras.models.clone_model(_load(run / "model.keras"), clone_function=wrap)


@pytest.mark.slow
def test_export_makes_int8_files_that_answer_as_the_tail_trained(
    run: Path, dataset: ImageDataset, tmp_path: Path
) -> None:
    from train.release.making import export_run
    from train.release.measuring import measure_run

    export_run(run, tmp_path / "artifacts")
    expected = _rebuild_quantized(run).predict_on_batch(dataset.test.images)
    assert int(np.sum(expected.argmax(1) == dataset.test.labels)) == _record(run).quantized_correct
    for name in ("fashion-nano_qat_int8.tflite", "fashion-nano_qat_int8.onnx"):
        with Classifier.load(tmp_path / "artifacts" / name) as classifier:
            found = classifier.scores(dataset.test.images)
        # One step of the output, where a sum or a mean of integers rounds the other way.
        step = np.ptp(expected) / 255
        assert np.abs(found - expected).max() <= 3 * step, name
        assert np.mean(found.argmax(1) == expected.argmax(1)) >= 0.98, name
    result = measure_run(run, tmp_path / "artifacts", "nano", "nano", "whole")
    assert [file.key for file in result.files] == [
        *("static_int8.tflite", "static_int8.onnx"),
        *("qat_int8.tflite", "qat_int8.onnx"),
    ]
    assert result.quantized_correct == _record(run).quantized_correct
    assert sum(map(sum, result.files[0].confusion)) == 400
    assert not result.is_full  # three epochs are not the recipe's

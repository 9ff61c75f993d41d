"""Whole runs on the small sample: what is left behind, resuming, reuse."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_runtime.contract import ModelSpec
from edge_runtime.document import from_json
from edge_runtime.errors import MetadataError
from tests.train.interrupting import interrupt_before
from train.augmentation import Augmentation
from train.claiming import claim_folder
from train.errors import DataError, RunError
from train.evaluation import Evaluation
from train.framework import load_keras
from train.history import Epoch
from train.progress import Progress
from train.run_folder import COMPLETE, load_record, load_samples, load_spec
from train.samples import ImageDataset
from train.settings import TrainingSettings

SETTINGS = TrainingSettings(
    epochs=3, batch_size=32, validation_fraction=0.1, augmentation=Augmentation(shift=0.04)
)
QUIET = Progress(quiet=True)


@pytest.fixture(scope="module", autouse=True)
def _keras() -> None:
    load_keras()


@pytest.fixture(scope="module")
def run(dataset: ImageDataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from train.training import train_run

    folder = tmp_path_factory.mktemp("runs") / "fashion-cnn"
    train_run(dataset, SETTINGS, folder, QUIET)
    return folder


def _weights(folder: Path) -> list[Any]:
    import keras

    weights: list[Any] = keras.models.load_model(folder / "model.keras").get_weights()
    return weights


def test_a_run_leaves_all_that_export_needs_and_nothing_else(
    run: Path, dataset: ImageDataset
) -> None:
    assert sorted(path.name for path in run.iterdir()) == sorted(
        [*COMPLETE, "figures", "report.md"]
    )
    assert [path.name for path in run.parent.iterdir()] == ["fashion-cnn"]
    evaluation = load_samples(run / "evaluation.npz")
    assert np.array_equal(evaluation.images, dataset.test.images)
    assert np.array_equal(evaluation.labels, dataset.test.labels)
    spec = load_spec(run)
    assert (spec.name, spec.labels, spec.output.kind) == (
        "fashion-cnn",
        dataset.class_names,
        "probabilities",
    )
    assert spec == from_json(ModelSpec, (run / "spec.json").read_bytes(), "spec.json")


def test_calibration_comes_from_the_training_split_alone(run: Path, dataset: ImageDataset) -> None:
    calibration = load_samples(run / "calibration.npz")
    train = {image.tobytes() for image in dataset.train.images}
    assert len(calibration) == 360
    assert all(image.tobytes() in train for image in calibration.images)
    assert np.bincount(calibration.labels).tolist() == [36] * 10


def test_the_stored_model_is_plain_and_scores_as_recorded(run: Path, dataset: ImageDataset) -> None:
    import keras

    model = keras.models.load_model(run / "model.keras")
    assert not model.compiled
    assert [layer.name for layer in model.layers][:2] == ["rescaling", "conv1"]
    scores = np.asarray(model.predict_on_batch(dataset.test.images))
    assert np.allclose(scores.sum(1), 1, atol=1e-4)
    record = load_record(run)
    assert record is not None
    assert int(np.sum(scores.argmax(1) == dataset.test.labels)) == record.test_correct
    assert record.test_correct > 120  # 40 would be chance
    assert (record.train_count, record.validation_count, record.test_count) == (360, 40, 400)


def test_history_and_report_can_be_read(run: Path) -> None:
    header, *rows = (run / "history.csv").read_text().splitlines()
    assert header.startswith("epoch,learning_rate,loss,accuracy,validation_loss")
    assert [row.split(",")[0] for row in rows] == ["1", "2", "3"]
    report = (run / "report.md").read_text()
    assert "| Ankle boot |" in report
    for picture in ("curves", "confusion_matrix", "per_class", "mistakes"):
        assert f"figures/{picture}.png" in report
        assert (run / "figures" / f"{picture}.png").stat().st_size > 5000


def test_an_interrupted_run_resumes_to_the_same_weights(
    run: Path, dataset: ImageDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.training import train_run

    folder = tmp_path / "fashion-cnn"
    interrupt_before(2, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train_run(dataset, SETTINGS, folder, QUIET)
    assert not folder.exists()
    with pytest.raises(RunError, match="another run's checkpoint"):
        train_run(dataset, dataclasses.replace(SETTINGS, seed=1), folder, QUIET)
    monkeypatch.undo()
    train_run(dataset, SETTINGS, folder, QUIET)
    for resumed, direct in zip(_weights(folder), _weights(run), strict=True):
        assert np.array_equal(resumed, direct)
    columns = slice(0, 6)  # all but the times
    assert [row.split(",")[columns] for row in (folder / "history.csv").read_text().split()] == [
        row.split(",")[columns] for row in (run / "history.csv").read_text().split()
    ]


def test_two_trainings_do_not_share_a_place(dataset: ImageDataset, tmp_path: Path) -> None:
    from train.training import train_run

    with claim_folder(tmp_path / ".run.unfinished"):
        for force in (False, True):
            with pytest.raises(RunError, match="another training is at work"):
                train_run(dataset, SETTINGS, tmp_path / "run", QUIET, force=force)
    assert not list(tmp_path.iterdir())


def test_force_replaces_a_run_and_keeps_what_a_person_put_there(
    run: Path, dataset: ImageDataset, tmp_path: Path
) -> None:
    from train.training import train_run

    shutil.copytree(run, tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "ranges.json").write_text("{}")  # as of a run with a tail
    (tmp_path / "elsewhere" / "notes.md").write_text("mine")
    link = tmp_path / "run"
    link.symlink_to(tmp_path / "elsewhere")
    train_run(dataset, dataclasses.replace(SETTINGS, epochs=1), link, QUIET, force=True)
    assert link.is_symlink()
    record = load_record(link)
    assert record is not None
    assert record.identity.settings.epochs == 1
    assert (link / "notes.md").read_text() == "mine"
    assert not (link / "ranges.json").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "run"]


def test_a_complete_run_is_reused_and_another_refused(run: Path, dataset: ImageDataset) -> None:
    from train.training import train_run

    before = (run / "model.keras").stat().st_mtime_ns
    record = train_run(dataset, SETTINGS, run, QUIET)
    assert record == load_record(run)
    assert (run / "model.keras").stat().st_mtime_ns == before
    with pytest.raises(RunError, match=r"epochs 3 instead of 4.*--force"):
        train_run(dataset, dataclasses.replace(SETTINGS, epochs=4), run, QUIET)
    other = dataclasses.replace(dataset.input, resize="stretch")
    with pytest.raises(RunError, match=rf"input\.resize {dataset.input.resize} instead of stretch"):
        train_run(dataclasses.replace(dataset, input=other), SETTINGS, run, QUIET)


def test_what_cannot_be_trained_is_said_before_the_training(
    dataset: ImageDataset, tmp_path: Path
) -> None:
    from train.training import train_run

    odd = dataclasses.replace(dataset, class_names=(*dataset.class_names[:-1], "a\nb"))
    with pytest.raises(MetadataError):
        train_run(odd, SETTINGS, tmp_path / "run", QUIET)
    first = np.unique(dataset.train.labels, return_index=True)[1]
    few = dataclasses.replace(dataset, train=dataset.train.take(first))
    with pytest.raises(DataError, match="none left to hold out"):
        train_run(few, SETTINGS, tmp_path / "run", QUIET)
    assert list(tmp_path.iterdir()) == []


def test_class_names_are_drawn_as_they_are(dataset: ImageDataset, tmp_path: Path) -> None:
    from train.figures import draw_run

    names = ("$1_$5", "$%$", "$", *dataset.class_names[3:])
    labels = dataset.test.labels
    scores = np.eye(10, dtype=np.float32)[(labels + 1) % 10]
    epoch = Epoch(1, 0.01, 0.5, 0.5, 0.5, 0.5, 0.1, 0.0)
    draw_run(tmp_path / "figures", (epoch,), Evaluation(dataset.test, scores, names))


def test_a_folder_of_something_else_is_never_replaced_unasked(
    dataset: ImageDataset, tmp_path: Path
) -> None:
    from train.training import train_run

    (tmp_path / "precious.txt").touch()
    with pytest.raises(RunError, match="is no complete run"):
        train_run(dataset, SETTINGS, tmp_path, QUIET)
    (tmp_path / "precious.txt").unlink()


def test_a_damaged_record_or_checkpoint_says_so(run: Path, tmp_path: Path) -> None:
    from train.checkpoint import load_checkpoint

    for name in COMPLETE:
        (tmp_path / name).write_bytes((run / name).read_bytes())
    document = json.loads((run / "training.json").read_text())
    document["test_correct"] = "many"
    (tmp_path / "training.json").write_text(json.dumps(document))
    with pytest.raises(RunError, match=r"test_correct.*--force"):
        load_record(tmp_path)
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(RunError, match=r"checkpoint\.npz is damaged"):
        load_checkpoint(tmp_path)


def test_the_networks_of_the_zoo_fit_other_inputs(dataset: ImageDataset) -> None:
    from train.zoo import ARCHITECTURES

    model = ARCHITECTURES["cnn"].build((32, 40, 3), 7)
    assert model.input_shape == (None, 32, 40, 3)
    assert model.output_shape == (None, 7)
    assert ARCHITECTURES["cnn"].build((28, 28, 1), 10).count_params() == 225_034

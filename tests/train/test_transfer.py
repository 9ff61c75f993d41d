"""Starting from another run, or from a network of Keras Applications."""

import dataclasses
import shutil
import urllib.error
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from train.errors import RunError
from train.framework import load_keras
from train.initial_run import InitialRun, open_initial_run
from train.progress import Progress
from train.samples import ImageDataset
from train.settings import TrainingSettings

QUIET = Progress(quiet=True)
SETTINGS = TrainingSettings(epochs=1, batch_size=64, validation_fraction=0.1)


@pytest.fixture(scope="module", autouse=True)
def _keras() -> None:
    load_keras()


@pytest.fixture(scope="module")
def initial(dataset: ImageDataset, tmp_path_factory: pytest.TempPathFactory) -> InitialRun:
    from train.training import train_run

    folder = tmp_path_factory.mktemp("initial") / "fashion-cnn"
    train_run(dataset, SETTINGS, folder, QUIET)
    return open_initial_run(folder)


def _build(settings: TrainingSettings, classes: tuple[str, ...], initial: InitialRun) -> Any:
    from train.starting import build_starting_model

    return build_starting_model(settings, (28, 28, 1), classes, initial).model


def _load(initial: InitialRun) -> Any:
    import keras

    return keras.models.load_model(initial.folder / "model.keras")


def test_other_classes_get_a_new_last_layer_and_keep_the_rest(initial: InitialRun) -> None:
    model, old = _build(SETTINGS, ("a", "b", "c"), initial), _load(initial)
    assert model.output_shape == (None, 3)
    assert model.inputs[0].name == "input"
    for ours, theirs in zip(model.get_weights()[:-2], old.get_weights()[:-2], strict=True):
        assert np.array_equal(ours, theirs)


def test_the_same_classes_keep_the_last_layer_too(initial: InitialRun) -> None:
    model, old = _build(SETTINGS, initial.spec.labels, initial), _load(initial)
    for ours, theirs in zip(model.get_weights(), old.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_frozen_layers_do_not_move(
    initial: InitialRun, dataset: ImageDataset, tmp_path: Path
) -> None:
    import keras

    from train.training import train_run

    settings = dataclasses.replace(
        SETTINGS, architecture=initial.architecture(), init=initial.digest(), freeze=True
    )
    renamed = dataclasses.replace(dataset, class_names=tuple("abcdefghij"))
    train_run(renamed, settings, tmp_path / "run", QUIET, initial=initial)
    ours = keras.models.load_model(tmp_path / "run" / "model.keras").get_weights()
    theirs = _load(initial).get_weights()
    assert [np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True)] == [True] * 6 + [
        False
    ] * 2


def test_what_was_frozen_before_is_trained_again(
    initial: InitialRun, dataset: ImageDataset, tmp_path: Path
) -> None:
    import keras

    from train.training import train_run

    settings = dataclasses.replace(
        SETTINGS, architecture=initial.architecture(), init=initial.digest(), freeze=True
    )
    train_run(dataset, settings, tmp_path / "last-layer", QUIET, initial=initial)
    frozen = open_initial_run(tmp_path / "last-layer")
    settings = dataclasses.replace(settings, init=frozen.digest(), freeze=False)
    train_run(dataset, settings, tmp_path / "all", QUIET, initial=frozen)
    before, after = (
        keras.models.load_model(tmp_path / name / "model.keras").get_weights()
        for name in ("last-layer", "all")
    )
    assert not any(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, initial: InitialRun) -> None:
    with pytest.raises(RunError, match=r"holds no model\.keras"):
        open_initial_run(tmp_path)
    (tmp_path / "model.keras").write_bytes((initial.folder / "model.keras").read_bytes())
    with pytest.raises(RunError, match=r"spec\.json"):
        open_initial_run(tmp_path)


def test_a_damaged_model_is_refused(initial: InitialRun, tmp_path: Path) -> None:
    folder = tmp_path / "fashion-cnn"
    shutil.copytree(initial.folder, folder)
    whole = (folder / "model.keras").read_bytes()
    (folder / "model.keras").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RunError, match="cannot be read as a Keras model"):
        _build(SETTINGS, initial.spec.labels, open_initial_run(folder))


def test_a_network_whose_name_would_lead_elsewhere_is_refused(
    initial: InitialRun, tmp_path: Path
) -> None:
    folder = tmp_path / "fashion-cnn"
    shutil.copytree(initial.folder, folder)
    text = (folder / "training.json").read_text()
    (folder / "training.json").write_text(text.replace('"cnn"', '"../../elsewhere"'))
    with pytest.raises(RunError, match="which is no name"):
        open_initial_run(folder).architecture()


def test_pictures_of_another_size_are_refused(initial: InitialRun) -> None:
    from train.starting import build_starting_model

    with pytest.raises(RunError, match=r"takes pictures of \(28, 28, 1\), the data has"):
        build_starting_model(SETTINGS, (32, 32, 3), ("a", "b"), initial)


def test_pictures_too_small_for_a_network_are_refused() -> None:
    from train.starting import build_starting_model

    with pytest.raises(RunError, match="larger --input-size"):
        build_starting_model(SETTINGS, (8, 8, 1), ("a", "b"), None)
    mobile = dataclasses.replace(SETTINGS, architecture="MobileNetV2", init="random")
    with pytest.raises(RunError, match="at least 32×32"):
        build_starting_model(mobile, (28, 28, 1), ("a", "b"), None)


@pytest.mark.parametrize("error", [Exception, TimeoutError, OSError])
def test_weights_that_cannot_be_had_name_the_remedies(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from train.zoo.backbones import build_backbone

    def unreachable(**_: Any) -> Any:
        raise error("URL fetch failure: no route to host") from urllib.error.URLError("x")

    monkeypatch.setattr(keras.applications, "MobileNetV2", unreachable)
    with pytest.raises(RunError) as caught:
        build_backbone("MobileNetV2", "imagenet", (64, 64, 3), 5)
    for part in ("cannot be had", "no route to host", "--weights random", "--init"):
        assert part in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MobileNetV2", "MobileNetV3Small"])
def test_a_network_of_keras_applications_takes_gray_and_colour(name: str) -> None:
    from train.zoo.backbones import build_backbone

    for channels in (1, 3):
        model = build_backbone(name, "random", (32, 32, channels), 4)
        assert model.inputs[0].name == "input"
        scores = np.asarray(model.predict_on_batch(np.zeros((2, 32, 32, channels), np.uint8)))
        assert scores.shape == (2, 4)
        assert np.allclose(scores.sum(1), 1, atol=1e-4)

"""What a model of one's own may be, and how its pictures are chosen."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from export.command_line import main
from export.errors import ExportError, ModelFileError, NotAClassifierError
from export.float_model import FloatClassifier
from export.keras_file import Loss
from export.model_check import Answer, find_answer
from export.picture_folder import find_label_folders
from export.pipeline import Options, export_source
from export.pixel_scaling import PRESETS, parse_pixel_scaling
from export.recipes import select_recipes
from export.samples import Samples
from export.user_model import UserModel, load_user_model

# With two threads, more sessions than one are opened.
ASK = """
import sys
from pathlib import Path
import numpy as np
from edge_runtime import Classifier
backend, folder = sys.argv[1], Path(sys.argv[2])
images = np.load(folder / "images.npy")
for threads in (1, 2):
    options = {"backend": backend, "labels": ("a", "b", "c"), "threads": threads}
    with Classifier.load(folder / "gray.tflite", **options) as classifier:
        assert classifier.input.shape == (8, 6, 1)
        np.save(folder / f"scores{threads}.npy", classifier.scores(images))
"""


def save_two_classes(path: Path, seed: int, count: int = 60) -> Path:
    """Dark and bright pictures, sorted by class as many people's arrays are."""
    random = np.random.default_rng(seed)
    labels = np.repeat([0, 1], count // 2)
    images = random.integers(0, 100, (count, 8, 8, 3)) + 150 * labels[:, None, None, None]
    np.savez(path, images=images.astype(np.uint8), labels=labels)
    return path


def build_yes_no(keras: Any, tmp_path: Path, *, sigmoid: bool) -> UserModel:
    """A network that says how bright a picture is, as one number for yes or no."""
    layers = keras.layers
    head = layers.Dense(1, activation="sigmoid" if sigmoid else None)
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.GlobalAveragePooling2D(), head]
    )
    head.set_weights([np.full((3, 1), 6.0), np.array([-9.0])])
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=not sigmoid))
    model.save(tmp_path / "bright.keras")
    (tmp_path / "labels.txt").write_text("dark\nbright\n")
    return UserModel(
        path=tmp_path / "bright.keras",
        labels=tmp_path / "labels.txt",
        calibration=save_two_classes(tmp_path / "calibration.npz", 1),
        evaluation=save_two_classes(tmp_path / "evaluation.npz", 2),
    )


@pytest.mark.parametrize(("sigmoid", "kind"), [(True, "probabilities"), (False, "logits")])
def test_one_number_for_yes_or_no_becomes_two_scores(
    keras: Any, tmp_path: Path, sigmoid: bool, kind: str
) -> None:
    source = load_user_model(build_yes_no(keras, tmp_path, sigmoid=sigmoid))
    assert source.evaluation is not None
    assert source.classifier.spec.output.kind == kind
    images = source.evaluation.images
    scores = source.classifier.measure_scores(images)
    answer = np.asarray(source.classifier.model(images.astype(np.float32)))[:, 0]
    if sigmoid:
        np.testing.assert_allclose(scores, np.stack([1 - answer, answer], axis=1), atol=1e-6)
    else:  # the softmax of both is the sigmoid of the one
        np.testing.assert_allclose(scores[:, 1] - scores[:, 0], answer, atol=1e-5)
    recipes = select_recipes(["fp32.onnx", "static_int8.tflite"], with_ranges=False)
    manifest = export_source(source, tmp_path / "out", Options(recipes), show_progress=False)
    assert [entry.status for entry in manifest.artifacts] == ["kept"] * 2
    assert manifest.reference_correct == len(images)


@pytest.mark.parametrize("shape", [(8, 8), (64,)])
def test_pictures_are_shaped_as_the_model_wants_them(
    keras: Any, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(2)])
    model.save(tmp_path / "gray.keras")
    for seed, name in enumerate(("calibration.npz", "evaluation.npz")):
        random = np.random.default_rng(seed)
        images = random.integers(0, 256, (60, 8, 8, 1)).astype(np.uint8)
        np.savez(tmp_path / name, images=images, labels=np.arange(60) % 2)
    (tmp_path / "labels.txt").write_text("even\nodd\n")
    user = UserModel(
        path=tmp_path / "gray.keras",
        labels=tmp_path / "labels.txt",
        calibration=tmp_path / "calibration.npz",
        evaluation=tmp_path / "evaluation.npz",
        pixel_scaling=PRESETS["0..1"],
        input_size=None if len(shape) == 2 else (8, 8, 1),
    )
    source = load_user_model(user)
    answer = np.asarray(model(images.reshape(-1, *shape) / np.float32(255)))
    np.testing.assert_allclose(source.classifier.measure_scores(images), answer, atol=1e-4)
    recipes = select_recipes(["fp32", "static_int8"], with_ranges=False)
    options = Options(recipes, max_drop_points=100.0)
    manifest = export_source(source, tmp_path / "out", options, show_progress=False)
    assert [entry.status for entry in manifest.artifacts] == ["kept"] * 4


@pytest.mark.parametrize("backend", ["litert", "tflite"])
def test_a_file_of_another_converter_may_know_no_channels(
    keras: Any, tmp_path: Path, backend: str
) -> None:
    import tensorflow as tf

    layers = keras.layers
    model = keras.Sequential([keras.Input((8, 6)), layers.Flatten(), layers.Dense(3)])
    path = tmp_path / "gray.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    images = np.random.default_rng(0).integers(0, 256, (300, 8, 6, 1), np.uint8)
    np.save(tmp_path / "images.npy", images)
    # In a process of its own: tflite-runtime does not bear TensorFlow beside it.
    command = [sys.executable, "-c", ASK, backend, str(tmp_path)]
    subprocess.run(command, check=True, timeout=120)
    expected = np.asarray(model(images[..., 0].astype(np.float32)))
    for threads in (1, 2):
        found = np.load(tmp_path / f"scores{threads}.npy")
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_one_number_needs_two_labels_and_a_sign_of_yes_or_no() -> None:
    scores = np.zeros((4, 1), np.float32)
    labels, loss = ["no", "yes"], "binary_crossentropy"
    assert find_answer(None, scores, labels, Loss(loss, True)) == Answer("logits", True)
    with pytest.raises(NotAClassifierError, match="2 labels"):
        find_answer(None, scores, ["a", "b", "c"], Loss(loss))
    with pytest.raises(NotAClassifierError, match="regression"):
        find_answer(None, scores, labels)


def test_a_sigmoid_is_found_wherever_it_stands(keras: Any) -> None:
    layers = keras.layers
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(1, activation="sigmoid")])
    scores = np.linspace(0.1, 0.9, 5, dtype=np.float32)[:, None]
    labels, known = ["no", "yes"], Loss("binary_crossentropy", False)
    yes = Answer("probabilities", True)
    for head in (inner, layers.Dense(1, activation="hard_sigmoid"), layers.Activation("sigmoid")):
        model = keras.Sequential([keras.Input((4,)), head])
        assert find_answer(model, scores, labels) == yes
    # Hidden in code, the loss or else the answers tell.
    hidden = keras.Sequential([keras.Input((4,)), layers.Dense(1), layers.Reshape((1,))])
    assert find_answer(hidden, scores, labels, known) == yes
    assert find_answer(hidden, scores, labels, Loss("binary_focal_crossentropy")) == yes
    assert find_answer(hidden, scores, labels, Loss("binary_crossentropy", True)).kind == "logits"
    assert find_answer(hidden, 9 * scores, labels, known).kind == "logits"


def test_a_nested_head_is_exported_as_keras_answers(keras: Any, tmp_path: Path) -> None:
    user = build_yes_no(keras, tmp_path, sigmoid=True)
    flat = keras.models.load_model(user.path)
    base, head = (keras.Sequential(part) for part in (flat.layers[:2], flat.layers[2:]))
    inputs = keras.Input((8, 8, 3))
    nested = keras.Model(inputs, {"yes": head(base(inputs))})
    nested.save(user.path)
    source = load_user_model(user)
    assert source.classifier.spec.output.kind == "probabilities"
    images = source.calibration.images
    expected = np.asarray(flat(images.astype(np.float32)))[:, 0]
    np.testing.assert_allclose(source.classifier.measure_scores(images)[:, 1], expected, atol=1e-6)


def test_a_model_that_fails_is_told_in_a_sentence(keras: Any, tmp_path: Path) -> None:
    user = build_yes_no(keras, tmp_path, sigmoid=True)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((None, None, 3)), layers.Conv2D(4, 9), layers.GlobalMaxPooling2D()]
    )
    model.save(user.path)
    with pytest.raises(ModelFileError, match="cannot be run on pictures of 8×8×3"):
        load_user_model(dataclasses.replace(user, input_size=(8, 8, 3)))


def test_several_true_labels_are_seen_in_the_answers() -> None:
    scores = np.array([[0.9, 0.8], [0.1, 0.2]], np.float32)
    with pytest.raises(NotAClassifierError, match="several labels"):
        find_answer(None, scores, ["a", "b"])
    assert find_answer(None, 9 * scores, ["a", "b"]) == Answer("logits")


def test_pixels_for_a_network_of_caffe_are_turned_round(keras: Any, tmp_path: Path) -> None:
    user = build_yes_no(keras, tmp_path, sigmoid=True)
    source = load_user_model(user)
    echo = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    classifier = FloatClassifier(echo, source.classifier.spec, PRESETS["caffe"])
    images = source.calibration.images[:3]
    found = classifier.measure_scores(images).reshape(3, 8, 8, 3)
    expected = images[..., ::-1].astype(np.float32) - [103.939, 116.779, 123.68]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_pixel_scaling_per_colour() -> None:
    scaling = parse_pixel_scaling("0.1,0.2,0.3,-1,-2,-3")
    assert (scaling.scale, scaling.offset) == ((0.1, 0.2, 0.3), (-1.0, -2.0, -3.0))
    with pytest.raises(ExportError, match="three colours"):
        scaling.check_channels(1)
    scaling.check_channels(3)
    for nonsense in ("nan,0", "0,1", "1,2,3", "1,inf", ""):
        with pytest.raises(ExportError, match="--pixel-scaling takes"):
            parse_pixel_scaling(nonsense)


def test_sorted_calibration_pictures_are_taken_from_every_class(keras: Any, tmp_path: Path) -> None:
    calibration = load_user_model(build_yes_no(keras, tmp_path, sigmoid=True)).calibration
    assert calibration.first(10).labels.tolist() == [0, 1] * 5


def test_a_part_keeps_the_shares_of_the_classes() -> None:
    labels = np.array(([0] * 3 + [1]) * 25)  # in turn, which every fourth picture would spoil
    samples = Samples(np.arange(100, dtype=np.uint8).reshape(100, 1, 1, 1), labels)
    part = samples.spread(40)
    assert np.bincount(part.labels).tolist() == [30, 10]
    assert (np.diff(part.images.ravel().astype(int)) > 0).all()
    assert samples.spread(1000) is samples
    turns = samples.interleaved()
    assert turns.labels[:6].tolist() == [0, 1, 0, 1, 0, 1]
    assert sorted(turns.images.ravel()) == list(range(100))


def test_hidden_folders_are_no_classes(tmp_path: Path) -> None:
    for name in ("dog", "cat", ".ipynb_checkpoints"):
        (tmp_path / name).mkdir()
    assert find_label_folders(tmp_path) == ("cat", "dog")


def test_a_folder_is_read_as_far_as_needed_and_tells_how_far_it_is(
    keras: Any, tmp_path: Path
) -> None:
    from dataclasses import replace

    user = build_yes_no(keras, tmp_path, sigmoid=True)
    random = np.random.default_rng(5)
    for label in ("dark", "bright"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 255, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / label / f"{number}.png")
    said: list[str] = []
    user = replace(user, calibration=tmp_path / "photos", calibration_samples=10)
    source = load_user_model(user, said.append)
    assert source.calibration.labels.tolist() == [0, 1] * 5
    assert said[-1] == "read 9 of 10 calibration pictures"


def test_options_that_a_run_folder_answers_itself(tmp_path: Path, capsys: Any) -> None:
    run = ["--run", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main([*run, "--name", "other"]) == 2
    assert "--name belongs to --model" in capsys.readouterr().err
    assert main([*run, "--pixel-scaling", "0..1"]) == 2
    assert "--pixel-scaling belongs to --model" in capsys.readouterr().err

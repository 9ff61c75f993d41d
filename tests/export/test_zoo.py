"""Every kind of Keras model through every recipe, on every runtime."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.float_model import load_keras_model
from export.manifest import ArtifactEntry
from export.pipeline import Options, export_source
from export.pixel_scaling import PRESETS
from export.recipes import select_recipes
from export.user_model import UserModel, load_user_model
from tests.export.conftest import LABELS

PER_CLASS = 12

# What cannot be, and why: (model, recipe) -> a part of the reason.
NOT_CONVERTED = {
    ("inception", "int16x8.tflite"): "'ELU'",
    ("squeeze-excite", "int16x8.tflite"): "'HARD_SWISH'",
    ("activations", "int16x8.tflite"): "'PRELU'",
    ("padded", "int16x8.tflite"): "'NEG'",
}
DOES_NOT_RUN = {("activations", "static_int8.tflite", "tflite"): "LOG"}

FAST = ("mobile", "normalized")
SLOW = (
    "sequential-cnn",
    "residual",
    "inception",
    "squeeze-excite",
    "activations",
    "without-scaling",
    "dense-only",
    "padded",
    "nested",
    "subclassed",
    "mixed-precision",
)


def make_samples(path: Path, shape: tuple[int, int, int], seed: int) -> Path:
    """Pictures whose class can be seen: a bright bar that moves, on noise."""
    random = np.random.default_rng(seed)
    labels = np.tile(np.arange(10), PER_CLASS)
    images = random.integers(0, 90, (len(labels), *shape)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        start = label * shape[0] // 10
        image[start : start + max(1, shape[0] // 10)] = 250
    np.savez(path, images=images, labels=labels)
    return path


@pytest.mark.parametrize(
    "name", [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def test_model_goes_through_every_recipe(keras: Any, tmp_path: Path, name: str) -> None:
    from tests.export.keras_zoo import ZOO

    kind = ZOO[name]
    keras.utils.set_random_seed(1)
    model = kind.build()
    model.save(tmp_path / f"{name}.keras")
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(LABELS))
    user = UserModel(
        path=tmp_path / f"{name}.keras",
        labels=labels,
        calibration=make_samples(tmp_path / "calibration.npz", kind.shape, 1),
        evaluation=make_samples(tmp_path / "evaluation.npz", kind.shape, 2),
        pixel_scaling=PRESETS[kind.pixel_scaling],
    )
    source = load_user_model(user)
    assert source.classifier.spec.output.kind == kind.kind
    # An untrained network sits between its classes: a step may flip many answers.
    options = Options(select_recipes([], with_ranges=False), max_drop_points=100.0)
    manifest = export_source(source, tmp_path / "out", options, show_progress=False)
    assert len(manifest.artifacts) == 8
    for entry in manifest.artifacts:
        check_entry(name, entry)


def check_entry(name: str, entry: ArtifactEntry) -> None:
    key = f"{entry.precision}.{entry.format}"
    why_not = NOT_CONVERTED.get((name, key))
    if why_not is not None:
        assert entry.status == "not_converted"
        assert why_not in str(entry.reason)
        return
    assert entry.status == "kept", entry.reason
    for finding in entry.findings:
        refusal = DOES_NOT_RUN.get((name, key, finding.backend))
        if refusal is not None:
            assert refusal in str(finding.reason)
            continue
        found = finding.comparison
        assert found is not None, (key, finding.reason)
        allowed = {"fp32": 1e-4, "fp16": 1e-2}.get(entry.precision, 0.2)
        assert found.largest_error <= allowed * max(1.0, found.largest_score), (key, found)


def test_a_subclassed_model_of_ones_own_needs_its_code(keras: Any, tmp_path: Path) -> None:
    code = tmp_path / "my_layers.py"
    code.write_text(
        "import keras\n"
        "from beside_my_layers import KIND\n"
        "@keras.saving.register_keras_serializable('mine')\n"
        "class Head(keras.layers.Dense):\n"
        "    kind = KIND\n"
    )
    (tmp_path / "beside_my_layers.py").write_text("KIND = 'plain'\n")
    from export.user_model import _run_custom_code

    with keras.saving.custom_object_scope({}):
        _run_custom_code(code)
        head = keras.saving.get_registered_object("mine>Head")
        model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), head(3)])
        model.save(tmp_path / "own.keras")
        assert load_keras_model(tmp_path / "own.keras").output_shape == (None, 3)

"""Model files that cannot be exported: each message says what to do, and nothing is written."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.errors import ModelFileError, NotAClassifierError
from export.float_model import FloatClassifier, load_keras_model
from export.keras_file import Loss, check_keras_file, explain_refusal, read_loss
from export.model_check import ModelInput, check_no_loops, find_input
from export.pipeline import Options, export_source
from export.recipes import select_recipes
from export.samples import Samples
from export.source import Source
from tests.export.conftest import LABELS


def write_archive(path: Path, config: Any, keras_version: str = "3.15.1") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": keras_version}))
    return path


def test_a_saved_model_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"is a folder.*model\.save\('model\.keras'\)"):
        check_keras_file(tmp_path)


def test_weights_alone(tmp_path: Path) -> None:
    (tmp_path / "my.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ModelFileError, match="holds weights without the model"):
        check_keras_file(tmp_path / "my.weights.h5")


def test_a_damaged_table_of_contents(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "m.keras", {})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 1] ^= 0xFF
    path.write_bytes(data)
    assert zipfile.is_zipfile(path), "its end alone is intact"
    with pytest.raises(ModelFileError, match="cut short or damaged"):
        check_keras_file(path)
    assert read_loss(path) == Loss()


def test_flipped_bytes_in_a_configuration(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps({"layers": list(range(1000))}))
    data = bytearray(path.read_bytes())
    data[60:80] = bytes(value ^ 0xFF for value in data[60:80])
    path.write_bytes(data)
    assert explain_refusal(path, ValueError("Keras's own words")) == "Keras's own words"


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": "Lambda", "config": ["crop"]},
        {"class_name": "Lambda", "config": None, "compile_config": ["mse"]},
    ],
)
def test_a_configuration_of_other_types(tmp_path: Path, config: Any) -> None:
    path = write_archive(tmp_path / "m.keras", config)
    assert read_loss(path) == Loss()
    assert "Lambda layer '?'" in explain_refusal(path, ValueError(""))


def test_a_lambda_layer_is_named(tmp_path: Path) -> None:
    inner = {"class_name": "Lambda", "config": {"name": "crop_border"}}
    path = write_archive(tmp_path / "m.keras", {"config": {"layers": [{"config": [inner]}]}})
    said = explain_refusal(path, ValueError("pass safe_mode=False"))
    assert "'crop_border'" in said
    assert "safe_mode" not in said


def test_an_unknown_class_is_named_with_the_option_that_helps(keras: Any, tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("elsewhere")
    class Doubling(keras.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return 2.0 * inputs

    keras.Sequential([keras.Input((8, 8, 1)), Doubling()]).save(tmp_path / "m.keras")
    keras.saving.get_custom_objects().clear()
    with pytest.raises(ModelFileError, match=r"'Doubling'.*--custom-code"):
        load_keras_model(tmp_path / "m.keras")


def test_a_file_of_keras_2_is_told_apart(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "m.keras", {}, "2.15.0")
    assert "Keras 2.15.0 saved it" in explain_refusal(path, TypeError("batch_input_shape?"))
    new = write_archive(tmp_path / "new.keras", {})
    assert explain_refusal(new, TypeError("odd\nmore")) == "odd"


def test_losses_are_read_however_they_were_named(tmp_path: Path) -> None:
    entropy = {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}
    for loss, found in [
        ("mse", Loss("mse", False)),
        ("binary_crossentropy", Loss("binary_crossentropy", False)),
        ({"class_name": "BinaryCrossentropy", "config": {}}, Loss("binary_crossentropy")),
        (entropy, Loss("binary_crossentropy", True)),
        ({"scores": entropy}, Loss("binary_crossentropy", True)),
        ([entropy], Loss("binary_crossentropy", True)),
        ({"class_name": "function", "config": "mse"}, Loss("mse", False)),
        (None, Loss()),
    ]:
        path = write_archive(tmp_path / "m.keras", {"compile_config": {"loss": loss}})
        assert read_loss(path) == found
    assert read_loss(write_archive(tmp_path / "m.keras", [])) == Loss()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_weights_of_another_type(keras: Any, tmp_path: Path, dtype: str) -> None:
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, dtype=dtype)])
    model.save(tmp_path / "m.keras")
    with pytest.raises(ModelFileError, match=f"keeps its weights in {dtype}"):
        load_keras_model(tmp_path / "m.keras")


def test_a_model_that_keras_quantized(keras: Any, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
    model.layers[0].quantize("int8")
    model.save(tmp_path / "m.keras")
    with pytest.raises(ModelFileError, match=r"quantized already.*before model\.quantize"):
        load_keras_model(tmp_path / "m.keras")


def test_channels_first_and_other_channels(keras: Any) -> None:
    for shape, said in [((3, 32, 32), "channels last"), ((32, 32, 4), "1 or 3 channels")]:
        model = keras.Sequential([keras.Input(shape), keras.layers.Flatten()])
        with pytest.raises(NotAClassifierError, match=said):
            find_input(model, None)


def test_pictures_without_channels_and_in_a_row(keras: Any) -> None:
    def build(*shape: int | None) -> Any:
        return keras.Sequential([keras.Input(shape), keras.layers.ReLU()])

    assert find_input(build(28, 20), None) == ModelInput((28, 20, 1), (28, 20))
    assert find_input(build(None, 20), (28, 20, 1)) == ModelInput((28, 20, 1), (28, 20))
    assert find_input(build(784), (28, 28, 1)) == ModelInput((28, 28, 1), (784,))
    assert find_input(build(None), (4, 4, 3)) == ModelInput((4, 4, 3), (48,))
    for shape, stated, said in [
        ((784,), None, "rows of 784 numbers; say with --input-size"),
        ((784,), (28, 28, 3), "2352 numbers; the model takes 784"),
        ((28, 28), (28, 28, 3), r"says \(28, 28, 3\), the model takes \(28, 28, 1\)"),
        ((8, 28, 28, 3), None, "for gray pictures"),
    ]:
        with pytest.raises(NotAClassifierError, match=said):
            find_input(build(*shape), stated)


def test_layers_that_loop_are_refused_before_the_work(keras: Any) -> None:
    layers = keras.layers
    for unroll in (False, True):
        inner = layers.Bidirectional(layers.GRU(3, unroll=unroll, name="over_rows"))
        model = keras.Sequential([keras.Input((8, 8)), inner, layers.Dense(3)])
        if unroll:
            check_no_loops(model)
        else:
            with pytest.raises(NotAClassifierError, match=r"loops over time .*over_rows.*unroll="):
                check_no_loops(model)


def test_a_run_whose_weights_are_nan(
    keras: Any, source: Source, pictures: dict[str, Samples], tmp_path: Path
) -> None:
    layers = keras.layers
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])
    model.layers[-1].bias.assign(np.full(len(LABELS), np.nan))
    broken = Source(
        FloatClassifier(model, source.classifier.spec), "0" * 64, pictures["train"], None
    )
    options = Options(select_recipes(["fp32.onnx"], with_ranges=False))
    with pytest.raises(NotAClassifierError, match="NaN or infinity on 400 of 400"):
        export_source(broken, tmp_path / "out", options, show_progress=False)
    assert not (tmp_path / "out").exists()

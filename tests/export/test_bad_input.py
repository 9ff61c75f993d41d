"""Every kind of bad input gets a clear error, and nothing is written."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from export.command_line import main
from export.errors import ExportError, SampleError
from export.pipeline import Options, export_source
from export.recipes import select_recipes
from export.samples import Samples, load_samples_npz
from export.source import Source

Call = dict[str, Any]


@pytest.fixture
def good(tmp_path: Path, run_folder: Path, pictures: dict[str, Samples]) -> Call:
    """Arguments that would work; each test spoils one."""
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(f"class {i}" for i in range(10)) + "\n")
    return {
        "--model": run_folder / "model.keras",
        "--labels": labels,
        "--calibration": run_folder / "calibration.npz",
        "--evaluation": run_folder / "evaluation.npz",
        "--recipes": "fp32.tflite",
        "--out": tmp_path / "out",
    }


def refuse(arguments: Call, capsys: pytest.CaptureFixture[str], code: int = 1) -> str:
    """Run the command, check that it refuses and writes nothing, and return what it said."""
    flat = [str(part) for pair in arguments.items() for part in pair]
    assert main([*flat, "--quiet"]) == code
    assert not list(Path(arguments["--out"]).parent.glob("*out*"))
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


def save_samples(path: Path, images: Any, labels: Any) -> Path:
    np.savez(path, images=images, labels=labels)
    return path


def save_model(keras: Any, path: Path, model: Any, loss: str | None = None) -> Path:
    if loss:
        model.compile("sgd", loss)
    model.save(path)
    return path


def test_text_file_as_model(good: Call, tmp_path: Path, capsys: Any) -> None:
    good["--model"] = tmp_path / "model.keras"
    good["--model"].write_text("hello")
    assert "not a .keras file" in refuse(good, capsys)


def test_missing_model(good: Call, tmp_path: Path, capsys: Any) -> None:
    good["--model"] = tmp_path / "nowhere.keras"
    assert "no model file" in refuse(good, capsys)


def test_truncated_model(good: Call, tmp_path: Path, run_folder: Path, capsys: Any) -> None:
    good["--model"] = tmp_path / "cut.keras"
    whole = (run_folder / "model.keras").read_bytes()
    good["--model"].write_bytes(whole[: len(whole) // 2])
    assert "cut short" in refuse(good, capsys)


def test_damaged_model(good: Call, tmp_path: Path, run_folder: Path, capsys: Any) -> None:
    good["--model"] = tmp_path / "damaged.keras"
    with zipfile.ZipFile(run_folder / "model.keras") as old:
        config = old.read("config.json")
    with zipfile.ZipFile(good["--model"], "w") as new:
        new.writestr("config.json", config)
        new.writestr("model.weights.h5", b"nonsense")
    assert "cannot be loaded" in refuse(good, capsys)


def test_keras_2_file_is_told_how_to_convert(good: Call, tmp_path: Path, capsys: Any) -> None:
    good["--model"] = tmp_path / "old.h5"
    good["--model"].write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert ".save('old.keras')" in refuse(good, capsys)


def test_code_inside_a_model_is_not_executed(
    good: Call, keras: Any, tmp_path: Path, capsys: Any
) -> None:
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Lambda(lambda x: x[:, :10])]
    )
    good["--model"] = save_model(keras, tmp_path / "lambda.keras", model)
    said = refuse(good, capsys)
    assert "Lambda layer 'lambda'" in said
    assert "--custom-code" in said


@pytest.mark.parametrize("code", ["raise SystemExit", "1 / 0"])
def test_custom_code_that_ends_the_program(
    code: str, good: Call, tmp_path: Path, capsys: Any
) -> None:
    good["--custom-code"] = tmp_path / "layers_of_mine.py"
    good["--custom-code"].write_text(code)
    assert "layers_of_mine.py failed: " in refuse(good, capsys)


def test_regression(good: Call, keras: Any, tmp_path: Path, capsys: Any) -> None:
    layers = keras.layers
    one = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(1)])
    good["--model"] = save_model(keras, tmp_path / "one.keras", one)
    assert "regression" in refuse(good, capsys)
    ten = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])
    good["--model"] = save_model(keras, tmp_path / "ten.keras", ten, "mse")
    assert "regression" in refuse(good, capsys)


def test_several_outputs(good: Call, keras: Any, tmp_path: Path, capsys: Any) -> None:
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(inputs)
    two = keras.Model(inputs, [keras.layers.Dense(10)(x), keras.layers.Dense(4)(x)])
    good["--model"] = save_model(keras, tmp_path / "two.keras", two)
    assert "2 outputs" in refuse(good, capsys)


def test_sigmoid_for_several_labels(good: Call, keras: Any, tmp_path: Path, capsys: Any) -> None:
    stack = [keras.Input((28, 28, 1)), keras.layers.Flatten()]
    many = keras.Sequential([*stack, keras.layers.Dense(10, activation="sigmoid")])
    good["--model"] = save_model(keras, tmp_path / "many.keras", many)
    assert "sigmoid" in refuse(good, capsys)


def test_labels_of_another_number(good: Call, capsys: Any) -> None:
    good["--labels"].write_text("\n".join(f"class {i}" for i in range(11)))
    assert "10 scores, but there are 11 labels" in refuse(good, capsys)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\nb\na\n", "repeats the label 'a'"),
        ("a\n\nb\n", "line 2 is empty"),
        ("a\n", "at least 2"),
    ],
)
def test_labels_that_make_no_sense(good: Call, text: str, said: str, capsys: Any) -> None:
    good["--labels"].write_text(text)
    assert said in refuse(good, capsys)


def test_calibration_arrays_that_do_not_fit(
    good: Call, tmp_path: Path, pictures: dict[str, Samples], capsys: Any
) -> None:
    train = pictures["train"]
    cases = {
        "found (32, 32, 1)": (np.zeros((20, 32, 32, 1), np.uint8), np.arange(20) % 10),
        "NaN": (np.full((20, 28, 28, 1), np.nan), np.arange(20) % 10),
        "raw pixels": (train.images[:20] / 255.0, train.labels[:20]),
        "at least 10": (train.images[:9], train.labels[:9]),
        "one class": (train.images[:20], np.zeros(20, np.int64)),
        "between 0 and 9": (train.images[:20], np.arange(20)),
        "whole numbers": (train.images[:20], train.labels[:20].astype(float)),
        "holds no pictures": (train.images[:0], train.labels[:0]),
    }
    for number, (said, (images, labels)) in enumerate(cases.items()):
        good["--calibration"] = save_samples(tmp_path / f"c{number}.npz", images, labels)
        assert said in refuse(good, capsys)


def test_calibration_files_that_are_none(good: Call, tmp_path: Path, capsys: Any) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"PK\x03\x04 broken")
    np.savez(tmp_path / "names.npz", x=np.zeros(3))
    np.savez(tmp_path / "objects.npz", images=np.array([{}], object), labels=np.zeros(1))
    for path, said in [
        (bad, "not a readable .npz"),
        (tmp_path / "names.npz", "must hold the arrays"),
        (tmp_path / "objects.npz", "not a readable .npz"),
        (tmp_path / "nowhere", "there is no calibration"),
    ]:
        good["--calibration"] = path
        assert said in refuse(good, capsys)


def flip_bytes(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[60:80] = bytes(value ^ 0xFF for value in data[60:80])  # where the packed data begins
    path.write_bytes(data)


def encrypt(path: Path) -> None:
    data = path.read_bytes()
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # flags of both headers
        at = data.index(mark) + place
        data = data[:at] + bytes([data[at] | 1]) + data[at + 1 :]
    path.write_bytes(data)


def cut_header(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data.replace(b"}", b" "))


def spoil_lzma(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("images.npy", bytes(1000))
    data = path.read_bytes()
    path.write_bytes(data[:50] + bytes(value ^ 0xFF for value in data[50:60]) + data[60:])


@pytest.mark.parametrize("spoil", [flip_bytes, encrypt, cut_header, spoil_lzma])
def test_calibration_files_that_are_damaged(
    spoil: Callable[[Path], None], source: Source, tmp_path: Path, pictures: dict[str, Samples]
) -> None:
    train, path = pictures["train"], tmp_path / "c.npz"
    np.savez_compressed(path, images=train.images, labels=train.labels)
    spoil(path)
    with pytest.raises(SampleError, match=r"is not a readable \.npz file"):
        load_samples_npz(path, source.classifier.spec, "calibration")


@pytest.mark.parametrize("what", ["calibration", "evaluation"])
def test_pictures_that_are_not_there_are_named_first(
    what: str, good: Call, tmp_path: Path, capsys: Any
) -> None:
    del good["--labels"]
    good[f"--{what}"] = tmp_path / "nowhere"
    good["--model"] = tmp_path / "no.keras"
    assert f"there is no {what} file or folder" in refuse(good, capsys)


def test_evaluation_pictures_among_the_calibration_pictures(
    good: Call, tmp_path: Path, pictures: dict[str, Samples], capsys: Any
) -> None:
    train, test = pictures["train"], pictures["test"]
    images = np.concatenate([test.images[:50], train.images[7:8]])
    labels = np.concatenate([test.labels[:50], train.labels[7:8]])
    good["--evaluation"] = save_samples(tmp_path / "shared.npz", images, labels)
    assert "1 of 51 evaluation pictures" in refuse(good, capsys)


def test_folders_with_strange_names_or_files(good: Call, tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "photos"
    (folder / "class 3").mkdir(parents=True)
    good["--calibration"] = folder
    assert "holds no pictures" in refuse(good, capsys)
    (folder / "class 3" / "a.png").write_text("no picture")
    assert "a.png" in refuse(good, capsys)
    (folder / "stranger").mkdir()
    assert "no label is called 'stranger'" in refuse(good, capsys)


def test_operator_that_tflite_lacks_is_named_with_its_layer(
    good: Call, keras: Any, tmp_path: Path, capsys: Any
) -> None:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Resizing(14, 14, interpolation="bicubic", name="shrink"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    good["--model"] = save_model(keras, tmp_path / "bicubic.keras", model)
    said = refuse(good, capsys)
    assert "ResizeBicubic" in said
    assert "shrink" in said


def test_full_disk_leaves_nothing(good: Call, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("export.pipeline.write_report", fail)
    assert "No space left on device" in refuse(good, capsys)


def test_interruption_leaves_nothing(
    good: Call, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("export.pipeline.write_report", interrupt)
    assert "interrupted" in refuse(good, capsys, code=130)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--recipes": "int4"}, "no recipe is called 'int4'"),
        ({"--target": "toaster"}, "no target is called 'toaster'"),
        ({"--pixel-scaling": "big"}, "--pixel-scaling takes"),
        ({"--input-size": "28"}, "--input-size takes"),
        ({"--calibration-samples": "9"}, "must be 10 or more pictures, found 9"),
        ({"--evaluation-samples": "0"}, "must be 1 or more, found 0"),
        ({"--recipes": "fp32,qat_int8"}, "qat_int8 needs the ranges.json"),
        ({"--max-accuracy-drop": "-1"}, "must be 0 to 100 points, found -1"),
        ({"--max-accuracy-drop": "inf"}, "must be 0 to 100 points, found inf"),
        ({"--target": "pi-bookworm-32", "--recipes": "onnx"}, "loads tflite files only"),
        ({"--target": "pi-bookworm-32", "--recipes": "fp32,fp16,fp32.onnx"}, "not fp32.onnx"),
    ],
)
def test_wrong_use(good: Call, change: Call, said: str, capsys: Any) -> None:
    assert said in refuse(good | change, capsys, code=2)


def test_nothing_named(capsys: Any) -> None:
    assert main([]) == 2
    assert "--run" in capsys.readouterr().err


def test_folder_in_use_is_left_alone(good: Call, capsys: Any) -> None:
    folder: Path = good["--out"]
    folder.mkdir()
    (folder / "diary.txt").write_text("dear diary")
    flat = [str(part) for pair in good.items() for part in pair]
    assert main([*flat, "--quiet"]) == 2
    assert main([*flat, "--quiet", "--force"]) == 2
    assert "no export wrote" in capsys.readouterr().err
    assert [entry.name for entry in folder.iterdir()] == ["diary.txt"]


def test_small_calibration_is_warned_of(pictures: dict[str, Samples]) -> None:
    from export.samples import check_calibration

    assert "only 50" in check_calibration(pictures["train"].first(50))[0]
    assert check_calibration(pictures["train"]) == []


def test_a_choice_of_too_few_calibration_pictures_is_refused(
    source: Source, tmp_path: Path
) -> None:
    options = Options(select_recipes(["fp32"], with_ranges=False), calibration_samples=5)
    with pytest.raises(SampleError, match=r"at least 10 pictures .* found 5"):
        export_source(source, tmp_path / "out", options, show_progress=False)
    assert not (tmp_path / "out").exists()


def test_errors_are_value_errors_too() -> None:
    assert issubclass(ExportError, ValueError)


def test_pictures_in_folders_are_resized_and_exported(
    good: Call, tmp_path: Path, pictures: dict[str, Samples], capsys: Any
) -> None:
    for part, name in (("train", "--calibration"), ("test", "--evaluation")):
        samples = pictures[part].first(60)
        for number, (image, label) in enumerate(zip(samples.images, samples.labels, strict=True)):
            folder = tmp_path / part / f"class {label}"
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[..., 0]).resize((40, 40)).save(folder / f"{number}.png")
        (folder / "._0.png").write_bytes(b"a file manager's note")
        good[name] = tmp_path / part
    good["--max-accuracy-drop"] = 100
    flat = [str(part) for pair in good.items() for part in pair]
    assert main([*flat, "--quiet", "--name", "mine"]) == 0
    said = capsys.readouterr()
    assert "only 60 calibration pictures" in said.err
    assert "mine_fp32.tflite" in said.out
    assert (tmp_path / "out" / "mine_fp32.tflite").is_file()

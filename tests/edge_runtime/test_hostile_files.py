"""Whatever file is handed in: one of our errors or a working classifier, never a crash."""

import io
import json
import os
import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_runtime import Classifier
from edge_runtime.cli.main import run_command_line
from edge_runtime.contract import MeasuredAccuracy, ModelSpec, Quantization, Requirements
from edge_runtime.document import to_document, to_json
from edge_runtime.errors import ArtifactError, EdgeRuntimeError, MetadataError
from edge_runtime.formats.description import MEMBER, ONNX_KEY, UNSEALED, find_description
from edge_runtime.formats.metadata import read_metadata
from edge_runtime.formats.model_file import load_model_file
from edge_runtime.formats.onnx_file import read_onnx_header
from edge_runtime.formats.tflite_file import read_tflite_header
from tests.edge_runtime.installed import needs
from tests.edge_runtime.mutations import strip_description
from tests.edge_runtime.small_onnx import (
    STORED_FLOAT,
    STORED_INT8,
    STORED_UINT8,
    build_external,
    build_mean,
    build_stored_mean,
)

FIXTURES = Path(__file__).parents[1] / "fixtures"
INT8, ONNX = FIXTURES / "tiny_static_int8.tflite", FIXTURES / "tiny_fp32.onnx"
each_artifact = pytest.mark.parametrize("path", [INT8, ONNX], ids=lambda path: path.name)
LABELS = [f"class {number}" for number in range(10)]


@each_artifact
def test_the_refusal_of_a_changed_weight_says_what_to_do(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = find_description(load_model_file(path))
    assert found is not None
    data = bytearray(path.read_bytes())
    header_free = len(found.model[0]) // 2
    data[header_free] ^= 1
    damaged = tmp_path / path.name
    damaged.write_bytes(data)
    for command in ("info", "verify"):
        assert run_command_line([command, str(damaged)]) == 1
        said = capsys.readouterr().err
        assert "damaged" in said
        assert "opy it again" in said


@each_artifact
def test_the_digest_is_of_the_whole_content(path: Path) -> None:
    metadata = read_metadata(path)
    found = find_description(load_model_file(path))
    assert metadata is not None
    assert found is not None
    blank = to_json(replace(metadata, content_sha256=UNSEALED)).encode()
    import hashlib

    expected = hashlib.sha256(b"".join(found.model) + blank).hexdigest()
    assert metadata.content_sha256 == expected


def test_an_artifact_without_a_digest_is_still_read(tmp_path: Path) -> None:
    document = to_document(read_metadata(INT8))
    del document["content_sha256"]
    path = write_described(tmp_path / "old.tflite", json.dumps(document))
    with Classifier.load(path) as classifier:
        assert classifier.metadata is not None
        assert classifier.metadata.content_sha256 is None


def write_described(path: Path, text: str, *, times: int = 1) -> Path:
    path.write_bytes(strip_description(INT8))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for _ in range(times):
            archive.writestr(MEMBER, text)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_descriptions_are_refused(tmp_path: Path) -> None:
    text = to_json(read_metadata(INT8))
    path = write_described(tmp_path / "two.tflite", text, times=2)
    with pytest.raises(MetadataError, match="2 descriptions"):
        read_metadata(path)


def test_an_archive_of_thousands_of_members_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.tflite"
    path.write_bytes(strip_description(INT8))
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(3000):
            archive.writestr(f"{number}.json", "")
    with pytest.raises(MetadataError, match="too many"):
        read_metadata(path)


def test_lying_sizes_encryption_and_nesting_are_refused(tmp_path: Path) -> None:
    text = to_json(read_metadata(INT8))
    data = write_described(tmp_path / "good.tflite", text).read_bytes()
    place = data.rindex(b"PK\x01\x02")
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(MEMBER, text)
    # Central record: flags at 8, checksum at 16, compressed size at 20, size at 24.
    changes = {"encrypted": (8, b"\x01\0"), "small": (24, b"\x10\0\0\0"), "sum": (16, bytes(4))}
    hostile = {
        name: data[: place + at] + value + data[place + at + len(value) :]
        for name, (at, value) in changes.items()
    }
    for name, content in hostile.items():
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(content)
        with pytest.raises(MetadataError, match=name):
            read_metadata(path)
    nested = tmp_path / "nested.tflite"
    nested.write_bytes(strip_description(INT8))
    with zipfile.ZipFile(nested, "a") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    assert read_metadata(nested) is None


def test_other_packing_than_deflating_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lzma.tflite"
    path.write_bytes(strip_description(INT8))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr(MEMBER, to_json(read_metadata(INT8)))
    with pytest.raises(MetadataError, match="another way than stored or deflated"):
        read_metadata(path)


def test_a_member_beyond_any_file_is_refused(tmp_path: Path) -> None:
    path = write_described(tmp_path / "far.tflite", to_json(read_metadata(INT8)))
    data = path.read_bytes()
    record, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    # Central record: length of the extra field at 30, offset at 42, name from 46 on. An offset of
    # all ones stands in a zip64 extra field (1), where it takes eight bytes.
    extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)
    central = bytearray(data[record:end])
    central[30:32], central[42:46] = struct.pack("<H", len(extra)), b"\xff" * 4
    tail = bytearray(data[end:])
    tail[12:16] = struct.pack("<I", len(central) + len(extra))
    path.write_bytes(data[:record] + central + extra + tail)
    with pytest.raises(MetadataError, match="damaged"):
        read_metadata(path)


def test_a_description_that_is_cut_off_is_not_taken_for_none(tmp_path: Path) -> None:
    path = tmp_path / "cut.tflite"
    path.write_bytes(INT8.read_bytes()[:-30])
    with pytest.raises(MetadataError, match="cut off"):
        Classifier.load(path, labels=LABELS)


@pytest.mark.parametrize(
    "label", ["\x1b[2Jgone", "two\nlines", "\x9b31m", "\u202eesrever", "\ud800", "x" * 5000]
)
def test_labels_that_would_command_a_terminal_are_refused(label: str, tmp_path: Path) -> None:
    described = read_metadata(INT8)
    assert described is not None
    with pytest.raises(MetadataError, match=r"control characters|characters, more"):
        replace(described.model, labels=(label, *described.model.labels[1:]))
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(strip_description(INT8))
    with pytest.raises(MetadataError):
        Classifier.load(bare, labels=[label, *LABELS[1:]])


@pytest.mark.parametrize("key", ["toolkit_version", "created"])
def test_a_description_whose_texts_would_command_a_terminal_is_refused(
    key: str, tmp_path: Path
) -> None:
    document = to_document(read_metadata(INT8))
    path = write_described(tmp_path / "bad.tflite", json.dumps({**document, key: "\x1b[2J"}))
    with pytest.raises(MetadataError, match="control characters"):
        read_metadata(path)


@pytest.mark.parametrize(
    "build",
    [
        lambda text: Quantization("fp32", text),
        lambda text: Quantization("fp32", "none", calibration_sha256=text),
        lambda text: Requirements(tflite_runtime=text),
        lambda text: MeasuredAccuracy(1, 1, 2, text),
    ],
    ids=["method", "calibration", "requirements", "accuracy"],
)
def test_no_part_of_a_description_may_command_a_terminal(build: Callable[[str], object]) -> None:
    build("plain")
    with pytest.raises(MetadataError, match="control characters"):
        build("over\rwritten")


def test_names_of_files_cannot_command_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, shown in (("\x1b[2J", "\\u001b[2J"), ("\r\x1b[K", "\\u000d\\u001b[K")):
        assert run_command_line(["info", str(tmp_path / f"{name}.tflite")]) == 1
        said = capsys.readouterr().err
        assert "\x1b" not in said
        assert "\r" not in said
        assert f"{shown}.tflite" in said


def test_a_hundred_thousand_labels_are_looked_through_at_once() -> None:
    described = read_metadata(INT8)
    assert described is not None
    many = tuple(map(str, range(99_999)))
    assert len(replace(described.model, labels=many).labels) == 99_999
    with pytest.raises(MetadataError, match="'99998' stands more than once"):
        ModelSpec("x", (*many, "99998"), described.model.input, described.model.output)


def test_a_file_without_description_works_with_labels_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(strip_description(INT8))
    with pytest.raises(MetadataError, match="--labels"):
        Classifier.load(bare)
    with pytest.raises(ArtifactError, match="10 classes, but there are 3 labels; hand in"):
        Classifier.load(bare, labels=LABELS[:3])
    with Classifier.load(bare, labels=LABELS) as classifier:
        assert classifier.scores(np.zeros((1, 28, 28, 1), np.uint8)).shape == (1, 10)
    assert "no description of itself" in caplog.text


def test_pipes_folders_and_pointers_are_no_models(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tflite")
    (tmp_path / "folder.tflite").mkdir()
    (tmp_path / "pointer.onnx").write_text("version https://git-lfs.github.com/spec/v1\n")
    for name, message in (
        ("pipe.tflite", "pipe"), ("folder.tflite", "folder"), ("pointer.onnx", "git lfs pull"),
    ):  # fmt: skip
        with pytest.raises(ArtifactError, match=message):
            read_metadata(tmp_path / name)


def test_a_table_named_many_times_over_is_refused() -> None:
    # A model whose list of operator kinds (field 1) names one empty table again and again.
    count = 50_000
    layout = struct.pack("<4H", 8, 12, 8, 4)  # version at 8, the list at 4, of 12 bytes
    start, table = 28, 28 + 4 + 4 * count
    places = [table + 4 - (start + 4 + 4 * number) for number in range(count)]
    data = struct.pack("<I4s8s", 16, b"TFL3", layout) + struct.pack("<iII", 8, 8, 3)
    data += struct.pack(f"<I{count}I", count, *places) + struct.pack("<HHi", 4, 4, 4)
    with pytest.raises(ArtifactError, match="more parts than the file has room for"):
        read_tflite_header(data, "bomb.tflite")


def test_weights_in_a_missing_file_are_named(tmp_path: Path) -> None:
    for location, message in (("weights.bin", "'weights.bin', which is not beside"),
                              ("../../etc/passwd", "outside its own folder")):  # fmt: skip
        path = tmp_path / "split.onnx"
        path.write_bytes(build_external(location))
        assert read_onnx_header(path.read_bytes(), path.name).external_files == (location,)
        with pytest.raises(ArtifactError, match=message):
            Classifier.load(path, labels=LABELS)


@needs("onnx")
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (build_mean((1, 8, 8, 3), (1, 2), outputs=2), "expected 1 input and 1 output, found 1 and"),
        (build_mean((1, 8, 8, 3), (1,)), "numbers of rank 2"),
        (build_mean((1, 3), ()), "numbers of rank 4 or 3"),
        (build_mean((1, 8, 8, 5), (1, 2)), "1 or 3 channels"),
        (build_mean((1, 8, 8, 1), (1, 2)), "2 or more classes"),
        (build_stored_mean((1, 8, 8, 3), STORED_INT8, STORED_FLOAT), "stores pixels as int8"),
        (build_stored_mean((1, 8, 8, 3), STORED_UINT8, STORED_INT8), "stores scores as int8"),
        (build_mean((1, "h", "w", 3), (1, 2)), "Export it with a fixed height and width"),
    ],
    ids=[
        "two-outputs",
        "rank-of-output",
        "rank-of-input",
        "channels",
        "one-class",
        "input-without-scale",
        "output-without-scale",
        "open-size",
    ],
)
def test_a_model_of_another_task_is_refused(model: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(model)
    with pytest.raises(ArtifactError, match=message):
        Classifier.load(path, labels=("a", "b", "c"))


@needs("onnx")
@pytest.mark.parametrize("batch", [1, 2, "n"])
def test_a_model_of_gray_pictures_may_know_no_channels(batch: int | str, tmp_path: Path) -> None:
    path = tmp_path / "gray.onnx"
    path.write_bytes(build_mean((batch, 8, 3), (1,)))
    pictures = np.random.default_rng(3).integers(0, 256, (300, 8, 3, 1), np.uint8)
    with Classifier.load(path, labels=("left", "middle", "right")) as classifier:
        assert classifier.input.shape == (8, 3, 1)
        scores = classifier.scores(pictures)
        np.testing.assert_allclose(scores, pictures[..., 0].mean(axis=1), rtol=1e-5)
        assert classifier.classify(pictures[0, ..., 0]).top.index == scores[0].argmax()


@pytest.mark.parametrize("name", ["a.tflite", "a.onnx"])
def test_garbage_is_refused_and_the_next_file_works(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    random = np.random.default_rng(23)
    with Classifier.load(INT8) as classifier:
        for size in (1, 7, 100, 5000):
            path.write_bytes(b"\x1c\0\0\0TFL3"[: 8 * name.endswith("tflite")] + random.bytes(size))
            with pytest.raises(EdgeRuntimeError, match="a"):
                Classifier.load(path, labels=LABELS)
        assert classifier.scores(np.zeros((1, 28, 28, 1), np.uint8)).shape == (1, 10)


def test_the_onnx_entry_is_found_where_it_stands() -> None:
    data = ONNX.read_bytes()
    start, end = read_onnx_header(data, "x").entry_spans[ONNX_KEY]
    assert read_onnx_header(data[:start] + data[end:], "x").metadata == {}


def test_what_is_no_model_file_is_told_by_its_whole_path_with_what_to_name(
    tmp_path: Path,
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    for path, complaint in (
        (tmp_path / "missing", f"{tmp_path}/missing: there is no such file"),
        (tmp_path / "missing.keras", "there is no such file"),
        (models, f"{models} is a folder; it holds no .tflite or .onnx file"),
    ):
        with pytest.raises(ArtifactError, match=re.escape(complaint)):
            load_model_file(path)
    for name in ("b.onnx", "a.tflite", "notes.txt", "model.keras"):
        (models / name).write_bytes(b"whatever")
    for path, complaint in (
        (models, "name one of the models in it: a.tflite, b.onnx"),
        (models / "notes.txt", f"{models}/notes.txt: expected a .tflite or .onnx file"),
        (models / "model.keras", f"python -m export --model {models}/model.keras"),
    ):
        with pytest.raises(ArtifactError, match=re.escape(complaint)):
            load_model_file(path)


@pytest.mark.parametrize("manifest", ['{"recommended": "../a.tflite"}', "[]", '{"a": ' * 9])
def test_only_a_model_beside_it_is_taken_from_a_manifest(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "a.tflite").write_bytes(b"whatever")
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(ArtifactError, match=r"name one of the models in it: a\.tflite$"):
        load_model_file(tmp_path)
    (tmp_path / "manifest.json").write_text('{"recommended": "a.tflite"}')
    with pytest.raises(ArtifactError, match=r"its manifest recommends: .*/a\.tflite$"):
        load_model_file(tmp_path)


@each_artifact
def test_info_of_a_cut_model_says_that_it_is_damaged_and_offers_no_labels(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / path.name
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert run_command_line(["info", str(cut)]) == 1
    said = capsys.readouterr().err
    assert cut.name in said
    assert "--labels" not in said

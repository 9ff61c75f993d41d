"""What an installed runtime cannot load is said before it sees the file, with the remedy."""

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge_runtime import Classifier
from edge_runtime.backends import choose_backend, load_backend, open_session, tflite
from edge_runtime.errors import IncompatibleArtifactError
from edge_runtime.formats.model_file import load_model_file
from edge_runtime.formats.onnx_file import OnnxHeader, read_onnx_header
from edge_runtime.formats.preflight import (
    check_onnx_versions,
    check_tflite_operators,
    to_version_key,
)
from edge_runtime.formats.tflite_file import TfliteHeader, read_tflite_header
from tests.edge_runtime.installed import needs
from tests.edge_runtime.mutations import strip_description

FIXTURES = Path(__file__).parents[1] / "fixtures"
INT8, ONNX = FIXTURES / "tiny_static_int8.tflite", FIXTURES / "tiny_fp32.onnx"
LABELS = [f"class {number}" for number in range(10)]
# FULLY_CONNECTED, of which tflite-runtime 2.14 has versions up to 10.
DENSE = 9
HEADER = TfliteHeader("2.17.0", ((DENSE, 12),), (), ())


def with_newer_dense(version: int) -> bytes:
    """The int8 model, asking for another version of its dense layer."""
    data = bytearray(strip_description(INT8))
    # The version of an operator kind is one of the few numbers 4 in the file: the one that counts.
    for place in range(0, len(data) - 4, 4):
        if data[place : place + 4] != (4).to_bytes(4, "little"):
            continue
        changed = bytearray(data)
        changed[place] = version
        try:
            operators = read_tflite_header(bytes(changed), "x").operators
        except ValueError:
            continue
        if (DENSE, version) in operators:
            return bytes(changed)
    raise AssertionError("the dense layer's version was not found")


def test_tflite_runtime_lacks_what_per_channel_dense_layers_need() -> None:
    with pytest.raises(IncompatibleArtifactError) as refusal:
        check_tflite_operators(HEADER, "dynamic_int8.tflite", "2.14.0")
    said = str(refusal.value)
    for part in ("TensorFlow 2.17.0", "tflite-runtime 2.14.0", "FULLY_CONNECTED version 12",
                 "it has 10", "--target pi-bookworm", "edge-runtime[litert]"):  # fmt: skip
        assert part in said


def test_an_operator_unknown_to_it_and_a_missing_note_are_told_too() -> None:
    header = replace(HEADER, least_runtime=None, operators=((206, 1),))
    with pytest.raises(IncompatibleArtifactError, match=r"newer operators.*operator 206"):
        check_tflite_operators(header, "x.tflite", "2.14.0")
    check_tflite_operators(replace(header, operators=((DENSE, 10),)), "x.tflite", "2.14.0")


@pytest.mark.parametrize(
    ("version", "opset", "ir_version", "message"),
    [
        ("1.20.1", 22, 8, "needs onnxruntime 1.21 or newer; onnxruntime 1.20.1 knows up to"),
        ("1.23.2", 17, 12, "needs onnxruntime 1.24 or newer"),
        ("1.31.1", 99, 8, "needs a newer onnxruntime.*pip install -U.*opset 17"),
    ],
)
def test_onnx_versions_are_compared(
    version: str, opset: int, ir_version: int, message: str
) -> None:
    with pytest.raises(IncompatibleArtifactError, match=message):
        check_onnx_versions(OnnxHeader(ir_version, opset, {}, {}, ()), "x.onnx", version)


def test_a_runtime_that_is_newer_than_the_table_speaks_for_itself() -> None:
    check_onnx_versions(OnnxHeader(99, 99, {}, {}, ()), "x.onnx", "2.0.0")
    check_tflite_operators(HEADER, "x.tflite", "2.99.0")


@needs("onnx")
def test_the_table_agrees_with_the_installed_onnxruntime(tmp_path: Path) -> None:
    data = strip_description(ONNX)
    # The IR version is the first field of the file.
    assert data[:2] == bytes([8, read_onnx_header(data, "x").ir_version])
    for ir_version, loads in ((10, True), (120, False)):
        path = tmp_path / f"{ir_version}.onnx"
        path.write_bytes(bytes([8, ir_version]) + data[2:])
        if loads:
            Classifier.load(path, labels=LABELS).close()
            continue
        for call in (load_backend("onnx").check, lambda model: load_backend("onnx").open(model, 1)):
            with pytest.raises(IncompatibleArtifactError, match=r"IR version.*pip install"):
                call(load_model_file(path))


@needs("tflite")
@pytest.mark.parametrize("version", [10, 11])
def test_the_table_agrees_with_the_installed_tflite_runtime(version: int, tmp_path: Path) -> None:
    path = tmp_path / "newer.tflite"
    path.write_bytes(with_newer_dense(version))
    model, backend = load_model_file(path), load_backend("tflite")
    if version == 10:
        backend.check(model)
        backend.open(model, 1).close()
        return
    for call in (backend.check, lambda model: backend.open(model, 1)):
        with pytest.raises(IncompatibleArtifactError, match=r"version '?11.*--target pi-bookworm"):
            call(model)


@needs("litert")
def test_auto_falls_back_to_a_runtime_that_can_load_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "newer.tflite"
    path.write_bytes(with_newer_dense(12))
    # The other way round than usual, so that the first one is the one that cannot.
    monkeypatch.setattr("edge_runtime.backends.registry.PREFERENCE", ("tflite", "litert"))
    old = replace(tflite.BACKEND, load=lambda: (None, "2.14.0"))
    monkeypatch.setattr(tflite, "BACKEND", old)
    caplog.set_level(logging.INFO, "edge_runtime")
    backend, session = choose_backend(load_model_file(path), "auto", 1)
    session.close()
    assert backend.name == "litert"
    assert "tflite passed over" in caplog.text
    assert "FULLY_CONNECTED version 12" in caplog.text
    with pytest.raises(IncompatibleArtifactError, match="FULLY_CONNECTED"):
        open_session(path, backend="tflite")


@needs("litert")
def test_litert_names_the_remedy_where_it_lacks_an_operator(tmp_path: Path) -> None:
    path = tmp_path / "future.tflite"
    path.write_bytes(with_newer_dense(99))
    with pytest.raises(IncompatibleArtifactError, match=r"FULLY_CONNECTED.*pip install -U"):
        open_session(path, backend="litert")


def test_versions_sort_as_numbers() -> None:
    assert to_version_key("2.9.0") < to_version_key("2.14.0") < to_version_key("2.15.0-rc1")


BLOCKED = """
import sys
for name in sys.argv[2].split(","):
    sys.modules[name] = None
from edge_runtime import Classifier, EdgeRuntimeError
try:
    print(Classifier.load(sys.argv[1]).backend)
except EdgeRuntimeError as error:
    print(type(error).__name__, error)
"""


def load_without(path: Path, *modules: str) -> str:
    """Load in a fresh process in which some modules cannot be imported."""
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, str(path), ",".join(modules)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout


def test_without_any_runtime_each_one_is_named_with_its_command() -> None:
    said = load_without(INT8, "ai_edge_litert", "tflite_runtime", "onnxruntime")
    assert "BackendUnavailableError" in said
    assert "pip install 'edge-runtime[litert]'" in said
    said = load_without(ONNX, "ai_edge_litert", "tflite_runtime", "onnxruntime")
    assert "pip install 'edge-runtime[onnx]'" in said


@needs("tflite")
def test_without_the_preferred_runtime_the_other_one_answers() -> None:
    assert load_without(INT8, "ai_edge_litert") == "tflite\n"


@needs("tflite")
def test_tflite_runtime_under_numpy_2_is_not_even_tried() -> None:
    script = (
        "import numpy; numpy.__version__ = '2.5.0'\n"
        "import sys; sys.modules['ai_edge_litert'] = None\n"
        "from edge_runtime import Classifier\n"
        f"try: Classifier.load({str(INT8)!r})\n"
        "except ImportError as error: print(error)\n"
        "print('tflite_runtime' in sys.modules)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout
    assert "pip install 'numpy<2'" in said
    assert said.endswith("False\n")

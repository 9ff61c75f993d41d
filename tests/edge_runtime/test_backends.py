"""One contract suite over every backend, the fake one included."""

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from edge_runtime import Classifier
from edge_runtime.backends import open_session
from edge_runtime.backends.interpreter import open_interpreter
from edge_runtime.errors import ArtifactError, BackendUnavailableError
from edge_runtime.formats.model_file import ModelFile
from tests.edge_runtime.installed import INSTALLED, needs
from tests.edge_runtime.small_onnx import (
    STORED_FLOAT,
    STORED_UINT8,
    build_mean,
    build_stored_mean,
)

FIXTURES = Path(__file__).parents[1] / "fixtures"
CASES = [
    (backend, FIXTURES / name)
    for name, backends in (
        ("tiny_fp32.tflite", ("litert", "tflite", "fake")),
        ("tiny_static_int8.tflite", ("litert", "tflite", "fake")),
        ("tiny_fp32.onnx", ("onnx", "fake")),
    )
    for backend in backends
    if backend in INSTALLED or backend == "fake"
]
each_case = pytest.mark.parametrize(
    ("backend", "path"), CASES, ids=[f"{backend}-{path.name}" for backend, path in CASES]
)


@each_case
def test_a_session_answers_any_batch_with_an_array_of_the_callers_own(
    backend: str, path: Path
) -> None:
    session = open_session(path, backend=backend, threads=1)
    assert session.input.shape[1:] == (28, 28, 1)
    assert session.output.shape[1] == 10
    batch = np.zeros((3, 28, 28, 1), session.input.dtype)
    first = session.invoke(batch)
    kept = first.copy()
    assert first.shape == (3, 10)
    assert first.dtype == session.output.dtype
    session.invoke(np.full((1, 28, 28, 1), 100, session.input.dtype))
    np.testing.assert_array_equal(first, kept)
    session.close()
    session.close()


@each_case
def test_a_batch_that_a_session_cannot_take_leaves_it_usable(backend: str, path: Path) -> None:
    session = open_session(path, backend=backend, threads=1)
    good = np.full((3, 28, 28, 1), 100, session.input.dtype)
    expected = session.invoke(good)
    # Resizing to 4 pictures succeeds or not, allocating for their wrong size does not.
    with pytest.raises(Exception, match=r"\w"):
        session.invoke(np.zeros((4, 14, 14, 3), session.input.dtype))
    for count in (3, 1):  # Another batch size may add up in another order.
        np.testing.assert_allclose(session.invoke(good[:count]), expected[:count], atol=1e-4)


@needs("onnx")
def test_a_truncated_onnx_file_is_an_error_of_its_own_class(tmp_path: Path) -> None:
    damaged = tmp_path / "tiny.onnx"
    damaged.write_bytes((FIXTURES / "tiny_fp32.onnx").read_bytes()[:2000])
    with pytest.raises(ArtifactError, match="tiny"):
        open_session(damaged, backend="onnx", threads=1)


def test_an_unknown_backend_is_refused_by_name() -> None:
    with pytest.raises((ValueError, BackendUnavailableError), match="nonsense"):
        open_session(FIXTURES / "tiny_fp32.tflite", backend="nonsense", threads=1)


@needs("onnx")
@pytest.mark.parametrize("batch", [1, 2])
def test_an_onnx_model_of_a_fixed_batch_answers_any_number_of_pictures(
    batch: int, tmp_path: Path
) -> None:
    path = tmp_path / "fixed.onnx"
    path.write_bytes(build_mean((batch, 8, 8, 3), (1, 2)))
    session = open_session(path, backend="onnx", threads=1)
    pictures = np.random.default_rng(0).random((3, 8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(session.invoke(pictures), pictures.mean(axis=(1, 2)), atol=1e-6)
    with pytest.raises(ArtifactError, match="Export it again"):
        session.invoke(pictures[:, :4])


@needs("onnx")
def test_an_unquantized_uint8_input_is_fed_raw_pixels(tmp_path: Path) -> None:
    path = tmp_path / "raw.onnx"
    path.write_bytes(build_stored_mean((1, 8, 8, 3), STORED_UINT8, STORED_FLOAT))
    pictures = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)
    with Classifier.load(path, labels=("a", "b", "c")) as classifier:
        scores = classifier.scores(pictures)
    np.testing.assert_allclose(scores, pictures.mean(axis=(1, 2)), rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_a_tflite_input_of_signed_integers_without_a_scale_is_refused(dtype: type) -> None:
    unquantized = {"scales": np.empty(0, np.float32), "zero_points": np.empty(0, np.int32)}
    details = {"name": "in", "index": 0, "dtype": dtype, "shape": np.array([1, 8, 8, 3])}
    source = {**details, "quantization_parameters": unquantized}
    target = {**source, "dtype": np.float32, "shape": np.array([1, 3])}
    interpreter = Mock()
    interpreter.get_input_details.return_value = [source]
    interpreter.get_output_details.return_value = [target]
    model = ModelFile(Path("signed.tflite"), "tflite", b"")
    with pytest.raises(ArtifactError, match=r"signed.tflite stores pixels as int\d+ with the sc"):
        open_interpreter(model, lambda: interpreter, "runtime 1")
    source["dtype"] = np.uint8
    assert open_interpreter(model, lambda: interpreter, "runtime 1").input.scale == 0.0

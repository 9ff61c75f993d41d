"""One contract suite over every backend, the fake one included."""

from pathlib import Path

import numpy as np
import pytest

from edge_runtime.backends import open_session
from edge_runtime.errors import ArtifactError, BackendUnavailableError
from tests.edge_runtime.installed import INSTALLED, needs

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

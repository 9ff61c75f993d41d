"""A session with its conversions gives what the formulas give, one picture or many."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edge_runtime.backends.interpreter import InterpreterSession, open_interpreter
from edge_runtime.backends.protocol import TensorInfo
from edge_runtime.errors import ArtifactError
from edge_runtime.formats.model_file import load_model_file
from edge_runtime.quantization import dequantize, quantize
from edge_runtime.scoring import build_scorer

FIXTURES = Path(__file__).parents[1] / "fixtures"

SCALE, ZERO = 1 / 256, -128
PIXELS = np.arange(256, dtype=np.uint8)


class Echo:
    """Answers what it was fed, as int8 scores."""

    def __init__(self, source: TensorInfo) -> None:
        self.input = source
        self.output = TensorInfo("scores", np.dtype(np.int8), (-1, 256), SCALE, ZERO)

    def invoke(self, batch: npt.NDArray[Any], /) -> npt.NDArray[Any]:
        assert batch.dtype == self.input.dtype
        return batch.reshape(len(batch), -1).astype(np.int8)

    def close(self) -> None: ...


SOURCES = {
    "pixel less 128": TensorInfo("image", np.dtype(np.int8), (1, 16, 16, 1), 1.0, -128),
    "free batch": TensorInfo("image", np.dtype(np.int8), (-1, 16, 16, 1), 1.0, -128),
    "free size": TensorInfo("image", np.dtype(np.int8), (-1, -1, -1, 1), 1.0, -128),
    "other scale": TensorInfo("image", np.dtype(np.int8), (1, 16, 16, 1), 2.0, 3),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_every_picture_is_fed_as_the_input_tensor_stores_it(source: TensorInfo) -> None:
    score = build_scorer(Echo(source))
    pictures = np.stack([np.roll(PIXELS, shift).reshape(16, 16, 1) for shift in range(3)])
    stored = quantize(pictures, source.scale, source.zero_point, np.int8).reshape(3, -1)
    expected = dequantize(stored, SCALE, ZERO)
    np.testing.assert_array_equal(score(pictures), expected)
    singles = [score(pictures[place : place + 1]) for place in range(3)]
    np.testing.assert_array_equal(np.concatenate(singles), expected)


def test_a_picture_that_lies_scattered_in_memory_is_read_rightly() -> None:
    score = build_scorer(Echo(SOURCES["pixel less 128"]))
    scattered = PIXELS.reshape(1, 16, 16, 1).transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(score(scattered), score(scattered.copy(order="C")))


def open_int8(*, free_batch: bool = False) -> InterpreterSession:
    """Open a model of 8-bit tensors, which LiteRT's session lets be used in place."""
    interpreters = pytest.importorskip("ai_edge_litert.interpreter")
    model = load_model_file(FIXTURES / "tiny_static_int8.tflite")

    class Interpreter(interpreters.Interpreter):  # type: ignore[misc, name-defined]
        def get_input_details(self) -> list[dict[str, Any]]:
            (details,) = super().get_input_details()
            size = -1 if free_batch else 1
            return [{**details, "shape_signature": [size, *details["shape"][1:]]}]

    return open_interpreter(model, lambda: Interpreter(model_content=model.data), "LiteRT")


def is_in_place(session: InterpreterSession) -> bool:
    return session.in_place is not None


def make_pictures(count: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(count).integers(0, 256, (count, 28, 28, 1), np.uint8)


def score_with_copies(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Score through `invoke` alone, in a session of its own."""
    session = open_int8()
    scale, zero_point = session.output.scale, session.output.zero_point
    signed = (pictures.astype(np.int16) - 128).astype(np.int8)
    stored = [session.invoke(signed[i : i + 1]) for i in range(len(signed))]
    return dequantize(np.concatenate(stored), scale, zero_point)


@pytest.mark.parametrize("free_batch", [False, True])
def test_tensors_used_in_place_give_what_copies_give(free_batch: bool) -> None:
    session = open_int8(free_batch=free_batch)
    score = build_scorer(session)
    # Between batches of several, the first single call copies and those after it do not.
    for count in (1, 1, 1, 3, 1, 1, 5, 2, 1, 1):
        pictures = make_pictures(count)
        np.testing.assert_array_equal(score(pictures), score_with_copies(pictures))
    assert is_in_place(session)


def test_scores_read_in_place_are_the_callers_own() -> None:
    score = build_scorer(open_int8())
    first, second = (make_pictures(1) for _ in range(2))
    score(first)
    found = score(first)
    kept = found.copy()
    found_of_several = score(make_pictures(3))
    kept_of_several = found_of_several.copy()
    score(np.bitwise_not(second))
    np.testing.assert_array_equal(found, kept)
    np.testing.assert_array_equal(found_of_several, kept_of_several)


def test_a_closed_session_gives_its_memory_back() -> None:
    session = open_int8()
    score = build_scorer(session)
    for _ in range(2):
        score(make_pictures(1))
    assert is_in_place(session)
    session.close()
    assert not is_in_place(session)
    for count in (1, 3):
        with pytest.raises(RuntimeError, match="closed"):
            score(make_pictures(count))


class Failing(InterpreterSession):
    """Fails from the second run on."""

    __slots__ = ()

    def fail(self) -> None:
        assert self.in_place is not None

        def run() -> None:
            raise ValueError("bad luck")

        self.in_place, self._run = (*self.in_place[:2], run), run


@pytest.mark.parametrize("count", [1, 3])
def test_a_failure_in_place_is_explained_like_any_other(count: int) -> None:
    session = Failing(open_int8()._interpreter)
    score = build_scorer(session)
    score(make_pictures(1))
    session.fail()
    with pytest.raises(ArtifactError, match="bad luck"):
        score(make_pictures(count))


def test_tensors_that_move_while_running_are_copied() -> None:
    session = open_int8()
    interpreter = session._interpreter

    class Moving:
        """An interpreter whose output lies elsewhere each time that somebody looks."""

        def __getattr__(self, name: str) -> Any:
            return getattr(interpreter, name)

        def tensor(self, index: int) -> Any:
            return interpreter.tensor(index)().copy

    session = InterpreterSession(Moving())
    kept = []
    score = build_scorer(session)
    for _ in range(3):
        pictures = make_pictures(1)
        np.testing.assert_array_equal(score(pictures), score_with_copies(pictures))
        kept.append(is_in_place(session))
    assert kept == [False] * 3


def test_floats_are_not_used_in_place() -> None:
    interpreters = pytest.importorskip("ai_edge_litert.interpreter")
    model = load_model_file(FIXTURES / "tiny_fp32.tflite")
    session = open_interpreter(
        model, lambda: interpreters.Interpreter(model_content=model.data), "LiteRT"
    )
    score = build_scorer(session)
    for count in (1, 1, 3):
        score(make_pictures(count))
    assert not is_in_place(session)

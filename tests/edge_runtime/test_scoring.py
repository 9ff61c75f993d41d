"""A session with its conversions gives what the formulas give, one picture or many."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edge_runtime.backends.protocol import TensorInfo
from edge_runtime.quantization import dequantize, quantize
from edge_runtime.scoring import build_scorer

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

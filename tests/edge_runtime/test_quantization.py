from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.quantization import (
    build_decoder,
    build_encoder,
    dequantize,
    quantize,
    softmax,
)

scales = st.floats(1e-4, 10.0)


@given(st.floats(-1e6, 1e6), scales, st.integers(-128, 127))
def test_saturation_never_wraps(value: float, scale: float, zero_point: int) -> None:
    stored = quantize(np.array([value]), scale, zero_point, np.int8)
    assert int(stored[0]) == int(np.clip(np.rint(value / scale) + zero_point, -128, 127))


@given(st.integers(-128, 127), scales, st.integers(-128, 127))
def test_stored_values_survive_the_round_trip(stored: int, scale: float, zero_point: int) -> None:
    raw = np.array([stored], np.int8)
    assert quantize(dequantize(raw, scale, zero_point), scale, zero_point, np.int8)[0] == stored


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point"),
    [(np.int8, 1.0, -128), (np.uint8, 1.0, 0), (np.int8, 1.01, -127), (np.int16, 255 / 32767, 0)],
)
def test_encoder_equals_quantize(dtype: type, scale: float, zero_point: int) -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    expected = quantize(pixels, scale, zero_point, dtype)
    encoded = build_encoder(dtype, scale, zero_point)(pixels)
    assert encoded.dtype == dtype
    np.testing.assert_array_equal(encoded, expected)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan")])
def test_a_scale_of_nothing_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        quantize(np.zeros(1), scale, 0, np.int8)


def test_pixels_are_their_own_storage_where_nothing_is_quantized() -> None:
    pixels = np.arange(256, dtype=np.uint8)
    assert build_encoder(np.uint8, 0.0, 0)(pixels) is pixels


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16])
def test_decoder_equals_dequantize(dtype: type) -> None:
    limits: np.iinfo[Any] = np.iinfo(dtype)
    stored: npt.NDArray[Any] = np.array(
        [[limits.min, -1 if limits.min else 1, 0, limits.max]], dtype
    )
    decode = build_decoder(dtype, 0.25, 3)
    np.testing.assert_array_equal(decode(stored), dequantize(stored, 0.25, 3))


def test_softmax_of_huge_logits_is_finite() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e4, 1e4]], np.float32)), [[0.5, 0.5]])

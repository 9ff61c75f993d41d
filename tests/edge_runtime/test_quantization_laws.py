"""Laws of quantization: half a step, saturation, and one meaning of a raw pixel."""

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
    exponentials,
    quantize,
    softmax,
    to_signed,
)

# numpy's softmax rounds a difference of logits to float32, which moves the probability p by
# |p log p| < 0.4 roundings of 2 ** -24; its exp may be 2.5 units in the last place off, which is 5
# roundings, in the numerator and in the sum; the sum and the quotient are rounded too. All together
# stays below 16 roundings, about 1e-6.
SOFTMAX_TOLERANCE = 16 * 2.0**-24
logit_rows = st.lists(st.floats(-1000, 1000, width=32), min_size=2, max_size=64)

ALL_PIXELS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


@given(
    st.floats(-100, 100), st.floats(1e-3, 10), st.integers(-128, 127)
)  # fmt: skip
def test_a_value_within_range_comes_back_within_half_a_step(
    value: float, scale: float, zero_point: int
) -> None:
    low, high = (-128 - zero_point) * scale, (127 - zero_point) * scale
    inside = min(max(value, low), high)
    stored = quantize(np.array([inside]), scale, zero_point, np.int8)
    assert abs(dequantize(stored, scale, zero_point)[0] - inside) <= scale / 2 * 1.0001 + 1e-4


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 10))
def test_saturation_never_wraps(value: float, scale: float) -> None:
    stored = int(quantize(np.array([value]), scale, 0, np.int8)[0])
    assert stored == max(-128, min(127, round(value / scale)))


def test_a_raw_pixel_becomes_its_value_less_128() -> None:
    encode = build_encoder(np.int8, 1.0, -128)
    assert encode is to_signed
    encoded = encode(ALL_PIXELS)
    assert encoded.dtype == np.int8
    np.testing.assert_array_equal(encoded.ravel(), np.arange(-128, 128))


def test_a_float_input_is_fed_raw_pixels() -> None:
    encoded = build_encoder(np.float32, 0.0, 0)(ALL_PIXELS)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded.ravel(), np.arange(256))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16])
def test_every_stored_output_is_decoded_as_the_formula_says(dtype: type[Any]) -> None:
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    stored: npt.NDArray[Any] = np.linspace(low, high, 256).astype(dtype).reshape(1, 256)
    zero_point = 0 if dtype is np.int16 else low
    scores = build_decoder(dtype, 1 / 256, zero_point)(stored)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, (stored.astype(float) - zero_point) / 256, rtol=1e-6)


def test_softmax_survives_large_logits() -> None:
    answer = softmax(np.array([[1e4, 0.0]], np.float32))
    np.testing.assert_allclose(answer, [[1.0, 0.0]])


@given(logit_rows)
def test_a_row_without_numpy_has_the_probabilities_of_softmax(logits: list[float]) -> None:
    found = np.array(exponentials(logits))
    expected = softmax(np.array([logits], np.float32))[0]
    np.testing.assert_allclose(found / found.sum(), expected, rtol=0, atol=SOFTMAX_TOLERANCE)


@given(logit_rows)
def test_larger_logits_have_no_smaller_probabilities(logits: list[float]) -> None:
    powers = exponentials(logits)
    order = sorted(range(len(logits)), key=logits.__getitem__)
    assert [powers[i] for i in order] == sorted(powers)


@given(logit_rows, st.sampled_from([np.nan, np.inf]), st.integers(0, 63))
def test_what_is_not_finite_shows_in_the_sum(logits: list[float], bad: float, at: int) -> None:
    logits.insert(at, bad)
    assert np.isnan(sum(exponentials(logits)))

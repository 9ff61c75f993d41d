"""Real numbers to stored integers and back: the only place that knows how.

``real = scale * (stored - zero_point)``. Rounding is half to even, as ONNX's QuantizeLinear asks
and as XNNPACK's kernels do; values outside the stored type's range saturate, they never wrap.

A raw pixel has 256 possible values and an 8-bit output has 256 too, so both directions come down
to a table that is built once when a model is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Pixels = npt.NDArray[np.uint8]
    Scores = npt.NDArray[np.float32]

SIGN_BIT = np.uint8(0x80)
# Logits whose exponentials float64 holds with digits to spare, as it does from -708 to 709.
_UNSHIFTED = 300.0
_PIXELS = np.arange(256, dtype=np.uint8)


def quantize(values: Array, scale: float, zero_point: int, dtype: npt.DTypeLike) -> Array:
    """Store real numbers as integers of `dtype`: round half to even, then saturate.

    Args:
        values: Real numbers of any shape; NaN is not allowed.
        scale: Real size of one step; above 0.
        zero_point: Stored integer that stands for 0.0.
        dtype: An integer type.

    Raises:
        ValueError: The scale is not above 0.
    """
    if not scale > 0.0:
        raise ValueError(f"a quantization scale must be above 0, found {scale}")
    limits = np.iinfo(dtype)
    # float64 holds every int16 and int8 step exactly, so the only rounding is the one meant.
    steps = np.rint(np.asarray(values, np.float64) / scale) + zero_point
    stored: Array = np.clip(steps, limits.min, limits.max).astype(dtype)
    return stored


def dequantize(values: Array, scale: float, zero_point: int) -> Scores:
    """Turn stored integers back into real numbers, float32, same shape."""
    # int32 first: int8 minus a zero point of -128 would wrap.
    return (values.astype(np.int32) - zero_point).astype(np.float32) * np.float32(scale)


def build_encoder(dtype: npt.DTypeLike, scale: float, zero_point: int) -> Callable[[Pixels], Array]:
    """Give the function that turns raw pixels into what the model's input tensor stores.

    The function takes uint8 of any shape, 0–255; it keeps nothing, so threads may share it.

    Args:
        dtype: Of the input tensor: a float type (raw pixels as they are) or an integer type.
        scale: Of the input tensor; not used for float types. 0.0 for a uint8 tensor that is not
            quantized, which takes raw pixels as they are.
        zero_point: Of the input tensor; not used for float types.

    Returns:
        `to_signed` itself where that is what the model wants, as nearly all full-int8 models do.

    Raises:
        ValueError: The scale is not above 0, and the type cannot hold raw pixels.
    """
    target = np.dtype(dtype)
    if target.kind == "f":
        return lambda pixels: pixels.astype(target)
    if target == np.uint8 and scale == 0.0:
        return lambda pixels: pixels
    table = quantize(_PIXELS, scale, zero_point, target)
    if np.array_equal(table, _PIXELS):
        return lambda pixels: pixels
    if target == np.int8 and np.array_equal(table, to_signed(_PIXELS)):
        return to_signed
    return lambda pixels: table.take(pixels)


def to_signed(pixels: Pixels) -> Array:
    """Subtract 128 from raw pixels: uint8 to int8, same shape.

    For an unsigned byte that is flipping its top bit and reading the result as signed.
    """
    return np.bitwise_xor(pixels, SIGN_BIT).view(np.int8)


def build_decoder(dtype: npt.DTypeLike, scale: float, zero_point: int) -> Callable[[Array], Scores]:
    """Build the function that turns the model's stored outputs into real scores, float32.

    Args:
        dtype: Of the output tensor.
        scale: Of the output tensor; not used for float types.
        zero_point: Of the output tensor; not used for float types.
    """
    source = np.dtype(dtype)
    if source == np.float32:
        return lambda stored: stored
    if source.kind == "f":
        return lambda stored: stored.astype(np.float32)
    if source.itemsize > 1:
        return lambda stored: dequantize(stored, scale, zero_point)
    # In the order of the stored bytes read as unsigned. An int8 needs no such reading: a negative
    # index counts from the table's end, which is where its value stands.
    return dequantize(_PIXELS.view(source), scale, zero_point).take


def softmax(logits: Scores) -> Scores:
    """Probabilities of logits along the last axis, float32, without overflow."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Scores = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def exponentials(logits: Sequence[float]) -> list[float]:
    """Numbers in proportion to a row of a few logits' probabilities: divide them by their sum.

    In Python's own floats: four calls into numpy cost more than ten exponentials. Computed in
    float64, so the quotients differ from `softmax` by the rounding of its float32 alone. Where a
    logit is NaN, or the largest is infinite, the sum is NaN.
    """
    # max() of a list that begins with NaN is NaN, of any other its largest number.
    largest = max(logits)
    if -_UNSHIFTED < largest < _UNSHIFTED:
        return list(map(exp, logits))
    return [exp(logit - largest) for logit in logits]

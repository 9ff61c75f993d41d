"""Int8 steps while training: the definition, the gradients, and the network around them."""

from typing import Any

import numpy as np
import pytest

from train.errors import RunError
from train.framework import load_keras
from train.samples import ImageDataset

# One float32 rounding of a value of this size; a tie may fall the other way on other processors.
ROUNDING = 2e-6


@pytest.fixture(scope="module", autouse=True)
def _keras() -> None:
    load_keras()


@pytest.mark.parametrize(
    ("minimum", "maximum"), [(0.0, 6.0), (-1.3, 2.7), (-3.0, 0.0), (0.0, 0.37), (-0.01, 9.0)]
)
def test_activations_round_as_tensorflow_defines_it(minimum: float, maximum: float) -> None:
    import tensorflow as tf

    from train.quantization.fake_quant import find_zero_point, quantize_activation

    values = np.random.default_rng(0).normal(0, 3, 20_000).astype(np.float32)
    expected = tf.quantization.fake_quant_with_min_max_vars(values, minimum, maximum).numpy()
    found = np.asarray(
        quantize_activation(values, maximum - minimum, find_zero_point(minimum, maximum))
    )
    assert np.abs(found - expected).max() <= ROUNDING
    assert len(np.unique(found)) <= 256
    assert 0.0 in found


def test_kernels_round_as_tensorflow_defines_it() -> None:
    import tensorflow as tf

    from train.quantization.fake_quant import quantize_kernel

    kernel = np.random.default_rng(1).normal(0, 1, (3, 3, 16, 32)).astype(np.float32)
    kernel[..., 5] = 0
    largest = np.maximum(np.abs(kernel).reshape(-1, 32).max(0), 1e-8)
    expected = tf.quantization.fake_quant_with_min_max_vars_per_channel(
        kernel, -largest, largest, narrow_range=True
    ).numpy()
    assert np.abs(np.asarray(quantize_kernel(kernel)) - expected).max() <= ROUNDING
    # A depthwise kernel has an output channel for each of its last two axes.
    depthwise = kernel.reshape(3, 3, 32, 16)
    flat = np.asarray(quantize_kernel(depthwise.reshape(3, 3, 512)))
    assert np.array_equal(
        np.asarray(quantize_kernel(depthwise, depthwise=True)).ravel(), flat.ravel()
    )


def test_gradients_pass_the_rounding_and_stop_at_the_ends() -> None:
    import tensorflow as tf

    from train.quantization.fake_quant import (
        find_zero_point,
        quantize_activation,
        quantize_kernel,
    )

    width, zero_point = tf.constant(3.0), find_zero_point(-1.0, 2.0)
    values = tf.constant([-2.0, -0.9, 0.013, 1.9, 2.1])
    kernel = tf.constant([[0.4, -3.0], [0.1, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch([values, kernel, width])
        total = tf.reduce_sum(3 * quantize_activation(values, width, zero_point)) + tf.reduce_sum(
            5 * quantize_kernel(kernel)
        )
    by_value, by_kernel, by_width = tape.gradient(total, [values, kernel, width])
    assert np.asarray(by_value).tolist() == [0, 3, 3, 3, 0]
    # Clipped values would move with the end of the range, the others by their rounding error.
    steps = np.array([-0.9, 0.013, 1.9]) * 85
    inner = (np.floor(steps + 0.5) - steps).sum()
    assert float(by_width) == pytest.approx(3 * (-85 + 170 + inner) / 255, rel=1e-4)
    assert np.asarray(by_kernel).tolist() == [[5, 5], [5, 5]]


def _build(dataset: ImageDataset) -> tuple[Any, Any]:
    import keras

    from train.quantization.network import build_quantized
    from train.zoo import ARCHITECTURES

    keras.utils.set_random_seed(0)
    entry = ARCHITECTURES["nano"]
    plain = entry.to_deployable(entry.build((28, 28, 1), 10))
    return plain, build_quantized(plain, dataset.train.images)


def test_the_quantized_network_trains_the_plain_ones_variables(dataset: ImageDataset) -> None:
    from train.quantization.network import read_ranges

    plain, quantized = _build(dataset)
    images, targets = dataset.train.images[:64], np.eye(10)[dataset.train.labels[:64]]
    fine, coarse = (np.asarray(model.predict_on_batch(images)) for model in (plain, quantized))
    assert 0 < np.abs(fine - coarse).max() < 0.1 * np.abs(fine).max()
    ranges, kernel = read_ranges(quantized), np.asarray(plain.get_layer("conv2").kernel)
    assert [entry.layer for entry in ranges.activations] == [
        *(f"conv{i}" for i in range(1, 5)),
        "pool",
        "logits",
    ]
    quantized.compile("adam", "mse", jit_compile=False)
    quantized.train_on_batch(images, targets)
    assert not np.array_equal(np.asarray(plain.get_layer("conv2").kernel), kernel)
    moved = read_ranges(quantized)
    assert moved != ranges
    # Asking for scores moves nothing.
    quantized.predict_on_batch(images)
    assert read_ranges(quantized) == moved


def test_a_layer_without_an_int8_form_is_named(dataset: ImageDataset) -> None:
    from train.quantization.network import build_quantized
    from train.zoo import ARCHITECTURES

    model = ARCHITECTURES["wide_resnet"].build((28, 28, 1), 10)
    with pytest.raises(RunError, match=r"BatchNormalization.*--tail-epochs 0"):
        build_quantized(model, dataset.train.images)

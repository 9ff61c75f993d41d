"""A plain network with each layer's kernel and output in the steps of int8, to train it further.

What is trained here are the variables of the plain network itself, so that after the training it
can be stored as it is, with the ranges beside it.
"""

from typing import Any

import keras
import numpy as np

from edge_runtime.contract import ActivationRange, LearnedRanges
from train.errors import RunError
from train.quantization.fake_quant import (
    ACTIVATION_STEPS,
    find_zero_point,
    quantize_activation,
    quantize_kernel,
)
from train.samples import Images

RANGES_VERSION = 1
# What only moves or picks values keeps the range that it was given.
_PASS_THROUGH = (
    keras.layers.Rescaling,  # raw pixels are int8 steps by themselves
    keras.layers.MaxPooling2D,
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Dropout,
    keras.layers.ZeroPadding2D,
)
_WITH_KERNEL = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)
_RANGED = (
    *_WITH_KERNEL,
    keras.layers.ReLU,
    keras.layers.Add,
    keras.layers.Concatenate,
    keras.layers.AveragePooling2D,
    keras.layers.GlobalAveragePooling2D,
)
_BATCH = 128


class QuantizedLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer whose kernel and output pass through fake quantization.

    The width of the output's range is trained together with the inner layer's variables; which
    step is zero stays as it was found.

    Args:
        layer: A built layer of a plain network; its variables are trained.
        minimum: Least value that its output can take at first, at most 0.
        maximum: Greatest, at least 0.
    """

    def __init__(self, layer: Any, minimum: float, maximum: float) -> None:
        super().__init__(name=layer.name)
        self.inner = layer
        self.zero_point = find_zero_point(minimum, maximum)
        self.range_width = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(maximum - minimum),
            name="range_width",
        )

    def call(self, inputs: Any) -> Any:
        """Apply the inner layer in int8 steps."""
        return quantize_activation(self._apply(inputs), self.range_width, self.zero_point)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the inner layer's shape."""
        return self.inner.compute_output_shape(input_shape)

    def read_range(self) -> ActivationRange:
        """Return what the output's range is now."""
        width = float(keras.ops.convert_to_numpy(self.range_width))
        least = -self.zero_point * width / ACTIVATION_STEPS
        return ActivationRange(self.name, least, least + width)

    def _apply(self, inputs: Any) -> Any:
        if not isinstance(self.inner, _WITH_KERNEL):
            return self.inner(inputs)
        kernel = self.inner.kernel
        depthwise = isinstance(self.inner, keras.layers.DepthwiseConv2D)
        variables = [
            quantize_kernel(kernel, depthwise) if variable is kernel else variable.value
            for variable in self.inner.trainable_variables
        ]
        outputs, _ = self.inner.stateless_call(variables, [], inputs)
        return outputs


def build_quantized(plain: keras.Model, images: Images) -> keras.Model:
    """Wrap each layer of a plain network; both then share their trained variables.

    Args:
        plain: A network of plain layers, branches and batch normalization folded, logits out.
        images: uint8 (N, height, width, channels) of the training split; they give the first
            ranges.

    Raises:
        RunError: A layer has no int8 form.
    """
    check_layers(plain)
    ranges = _measure_ranges(plain, images)

    def wrap(layer: Any) -> Any:
        return QuantizedLayer(layer, *ranges[layer.name]) if layer.name in ranges else layer

    return keras.models.clone_model(plain, clone_function=wrap)


def check_layers(plain: keras.Model) -> None:
    """Check that each layer of a plain network can be trained in int8 steps.

    Raises:
        RunError: One cannot; names it.
    """
    for layer in plain.layers:
        if not isinstance(layer, (keras.layers.InputLayer, *_PASS_THROUGH, *_RANGED)):
            raise RunError(
                f"layer {layer.name!r} ({type(layer).__name__}) of {plain.name} cannot be trained "
                "in int8 steps; train without a quantized tail (--tail-epochs 0)"
            )


def read_ranges(quantized: keras.Model) -> LearnedRanges:
    """Return what the layers of a network of `build_quantized` learned."""
    return LearnedRanges(
        RANGES_VERSION,
        tuple(
            layer.read_range() for layer in quantized.layers if isinstance(layer, QuantizedLayer)
        ),
    )


def _measure_ranges(plain: keras.Model, images: Images) -> dict[str, tuple[float, float]]:
    """Mean over batches of the least and greatest output of each layer that has a range."""
    names = [layer.name for layer in plain.layers if isinstance(layer, _RANGED)]
    inside = keras.Model(plain.inputs, [plain.get_layer(name).output for name in names])
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for start in range(0, len(images), _BATCH):
        outputs = inside.predict_on_batch(images[start : start + _BATCH])
        for name, values in zip(names, outputs, strict=True):
            array = np.asarray(values)
            found[name].append((min(float(array.min()), 0.0), max(float(array.max()), 0.0)))
    return {name: _mean(pairs) for name, pairs in found.items()}


def _mean(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    least, greatest = np.mean(pairs, axis=0)
    # An output that is always zero still needs a range.
    return float(least), float(greatest) or 1.0

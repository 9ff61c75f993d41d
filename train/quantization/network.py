"""A plain network with each layer's kernel and output in the steps of int8, to train it further.

What is trained here are the variables of the plain network itself, so that after the training it
can be stored as it is, with the ranges beside it.
"""

from typing import Any

import keras
import numpy as np

from edge_runtime.contract import ActivationRange, LearnedRanges
from train.errors import RunError
from train.quantization.fake_quant import quantize_activation, quantize_kernel
from train.samples import Images

RANGES_VERSION = 1
# Of what the ranges were, how much stays after one batch.
RANGE_MOMENTUM = 0.99
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

    The output's range follows the least and the greatest value of each training batch as a moving
    average, and stands still otherwise.

    Args:
        layer: A built layer of a plain network; its variables are trained.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__(name=layer.name)
        self.inner = layer
        self.minimum = self._add_bound("minimum", 0.0)
        self.maximum = self._add_bound("maximum", 1.0)

    def _add_bound(self, name: str, value: float) -> Any:
        return self.add_weight(
            shape=(), initializer=keras.initializers.Constant(value), trainable=False, name=name
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Apply the inner layer in int8 steps."""
        outputs = self._apply(inputs)
        if training:
            self._follow(outputs)
        return quantize_activation(outputs, self.minimum, self.maximum)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the inner layer's shape."""
        return self.inner.compute_output_shape(input_shape)

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

    def _follow(self, outputs: Any) -> None:
        for bound, found in (
            (self.minimum, keras.ops.minimum(keras.ops.min(outputs), 0.0)),
            (self.maximum, keras.ops.maximum(keras.ops.max(outputs), 0.0)),
        ):
            found = keras.ops.stop_gradient(found)
            bound.assign(RANGE_MOMENTUM * bound + (1 - RANGE_MOMENTUM) * found)


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
    quantized = keras.models.clone_model(plain, clone_function=_wrap)
    for layer in quantized.layers:
        if isinstance(layer, QuantizedLayer):
            least, greatest = ranges[layer.name]
            layer.minimum.assign(least)
            layer.maximum.assign(greatest)
    return quantized


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
            ActivationRange(layer.name, _to_float(layer.minimum), _to_float(layer.maximum))
            for layer in quantized.layers
            if isinstance(layer, QuantizedLayer)
        ),
    )


def _wrap(layer: Any) -> Any:
    return QuantizedLayer(layer) if isinstance(layer, _RANGED) else layer


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


def _to_float(variable: Any) -> float:
    return float(keras.ops.convert_to_numpy(variable))

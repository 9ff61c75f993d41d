"""A float model with the learned int8 ranges of quantization-aware training put back into it.

`model.keras` of such a run holds plain layers; ``ranges.json`` holds the range of each layer's
output. Here every layer is wrapped so that its output, and its kernel per output channel, pass
through fake-quant operators. The TFLite converter turns these into int8 storage, and tf2onnx turns
those of the activations into QuantizeLinear and DequantizeLinear.

Import this module only after `export.tensorflow_import.load_keras`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from edge_runtime.contract import ActivationRange, LearnedRanges, ModelSpec
from export.errors import ConversionError

INPUT = "input"
# Raw pixels, where a run says nothing else: then one int8 step is one pixel value.
_PIXELS = ActivationRange(INPUT, 0.0, 255.0)
# What only moves or picks values leaves their range as it is.
_PASS_THROUGH = ("MaxPooling2D", "Flatten", "Reshape", "Dropout", "ZeroPadding2D", "Permute")
_WITH_KERNEL = ("Conv2D", "DepthwiseConv2D", "Dense")
_WITHOUT_KERNEL = ("ReLU", "Activation", "Add", "Concatenate", "AveragePooling2D")
_POOLED = ("GlobalAveragePooling2D", "GlobalMaxPooling2D", "Softmax")


@dataclass(frozen=True, slots=True)
class FakeQuantClassifier:
    """Stands in for `export.float_model.FloatClassifier` where ranges were learned.

    Attributes:
        model: The wrapped Keras model.
        input_range: Of the pixels.
        spec: What the classifier is.
    """

    model: Any
    input_range: ActivationRange
    spec: ModelSpec

    def apply(self, image: Any, /) -> Any:
        """Trace on a symbolic float32 tensor (batch, height, width, channels), 0–255."""
        return self.model(_to_steps(image, self.input_range), training=False)


def build_fake_quant(
    model: Any, ranges: LearnedRanges, spec: ModelSpec, *, kernels: bool
) -> FakeQuantClassifier:
    """Wrap each layer of a model with its learned range.

    Args:
        model: A Keras model of plain layers.
        ranges: Of its layers' outputs.
        spec: What the classifier is.
        kernels: Also put fake-quant operators on the kernels, per output channel.

    Raises:
        ConversionError: A layer cannot be expressed this way, or lacks its range.
    """
    by_layer = {entry.layer: entry for entry in ranges.activations}
    _check_layers(model, by_layer)
    factors = _find_kernel_factors(model)

    def wrap(layer: Any) -> Any:
        if isinstance(layer, keras.layers.InputLayer):
            return layer
        return _RangedLayer(layer, by_layer.get(layer.name), factors.get(layer.name, 1.0), kernels)

    wrapped = keras.models.clone_model(model, clone_function=wrap)
    return FakeQuantClassifier(wrapped, by_layer.get(INPUT, _PIXELS), spec)


class _RangedLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer with its kernel and output in the steps of int8."""

    def __init__(
        self, layer: Any, output_range: ActivationRange | None, factor: float, kernels: bool
    ) -> None:
        super().__init__(name=layer.name, trainable=False)
        self.inner = layer
        self.output_range = output_range
        self.kernels = kernels
        self.kernel_values: Any = (
            keras.ops.convert_to_numpy(layer.kernel) * np.float32(factor)
            if type(layer).__name__ in _WITH_KERNEL
            else None
        )

    def call(self, inputs: Any) -> Any:
        kind = type(self.inner).__name__
        if kind in ("Dropout", "Rescaling"):
            return tf.identity(inputs)  # a Rescaling stands in the next kernel
        outputs = self._apply_with_kernel(inputs) if kind in _WITH_KERNEL else self.inner(inputs)
        return outputs if self.output_range is None else _to_steps(outputs, self.output_range)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.inner.compute_output_shape(input_shape)

    def _apply_with_kernel(self, inputs: Any) -> Any:
        kind, values = type(self.inner).__name__, self.kernel_values
        if not self.kernels:
            return self._call_inner(tf.constant(values), inputs)
        if kind == "Dense" and len(inputs.shape) == 2:
            return self._call_as_convolution(inputs)
        return self._call_inner(_to_kernel_steps(values, kind == "DepthwiseConv2D"), inputs)

    def _call_inner(self, kernel: Any, inputs: Any) -> Any:
        variables = [
            kernel if variable is self.inner.kernel else tf.convert_to_tensor(variable)
            for variable in self.inner.trainable_variables
        ]
        outputs, _ = self.inner.stateless_call(variables, [], inputs)
        return outputs

    def _call_as_convolution(self, inputs: Any) -> Any:
        """A dense layer as a 1×1 convolution: the form whose per-channel int8 loads everywhere.

        The converter cannot express a dense kernel quantized per output channel by fake-quant, and
        runtimes before TensorFlow 2.17 would not load it.
        """
        kernel = _to_kernel_steps(self.kernel_values[np.newaxis, np.newaxis])  # (1, 1, in, out)
        pixels = tf.reshape(inputs, (-1, 1, 1, inputs.shape[-1]))
        outputs = tf.nn.conv2d(pixels, kernel, strides=1, padding="VALID")
        outputs = tf.reshape(outputs, (-1, outputs.shape[-1]))
        if self.inner.use_bias:
            outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(self.inner.bias))
        return self.inner.activation(outputs)


def _to_steps(x: Any, span: ActivationRange) -> Any:
    return tf.quantization.fake_quant_with_min_max_vars(x, span.minimum, span.maximum, num_bits=8)


def _to_kernel_steps(values: npt.NDArray[np.float32], depthwise: bool = False) -> Any:
    """Snap to -127…127 per output channel."""
    # The operator wants the output channels last, and a depthwise kernel (h, w, c, multiplier) has
    # c * multiplier of them; for the others this changes nothing.
    flat = values.reshape(*values.shape[:2], -1) if depthwise else values
    # A channel of zeros still needs a range.
    largest = np.maximum(np.abs(flat).reshape(-1, flat.shape[-1]).max(axis=0), 1e-8)
    snapped = tf.quantization.fake_quant_with_min_max_vars_per_channel(
        flat, -largest, largest, num_bits=8, narrow_range=True
    )
    return tf.reshape(snapped, values.shape)


def _check_layers(model: Any, ranges: Mapping[str, ActivationRange]) -> None:
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in ("InputLayer", "Rescaling", *_PASS_THROUGH):
            continue
        if kind not in (*_WITH_KERNEL, *_WITHOUT_KERNEL, *_POOLED):
            raise ConversionError(
                f"layer {layer.name!r} ({kind}) has no learned int8 form; a run with ranges.json "
                "holds plain layers only, batch norm and branches folded"
            )
        if layer.name not in ranges:
            raise ConversionError(f"ranges.json has no range for layer {layer.name!r} ({kind})")
    unknown = set(ranges) - {layer.name for layer in model.layers} - {INPUT}
    if unknown:
        raise ConversionError(f"ranges.json names {min(unknown)!r}, which is no layer of the model")


def _find_kernel_factors(model: Any) -> dict[str, float]:
    """What each kernel must be multiplied with because a Rescaling before it is left out."""
    rescalings = [layer for layer in model.layers if type(layer).__name__ == "Rescaling"]
    if not rescalings:
        return {}
    (first,), names = rescalings[:1], [layer.name for layer in model.layers]
    follower = model.layers[names.index(first.name) + 1]
    if (
        len(rescalings) > 1
        or float(first.offset) != 0.0
        or type(follower).__name__ not in ("Conv2D", "Dense")
    ):
        raise ConversionError(
            f"layer {first.name!r}: only one Rescaling, without an offset and right before a "
            "Conv2D, can move into a kernel"
        )
    return {follower.name: float(first.scale)}

"""Convolutions that train in a richer form than they ship, and know how to become a plain one.

Both fold exactly, up to float rounding, because nothing stands between the padded input and the
kernels: whatever is linear afterwards can move into one kernel and one bias.
"""

from typing import Any, Literal, Protocol

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

Activation = Literal["relu", "linear"]
Kernel = npt.NDArray[np.float64]


class Foldable(Protocol):
    """A layer that can be replaced by a plain convolution.

    Attributes:
        name: The plain layer takes it over.
        convolutions: The convolutions inside, where nearly all arithmetic happens.
    """

    name: str
    convolutions: tuple[layers.Conv2D, ...]

    def to_plain(self) -> layers.Conv2D:
        """Build the plain convolution, without weights."""
        ...

    def fold(self) -> tuple[Kernel, Kernel]:
        """Return its kernel (height, width, in, out) and its bias (out,), float64."""
        ...


class NormalizedConvolution(layers.Layer):  # type: ignore[misc]
    """A convolution, batch normalization, and an activation.

    Args:
        filters: Output channels.
        kernel_size: Side of the kernel.
        strides: Step in both directions.
        activation: What follows the normalization.
        name: Of the layer, and of the plain convolution that it becomes.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        activation: Activation = "relu",
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.conv = layers.Conv2D(
            filters,
            kernel_size,
            strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
        )
        self.norm = layers.BatchNormalization()
        self.activation = activation
        self.convolutions = (self.conv,)

    def build(self, input_shape: Any) -> None:
        """Make the variables for inputs of this shape."""
        self.conv.build(input_shape)
        self.norm.build(self.conv.compute_output_shape(input_shape))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Apply to (N, height, width, channels)."""
        normalized = self.norm(self.conv(inputs), training=training)
        return keras.ops.relu(normalized) if self.activation == "relu" else normalized

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape that `call` gives."""
        return self.conv.compute_output_shape(input_shape)

    def to_plain(self) -> layers.Conv2D:
        """Build the plain convolution, without weights."""
        return _build_plain(self.conv, self.activation, self.name)

    def fold(self) -> tuple[Kernel, Kernel]:
        """Return kernel and bias, with the normalization in them."""
        kernel = _to_numpy(self.conv.kernel)
        return _normalize(kernel, np.zeros(kernel.shape[-1]), self.norm)


class BranchedConvolution(layers.Layer):  # type: ignore[misc]
    """A 3×3 convolution trained with a 1×1 branch, and an identity branch where shapes allow.

    In the form of QARepVGG (Chu, Li, Zhang: "Make RepVGG Greater Again: A Quantization-Aware
    Approach", arXiv 2212.01593): only the 3×3 branch has a normalization of its own, and one more
    follows the sum. RepVGG's own form (a normalization on each branch) gives the folded kernels a
    spread of variances that int8 cannot hold.

    Args:
        filters: Output channels.
        strides: Step in both directions.
        name: Of the layer, and of the plain convolution that it becomes.
    """

    def __init__(self, filters: int, strides: int = 1, name: str | None = None) -> None:
        super().__init__(name=name)
        self.main = NormalizedConvolution(filters, 3, strides, activation="linear")
        self.pointwise = layers.Conv2D(
            filters,
            1,
            strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
        )
        self.norm = layers.BatchNormalization()
        self.convolutions = (self.main.conv, self.pointwise)
        self._has_identity = False
        self._place = (1, 1)

    def build(self, input_shape: Any) -> None:
        """Make the variables for inputs of this shape."""
        self.main.build(input_shape)
        self.pointwise.build(input_shape)
        output_shape = self.main.compute_output_shape(input_shape)
        self.norm.build(output_shape)
        self._has_identity = tuple(output_shape[1:]) == tuple(input_shape[1:])
        step = self.pointwise.strides[0]
        self._place = (_padding_before(input_shape[1], step), _padding_before(input_shape[2], step))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Apply to (N, height, width, channels)."""
        # Convolutions may compute in a narrower type; the sum and its statistics never do.
        total = self.main(inputs, training=training) + keras.ops.cast(
            self.pointwise(inputs), self.compute_dtype
        )
        if self._has_identity:
            total = total + inputs
        return keras.ops.relu(self.norm(total, training=training))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape that `call` gives."""
        return self.main.compute_output_shape(input_shape)

    def to_plain(self) -> layers.Conv2D:
        """Build the plain convolution, without weights."""
        return _build_plain(self.main.conv, "relu", self.name)

    def fold(self) -> tuple[Kernel, Kernel]:
        """Return kernel and bias, with all branches and normalizations in them."""
        kernel, bias = self.main.fold()
        kernel[self._place] += _to_numpy(self.pointwise.kernel)[0, 0]
        if self._has_identity:
            kernel[self._place] += np.eye(kernel.shape[-1])
        return _normalize(kernel, bias, self.norm)


def _build_plain(conv: layers.Conv2D, activation: Activation, name: str) -> layers.Conv2D:
    return layers.Conv2D(
        conv.filters,
        conv.kernel_size,
        conv.strides,
        padding="same",
        activation=None if activation == "linear" else activation,
        name=name,
    )


def _normalize(
    kernel: Kernel, bias: Kernel, norm: layers.BatchNormalization
) -> tuple[Kernel, Kernel]:
    deviation = np.sqrt(_to_numpy(norm.moving_variance) + norm.epsilon)
    scale = _to_numpy(norm.gamma) / deviation
    return kernel * scale, (bias - _to_numpy(norm.moving_mean)) * scale + _to_numpy(norm.beta)


def _padding_before(size: int, step: int) -> int:
    """Where in a 3×3 window the pixel lies that a 1×1 kernel of the same step sees.

    "same" pads an even side before a step of two on its far side alone, and the pixel is then the
    first of the window, not its centre.
    """
    outputs = -(-size // step)
    return int(max((outputs - 1) * step + 3 - size, 0)) // 2


def _to_numpy(variable: Any) -> Kernel:
    return np.asarray(keras.ops.convert_to_numpy(variable), np.float64)

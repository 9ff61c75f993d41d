"""Convolutions that train in a richer form than they ship, and know how to become a plain one.

Both fold exactly, up to float rounding, because nothing stands between the padded input and the
kernels: whatever is linear afterwards can move into one kernel and one bias.
"""

from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

Activation = Literal["relu", "linear"]
Kernel = npt.NDArray[np.float64]


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
        self.conv = _build_bare(filters, kernel_size, strides)
        self.norm = layers.BatchNormalization()
        self.activation = activation
        self.convolutions = (self.conv,)
        self.norms = (self.norm,)

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
    """A 3×3 convolution trained as a sum of three: 3×3, 1×1, and identity where shapes allow.

    What RepVGG (X. Ding and others, arXiv 2101.03697) adds up as outputs is added up here as
    kernels, before the one convolution and the one normalization that follow, as in DiracNets
    (S. Zagoruyko and N. Komodakis, arXiv 1706.00388). It is the same function; an epoch takes three
    quarters of the time, and one normalization after the sum is also what keeps the folded kernels
    fit for int8: with one on each branch their variances spread too far (X. Chu and others, "Make
    RepVGG Greater Again", arXiv 2212.01593).

    Args:
        filters: Output channels.
        strides: Step in both directions.
        name: Of the layer, and of the plain convolution that it becomes.
    """

    def __init__(self, filters: int, strides: int = 1, name: str | None = None) -> None:
        super().__init__(name=name)
        self.conv = _build_bare(filters, 3, strides)
        self.norm = layers.BatchNormalization()
        self.convolutions = (self.conv,)
        self.norms = (self.norm,)
        self._identity: Kernel | None = None

    def build(self, input_shape: Any) -> None:
        """Make the variables for inputs of this shape."""
        channels = input_shape[-1]
        self.conv.build(input_shape)
        self.pointwise = self.add_weight(
            shape=(1, 1, channels, self.conv.filters),
            initializer="he_normal",
            name="pointwise_kernel",
        )
        output_shape = self.conv.compute_output_shape(input_shape)
        self.norm.build(output_shape)
        if tuple(output_shape[1:]) == tuple(input_shape[1:]):
            self._identity = np.eye(channels)[None, None]

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Apply to (N, height, width, channels)."""
        # The convolution may compute in a narrower type; the sum of the kernels never does.
        narrow = self.conv.compute_dtype
        outputs = keras.ops.conv(
            keras.ops.cast(inputs, narrow),
            keras.ops.cast(self._add_kernels(), narrow),
            self.conv.strides,
            padding="same",
        )
        normalized = self.norm(keras.ops.cast(outputs, self.compute_dtype), training=training)
        return keras.ops.relu(normalized)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape that `call` gives."""
        return self.conv.compute_output_shape(input_shape)

    def to_plain(self) -> layers.Conv2D:
        """Build the plain convolution, without weights."""
        return _build_plain(self.conv, "relu", self.name)

    def fold(self) -> tuple[Kernel, Kernel]:
        """Return kernel and bias, with all branches and the normalization in them."""
        kernel = _to_numpy(self._add_kernels())
        return _normalize(kernel, np.zeros(kernel.shape[-1]), self.norm)

    def _add_kernels(self) -> Any:
        """Sum the branches as one 3×3 kernel; the smaller ones are its middle."""
        middle = keras.ops.convert_to_tensor(self.pointwise)
        if self._identity is not None:
            middle = middle + keras.ops.cast(self._identity, middle.dtype)
        around = ((1, 1), (1, 1), (0, 0), (0, 0))
        return self.conv.kernel + keras.ops.pad(middle, around)


def _build_bare(filters: int, kernel_size: int, strides: int) -> layers.Conv2D:
    return layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )


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


def _to_numpy(variable: Any) -> Kernel:
    return np.asarray(keras.ops.convert_to_numpy(variable), np.float64)

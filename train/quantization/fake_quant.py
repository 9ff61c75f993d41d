"""Rounding to int8 steps while training, in operators that every Keras backend has.

The definition is that of TensorFlow's ``fake_quant_with_min_max_vars`` and of its form per channel
with ``narrow_range``, which are what the exported files are made with; a test compares them.
Gradients pass straight through the rounding, and stop where a value is clipped (B. Jacob and
others, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", arXiv 1712.05877).
"""

from typing import Any

from keras import ops

# Activations use all 256 steps; kernels -127 to 127, so that zero lies in the middle.
_ACTIVATION_STEPS = 255
_KERNEL_LIMIT = 127
# A channel of zeros still needs a range.
_LEAST_RANGE = 1e-8


def quantize_activation(x: Any, minimum: Any, maximum: Any) -> Any:
    """Round to 256 even steps from `minimum` to `maximum`, shifted a little so that 0 is a step.

    Args:
        x: float32, any shape.
        minimum: Scalar, at most 0.
        maximum: Scalar, at least 0 and not equal to `minimum`.
    """
    minimum = ops.convert_to_tensor(minimum, "float32")
    scale = (maximum - minimum) / _ACTIVATION_STEPS
    zero_point = ops.floor(ops.clip(-minimum / scale, 0, _ACTIVATION_STEPS) + 0.5)
    lowest = -zero_point * scale
    clipped = ops.clip(x, lowest, (_ACTIVATION_STEPS - zero_point) * scale)
    return _pass_gradient(clipped, _round_half_up(clipped / scale) * scale)


def quantize_kernel(kernel: Any, depthwise: bool = False) -> Any:
    """Round a kernel to -127…127 steps of each output channel's greatest magnitude.

    Args:
        kernel: float32, output channels last; depthwise (height, width, channels, multiplier).
        depthwise: Whether the last two axes together count the output channels.
    """
    axes = tuple(range(len(kernel.shape) - (2 if depthwise else 1)))
    largest = ops.maximum(ops.max(ops.abs(kernel), axes, keepdims=True), _LEAST_RANGE)
    scale = ops.stop_gradient(largest) / _KERNEL_LIMIT
    # Nothing is clipped: the greatest magnitude is the last step.
    return _pass_gradient(kernel, _round_half_up(kernel / scale) * scale)


def _round_half_up(x: Any) -> Any:
    # Not ops.round, which sends ties to even.
    return ops.floor(x + 0.5)


def _pass_gradient(x: Any, rounded: Any) -> Any:
    return x + ops.stop_gradient(rounded - x)

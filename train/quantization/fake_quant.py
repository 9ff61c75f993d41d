"""Rounding to int8 steps while training, in operators that every Keras backend has.

Values are those of TensorFlow's ``fake_quant_with_min_max_vars`` and of its form per channel with
``narrow_range``, which are what the exported files are made with; a test compares them. Gradients
pass straight through the rounding and stop where a value is clipped (B. Jacob and others,
"Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
arXiv 1712.05877). The width of an activation's range gets the gradient of S. Esser and others,
"Learned Step Size Quantization" (arXiv 1902.08153): it weighs rounding against clipping.
"""

import math
from typing import Any

from keras import ops

# Activations use all 256 steps; kernels -127 to 127, so that zero lies in the middle.
ACTIVATION_STEPS = 255
_KERNEL_LIMIT = 127
# A channel of zeros still needs a range.
_LEAST_RANGE = 1e-8


def find_zero_point(minimum: float, maximum: float) -> int:
    """Return which of the 256 steps between two bounds is zero, 0–255.

    Args:
        minimum: At most 0.
        maximum: At least 0 and not equal to `minimum`.
    """
    return math.floor(-minimum / (maximum - minimum) * ACTIVATION_STEPS + 0.5)


def quantize_activation(x: Any, width: Any, zero_point: Any) -> Any:
    """Round to 256 even steps, one of which is zero.

    Args:
        x: float32, any shape.
        width: Scalar above 0, from the least step to the greatest.
        zero_point: Scalar, which step is zero; see `find_zero_point`.
    """
    scale = ops.convert_to_tensor(width, "float32") / ACTIVATION_STEPS
    zero_point = ops.convert_to_tensor(zero_point, "float32")
    steps = ops.clip(x / scale, -zero_point, ACTIVATION_STEPS - zero_point)
    return _round(steps) * scale


def quantize_kernel(kernel: Any, depthwise: bool = False) -> Any:
    """Round a kernel to -127…127 steps of each output channel's greatest magnitude.

    Args:
        kernel: float32, output channels last; depthwise (height, width, channels, multiplier).
        depthwise: Whether the last two axes together count the output channels.
    """
    axes = tuple(range(len(kernel.shape) - (2 if depthwise else 1)))
    largest = ops.maximum(ops.max(ops.abs(kernel), axes, keepdims=True), _LEAST_RANGE)
    # The steps follow the kernel and are not learned; nothing is clipped.
    scale = ops.stop_gradient(largest) / _KERNEL_LIMIT
    return _round(kernel / scale) * scale


def _round(x: Any) -> Any:
    """Round half up, as TensorFlow's operators do, and let gradients pass."""
    return x + ops.stop_gradient(ops.floor(x + 0.5) - x)

"""ResNet-20 in the form for small pictures.

K. He and others, "Deep Residual Learning for Image Recognition" (arXiv 1512.03385), section 4.2:
three stages of three blocks with 16, 32 and 64 channels, 6n + 2 = 20 weighted layers. Where a stage
begins, the shortcut is a 1×1 convolution (the paper's option B), because the paper's zero padding
would be an operator of its own in int8.
"""

from typing import Any

import keras
from keras import layers

from train.zoo.convolution import NormalizedConvolution

STAGES = (16, 32, 64)
BLOCKS = 3


def build_resnet20(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build the network, untrained; logits out.

    Args:
        input_shape: (height, width, channels) of one picture, raw pixels 0–255.
        classes: Number of logits.
    """
    pixels = keras.Input(input_shape, name="input")
    x = layers.Rescaling(1 / 255, name="rescaling")(pixels)
    x = NormalizedConvolution(STAGES[0], name="conv1")(x)
    for stage, channels in enumerate(STAGES, 1):
        for block in range(1, BLOCKS + 1):
            step = 2 if stage > 1 and block == 1 else 1
            x = _add_block(x, channels, step, f"block{stage}{block}")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(pixels, layers.Dense(classes, name="logits")(x), name="resnet20")


def _add_block(x: Any, channels: int, step: int, name: str) -> Any:
    shortcut = x
    if step > 1:
        shortcut = NormalizedConvolution(channels, 1, step, "linear", name=f"{name}_shortcut")(x)
    x = NormalizedConvolution(channels, 3, step, name=f"{name}_conv1")(x)
    x = NormalizedConvolution(channels, 3, 1, "linear", name=f"{name}_conv2")(x)
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, shortcut]))

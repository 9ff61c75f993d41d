"""A wide residual network: the teacher, too large for a board.

S. Zagoruyko and N. Komodakis, "Wide Residual Networks" (arXiv 1605.07146): activation before
convolution, few layers, many channels. WRN-16-4 has 2.7 M parameters.
"""

from typing import Any

import keras
from keras import layers

STAGES = (16, 32, 64)
WIDER = 4
BLOCKS = 2  # (16 - 4) / 6


def build_wide_resnet(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build WRN-16-4, untrained; logits out.

    Args:
        input_shape: (height, width, channels) of one picture, raw pixels 0–255.
        classes: Number of logits.
    """
    pixels = keras.Input(input_shape, name="input")
    x = layers.Rescaling(1 / 255, name="rescaling")(pixels)
    x = _convolve(STAGES[0])(x)
    for stage, channels in enumerate(STAGES):
        for block in range(BLOCKS):
            step = 2 if stage and not block else 1
            x = _add_block(x, channels * WIDER, step, widen=not block)
    x = _activate(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(pixels, layers.Dense(classes, name="logits")(x), name="wide_resnet")


def _add_block(x: Any, channels: int, step: int, widen: bool) -> Any:
    active = _activate(x)
    shortcut = _convolve(channels, 1, step)(active) if widen else x
    x = _activate(_convolve(channels, 3, step)(active))
    return layers.Add()([_convolve(channels)(x), shortcut])


def _activate(x: Any) -> Any:
    return layers.ReLU()(layers.BatchNormalization()(x))


def _convolve(channels: int, size: int = 3, step: int = 1) -> layers.Conv2D:
    return layers.Conv2D(
        channels, size, step, padding="same", use_bias=False, kernel_initializer="he_normal"
    )

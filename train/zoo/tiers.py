"""The project's own networks for the edge: five sizes of one plan.

Plain 3×3 convolutions, because an int8 kernel of LiteRT reaches about 70 % of what the processor
can multiply with them and half of that with depthwise ones; channels in multiples of 16, which is
what its vectors hold; a step of two instead of pooling; ReLU; global average pooling and one dense
layer that gives logits. Every operator has an int8 form on the fast path.

They train with branches (`train.zoo.convolution.BranchedConvolution`) and are stored folded.
`python -m train zoo` shows parameters and multiply-accumulates of the folded form.
"""

import keras
from keras import layers

from train.zoo.convolution import BranchedConvolution, NormalizedConvolution

# (channels, step) of each convolution; comments give the side for 28×28 pictures. A first step of
# two halves the cost of all that follows and, for nano, cost no accuracy; only large can afford to
# look at every pixel twice.
Plan = tuple[tuple[int, int], ...]

NANO: Plan = (
    (16, 2),  # 14
    (16, 1),
    (16, 2),  # 7
    (32, 1),
)
MICRO: Plan = (
    (16, 2),  # 14
    (32, 1),
    (32, 2),  # 7
    (32, 1),
    (64, 1),
)
SMALL: Plan = (
    (16, 2),  # 14
    (32, 1),
    (48, 2),  # 7
    (48, 1),
    (48, 1),
    (64, 1),
)
MEDIUM: Plan = (
    (32, 2),  # 14
    *((32, 1),) * 4,
    (64, 2),  # 7
    *((64, 1),) * 3,
    (128, 2),  # 4
)
LARGE: Plan = (
    (32, 1),  # 28
    (32, 1),
    (64, 2),  # 14
    *((64, 1),) * 3,
    (128, 2),  # 7
    *((128, 1),) * 3,
)


def build_nano(
    input_shape: tuple[int, int, int], classes: int, branched: bool = True
) -> keras.Model:
    """Build the smallest: at most 10 K parameters and 1 M multiply-accumulates."""
    return build_tier("nano", NANO, input_shape, classes, branched)


def build_micro(
    input_shape: tuple[int, int, int], classes: int, branched: bool = True
) -> keras.Model:
    """Build the second: at most 50 K parameters and 3 M multiply-accumulates."""
    return build_tier("micro", MICRO, input_shape, classes, branched)


def build_small(
    input_shape: tuple[int, int, int], classes: int, branched: bool = True
) -> keras.Model:
    """Build the third: at most 100 K parameters and 5.5 M multiply-accumulates."""
    return build_tier("small", SMALL, input_shape, classes, branched)


def build_medium(
    input_shape: tuple[int, int, int], classes: int, branched: bool = True
) -> keras.Model:
    """Build the fourth: at most 270 K parameters and 15 M multiply-accumulates."""
    return build_tier("medium", MEDIUM, input_shape, classes, branched)


def build_large(
    input_shape: tuple[int, int, int], classes: int, branched: bool = True
) -> keras.Model:
    """Build the largest: at most 1 M parameters and 60 M multiply-accumulates."""
    return build_tier("large", LARGE, input_shape, classes, branched)


def build_tier(
    name: str, plan: Plan, input_shape: tuple[int, int, int], classes: int, branched: bool
) -> keras.Model:
    """Build one network of the family, untrained.

    Args:
        name: Of the model.
        plan: Its convolutions. The first has no branches: it sees raw pixels.
        input_shape: (height, width, channels) of one picture, raw pixels 0–255.
        classes: Number of logits.
        branched: Train with branches; without them only to see what they are worth.
    """
    pixels = keras.Input(input_shape, name="input")
    x = layers.Rescaling(1 / 255, name="rescaling")(pixels)
    for number, (channels, step) in enumerate(plan, 1):
        form = BranchedConvolution if branched and number > 1 else NormalizedConvolution
        x = form(channels, strides=step, name=f"conv{number}")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(pixels, layers.Dense(classes, name="logits")(x), name=name)

"""The small CNN that the project starts from: two convolution blocks and two dense layers.

For a 28×28 grayscale input and 10 classes: 225,034 parameters and 2.63 million multiply-accumulates
a picture.
"""

import keras
from keras import layers

WIDTHS = (32, 64, 128)
DROPOUT = 0.2


def build_cnn(
    input_shape: tuple[int, int, int],
    classes: int,
    widths: tuple[int, ...] = WIDTHS,
    dropout: float = DROPOUT,
) -> keras.Model:
    """Build the network, untrained.

    Conv2D–ReLU–MaxPooling twice, Flatten, Dense, Dropout, Dense with softmax. Pixels are scaled by
    the model itself, so it is fed raw values 0–255.

    Args:
        input_shape: (height, width, channels) of one picture.
        classes: Width of the softmax.
        widths: Channels of the two convolutions and units of the first dense layer.
        dropout: Share of its outputs that are dropped while training, 0–1.

    Raises:
        ValueError: Not three widths.
    """
    if len(widths) != 3 or min(widths) < 1:
        raise ValueError(f"the cnn has three widths, each at least 1, found {widths}")
    return keras.Sequential(
        [
            keras.Input(input_shape, name="input"),  # (N, height, width, channels), 0–255
            layers.Rescaling(1 / 255, name="rescaling"),
            layers.Conv2D(widths[0], 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(widths[1], 3, activation="relu", name="conv2"),
            layers.MaxPooling2D(name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(widths[2], activation="relu", name="dense"),
            layers.Dropout(dropout, name="dropout"),
            layers.Dense(classes, activation="softmax", name="probabilities"),
        ],
        name="cnn",
    )

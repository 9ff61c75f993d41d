"""The small CNN that the project starts from: two convolution blocks and two dense layers.

For a 28×28 grayscale input and 10 classes: 225,034 parameters and 2.63 million multiply-accumulates
a picture.
"""

import keras
from keras import layers

DROPOUT = 0.2


def build_cnn(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build the network, untrained.

    Conv2D–ReLU–MaxPooling twice, Flatten, Dense, Dropout, Dense with softmax. Pixels are scaled by
    the model itself, so it is fed raw values 0–255.

    Args:
        input_shape: (height, width, channels) of one picture.
        classes: Width of the softmax.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape, name="input"),  # (N, height, width, channels), 0–255
            layers.Rescaling(1 / 255, name="rescaling"),
            layers.Conv2D(32, 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(64, 3, activation="relu", name="conv2"),
            layers.MaxPooling2D(name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(128, activation="relu", name="dense"),
            layers.Dropout(DROPOUT, name="dropout"),
            layers.Dense(classes, activation="softmax", name="probabilities"),
        ],
        name="cnn",
    )

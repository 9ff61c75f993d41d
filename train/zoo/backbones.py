"""Networks of Keras Applications, pretrained on ImageNet, with a new last layer."""

import contextlib
import socket
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from train.errors import RunError

if TYPE_CHECKING:
    import keras

DROPOUT = 0.2
LEAST_SIDE = 32
# Keras's loader sets no limit of its own, and a network that swallows packets would hold it up.
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Backbone:
    """How raw pixels 0–255 become what a network was trained on: pixel × scale + offset.

    Attributes:
        scale: Factor; 1 where the network scales its input itself.
        offset: Added after that.
    """

    scale: float
    offset: float


_MINUS_ONE_TO_ONE = Backbone(1 / 127.5, -1.0)
_SCALES_ITSELF = Backbone(1.0, 0.0)

# Each name is the function of keras.applications; the scaling is what its page documents.
BACKBONES: Mapping[str, Backbone] = MappingProxyType(
    {
        "MobileNet": _MINUS_ONE_TO_ONE,
        "MobileNetV2": _MINUS_ONE_TO_ONE,
        "MobileNetV3Small": _SCALES_ITSELF,
        "MobileNetV3Large": _SCALES_ITSELF,
        "EfficientNetV2B0": _SCALES_ITSELF,
        "NASNetMobile": _MINUS_ONE_TO_ONE,
        "ResNet50V2": _MINUS_ONE_TO_ONE,
    }
)


def build_backbone(
    name: str, weights: str, input_shape: tuple[int, int, int], classes: int
) -> "keras.Model":
    """Build a pretrained network with a new softmax layer for `classes`.

    Args:
        name: A name of `BACKBONES`.
        weights: ``imagenet``, or ``random`` for untrained ones.
        input_shape: (height, width, channels); gray input is repeated to three channels.
        classes: Width of the softmax.

    Raises:
        RunError: The weights cannot be fetched, or the network refuses the input size.
    """
    import keras
    from keras import layers

    height, width, channels = input_shape
    if min(height, width) < LEAST_SIDE:
        raise RunError(
            f"{name} needs pictures of at least {LEAST_SIDE}×{LEAST_SIDE} pixels, found "
            f"{height}×{width}; give a larger --input-size"
        )
    pixels = keras.Input(input_shape, name="input")
    scaling = BACKBONES[name]
    x = pixels
    if scaling != _SCALES_ITSELF:
        x = layers.Rescaling(scaling.scale, scaling.offset, name="input_scaling")(x)
    if channels == 1:
        x = layers.Concatenate(name="gray_to_colour")([x, x, x])
    with _readable_failure(name):
        body = getattr(keras.applications, name)(
            include_top=False,
            weights="imagenet" if weights == "imagenet" else None,
            input_tensor=x,
            pooling="avg",
        )
    features = layers.Dropout(DROPOUT, name="dropout")(body.output)
    scores = layers.Dense(classes, activation="softmax", name="probabilities")(features)
    return keras.Model(pixels, scores, name=name.lower())


@contextlib.contextmanager
def _readable_failure(name: str) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT_S)
    try:
        # Keras tells of its download on standard output, which is for results, and warns that the
        # pretrained weights come from another input size, which is what transfer is about.
        with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    except ValueError as error:
        raise RunError(f"{name} cannot be built for this input: {error}") from error
    except Exception as error:
        # Keras's loader raises a bare Exception where an address cannot be read, and passes on what
        # sockets and h5py raise.
        raise RunError(
            f"the ImageNet weights of {name} cannot be had: {error}. Connect to the network, "
            "put Keras's weight file into ~/.keras/models, start from a run of your own with "
            "--init, or train from random weights with --weights random."
        ) from error
    finally:
        socket.setdefaulttimeout(before)

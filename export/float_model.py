"""The float Keras model: loading it safely, and asking it for the reference scores."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import ModelSpec
from export.errors import ModelFileError, NotAClassifierError
from export.pixel_scaling import RAW_PIXELS, PixelScaling
from export.quiet import silence
from export.tensorflow_import import load_keras, load_tensorflow

_REFERENCE_BATCH = 500


class Traceable(Protocol):
    """What the converters take: a network that can be traced, and what it is."""

    @property
    def spec(self) -> ModelSpec:
        """What the classifier is."""

    def apply(self, image: Any, /) -> Any:
        """Trace the network on a symbolic float32 tensor (batch, height, width, channels) 0–255."""


@dataclass(frozen=True, slots=True)
class FloatClassifier:
    """A loaded Keras model that turns raw pixels into one score per class.

    Attributes:
        model: The Keras model.
        spec: What it is.
        pixel_scaling: What is done to raw pixels before the model's first layer.
    """

    model: Any
    spec: ModelSpec
    pixel_scaling: PixelScaling = RAW_PIXELS

    def apply(self, image: Any, /) -> Any:
        """Trace the model on a symbolic float32 tensor (batch, height, width, channels) 0–255."""
        tf = load_tensorflow()
        if not self.pixel_scaling.is_identity:
            image = image * tf.constant(self.pixel_scaling.scale, tf.float32)
            image = image + tf.constant(self.pixel_scaling.offset, tf.float32)
        # A model of mixed precision may answer in float16.
        return tf.cast(self.model(image, training=False), tf.float32)

    def measure_scores(
        self, images: npt.NDArray[np.uint8], on_batch: Callable[[int], None] = lambda _: None
    ) -> npt.NDArray[np.float32]:
        """Ask the model itself.

        Args:
            images: (N, height, width, channels) uint8.
            on_batch: Called with the number of pictures done so far.

        Returns:
            (N, classes) float32, probabilities or logits as the spec's output says.
        """
        tf = load_tensorflow()
        signature = tf.TensorSpec((None, *self.spec.input.shape), tf.float32)
        function = tf.function(self.apply, input_signature=[signature])
        parts = []
        with silence():
            for start in range(0, len(images), _REFERENCE_BATCH):
                batch = images[start : start + _REFERENCE_BATCH].astype(np.float32)
                parts.append(function(tf.constant(batch)).numpy())
                on_batch(start + len(batch))
        scores: npt.NDArray[np.float32] = np.concatenate(parts).astype(np.float32)
        return scores


def to_frozen_function(network: Traceable, batch: int | None = 1) -> Any:
    """Build a concrete function of (batch, H, W, C) with all weights as constants."""
    tf = load_tensorflow()
    from tensorflow.python.framework import convert_to_constants

    with silence():
        signature = tf.TensorSpec((batch, *network.spec.input.shape), tf.float32, name="image")
        concrete = tf.function(network.apply).get_concrete_function(signature)
        return convert_to_constants.convert_variables_to_constants_v2(concrete)


def load_keras_model(path: Path) -> Any:
    """Load a ``.keras`` file in safe mode, without its optimizer and losses.

    Raises:
        ModelFileError: It is missing, damaged, of another kind, or needs code of its own.
    """
    _check_keras_file(path)
    keras = load_keras()
    try:
        with silence():
            return _to_float32(keras.saving.load_model(path, compile=False, safe_mode=True))
    except Exception as error:  # Keras raises every kind for a file it does not understand
        raise ModelFileError(f"{path} cannot be loaded: {_first_line(error)}") from error


def _to_float32(model: Any) -> Any:
    """Let layers of mixed precision compute in float32, which is what they store.

    The converters know no bfloat16, and float16 is what the fp16 recipe is for.
    """
    for layer in model._flatten_layers():
        if layer.dtype_policy.name in ("mixed_bfloat16", "mixed_float16"):
            layer.dtype_policy = "float32"
    return model


def check_classifier(model: Any, spec: ModelSpec) -> None:
    """Check that a model takes the spec's pictures and gives one score per label.

    Raises:
        NotAClassifierError: It does not.
    """
    found = tuple(model.input_shape[1:]) if isinstance(model.input_shape, tuple) else None
    if found != spec.input.shape:
        raise NotAClassifierError(
            f"the spec says pictures of {spec.input.shape}, the model takes {model.input_shape}"
        )
    if model.output_shape != (None, len(spec.labels)):
        raise NotAClassifierError(
            f"the spec has {len(spec.labels)} labels, the model answers {model.output_shape}"
        )


def _check_keras_file(path: Path) -> None:
    if not path.is_file():
        raise ModelFileError(f"there is no model file {path}")
    with path.open("rb") as file:
        magic = file.read(8)
    if magic == b"\x89HDF\r\n\x1a\n":
        raise ModelFileError(
            f"{path} is an HDF5 file of Keras 2. Convert it once, in an environment with Keras 3: "
            "keras.saving.load_model('model.h5').save('model.keras')"
        )
    if not zipfile.is_zipfile(path):
        raise ModelFileError(
            f"{path} is not a .keras file, or is cut short (no zip archive with an intact end)"
        )
    with zipfile.ZipFile(path) as archive:
        if "config.json" not in archive.namelist():
            raise ModelFileError(f"{path} is a zip archive but no Keras model (no config.json)")


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)

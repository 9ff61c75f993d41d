"""The float Keras model: loading it safely, and asking it for the reference scores."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import ModelSpec
from export.errors import ModelFileError, NotAClassifierError
from export.keras_file import check_keras_file, explain_refusal
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
        takes: What the model wants a picture shaped as; None for (height, width, channels).
        is_binary: The model answers one number for yes or no; `apply` makes two scores of it.
    """

    model: Any
    spec: ModelSpec
    pixel_scaling: PixelScaling = RAW_PIXELS
    takes: tuple[int, ...] | None = None
    is_binary: bool = False

    def apply(self, image: Any, /) -> Any:
        """Trace the model on a symbolic float32 tensor (batch, height, width, channels) 0–255."""
        tf = load_tensorflow()
        scaling = self.pixel_scaling
        if scaling.is_bgr:
            # As a convolution, because every runtime has an int8 kernel for that.
            turned = np.eye(3, dtype=np.float32)[::-1].reshape(1, 1, 3, 3)
            image = tf.nn.conv2d(image, tf.constant(turned), strides=1, padding="VALID")
        if not scaling.is_identity:
            image = image * tf.constant(scaling.scale, tf.float32)
            image = image + tf.constant(scaling.offset, tf.float32)
        if self.takes is not None and self.takes != self.spec.input.shape:
            image = tf.reshape(image, (-1, *self.takes))
        # A model of mixed precision may answer in float16.
        answers = tf.nest.flatten(self.model(image, training=False))
        if len(answers) != 1:
            raise NotAClassifierError(f"the model gives {len(answers)} answers, expected one")
        scores = tf.cast(answers[0], tf.float32)
        return self._to_two_scores(scores) if self.is_binary else scores

    def _to_two_scores(self, scores: Any) -> Any:
        """(batch, 1) -> (batch, 2): p becomes (1 − p, p), and a logit z (−z/2, z/2)."""
        tf = load_tensorflow()
        if self.spec.output.kind == "logits":
            return tf.concat([-0.5 * scores, 0.5 * scores], axis=-1)
        return tf.concat([1.0 - scores, scores], axis=-1)

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
        for start in range(0, len(images), _REFERENCE_BATCH):
            batch = images[start : start + _REFERENCE_BATCH].astype(np.float32)
            with silence():
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
    check_keras_file(path)
    keras = load_keras()
    try:
        with silence():
            model = _to_float32(keras.saving.load_model(path, compile=False, safe_mode=True))
    except Exception as error:  # Keras raises every kind for a file it does not understand
        raise ModelFileError(f"{path} cannot be loaded: {explain_refusal(path, error)}") from error
    _check_weights(model, path)
    return model


def _to_float32(model: Any) -> Any:
    """Let layers of mixed precision compute in float32, which is what they store.

    The converters know no bfloat16, and float16 is what the fp16 recipe is for.
    """
    for layer in model._flatten_layers():
        if layer.dtype_policy.name in ("mixed_bfloat16", "mixed_float16"):
            layer.dtype_policy = "float32"
    return model


def _check_weights(model: Any, path: Path) -> None:
    """Refuse a model that was made small before: the converters take float32 and do that."""
    for weight in model.weights:
        if weight.dtype == "int8":
            raise ModelFileError(
                f"{path} was quantized already ({weight.path} is int8). Export the model from "
                "before model.quantize; export quantizes it"
            )
        if weight.dtype in ("float16", "bfloat16", "float64"):
            raise ModelFileError(
                f"{path} keeps its weights in {weight.dtype} ({weight.path}), the converters take "
                "float32. Build it again under keras.config.set_dtype_policy('float32'), copy the "
                "weights with set_weights, and save that; mixed policies need no such thing"
            )


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

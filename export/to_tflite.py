"""Conversion of the frozen float model to the TFLite precisions."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from export.errors import ConversionError
from export.quiet import silence
from export.recipes import Method
from export.targets import DEFAULT_SETTINGS, ConversionSettings
from export.tensorflow_import import load_tensorflow
from export.tflite_file import to_finished_tflite


def to_tflite(
    function: Any,
    method: Method,
    calibration: npt.NDArray[np.uint8] | None = None,
    settings: ConversionSettings = DEFAULT_SETTINGS,
) -> bytes:
    """Convert a frozen function of one picture.

    Args:
        function: From `export.float_model.to_frozen_function`.
        method: How; ``learned`` where the function holds fake-quant operators.
        calibration: (N, height, width, channels) uint8; for ``static`` and ``int16x8``.
        settings: What the target device asks for.

    Returns:
        The flatbuffer, with named input and output and a batch that can be resized.

    Raises:
        ConversionError: The converter refuses the model.
    """
    tf = load_tensorflow()
    try:
        with silence():
            converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
            if method not in ("float32", "float16"):
                # TensorFlow's default makes dense layers that tflite-runtime 2.14 cannot load.
                converter._experimental_disable_per_channel_quantization_for_dense_layers = (
                    not settings.per_channel_dense
                )
            _PREPARE[method](converter, tf)
            if calibration is not None and method in ("static", "int16x8"):
                converter.representative_dataset = lambda: _feed(calibration)
            return to_finished_tflite(converter.convert())
    except Exception as error:  # the converter raises several undocumented kinds
        raise ConversionError(
            f"TFLite cannot express this model: {_explain(str(error), function)}"
        ) from error


def _explain(message: str, function: Any) -> str:
    """Name the operators that the converter refuses, and where in the model they stand."""
    listed = re.findall(r"^(?:Custom ops|TF Select ops): (.+)$", message, re.MULTILINE)
    named = {name.strip() for line in listed for name in line.split(",")}
    named.update(re.findall(r"'tf\.(\w+)' op", message))
    if not named:
        # Places in Python files say nothing of the model.
        lines = (re.sub(r"^\S+:\d+:\d+: ", "", line).strip() for line in message.splitlines())
        return " ".join([line for line in lines if line][:3])
    places = [
        f"{node.type} (in {node.name})"
        for node in function.graph.get_operations()
        if node.type in named
    ]
    return "it has no operator for " + ", ".join(places or sorted(named))


def _feed(images: npt.NDArray[np.uint8]) -> Iterator[list[npt.NDArray[np.float32]]]:
    for image in images:
        yield [image[np.newaxis].astype(np.float32)]


def _set_float32(converter: Any, tf: Any) -> None:
    del converter, tf


def _set_float16(converter: Any, tf: Any) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def _set_dynamic(converter: Any, tf: Any) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _set_static(converter: Any, tf: Any) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8


def _set_learned(converter: Any, tf: Any) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.int8


def _set_int16x8(converter: Any, tf: Any) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]


_PREPARE: dict[Method, Callable[[Any, Any], None]] = {
    "float32": _set_float32,
    "float16": _set_float16,
    "dynamic": _set_dynamic,
    "static": _set_static,
    "int16x8": _set_int16x8,
    "learned": _set_learned,
}

"""Where static int8 loses precision: signal to quantization noise of every layer's output.

The float and the int8 file come from the same converter and keep the same tensor names, so their
intermediate results can be laid side by side.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.quantization import dequantize, quantize
from export.manifest import LayerNoise
from export.quiet import silence
from export.samples import Samples
from export.tensorflow_import import load_tensorflow

# The ratio settles within a few dozen pictures.
PICTURES = 32
# What stands for "no noise at all".
_MOST_DB = 120.0
# Operators that only move values tell nothing that the one before them has not told.
_MOVES_ONLY = ("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "QUANTIZE", "DEQUANTIZE")

Array = npt.NDArray[np.generic]


def measure_layer_noise(exact: bytes, stored: bytes, samples: Samples) -> tuple[LayerNoise, ...]:
    """Compare each layer's output of a static int8 file with the float file's.

    Args:
        exact: The fp32 ``.tflite``.
        stored: The static int8 ``.tflite`` of the same model.
        samples: Pictures to feed; the first `PICTURES` are used.

    Returns:
        One entry per tensor that both files compute, in the order of execution.
    """
    images = samples.images[:PICTURES]
    with silence():
        exact_run, stored_run = _Interpreter(exact), _Interpreter(stored)
        shared = [name for name in stored_run.operators if name in exact_run.operators]
        signal, noise = dict.fromkeys(shared, 0.0), dict.fromkeys(shared, 0.0)
        for image in images:
            truth = dict(exact_run.run(image, shared))
            for name, found in stored_run.run(image, shared):
                exact_values = np.asarray(truth[name], np.float64)  # comparisons give booleans
                signal[name] += float(np.square(exact_values).sum())
                noise[name] += float(np.square(exact_values - found).sum())
    return tuple(
        LayerNoise(name, stored_run.operators[name], _to_db(signal[name], noise[name]))
        for name in shared
    )


class _Interpreter:
    """A file with all its intermediate tensors kept."""

    def __init__(self, content: bytes) -> None:
        tf = load_tensorflow()
        # Delegates swallow the layers that they fuse; reference order keeps every tensor.
        resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self._interpreter = tf.lite.Interpreter(
            model_content=content,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=resolver,
        )
        self._interpreter.allocate_tensors()
        self._details = {d["name"]: d for d in self._interpreter.get_tensor_details()}
        names = {d["index"]: d["name"] for d in self._interpreter.get_tensor_details()}
        self.operators: dict[str, str] = {
            names[index]: operator["op_name"]
            for operator in self._interpreter._get_ops_details()
            if operator["op_name"] not in _MOVES_ONLY
            for index in operator["outputs"]
        }

    def run(self, image: npt.NDArray[np.uint8], names: list[str]) -> Iterator[tuple[str, Any]]:
        """Feed one picture (H, W, C); gives (tensor name, real values)."""
        source = self._interpreter.get_input_details()[0]
        scale, zero_point = source["quantization"]
        batch = image[np.newaxis].astype(np.float32)
        fed = quantize(batch, scale, zero_point, source["dtype"]) if scale else batch
        self._interpreter.set_tensor(source["index"], fed)
        self._interpreter.invoke()
        for name in names:
            detail = self._details[name]
            values = self._interpreter.get_tensor(detail["index"])
            scale, zero_point = detail["quantization"]
            yield name, dequantize(values, scale, zero_point) if scale else values


def _to_db(signal: float, noise: float) -> float:
    if noise <= 0.0:
        return _MOST_DB
    if signal <= 0.0:
        return 0.0
    return float(min(_MOST_DB, 10 * np.log10(signal / noise)))

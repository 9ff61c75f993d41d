"""Conversion of the float model to ONNX, cleaned, and its quantized forms."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from export.errors import ConversionError
from export.float_model import Traceable
from export.onnx_graph import check_graph, to_clean_graph
from export.onnx_kernels import to_int8_kernels, to_signed_activations
from export.quiet import silence
from export.recipes import Method
from export.tensorflow_import import load_tensorflow

# Opset 17 and IR version 8 load in every onnxruntime since 1.12 (2022), older than any on a board
# that this toolkit names; nothing newer is needed here.
OPSET = 17
IR_VERSION = 8


def to_float_onnx(network: Traceable) -> Any:
    """Convert a network to a clean `onnx.ModelProto` with a free batch size.

    `tf2onnx.convert.from_keras` fails on Keras 3 models; `from_function` does not.

    Raises:
        ConversionError: tf2onnx refuses the model, or leaves a graph that breaks the standard.
    """
    tf = load_tensorflow()
    signature = [tf.TensorSpec((None, *network.spec.input.shape), tf.float32, name="image")]
    function = tf.function(lambda image: {"scores": network.apply(image)})
    try:
        with silence():
            import tf2onnx

            model, _ = tf2onnx.convert.from_function(
                function, input_signature=signature, opset=OPSET
            )
            model = to_clean_graph(model, network.spec, IR_VERSION)
    except Exception as error:  # tf2onnx raises many kinds
        raise ConversionError(f"ONNX cannot express this model: {error}") from error
    check_graph(model)
    return model


def to_learned_onnx(network: Traceable) -> Any:
    """Convert a network whose activations pass through fake-quant operators to QDQ, S8S8.

    Args:
        network: From `export.fake_quant.build_fake_quant` without kernel operators: kernels are
            stored as int8 here, in the finished graph.

    Raises:
        ConversionError: See `to_float_onnx`.
    """
    model = to_float_onnx(network)
    to_signed_activations(model)
    to_int8_kernels(model)
    check_graph(model)
    return model


def to_quantized_onnx(
    model: Any, method: Method, calibration: npt.NDArray[np.uint8] | None = None
) -> Any:
    """Quantize a clean float model.

    Args:
        model: From `to_float_onnx`; not changed.
        method: ``dynamic`` or ``static``.
        calibration: (N, height, width, channels) uint8; needed for ``static``.

    Returns:
        A new `onnx.ModelProto`.

    Raises:
        ConversionError: The quantizer refuses the model.
    """
    import onnx

    with tempfile.TemporaryDirectory(prefix="edge-export-") as folder:
        source, target = Path(folder, "float.onnx"), Path(folder, "quantized.onnx")
        try:
            with silence():
                onnx.save(model, source)
                _QUANTIZERS[method](source, target, calibration)
                quantized = onnx.load(target)
        except Exception as error:  # the quantizer raises many kinds
            raise ConversionError(f"ONNX Runtime cannot quantize this model: {error}") from error
    quantized.ir_version = IR_VERSION
    check_graph(quantized)
    return quantized


class _Calibration:
    """Feeds one picture at a time, as onnxruntime's ``CalibrationDataReader``."""

    def __init__(self, images: npt.NDArray[np.uint8]) -> None:
        self._rest: Iterator[npt.NDArray[np.uint8]] = iter(images)

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        image = next(self._rest, None)
        return None if image is None else {"image": image[np.newaxis].astype(np.float32)}


def _quantize_dynamic(
    source: Path, target: Path, calibration: npt.NDArray[np.uint8] | None
) -> None:
    del calibration
    from onnxruntime import quantization

    quantization.quantize_dynamic(
        source, target, per_channel=True, weight_type=quantization.QuantType.QUInt8
    )


def _quantize_static(source: Path, target: Path, calibration: npt.NDArray[np.uint8] | None) -> None:
    from onnxruntime import quantization

    quantization.quantize_static(
        source,
        target,
        _Calibration(calibration if calibration is not None else np.empty((0,), np.uint8)),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QInt8,
        weight_type=quantization.QuantType.QInt8,
        calibrate_method=quantization.CalibrationMethod.MinMax,
    )


_Quantizer = Callable[[Path, Path, npt.NDArray[np.uint8] | None], None]
_QUANTIZERS: dict[Method, _Quantizer] = {"dynamic": _quantize_dynamic, "static": _quantize_static}

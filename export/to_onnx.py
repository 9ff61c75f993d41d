"""Conversion of the float model to ONNX, cleaned, and its quantized forms."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from export.errors import ConversionError
from export.float_model import Traceable, to_frozen_function
from export.onnx_graph import check_graph, to_clean_graph
from export.onnx_kernels import to_int8_kernels, to_int8_stored_kernels, to_signed_activations
from export.output_folder import open_work_folder
from export.quiet import silence
from export.recipes import DEFAULT_CALIBRATION_METHOD, CalibrationMethod, Method
from export.targets import DEFAULT_SETTINGS, ConversionSettings


def to_float_onnx(network: Traceable, settings: ConversionSettings = DEFAULT_SETTINGS) -> Any:
    """Convert a network to a clean `onnx.ModelProto` with a free batch size.

    `tf2onnx.convert.from_keras` fails on Keras 3 models, and `from_function` makes inputs of
    constants such as those of a Normalization layer; a frozen graph suffers from neither.

    Args:
        network: The float model, or one with fake-quant operators on its activations.
        settings: What the target device asks for.

    Raises:
        ConversionError: tf2onnx refuses the model, or leaves a graph that breaks the standard.
    """
    try:
        frozen = to_frozen_function(network, batch=None)
        with silence():
            import tf2onnx

            model, _ = tf2onnx.convert.from_graph_def(
                _to_inlinable(frozen.graph.as_graph_def()),
                input_names=[frozen.inputs[0].name],
                output_names=[frozen.outputs[0].name],
                opset=settings.onnx_opset,
                custom_op_handlers=_HANDLERS,
            )
            model = to_clean_graph(model, network.spec, settings.onnx_ir_version)
    except Exception as error:  # tf2onnx raises many kinds
        raise ConversionError(f"ONNX cannot express this model: {error}") from error
    check_graph(model)
    return model


def to_learned_onnx(network: Traceable, settings: ConversionSettings = DEFAULT_SETTINGS) -> Any:
    """Convert a network whose activations pass through fake-quant operators to QDQ, S8S8.

    Args:
        network: From `export.fake_quant.build_fake_quant` without kernel operators: kernels are
            stored as int8 here, in the finished graph.
        settings: What the target device asks for.

    Raises:
        ConversionError: See `to_float_onnx`.
    """
    model = to_float_onnx(network, settings)
    to_signed_activations(model)
    to_int8_kernels(model)
    check_graph(model)
    return model


def to_quantized_onnx(
    model: Any,
    method: Method,
    calibration: npt.NDArray[np.uint8],
    ranges_by: CalibrationMethod = DEFAULT_CALIBRATION_METHOD,
) -> Any:
    """Quantize a clean float model.

    Args:
        model: From `to_float_onnx`; not changed.
        method: ``dynamic`` or ``static``.
        calibration: (N, height, width, channels) uint8; for ``static``.
        ranges_by: How ``static`` finds ranges from what it sees.

    Returns:
        A new `onnx.ModelProto`.

    Raises:
        ConversionError: The quantizer refuses the model.
    """
    import onnx

    with open_work_folder() as folder:
        source, target = folder / "float.onnx", folder / "quantized.onnx"
        try:
            with silence():
                onnx.save(model, source)
                if method == "dynamic":
                    _quantize_dynamic(source, target)
                else:
                    _quantize_static(source, target, calibration, ranges_by)
                quantized = onnx.load(target)
                if method == "dynamic":
                    to_int8_stored_kernels(quantized)
        except OSError:  # a full disk says nothing about the model
            raise
        except Exception as error:  # the quantizer raises many kinds
            raise ConversionError(f"ONNX Runtime cannot quantize this model: {error}") from error
    quantized.ir_version = model.ir_version
    check_graph(quantized)
    return quantized


def _to_inlinable(graph: Any) -> Any:
    """Drop the marks that keep grappler from inlining functions.

    Keras compiles grouped convolutions with XLA, as functions of their own.
    """
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    for holder in (*nodes, *graph.library.function):
        for mark in ("_XlaMustCompile", "_noinline"):
            holder.attr.pop(mark, None)
    return graph


def _convert_erfc(context: Any, node: Any, name: str, arguments: Any) -> None:
    """1 − Erf: Keras's exact GELU uses Erfc, for which tf2onnx has no operator."""
    del arguments
    node.type = "Erf"
    one = context.make_const(f"{name}_one", np.array(1.0, np.float32)).output[0]
    _follow_with(context, node, "Sub", [one, node.output[0]])


def _convert_expm1(context: Any, node: Any, name: str, arguments: Any) -> None:
    """Exp − 1, of CELU; tf2onnx has no operator for it either."""
    del arguments
    node.type = "Exp"
    one = context.make_const(f"{name}_one", np.array(1.0, np.float32)).output[0]
    _follow_with(context, node, "Sub", [node.output[0], one])


def _follow_with(context: Any, node: Any, operator: str, inputs: list[str]) -> None:
    shape, dtype = context.get_shape(node.output[0]), context.get_dtype(node.output[0])
    users = [user for user in context.get_nodes() if node.output[0] in user.input]
    is_output = node.output[0] in context.outputs
    follower = context.make_node(operator, inputs, shapes=[shape], dtypes=[dtype])
    context.replace_all_inputs(node.output[0], follower.output[0], ops=users)
    if is_output:
        context.outputs[context.outputs.index(node.output[0])] = follower.output[0]


_HANDLERS: dict[str, Any] = {"Erfc": (_convert_erfc, []), "Expm1": (_convert_expm1, [])}


class _Calibration:
    """Feeds one picture at a time, as onnxruntime's ``CalibrationDataReader``."""

    def __init__(self, images: npt.NDArray[np.uint8]) -> None:
        self._rest: Iterator[npt.NDArray[np.uint8]] = iter(images)

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        image = next(self._rest, None)
        return None if image is None else {"image": image[np.newaxis].astype(np.float32)}


def _quantize_dynamic(source: Path, target: Path) -> None:
    from onnxruntime import quantization

    # Dense layers alone: see `to_int8_stored_kernels`. Unsigned weights, since products of uint8
    # activations with int8 weights saturate on x86 without VNNI.
    quantization.quantize_dynamic(
        source,
        target,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gemm"],
        weight_type=quantization.QuantType.QUInt8,
    )


def _quantize_static(
    source: Path, target: Path, calibration: npt.NDArray[np.uint8], ranges_by: CalibrationMethod
) -> None:
    from onnxruntime import quantization

    methods = {
        "min-max": quantization.CalibrationMethod.MinMax,
        "percentile": quantization.CalibrationMethod.Percentile,
    }
    quantization.quantize_static(
        source,
        target,
        _Calibration(calibration),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QInt8,
        weight_type=quantization.QuantType.QInt8,
        calibrate_method=methods[ranges_by],
    )

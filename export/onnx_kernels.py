"""Storing the kernels of a QDQ graph as int8 per output channel, and their biases as int32.

For graphs whose activations already pass through QuantizeLinear and DequantizeLinear.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from export.errors import ConversionError

_LARGEST_STEP = 127
# Weighted operators: attribute-free place of the output channels in the kernel.
_CHANNEL_AXIS = {"Conv": 0, "Gemm": 1, "MatMul": 1}
# Operators that only move values, so that the scale before them is the scale after them.
_MOVES_ONLY = ("Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "MaxPool")


def to_signed_activations(model: Any) -> None:
    """Turn uint8 zero points (0…255) into int8 ones (−128…127); the reals stay the same."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    names = {
        node.input[2]
        for node in model.graph.node
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and len(node.input) > 2
    }
    for name in names:
        values = _to_array(constants[name])
        if values.dtype == np.uint8:
            signed = (values.astype(np.int16) - 128).astype(np.int8)
            constants[name].CopyFrom(_to_tensor(name, signed))


def to_int8_kernels(model: Any) -> None:
    """Quantize every kernel and bias in place and put DequantizeLinear before them.

    Raises:
        ConversionError: A weighted operator's input has no scale.
    """
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    nodes: list[Any] = []
    for node in graph.node:
        if node.op_type in _CHANNEL_AXIS and node.input[1] in constants:
            nodes += _quantize_node(graph, node, constants, makers)
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    _drop_unused(graph)


def _quantize_node(
    graph: Any, node: Any, constants: dict[str, Any], makers: dict[str, Any]
) -> list[Any]:
    source = makers.get(node.input[0])
    while source is not None and source.op_type in _MOVES_ONLY:
        source = makers.get(source.input[0])
    if source is None or source.op_type != "DequantizeLinear":
        raise ConversionError(f"the input of {node.op_type} {node.name!r} has no learned range")
    input_scale = _to_array(constants[source.input[1]]).astype(np.float64)
    axis = _channel_axis(node)
    kernel = _to_array(constants[node.input[1]]).astype(np.float64)
    others = tuple(i for i in range(kernel.ndim) if i != axis)
    scales = (np.maximum(np.abs(kernel).max(axis=others), 1e-8) / _LARGEST_STEP).astype(np.float32)
    shape = [1] * kernel.ndim
    shape[axis] = -1
    steps = np.clip(np.rint(kernel / scales.reshape(shape)), -_LARGEST_STEP, _LARGEST_STEP)
    added = [_store(graph, node, 1, steps.astype(np.int8), scales, axis)]
    if len(node.input) > 2 and node.input[2] in constants:
        bias_scales = (input_scale * scales).astype(np.float32)
        bias = np.rint(_to_array(constants[node.input[2]]) / bias_scales.astype(np.float64))
        limits = np.iinfo(np.int32)
        stored = np.clip(bias, limits.min, limits.max).astype(np.int32)
        added.append(_store(graph, node, 2, stored, bias_scales, 0))
    return added


def _store(
    graph: Any,
    node: Any,
    place: int,
    values: npt.NDArray[Any],
    scales: npt.NDArray[np.float32],
    axis: int,
) -> Any:
    """Replace a node's constant input by stored integers; returns their DequantizeLinear."""
    import onnx

    name = f"{node.output[0]}_{('', 'kernel', 'bias')[place]}"
    zeros = np.zeros(scales.shape, values.dtype)
    for suffix, array in (("stored", values), ("scale", scales), ("zero", zeros)):
        graph.initializer.append(_to_tensor(f"{name}_{suffix}", array))
    node.input[place] = name
    return onnx.helper.make_node(
        "DequantizeLinear",
        [f"{name}_stored", f"{name}_scale", f"{name}_zero"],
        [name],
        name=f"{name}_dequantize",
        axis=axis,
    )


def _channel_axis(node: Any) -> int:
    transposed = any(a.name == "transB" and a.i for a in node.attribute)
    return 0 if transposed else _CHANNEL_AXIS[node.op_type]


def _drop_unused(graph: Any) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _to_array(tensor: Any) -> npt.NDArray[Any]:
    import onnx

    array: npt.NDArray[Any] = onnx.numpy_helper.to_array(tensor)
    return array


def _to_tensor(name: str, values: npt.NDArray[Any]) -> Any:
    import onnx

    return onnx.numpy_helper.from_array(np.ascontiguousarray(values), name)

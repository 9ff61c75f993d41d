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


def to_int8_stored_kernels(model: Any) -> None:
    """Store float convolution kernels as int8 per output channel; the arithmetic stays float.

    ONNX Runtime's integer convolution without calibrated activations (ConvInteger) has one scale
    for a whole kernel, which costs accuracy where channels differ in range. A kernel that is
    dequantized when the session is made keeps a scale per channel, and is as small in the file.
    """
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[Any] = []
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1] in constants:
            kernel = _to_array(constants[node.input[1]])
            if kernel.dtype == np.float32:
                nodes.append(_store(graph, node, 1, *_quantize_kernel(kernel, 0), 0))
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    _drop_unused(graph)


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
    stored, scales = _quantize_kernel(_to_array(constants[node.input[1]]), axis)
    added = [_store(graph, node, 1, stored, scales, axis)]
    if len(node.input) > 2 and node.input[2] in constants:
        bias_scales = (input_scale * scales).astype(np.float32)
        bias = np.rint(_to_array(constants[node.input[2]]) / bias_scales.astype(np.float64))
        limits = np.iinfo(np.int32)
        biases = np.clip(bias, limits.min, limits.max).astype(np.int32)
        added.append(_store(graph, node, 2, biases, bias_scales, 0))
    return added


def _quantize_kernel(
    kernel: npt.NDArray[Any], axis: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Integers of a kernel's own shape, and one scale per channel of `axis`."""
    exact = kernel.astype(np.float64)
    others = tuple(i for i in range(exact.ndim) if i != axis)
    scales = (np.maximum(np.abs(exact).max(axis=others), 1e-8) / _LARGEST_STEP).astype(np.float32)
    shape = [1] * exact.ndim
    shape[axis] = -1
    steps = np.clip(np.rint(exact / scales.reshape(shape)), -_LARGEST_STEP, _LARGEST_STEP)
    return steps.astype(np.int8), scales


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

"""Cleaning an ONNX graph that tf2onnx wrote, and checking it against the standard."""

import collections
import re
from typing import Any

from edge_runtime.contract import ModelSpec
from export.errors import ConversionError

INPUT_NAME = "image"
OUTPUT_NAME = "scores"
BATCH = "batch"
_DEFAULT_DOMAIN = ("", "ai.onnx")


def to_clean_graph(model: Any, spec: ModelSpec, ir_version: int) -> Any:
    """Fold constants and shape arithmetic, name the batch, and drop unused domains.

    Raises:
        ConversionError: tf2onnx left operators that ONNX does not have.

    Args:
        model: An `onnx.ModelProto` from tf2onnx with one input and one output.
        spec: What the model is.
        ir_version: Version of the file format to declare.
    """
    import onnxslim

    _check_operators(model)
    _rename(model.graph, model.graph.input[0].name, INPUT_NAME)
    _rename(model.graph, model.graph.output[0].name, OUTPUT_NAME)
    model = onnxslim.slim(model)
    graph = model.graph
    _merge_dense(graph, _find_ranks(model))
    _set_shape(graph.input[0], spec.input.shape)
    _set_shape(graph.output[0], (len(spec.labels),))
    del graph.value_info[:]  # shapes with tf2onnx's invented names of the batch
    used = {node.domain or "" for node in graph.node}
    kept = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    model.ir_version = ir_version
    model.producer_name, model.producer_version, model.doc_string = "edge-export", "", ""
    graph.name, graph.doc_string = spec.name, ""
    _number_names(graph)
    return model


def check_graph(model: Any) -> None:
    """Check a model against the ONNX standard, shapes included, and our own interface.

    Raises:
        ConversionError: It breaks either.
    """
    import onnx

    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # several kinds, by what is wrong
        raise ConversionError(f"the ONNX graph breaks the standard: {error}") from error
    names = [value.name for value in (*model.graph.input, *model.graph.output)]
    if names != [INPUT_NAME, OUTPUT_NAME]:
        raise ConversionError(f"expected the interface image → scores, found {names}")


def find_opset(model: Any) -> int:
    """Version of the default ONNX domain that the model needs."""
    return int(
        next(entry.version for entry in model.opset_import if entry.domain in _DEFAULT_DOMAIN)
    )


def _merge_dense(graph: Any, ranks: dict[str, int]) -> None:
    """Turn MatMul with a constant matrix, then Add of a constant vector, into one Gemm.

    Quantized runtimes have a kernel for it, with the bias inside; for the pair they have none.
    """
    import onnx

    constants = {tensor.name for tensor in graph.initializer}
    uses = collections.Counter(name for node in graph.node for name in node.input)
    makers = {node.output[0]: node for node in graph.node}
    merged = []
    for add in graph.node:
        product = makers.get(add.input[0]) if add.op_type == "Add" else None
        if (
            product is None
            or product.op_type != "MatMul"
            or uses[product.output[0]] != 1
            or not constants.issuperset((product.input[1], add.input[1]))
            or (ranks.get(product.input[0]), ranks.get(add.input[1])) != (2, 1)
        ):
            continue
        inputs = [product.input[0], product.input[1], add.input[1]]
        add.CopyFrom(onnx.helper.make_node("Gemm", inputs, list(add.output), name=add.name))
        merged.append(product.output[0])
    kept = [node for node in graph.node if node.output[0] not in merged]
    del graph.node[:]
    graph.node.extend(kept)


def _find_ranks(model: Any) -> dict[str, int]:
    import onnx

    graph = onnx.shape_inference.infer_shapes(model).graph
    ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in graph.value_info}
    return ranks | {tensor.name: len(tensor.dims) for tensor in graph.initializer}


def _check_operators(model: Any) -> None:
    """tf2onnx only logs what it cannot convert, and leaves it in the graph."""
    import onnx

    opset = find_opset(model)
    for node in model.graph.node:
        if node.domain in _DEFAULT_DOMAIN and not onnx.defs.has(node.op_type, opset):
            raise ConversionError(
                f"TensorFlow's {node.op_type} (in {node.name}) has no counterpart"
            )


def _number_names(graph: Any) -> None:
    """Take tf2onnx's running numbers out of all names.

    It counts through the whole process, so the same model would get other names, and another
    file, if something had been converted before it.
    """
    taken: set[str] = {INPUT_NAME, OUTPUT_NAME}
    names: dict[str, str] = {INPUT_NAME: INPUT_NAME, OUTPUT_NAME: OUTPUT_NAME, "": ""}

    def choose(old: str) -> str:
        base = re.sub(r"__\d+|:0", "", old) or "value"
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        return name

    for node in graph.node:
        node.name = choose(node.name or node.op_type)
        for place in (node.input, node.output):
            for index, old in enumerate(place):
                if old not in names:
                    names[old] = choose(old)
                place[index] = names[old]
    for tensor in graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    order = sorted(graph.initializer, key=lambda tensor: str(tensor.name))
    del graph.initializer[:]
    graph.initializer.extend(order)


def _rename(graph: Any, old: str, new: str) -> None:
    for value in (*graph.input, *graph.output):
        if value.name == old:
            value.name = new
    for node in graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == old:
                    names[place] = new


def _set_shape(value: Any, sides: tuple[int, ...]) -> None:
    shape = value.type.tensor_type.shape
    del shape.dim[:]
    shape.dim.add().dim_param = BATCH
    for side in sides:
        shape.dim.add().dim_value = side

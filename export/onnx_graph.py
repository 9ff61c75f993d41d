"""Cleaning an ONNX graph that tf2onnx wrote, and checking it against the standard."""

from typing import Any

from edge_runtime.contract import ModelSpec
from export.errors import ConversionError

INPUT_NAME = "image"
OUTPUT_NAME = "scores"
BATCH = "batch"
_DEFAULT_DOMAIN = ("", "ai.onnx")


def to_clean_graph(model: Any, spec: ModelSpec, ir_version: int) -> Any:
    """Fold constants and shape arithmetic, name the batch, and drop unused domains.

    Args:
        model: An `onnx.ModelProto` from tf2onnx with input ``image`` and output ``scores``.
        spec: What the model is.
        ir_version: Version of the file format to declare.
    """
    import onnxslim

    model = onnxslim.slim(model)
    graph = model.graph
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


def _set_shape(value: Any, sides: tuple[int, ...]) -> None:
    shape = value.type.tensor_type.shape
    del shape.dim[:]
    shape.dim.add().dim_param = BATCH
    for side in sides:
        shape.dim.add().dim_value = side

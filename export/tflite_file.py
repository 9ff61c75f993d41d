"""Small edits of a ``.tflite`` flatbuffer, and what it says of itself.

The converter names tensors as it likes, leaves no signature for a frozen function, and writes the
batch size of 1 into every reshape, so that no interpreter can resize the batch. All three are put
right here, on the parsed flatbuffer.
"""

from typing import Any

import numpy as np

from edge_runtime.formats.preflight import to_version_key
from edge_runtime.formats.tflite_file import read_tflite_header

INPUT_NAME = "image"
OUTPUT_NAME = "scores"
SIGNATURE = "serving_default"


def to_finished_tflite(content: bytes) -> bytes:
    """Name input and output, add a signature, and let the batch be resized.

    Args:
        content: What the converter gave: one picture in, one row of scores out.
    """
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema

    model = _parse(content)
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].name = INPUT_NAME
    graph.tensors[graph.outputs[0]].name = OUTPUT_NAME
    model.signatureDefs = [_build_signature(graph)]
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        if max(code.builtinCode, code.deprecatedBuiltinCode) == schema.BuiltinOperator.RESHAPE:
            _free_batch(model, graph, operator)
    builder = flatbuffers.Builder(len(content) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def find_least_runtime(content: bytes) -> str | None:
    """Read the converter's note of the first TensorFlow release that runs all operators."""
    return read_tflite_header(content, "the converted model").least_runtime


def to_later_version(first: str | None, second: str | None) -> str | None:
    """Choose the later of two dotted release numbers; None stands for any release."""
    known = [version for version in (first, second) if version]
    return max(known, key=to_version_key, default=None)


def _parse(content: bytes) -> Any:
    from tensorflow.lite.python import schema_py_generated as schema

    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))


def _build_signature(graph: Any) -> Any:
    from tensorflow.lite.python import schema_py_generated as schema

    def bind(name: str, index: int) -> Any:
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, int(index)
        return entry

    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = SIGNATURE, 0
    signature.inputs = [bind(INPUT_NAME, graph.inputs[0])]
    signature.outputs = [bind(OUTPUT_NAME, graph.outputs[0])]
    return signature


def _free_batch(model: Any, graph: Any, operator: Any) -> None:
    if len(operator.inputs) < 2:
        return
    data, shape = (graph.tensors[index] for index in operator.inputs[:2])
    stored = model.buffers[shape.buffer].data
    if stored is None or data.shape is None or len(data.shape) == 0 or data.shape[0] != 1:
        return
    target = np.frombuffer(bytes(stored), np.int32).copy()
    if len(target) == 0 or target[0] != 1 or -1 in target:
        return
    target[0] = -1
    model.buffers[shape.buffer].data = np.frombuffer(target.tobytes(), np.uint8)

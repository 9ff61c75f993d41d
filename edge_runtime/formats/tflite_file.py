"""What a ``.tflite`` file says of itself, and whether a runtime can follow it without falling.

The runtimes trust the file: an offset out of it, an index without a tensor or a constant that is
shorter than its shape ends the whole process. So everything that they follow is followed here
first. What this cannot see is a changed weight; the description's digest sees that.
"""

import struct
from dataclasses import dataclass

from edge_runtime.errors import ArtifactError
from edge_runtime.formats import tflite_schema as schema
from edge_runtime.formats.flatbuffer import Flatbuffer, Table
from edge_runtime.formats.tflite_graph import check_operators
from edge_runtime.formats.tflite_tensors import Tensor, read_tensors

_LEAST_RUNTIME = b"min_runtime_version"
# A note longer than a version number is none.
_MAX_NOTE_BYTES = 32


@dataclass(frozen=True, slots=True)
class TfliteHeader:
    """The parts of a ``.tflite`` file that are not the network.

    Attributes:
        least_runtime: The converter's note of the first TensorFlow release whose TFLite runtime
            holds all operators, such as ``2.3.0``; None where it left none.
        operators: (number in the schema's list, version) of each kind of operator in it.
        inputs: Type and shape of each input, such as ``int8 (1, 28, 28, 1)``.
        outputs: The same of each output.
    """

    least_runtime: str | None
    operators: tuple[tuple[int, int], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read_tflite_header(data: bytes, name: str) -> TfliteHeader:
    """Check the whole structure of a TFLite model and read what it says of itself.

    Args:
        data: The whole file.
        name: The file's name, for messages.

    Raises:
        ArtifactError: The bytes are no TFLite model, end too early, or contradict themselves.
    """
    try:
        return _read_model(Flatbuffer(data))
    except ArtifactError as error:
        raise ArtifactError(f"{name} {error}") from error
    except (ValueError, IndexError, struct.error) as error:
        raise ArtifactError(
            f"{name} is damaged or incomplete ({error}). Copy or export it again."
        ) from error


def _read_model(buffer: Flatbuffer) -> TfliteHeader:
    model = buffer.open_root()
    version = model.uint32(schema.MODEL_VERSION)
    if version != schema.SCHEMA_VERSION:
        raise ValueError(f"schema version {version} instead of {schema.SCHEMA_VERSION}")
    if model.vector(schema.MODEL_EXTERNAL_BUFFERS, 4)[1]:
        raise ArtifactError("keeps its weights in other files; export it as one file")
    model.text(schema.MODEL_DESCRIPTION)
    blobs = _read_buffers(model, len(buffer.data))
    codes = [_read_code(code) for code in model.tables(schema.MODEL_CODES)]
    graphs, view = [], memoryview(buffer.data)
    for graph in model.tables(schema.MODEL_GRAPHS):
        tensors = read_tensors(graph, view, blobs)
        check_operators(graph, codes, tensors, len(buffer.data))
        graphs.append((graph, tensors))
    if not graphs:
        raise ValueError("it holds no network")
    _check_signatures(model, [len(tensors) for _, tensors in graphs])
    main, tensors = graphs[0]
    return TfliteHeader(
        least_runtime=_read_least_runtime(model, buffer.data, blobs),
        operators=tuple(sorted(set(codes))),
        inputs=_describe(main.numbers(schema.GRAPH_INPUTS, "i"), tensors),
        outputs=_describe(main.numbers(schema.GRAPH_OUTPUTS, "i"), tensors),
    )


def _read_buffers(model: Table, file_size: int) -> list[tuple[int, int]]:
    """Where the bytes of each buffer start and how many there are."""
    blobs = []
    for table in model.tables(schema.MODEL_BUFFERS):
        start, size = table.vector(schema.BUFFER_DATA, 1)
        # Models above 2 GB keep their weights behind the flatbuffer; 0 and 1 stand for none.
        outside = table.uint64(schema.BUFFER_OFFSET)
        if outside > 1:
            start, size = outside, table.uint64(schema.BUFFER_SIZE)
            if start + size > file_size:
                raise ValueError(f"weights of {size} bytes at byte {start} lead out of the file")
        blobs.append((start, size))
    return blobs


def _read_code(code: Table) -> tuple[int, int]:
    # Numbers up to 127 stand in a byte, for readers from before there were more.
    number = max(code.int8(schema.CODE_DEPRECATED), code.int32(schema.CODE_BUILTIN))
    custom = code.text(schema.CODE_CUSTOM)
    if number == schema.CUSTOM_OPERATOR:
        raise ArtifactError(
            f"needs the custom operator {(custom or b'?').decode('utf-8', 'replace')!r}, which no "
            "runtime here has; export it with built-in operators alone"
        )
    if number in schema.CONTROL_FLOW:
        raise ArtifactError(
            f"branches or loops ({schema.CONTROL_FLOW[number]}), which a classifier does not need; "
            "export it without"
        )
    return number, code.int32(schema.CODE_VERSION, 1)


def _check_signatures(model: Table, tensor_counts: list[int]) -> None:
    for signature in model.tables(schema.MODEL_SIGNATURES):
        signature.text(schema.SIGNATURE_KEY)
        graph = signature.uint32(schema.SIGNATURE_GRAPH)
        if graph >= len(tensor_counts):
            raise ValueError(f"a signature of graph {graph} of {len(tensor_counts)}")
        for field in (schema.SIGNATURE_INPUTS, schema.SIGNATURE_OUTPUTS):
            for binding in signature.tables(field):
                binding.text(schema.BINDING_NAME)
                tensor = binding.uint32(schema.BINDING_TENSOR)
                if tensor >= tensor_counts[graph]:
                    raise ValueError(f"a signature with tensor {tensor} of {tensor_counts[graph]}")


def _read_least_runtime(model: Table, data: bytes, blobs: list[tuple[int, int]]) -> str | None:
    least = None
    model.vector(schema.MODEL_METADATA_BUFFER, 4)
    for entry in model.tables(schema.MODEL_METADATA):
        key, place = entry.text(schema.METADATA_NAME), entry.uint32(schema.METADATA_BUFFER)
        if place >= len(blobs):
            raise ValueError(f"a note in buffer {place} of {len(blobs)}")
        start, size = blobs[place]
        if key == _LEAST_RUNTIME and size <= _MAX_NOTE_BYTES:
            least = data[start : start + size].rstrip(b"\0").decode("ascii", "replace") or None
    return least


def _describe(indices: tuple[int, ...], tensors: list[Tensor]) -> tuple[str, ...]:
    return tuple(f"{tensors[index].type_name} {tensors[index].shape}" for index in indices)

"""What an ``.onnx`` file says of itself, read without any ONNX package.

An ONNX file is one protocol-buffers message (``ModelProto`` of onnx.proto). Only the few fields
that matter before a runtime sees the file are followed; everything else is stepped over by its
length, and every length is checked against the bytes that are there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from edge_runtime.errors import ArtifactError

# Field numbers of onnx.proto.
_IR_VERSION, _GRAPH, _OPSET_IMPORT, _METADATA_PROPS = 1, 7, 8, 14
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_GRAPH_INITIALIZER = 5
_TENSOR_EXTERNAL_DATA = 13
# Wire types of protocol buffers.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BITS = 64

Field = tuple[int, int, int | memoryview]


@dataclass(frozen=True, slots=True)
class OnnxHeader:
    """The parts of an ``.onnx`` file that are not the network.

    Attributes:
        ir_version: Version of the file format.
        opset: Of the default domain; 0 where the file names none.
        metadata: Entries of ``metadata_props``, still UTF-8 bytes.
        external_files: Files beside the model that hold its weights, as the model names them.
    """

    ir_version: int
    opset: int
    metadata: dict[str, bytes]
    external_files: tuple[str, ...]


def read_onnx_header(data: bytes, name: str) -> OnnxHeader:
    """Read the header fields of an ONNX model.

    Args:
        data: The whole file.
        name: The file's name, for messages.

    Raises:
        ArtifactError: The bytes are no ONNX model, or end too early.
    """
    ir_version, opset = 0, 0
    metadata: dict[str, bytes] = {}
    external: set[str] = set()
    has_graph = False
    try:
        for number, wire, value in _walk(memoryview(data)):
            if number == _IR_VERSION and isinstance(value, int):
                ir_version = value
            elif wire != _BYTES or isinstance(value, int):
                continue
            elif number == _OPSET_IMPORT:
                opset = _default_opset(value) or opset
            elif number == _METADATA_PROPS:
                key, text = _read_entry(value)
                metadata[key] = text
            elif number == _GRAPH:
                has_graph = True
                external.update(_external_files(value))
    except (ValueError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"{name} is damaged or no ONNX model ({error}). Copy or export it again."
        ) from error
    if not has_graph or ir_version < 1:
        raise ArtifactError(f"{name} is no ONNX model: it holds no graph. Export it again.")
    return OnnxHeader(ir_version, opset, metadata, tuple(sorted(external)))


def _walk(view: memoryview) -> Iterator[Field]:
    """Yield (field number, wire type, value) of one message."""
    place, end = 0, len(view)
    while place < end:
        key, place = _varint(view, place)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _varint(view, place)
            yield number, wire, value
            continue
        if wire == _BYTES:
            size, place = _varint(view, place)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"unknown wire type {wire} at byte {place}")
        if size > end - place:
            raise ValueError(f"a field of {size} bytes, only {end - place} are left")
        yield number, wire, view[place : place + size]
        place += size


def _varint(view: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, _MAX_VARINT_BITS + 6, 7):
        if place >= len(view):
            raise ValueError("the file ends within a number")
        byte = view[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError(f"a number of more than {_MAX_VARINT_BITS} bits at byte {place}")


def _default_opset(view: memoryview) -> int | None:
    domain, version = b"", None
    for number, _, value in _walk(view):
        if number == _OPSET_DOMAIN and not isinstance(value, int):
            domain = bytes(value)
        elif number == _OPSET_VERSION and isinstance(value, int):
            version = value
    return version if domain in (b"", b"ai.onnx") else None


def _read_entry(view: memoryview) -> tuple[str, bytes]:
    key, text = "", b""
    for number, _, value in _walk(view):
        if isinstance(value, int):
            continue
        if number == _ENTRY_KEY:
            key = bytes(value).decode("utf-8")
        elif number == _ENTRY_VALUE:
            text = bytes(value)
    return key, text


def _external_files(graph: memoryview) -> Iterator[str]:
    for number, _, initializer in _walk(graph):
        if number != _GRAPH_INITIALIZER or isinstance(initializer, int):
            continue
        for inner, _, entry in _walk(initializer):
            if inner == _TENSOR_EXTERNAL_DATA and not isinstance(entry, int):
                key, text = _read_entry(entry)
                if key == "location":
                    yield text.decode("utf-8")

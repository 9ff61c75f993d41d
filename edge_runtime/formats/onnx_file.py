"""What an ``.onnx`` file says of itself, read without any ONNX package.

An ONNX file is one protocol-buffers message (``ModelProto`` of onnx.proto). Only the few fields
that matter before a runtime sees the file are followed; everything else is stepped over by its
length, and every length is checked against the bytes that are there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

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

# Field number, wire type, value, and where the field ends.
Field = tuple[int, int, int | memoryview, int]


@dataclass(frozen=True, slots=True)
class OnnxHeader:
    """The parts of an ``.onnx`` file that are not the network.

    Attributes:
        ir_version: Version of the file format.
        opset: Of the default domain; 0 where the file names none.
        metadata: Entries of ``metadata_props``, still UTF-8 bytes.
        entry_spans: Where the whole field of each such entry starts and ends in the file.
        external_files: Files beside the model that hold its weights, as the model names them.
    """

    ir_version: int
    opset: int
    metadata: dict[str, bytes]
    entry_spans: dict[str, tuple[int, int]]
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
    spans: dict[str, tuple[int, int]] = {}
    external: set[str] = set()
    has_graph = False
    end = 0
    try:
        for number, wire, value, after in _walk(memoryview(data)):
            start, end = end, after
            if number == _IR_VERSION and isinstance(value, int):
                ir_version = value
            elif wire != _BYTES or isinstance(value, int):
                continue
            elif number == _OPSET_IMPORT:
                opset = _default_opset(value) or opset
            elif number == _METADATA_PROPS:
                key, text = _read_entry(value)
                if key in metadata:
                    raise ValueError(f"the entry {key[:40]!r} stands in it twice")
                metadata[key], spans[key] = text, (start, end)
            elif number == _GRAPH:
                has_graph = True
                external.update(_external_files(value))
    except (ValueError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"{name} is damaged or no ONNX model ({error}). Copy or export it again."
        ) from error
    if not has_graph or ir_version < 1:
        raise ArtifactError(f"{name} is no ONNX model: it holds no graph. Export it again.")
    return OnnxHeader(ir_version, opset, metadata, spans, tuple(sorted(external)))


def check_external_files(header: OnnxHeader, path: Path) -> None:
    """Check that the files with a model's weights are where the model says.

    Args:
        header: What the model says of itself.
        path: The model's file.

    Raises:
        ArtifactError: One is missing, or the model names one outside its own folder.
    """
    for name in header.external_files:
        parts = (*PurePosixPath(name).parts, *PureWindowsPath(name).parts)
        if not name or ".." in parts or any(part.endswith(("/", "\\")) for part in parts):
            raise ArtifactError(
                f"{path.name} asks for weights outside its own folder ({name!r}); refused. "
                "Export it as one file."
            )
        if not (path.parent / name).is_file():
            raise ArtifactError(
                f"{path.name} keeps its weights in the file {name!r}, which is not beside it. Copy "
                "both, or export it as one file."
            )


def _walk(view: memoryview) -> Iterator[Field]:
    """Yield (field number, wire type, value, end of the field) of one message."""
    place, end = 0, len(view)
    while place < end:
        key, place = _varint(view, place)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _varint(view, place)
            yield number, wire, value, place
            continue
        if wire == _BYTES:
            size, place = _varint(view, place)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"unknown wire type {wire} at byte {place}")
        if size > end - place:
            raise ValueError(f"a field of {size} bytes, only {end - place} are left")
        place += size
        yield number, wire, view[place - size : place], place


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
    for number, _, value, _ in _walk(view):
        if number == _OPSET_DOMAIN and not isinstance(value, int):
            domain = bytes(value)
        elif number == _OPSET_VERSION and isinstance(value, int):
            version = value
    return version if domain in (b"", b"ai.onnx") else None


def _read_entry(view: memoryview) -> tuple[str, bytes]:
    key, text = "", b""
    for number, _, value, _ in _walk(view):
        if isinstance(value, int):
            continue
        if number == _ENTRY_KEY:
            key = bytes(value).decode("utf-8")
        elif number == _ENTRY_VALUE:
            text = bytes(value)
    return key, text


def _external_files(graph: memoryview) -> Iterator[str]:
    for number, _, initializer, _ in _walk(graph):
        if number != _GRAPH_INITIALIZER or isinstance(initializer, int):
            continue
        for inner, _, entry, _ in _walk(initializer):
            if inner == _TENSOR_EXTERNAL_DATA and not isinstance(entry, int):
                key, text = _read_entry(entry)
                if key == "location":
                    yield text.decode("utf-8")

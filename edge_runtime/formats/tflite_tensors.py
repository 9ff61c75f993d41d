"""The tensors inside a ``.tflite`` file, each checked against itself and the file."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from edge_runtime.errors import ArtifactError
from edge_runtime.formats import tflite_schema as schema
from edge_runtime.formats.flatbuffer import Table

_MAX_RANK = 8
# No tensor of a classifier for a small board comes near; a damaged shape easily does.
_MAX_TENSOR_BYTES = 2**30
# Beyond these a scale is no step size; the runtimes stop the process over some of them.
_LEAST_SCALE, _GREATEST_SCALE = 1e-20, 1e20

# Axes, shapes and borders are shorter than this.
_MANY_INTEGERS = 4 * _MAX_RANK

Blob = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a graph.

    Attributes:
        type_name: Such as ``int8``.
        shape: Sizes as the file states them.
        is_open: Sizes other than the first are known only when it runs.
        is_known: Its content is in the file, or kept between runs, or empty.
        content: Its bytes where they are in the file, so that nothing may write to it; else empty.
    """

    type_name: str
    shape: tuple[int, ...]
    is_open: bool
    is_known: bool
    content: memoryview

    def integers(self) -> tuple[int, ...] | None:
        """Its content where that is a short list of int32; else None."""
        if self.type_name != "int32" or not 0 < len(self.content) <= 4 * _MANY_INTEGERS:
            return None
        return struct.unpack(f"<{len(self.content) // 4}i", self.content)


def read_tensors(graph: Table, data: memoryview, blobs: Sequence[Blob]) -> list[Tensor]:
    """Read and check the tensors of a graph.

    Raises:
        ValueError: One contradicts itself or the file.
        ArtifactError: One is of a kind that cannot be checked.
    """
    graph.text(schema.GRAPH_NAME)
    tensors = []
    for number, table in enumerate(graph.tables(schema.GRAPH_TENSORS)):
        try:
            tensors.append(_read_tensor(table, data, blobs))
        except ArtifactError:
            raise
        except ValueError as error:
            raise ValueError(f"tensor {number}: {error}") from error
    return tensors


def _read_tensor(table: Table, data: memoryview, blobs: Sequence[Blob]) -> Tensor:
    _ = (table.text(schema.TENSOR_NAME) or b"").decode()  # Runtimes read it as UTF-8.
    kind = table.int8(schema.TENSOR_TYPE)
    if kind not in schema.TYPES:
        raise ValueError(f"unknown type {kind}")
    if table.table(schema.TENSOR_SPARSITY) is not None:
        raise ArtifactError("holds sparse tensors; export it without sparsity")
    type_name, bits = schema.TYPES[kind]
    shape, is_open = _read_shape(table)
    size = (math.prod(shape) * bits + 7) // 8
    if size > _MAX_TENSOR_BYTES:
        raise ValueError(f"a shape {shape} that would take {size} bytes")
    place = table.uint32(schema.TENSOR_BUFFER)
    if place >= len(blobs):
        raise ValueError(f"content in buffer {place} of {len(blobs)}")
    start, held = blobs[place]
    content = data[start : start + held]
    if held and kind == schema.STRING:
        _check_strings(content)
    elif held and held != size:
        raise ValueError(f"{held} bytes of content for the shape {shape} of {type_name}")
    quantization = table.table(schema.TENSOR_QUANTIZATION)
    if quantization is not None:
        _check_quantization(quantization, kind, shape)
    is_variable = bool(table.uint8(schema.TENSOR_VARIABLE))
    return Tensor(type_name, shape, is_open, bool(held) or is_variable or size == 0, content)


def _read_shape(table: Table) -> tuple[tuple[int, ...], bool]:
    shape = table.numbers(schema.TENSOR_SHAPE, "i")
    signature = table.numbers(schema.TENSOR_SIGNATURE, "i")
    if len(shape) > _MAX_RANK or min(shape, default=0) < 0:
        raise ValueError(f"a shape {shape[: _MAX_RANK + 1]}")
    if signature:
        if len(signature) != len(shape):
            raise ValueError(f"two shapes, {shape} and {signature[: _MAX_RANK + 1]}")
        for free, side in zip(signature, shape, strict=True):
            if free not in (-1, side):
                raise ValueError(f"two shapes, {shape} and {signature}")
    # Without sizes at all the number of dimensions may be unknown too.
    return shape, -1 in signature[1:] or not shape


def _check_strings(content: memoryview) -> None:
    # A count, so many offsets and one for the end, then the characters.
    offsets = struct.unpack(f"<{len(content) // 4}i", content[: len(content) // 4 * 4])
    count = offsets[0] if offsets else -1
    if not 0 <= count <= len(offsets) - 2:
        raise ValueError(f"{count} texts in {len(content)} bytes")
    places = offsets[1 : count + 2]
    if list(places) != sorted(places) or places[0] < 4 * (count + 2) or places[-1] > len(content):
        raise ValueError("texts that lead out of their buffer")


def _check_quantization(table: Table, kind: int, shape: tuple[int, ...]) -> None:
    table.vector(schema.QUANTIZATION_MIN, 4)
    table.vector(schema.QUANTIZATION_MAX, 4)
    scales = table.numbers(schema.QUANTIZATION_SCALE, "f")
    zeros = table.numbers(schema.QUANTIZATION_ZERO, "q")
    if table.uint8(schema.QUANTIZATION_DETAILS_TYPE):
        raise ArtifactError("is quantized in blocks or by custom rules; export it otherwise")
    if not scales:
        return
    dimension = table.int32(schema.QUANTIZATION_DIMENSION)
    if len(zeros) not in (0, len(scales)):
        raise ValueError(f"{len(scales)} scales but {len(zeros)} zero points")
    if len(scales) > 1 and not (0 <= dimension < len(shape) and shape[dimension] == len(scales)):
        raise ValueError(f"{len(scales)} scales along dimension {dimension} of {shape}")
    if not all(_LEAST_SCALE < scale < _GREATEST_SCALE for scale in scales):
        raise ValueError("a scale that is no step size")
    least, greatest = schema.ZERO_POINTS.get(kind, (0, 0))
    if zeros and not least <= min(zeros) <= max(zeros) <= greatest:
        raise ValueError("a zero point outside the stored type's range")

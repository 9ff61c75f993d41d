"""ONNX models of a few hundred bytes, made without any ONNX package."""


def build_external(location: str) -> bytes:
    """A model whose only weight is in the file `location`."""
    entry = field(1, b"location") + field(2, location.encode())
    tensor = field(8, b"w") + field(13, entry)
    return field(1, 8) + field(7, field(5, tensor)) + field(8, field(1, b"") + field(2, 17))


def field(number: int, value: int | bytes) -> bytes:
    """One field of protocol buffers."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    low = bytes([value & 0x7F | (0x80 if value > 0x7F else 0)])
    return low + varint(value >> 7) if value > 0x7F else low


# How ONNX numbers the types that a tensor stores.
STORED_FLOAT, STORED_UINT8, STORED_INT8 = 1, 2, 3


def build_mean(shape: tuple[int | str, ...], axes: tuple[int, ...], outputs: int = 1) -> bytes:
    """An ONNX model that answers the mean over some axes of its input; text is an open size."""

    graph = b""
    names = [f"out{number}" for number in range(outputs)]
    for name in names:
        graph += _mean("in", name, axes)
    given = tuple(side for axis, side in enumerate(shape) if axis not in axes)
    graph += field(2, b"g") + field(11, _tensor("in", shape))
    graph += b"".join(field(12, _tensor(name, given)) for name in names)
    return field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 17))


def build_stored_mean(shape: tuple[int | str, ...], source: int, target: int) -> bytes:
    """The mean over height and width, with input and output stored as these types."""
    graph = _cast("in", "pixels", STORED_FLOAT) + _mean("pixels", "mean", (1, 2))
    graph += _cast("mean", "out", target) + field(2, b"g") + field(11, _tensor("in", shape, source))
    graph += field(12, _tensor("out", (shape[0], shape[3]), target))
    return field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 17))


def _tensor(name: str, sides: tuple[int | str, ...], stored: int = STORED_FLOAT) -> bytes:
    dims = [field(1, side) if isinstance(side, int) else field(2, side.encode())
            for side in sides]  # fmt: skip
    kind = field(1, stored) + field(2, b"".join(field(1, dim) for dim in dims))
    return field(1, name.encode()) + field(2, field(1, kind))


def _mean(taken: str, given: str, axes: tuple[int, ...]) -> bytes:
    over = field(1, b"axes") + b"".join(field(8, axis) for axis in axes) + field(20, 7)
    keep = field(1, b"keepdims") + field(3, 0) + field(20, 2)
    return _node(taken, given, "ReduceMean", over, keep)


def _cast(taken: str, given: str, stored: int) -> bytes:
    return _node(taken, given, "Cast", field(1, b"to") + field(3, stored) + field(20, 2))


def _node(taken: str, given: str, kind: str, *attributes: bytes) -> bytes:
    named = field(1, taken.encode()) + field(2, given.encode()) + field(4, kind.encode())
    return field(1, named + b"".join(field(5, attribute) for attribute in attributes))

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


def build_mean(shape: tuple[int | str, ...], axes: tuple[int, ...], outputs: int = 1) -> bytes:
    """An ONNX model that answers the mean over some axes of its input; text is an open size."""

    def tensor(name: str, sides: tuple[int | str, ...]) -> bytes:
        dims = [field(1, side) if isinstance(side, int) else field(2, side.encode())
                for side in sides]  # fmt: skip
        kind = field(1, 1) + field(2, b"".join(field(1, dim) for dim in dims))
        return field(1, name.encode()) + field(2, field(1, kind))

    graph = b""
    names = [f"out{number}" for number in range(outputs)]
    for name in names:
        over = field(1, b"axes") + b"".join(field(8, axis) for axis in axes) + field(20, 7)
        keep = field(1, b"keepdims") + field(3, 0) + field(20, 2)
        node = field(1, b"in") + field(2, name.encode()) + field(4, b"ReduceMean")
        graph += field(1, node + field(5, over) + field(5, keep))
    given = tuple(side for axis, side in enumerate(shape) if axis not in axes)
    graph += field(2, b"g") + field(11, tensor("in", shape))
    graph += b"".join(field(12, tensor(name, given)) for name in names)
    return field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 17))

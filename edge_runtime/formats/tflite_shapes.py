"""What shape an operator's output has: a file that states another one contradicts itself.

A damaged stride or padding is a well-formed number, and the runtimes compute with it:
tflite-runtime then runs on tensors without a single element and overwrites what lies beside them.
Covered are the operators that image classifiers consist of; of any other, nothing is said.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_runtime.formats.flatbuffer import Table

Shape = tuple[int, ...]
_SAME, _VALID = 0, 1
_LAST_ACTIVATION = 5


@dataclass(frozen=True, slots=True)
class Operation:
    """One operator, ready to be computed with.

    Attributes:
        options_type: Number of the kind of its options in the schema's union; 0 for none.
        options: Its options; None where it has none.
        shapes: Of its inputs; () for one that is left out.
        constants: Integers of each input whose content is in the file as int32; else None.
        output: Shape of its first output as the file states it.
    """

    options_type: int
    options: Table | None
    shapes: tuple[Shape, ...]
    constants: tuple[Shape | None, ...]
    output: Shape


def check_shape(code: int, operation: Operation) -> None:
    """Check the stated output of one operator against what it computes.

    Args:
        code: The operator's number in the schema.
        operation: The operator.

    Raises:
        ValueError: They differ, or the operator cannot be computed.
    """
    if code not in _RULES:
        return
    options_type, rule = _RULES[code]
    if operation.options_type not in (0, options_type) and options_type:
        raise ValueError(f"options of kind {operation.options_type} instead of {options_type}")
    expected = rule(operation)
    if expected is not None and expected != operation.output:
        raise ValueError(f"states an output {operation.output} where it computes {expected}")


def _options(operation: Operation) -> Table:
    if operation.options is None:
        raise ValueError("has no options")
    return operation.options


def _slide(options: Table, size: int, window: int, stride_field: int, dilation: int = 1) -> int:
    padding, stride = options.int8(0), options.int32(stride_field)
    reach = (window - 1) * dilation + 1
    if padding not in (_SAME, _VALID) or stride < 1 or dilation < 1 or window < 1:
        raise ValueError(f"window {window}, stride {stride}, dilation {dilation}, pad {padding}")
    free = size if padding == _SAME else size - reach + 1
    return max(0, -(-free // stride))


def _check_activation(options: Table, field: int) -> None:
    if not 0 <= options.int8(field) <= _LAST_ACTIVATION:
        raise ValueError(f"unknown activation {options.int8(field)}")


def _convolve(operation: Operation) -> Shape:
    options = _options(operation)
    (batch, height, width, channels), (outputs, tall, wide, depth) = operation.shapes[:2]
    _check_activation(options, 3)
    if depth < 1 or channels % depth:
        raise ValueError(f"{channels} channels for kernels of {depth}")
    _check_bias(operation, outputs)
    rows = _slide(options, height, tall, 2, options.int32(5, 1))
    return batch, rows, _slide(options, width, wide, 1, options.int32(4, 1)), outputs


def _convolve_depthwise(operation: Operation) -> Shape:
    options = _options(operation)
    (batch, height, width, channels), (one, tall, wide, outputs) = operation.shapes[:2]
    _check_activation(options, 4)
    if one != 1 or channels * options.int32(3) != outputs:
        raise ValueError(f"{channels} channels, times {options.int32(3)}, for {outputs} kernels")
    _check_bias(operation, outputs)
    rows = _slide(options, height, tall, 2, options.int32(6, 1))
    return batch, rows, _slide(options, width, wide, 1, options.int32(5, 1)), outputs


def _check_bias(operation: Operation, outputs: int) -> None:
    if len(operation.shapes) > 2 and operation.shapes[2] and operation.shapes[2] != (outputs,):
        raise ValueError(f"a bias {operation.shapes[2]} for {outputs} outputs")


def _pool(operation: Operation) -> Shape:
    options = _options(operation)
    batch, height, width, channels = operation.shapes[0]
    _check_activation(options, 5)
    rows = _slide(options, height, options.int32(4), 2)
    return batch, rows, _slide(options, width, options.int32(3), 1), channels


def _connect(operation: Operation) -> Shape:
    options = _options(operation)
    source, (outputs, depth) = operation.shapes[:2]
    _check_activation(options, 0)
    _check_bias(operation, outputs)
    size = math.prod(source)
    if depth < 1 or size % depth:
        raise ValueError(f"{size} numbers for rows of {depth}")
    if options.uint8(2):
        return *source[:-1], outputs
    return size // depth, outputs


def _reshape(operation: Operation) -> Shape:
    asked = operation.constants[1] if len(operation.constants) > 1 else None
    if asked is None and operation.options is not None and len(operation.shapes) < 2:
        asked = operation.options.numbers(0, "i")
    if asked is not None:
        fits = len(asked) == len(operation.output) and all(
            want in (-1, side) for want, side in zip(asked, operation.output, strict=True)
        )
        if not fits:
            raise ValueError(f"states an output {operation.output} where {asked} is asked for")
    if math.prod(operation.output) != math.prod(operation.shapes[0]):
        raise ValueError(f"makes {operation.output} of {operation.shapes[0]}")
    return operation.output


def _keep(operation: Operation) -> Shape:
    return operation.shapes[0]


def _broadcast(operation: Operation) -> Shape:
    first, second = operation.shapes[:2]
    rank = max(len(first), len(second))
    pairs = zip(_fill(first, rank), _fill(second, rank), strict=True)
    if any(a != b and 1 not in (a, b) for a, b in pairs):
        raise ValueError(f"cannot join {first} and {second}")
    return tuple(map(max, _fill(first, rank), _fill(second, rank)))


def _fill(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + shape


def _concatenate(operation: Operation) -> Shape:
    first, *others = operation.shapes
    axis = _find_axis(_options(operation).int32(0), len(first))
    for other in others:
        if other[:axis] + other[axis + 1 :] != first[:axis] + first[axis + 1 :]:
            raise ValueError(f"cannot join {first} and {other}")
    total = sum(shape[axis] for shape in operation.shapes)
    return *first[:axis], total, *first[axis + 1 :]


def _pad(operation: Operation) -> Shape | None:
    borders, source = operation.constants[1], operation.shapes[0]
    if borders is None:
        return None
    if len(borders) != 2 * len(source) or min(borders) < 0:
        raise ValueError(f"borders {borders} for {source}")
    return tuple(size + borders[2 * i] + borders[2 * i + 1] for i, size in enumerate(source))


def _reduce(operation: Operation) -> Shape | None:
    axes, source = operation.constants[1], operation.shapes[0]
    if axes is None:
        return None
    gone = {_find_axis(axis, len(source)) for axis in axes}
    if _options(operation).uint8(0):
        return tuple(1 if i in gone else size for i, size in enumerate(source))
    return tuple(size for i, size in enumerate(source) if i not in gone)


def _transpose(operation: Operation) -> Shape | None:
    order, source = operation.constants[1], operation.shapes[0]
    if order is None:
        return None
    places = [_find_axis(axis, len(source)) for axis in order]
    if sorted(places) != list(range(len(source))):
        raise ValueError(f"the order {order} of {source}")
    return tuple(source[place] for place in places)


def _find_axis(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise ValueError(f"axis {axis} of {rank}")
    return axis % rank


_Rule = Callable[[Operation], Shape | None]


def _table(options_type: int, rule: _Rule, codes: Sequence[int]) -> dict[int, tuple[int, _Rule]]:
    return dict.fromkeys(codes, (options_type, rule))


# Operator → kind of its options (0 where that does not matter) and its rule.
_RULES: dict[int, tuple[int, _Rule]] = {
    **_table(1, _convolve, (3,)),
    **_table(2, _convolve_depthwise, (4,)),
    **_table(5, _pool, (1, 12, 17)),
    **_table(8, _connect, (9,)),
    **_table(17, _reshape, (22,)),
    **_table(10, _concatenate, (2,)),
    # PAD, PADV2, MIRROR_PAD; MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN; TRANSPOSE.
    **_table(0, _pad, (34, 60, 100)),
    **_table(27, _reduce, (40, 74, 81, 82, 89)),
    **_table(0, _transpose, (39,)),
    # ADD, MUL, SUB, DIV, MAXIMUM, MINIMUM, POW, SQUARED_DIFFERENCE.
    **_table(0, _broadcast, (0, 18, 41, 42, 55, 57, 78, 99)),
    # One number in, one out: DEQUANTIZE, L2 and local normalization, the activations and functions.
    **_table(
        0,
        _keep,
        (
            6,
            11,
            13,
            14,
            19,
            20,
            21,
            25,
            28,
            47,
            50,
            53,
            59,
            73,
            75,
            76,
            92,
            98,
            101,
            111,
            114,
            117,
            150,
        ),
    ),
}

"""The network inside a ``.tflite`` file: do its operators hold together?"""

from collections.abc import Sequence

from edge_runtime.formats import tflite_schema as schema
from edge_runtime.formats.flatbuffer import Table
from edge_runtime.formats.tflite_shapes import Operation, check_shape
from edge_runtime.formats.tflite_tensors import Tensor

_ABSENT = -1


def check_operators(
    graph: Table, codes: Sequence[tuple[int, int]], tensors: Sequence[Tensor], file_size: int
) -> None:
    """Check that each operator is fed with what is known by then and makes what it states.

    Args:
        graph: The graph.
        codes: (number, version) of the kinds of operators in the file.
        tensors: The graph's own.
        file_size: Bytes of the whole file.

    Raises:
        ValueError: One does not, or names what is not there.
    """
    known = [tensor.is_known for tensor in tensors]
    for index in _read_indices(graph, schema.GRAPH_INPUTS, len(tensors)):
        if tensors[index].content:
            raise ValueError(f"tensor {index} is input and constant at once")
        known[index] = True
    for number, operator in enumerate(graph.tables(schema.GRAPH_OPERATORS)):
        try:
            _check_operator(operator, codes, tensors, known)
            _check_custom_options(operator, file_size)
        except ValueError as error:
            raise ValueError(f"operator {number}: {error}") from error
    for index in _read_indices(graph, schema.GRAPH_OUTPUTS, len(tensors)):
        if not known[index]:
            raise ValueError(f"output {index} is made by no operator")


def _check_operator(
    operator: Table,
    codes: Sequence[tuple[int, int]],
    tensors: Sequence[Tensor],
    known: list[bool],
) -> None:
    kind = operator.uint32(schema.OPERATOR_CODE)
    if kind >= len(codes):
        raise ValueError(f"is of kind {kind} of {len(codes)}")
    sources = _read_indices(operator, schema.OPERATOR_INPUTS, len(tensors), optional=True)
    targets = _read_indices(operator, schema.OPERATOR_OUTPUTS, len(tensors))
    code = codes[kind][0]
    first_optional = 0 if code in schema.RECURRENT else schema.FIRST_OPTIONAL_INPUT
    for place, index in enumerate(sources):
        if index == _ABSENT and place < first_optional:
            raise ValueError(f"lacks its input {place}")
        if index != _ABSENT and not known[index]:
            raise ValueError(f"needs tensor {index} before it is made")
    for index in targets:
        if tensors[index].content:
            raise ValueError(f"writes to the constant {index}")
        if 0 in tensors[index].shape:
            raise ValueError(f"makes tensor {index}, which is empty: {tensors[index].shape}")
        known[index] = True
    options_type, options = _read_options(operator)
    needed_type, least_inputs = schema.NEEDS.get(code, (0, 0))
    if len(sources) < least_inputs or (needed_type and options_type != needed_type):
        raise ValueError(f"has {len(sources)} inputs and options of kind {options_type}")
    involved = [tensors[index] for index in (*sources, *targets) if index != _ABSENT]
    if targets and not any(tensor.is_open for tensor in involved if not tensor.content):
        given = [tensors[index] if index != _ABSENT else None for index in sources]
        operation = Operation(
            options_type,
            options,
            tuple(tensor.shape if tensor else () for tensor in given),
            tuple(tensor.integers() if tensor else None for tensor in given),
            tensors[targets[0]].shape,
        )
        check_shape(code, operation)


def _read_indices(
    table: Table, field: int, count: int, *, optional: bool = False
) -> tuple[int, ...]:
    indices = table.numbers(field, "i")
    if indices and not (_ABSENT if optional else 0) <= min(indices) <= max(indices) < count:
        raise ValueError(f"tensor {min(indices)} to {max(indices)} of {count}")
    return indices


def _read_options(operator: Table) -> tuple[int, Table | None]:
    """The kind of an operator's options and the options, with their lists checked."""
    kind, options = operator.uint8(schema.OPERATOR_OPTIONS_TYPE), None
    for type_field, field, lists in (
        (schema.OPERATOR_OPTIONS_2_TYPE, schema.OPERATOR_OPTIONS_2, schema.LISTS_2),
        (schema.OPERATOR_OPTIONS_TYPE, schema.OPERATOR_OPTIONS, schema.LISTS),
    ):
        options = operator.table(field)
        if options is not None:
            for place, item_size in lists.get(operator.uint8(type_field), ()):
                options.vector(place, item_size)
    return kind, options


def _check_custom_options(operator: Table, file_size: int) -> None:
    operator.vector(schema.OPERATOR_CUSTOM_OPTIONS, 1)
    operator.vector(schema.OPERATOR_MUTATING, 1)
    operator.numbers(schema.OPERATOR_INTERMEDIATES, "i")
    start = operator.uint64(schema.OPERATOR_LARGE_OFFSET)
    if start > 1 and start + operator.uint64(schema.OPERATOR_LARGE_SIZE) > file_size:
        raise ValueError("options of an operator lead out of the file")

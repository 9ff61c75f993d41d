"""Numbers of TFLite's schema (tensorflow/lite/schema/schema.fbs) that a look at a file needs."""

# Fields by their place in their table.
MODEL_VERSION, MODEL_CODES, MODEL_GRAPHS, MODEL_DESCRIPTION, MODEL_BUFFERS = 0, 1, 2, 3, 4
MODEL_METADATA_BUFFER, MODEL_METADATA, MODEL_SIGNATURES, MODEL_EXTERNAL_BUFFERS = 5, 6, 7, 9
CODE_DEPRECATED, CODE_CUSTOM, CODE_VERSION, CODE_BUILTIN = 0, 1, 2, 3
GRAPH_TENSORS, GRAPH_INPUTS, GRAPH_OUTPUTS, GRAPH_OPERATORS, GRAPH_NAME = 0, 1, 2, 3, 4
TENSOR_SHAPE, TENSOR_TYPE, TENSOR_BUFFER, TENSOR_NAME, TENSOR_QUANTIZATION = 0, 1, 2, 3, 4
TENSOR_VARIABLE, TENSOR_SPARSITY, TENSOR_SIGNATURE = 5, 6, 7
QUANTIZATION_MIN, QUANTIZATION_MAX, QUANTIZATION_SCALE, QUANTIZATION_ZERO = 0, 1, 2, 3
QUANTIZATION_DETAILS_TYPE, QUANTIZATION_DIMENSION = 4, 6
BUFFER_DATA, BUFFER_OFFSET, BUFFER_SIZE = 0, 1, 2
OPERATOR_CODE, OPERATOR_INPUTS, OPERATOR_OUTPUTS = 0, 1, 2
OPERATOR_OPTIONS_TYPE, OPERATOR_OPTIONS, OPERATOR_CUSTOM_OPTIONS = 3, 4, 5
OPERATOR_MUTATING, OPERATOR_INTERMEDIATES = 7, 8
OPERATOR_LARGE_OFFSET, OPERATOR_LARGE_SIZE = 9, 10
OPERATOR_OPTIONS_2_TYPE, OPERATOR_OPTIONS_2 = 11, 12
METADATA_NAME, METADATA_BUFFER = 0, 1
SIGNATURE_INPUTS, SIGNATURE_OUTPUTS, SIGNATURE_KEY, SIGNATURE_GRAPH = 0, 1, 2, 4
BINDING_NAME, BINDING_TENSOR = 0, 1

SCHEMA_VERSION = 3

# Tensor type → its name and the bits of one element; 0 where the size is not in the type.
TYPES: dict[int, tuple[str, int]] = {
    0: ("float32", 32), 1: ("float16", 16), 2: ("int32", 32), 3: ("uint8", 8), 4: ("int64", 64),
    5: ("string", 0), 6: ("bool", 8), 7: ("int16", 16), 8: ("complex64", 64), 9: ("int8", 8),
    10: ("float64", 64), 11: ("complex128", 128), 12: ("uint64", 64), 13: ("resource", 0),
    14: ("variant", 0), 15: ("uint32", 32), 16: ("uint16", 16), 17: ("int4", 4),
    18: ("bfloat16", 16), 19: ("int2", 2), 20: ("uint4", 4),
}  # fmt: skip
STRING = 5
# Least and greatest zero point of the types that a quantized tensor may have.
ZERO_POINTS = {3: (0, 255), 7: (-32768, 32767), 9: (-128, 127), 17: (-8, 7), 19: (-2, 1)}

CUSTOM_OPERATOR = 32
# CALL, IF, WHILE, STABLEHLO_WHILE and STABLEHLO_CASE: they run other graphs of the file, which may
# run them again without end.
CONTROL_FLOW = {31: "CALL", 118: "IF", 119: "WHILE", 200: "STABLEHLO_WHILE", 209: "STABLEHLO_CASE"}

# What the runtimes use without looking whether it is there, found by leaving it out of every
# operator (STRIDED_SLICE, SPLIT, SLICE and so on). Operator → kind of its options (0 where a wrong
# one does no harm) and the least number of inputs.
NEEDS = {45: (32, 4), 49: (35, 2), 65: (0, 3), 102: (79, 3), 126: (0, 2), 130: (0, 2), 144: (0, 2)}
# Inputs that may be absent start here (a bias is the third), except in recurrent layers.
FIRST_OPTIONAL_INPUT = 2
RECURRENT = (16, 24, 27, 35, 44, 46, 52)

# Operator options that hold lists: options type → (field, bytes of an entry). All others hold
# numbers alone, which the table's own layout covers. Strings are lists of bytes here.
LISTS = {
    3: ((1, 4), (2, 4)), 17: ((0, 4),), 30: ((0, 4),), 111: ((0, 1), (1, 1)), 115: ((0, 4),),
}  # fmt: skip
LISTS_2 = {
    2: ((0, 8),), 3: ((0, 8), (1, 8), (2, 8)),
    4: ((0, 8), (1, 8), (2, 8), (3, 8), (4, 1), (7, 8), (10, 8), (13, 8), (16, 4)),
    5: ((0, 1), (2, 1), (4, 4), (5, 1)), 6: ((0, 8),), 7: ((1, 8), (2, 8), (3, 8)), 9: ((0, 8),),
    10: ((0, 8), (1, 8), (2, 8)), 12: ((0, 8), (1, 8), (2, 8), (3, 8), (4, 4)),
    13: ((0, 8), (1, 8), (2, 8), (3, 8), (4, 8)), 16: ((0, 8), (1, 8), (2, 8), (4, 8)),
    17: ((0, 8),), 21: ((0, 1), (2, 1)), 23: ((0, 4),),
}  # fmt: skip

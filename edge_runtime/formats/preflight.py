"""Whether an installed runtime can load a model, said before the runtime sees the file.

Where this module does not know (a runtime that is newer than it), it says nothing and lets the
runtime speak.
"""

from typing import TYPE_CHECKING

from edge_runtime.errors import IncompatibleArtifactError

if TYPE_CHECKING:
    # A device that runs one format need not load the reader of the other.
    from edge_runtime.formats.onnx_file import OnnxHeader
    from edge_runtime.formats.tflite_file import TfliteHeader

# What tflite-runtime 2.14.0, its last release, has: operators in the order of their numbers, each
# with its latest version, 0 where it has none. Found by asking it; a test asks it again.
_OPERATORS_OF_TFLITE_RUNTIME = """\
ADD 5 AVERAGE_POOL_2D 3 CONCATENATION 4 CONV_2D 7 DEPTHWISE_CONV_2D 7 DEPTH_TO_SPACE 2 DEQUANTIZE 5
EMBEDDING_LOOKUP 3 FLOOR 1 FULLY_CONNECTED 10 HASHTABLE_LOOKUP 1 L2_NORMALIZATION 2 L2_POOL_2D 1
LOCAL_RESPONSE_NORMALIZATION 1 LOGISTIC 3 LSH_PROJECTION 1 LSTM 4 MAX_POOL_2D 3 MUL 7 RELU 3
RELU_N1_TO_1 1 RELU6 3 RESHAPE 1 RESIZE_BILINEAR 4 RNN 3 SOFTMAX 3 SPACE_TO_DEPTH 2 SVDF 4 TANH 3
CONCAT_EMBEDDINGS 0 SKIP_GRAM 1 CALL 0 CUSTOM 0 EMBEDDING_LOOKUP_SPARSE 1 PAD 4
UNIDIRECTIONAL_SEQUENCE_RNN 3 GATHER 6 BATCH_TO_SPACE_ND 4 SPACE_TO_BATCH_ND 4 TRANSPOSE 6 MEAN 3
SUB 5 DIV 2 SQUEEZE 2 UNIDIRECTIONAL_SEQUENCE_LSTM 4 STRIDED_SLICE 8 BIDIRECTIONAL_SEQUENCE_RNN 3
EXP 2 TOPK_V2 3 SPLIT 4 LOG_SOFTMAX 2 DELEGATE 0 BIDIRECTIONAL_SEQUENCE_LSTM 3 CAST 5 PRELU 1
MAXIMUM 4 ARG_MAX 3 MINIMUM 4 LESS 3 NEG 1 PADV2 4 GREATER 2 GREATER_EQUAL 3 LESS_EQUAL 2 SELECT 4
SLICE 6 SIN 1 TRANSPOSE_CONV 4 SPARSE_TO_DENSE 3 TILE 3 EXPAND_DIMS 1 EQUAL 4 NOT_EQUAL 3 LOG 1
SUM 2 SQRT 1 RSQRT 2 SHAPE 1 POW 1 ARG_MIN 3 FAKE_QUANT 2 REDUCE_PROD 2 REDUCE_MAX 3 PACK 4
LOGICAL_OR 1 ONE_HOT 1 LOGICAL_AND 1 LOGICAL_NOT 1 UNPACK 4 REDUCE_MIN 3 FLOOR_DIV 3 REDUCE_ANY 1
SQUARE 1 ZEROS_LIKE 1 FILL 4 FLOOR_MOD 2 RANGE 2 RESIZE_NEAREST_NEIGHBOR 4 LEAKY_RELU 2
SQUARED_DIFFERENCE 2 MIRROR_PAD 3 ABS 5 SPLIT_V 2 UNIQUE 1 CEIL 1 REVERSE_V2 3 ADD_N 1 GATHER_ND 4
COS 1 WHERE 2 RANK 1 ELU 1 REVERSE_SEQUENCE 1 MATRIX_DIAG 1 QUANTIZE 3 MATRIX_SET_DIAG 1 ROUND 1
HARD_SWISH 1 IF 1 WHILE 1 NON_MAX_SUPPRESSION_V4 1 NON_MAX_SUPPRESSION_V5 1 SCATTER_ND 1 SELECT_V2 2
DENSIFY 1 SEGMENT_SUM 1 BATCH_MATMUL 4 PLACEHOLDER_FOR_GREATER_OP_CODES 0 CUMSUM 1 CALL_ONCE 1
BROADCAST_TO 3 RFFT2D 1 CONV_3D 1 IMAG 1 REAL 1 COMPLEX_ABS 1 HASHTABLE 1 HASHTABLE_FIND 1
HASHTABLE_IMPORT 1 HASHTABLE_SIZE 1 REDUCE_ALL 1 CONV_3D_TRANSPOSE 1 VAR_HANDLE 1 READ_VARIABLE 1
ASSIGN_VARIABLE 1 BROADCAST_ARGS 1 RANDOM_STANDARD_NORMAL 1 BUCKETIZE 1 RANDOM_UNIFORM 1
MULTINOMIAL 1 GELU 2 DYNAMIC_UPDATE_SLICE 1 RELU_0_TO_1 1 UNSORTED_SEGMENT_PROD 1
UNSORTED_SEGMENT_MAX 1 UNSORTED_SEGMENT_SUM 1 ATAN2 1 UNSORTED_SEGMENT_MIN 1 SIGN 2 BITCAST 1
BITWISE_XOR 1 RIGHT_SHIFT 1
"""
_NEWEST_TFLITE_RUNTIME = (2, 14, 0)

# First onnxruntime release → newest opset of the default domain and newest IR version that it
# loads. The table is that of https://onnxruntime.ai/docs/reference/compatibility.html; each row was
# tried with a model of each version.
_ONNX_VERSIONS = (
    ((1, 20), 21, 10),
    ((1, 21), 22, 10),
    ((1, 23), 23, 11),
    ((1, 24), 25, 13),
    ((1, 25), 26, 13),
)
_NEWEST_KNOWN_ONNXRUNTIME = (1, 31)

TFLITE_REMEDY = (
    "Run: pip install -U 'edge-runtime[litert]', or export a file that loads here: "
    "python -m export … --target pi-bookworm (pi-bookworm-32 on a 32-bit system)"
)
ONNX_REMEDY = (
    "Run: pip install -U 'edge-runtime[onnx]', or export the model again: every target of "
    "python -m export gives opset 17 and IR version 8, which load here"
)


def to_version_key(version: str) -> tuple[int, ...]:
    """Turn a dotted release number into something that sorts; ``2.15.0-rc1`` counts as 2.15.0."""
    key = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        key.append(int(digits or 0))
        if digits != part:
            break
    return tuple(key)


def check_tflite_operators(header: "TfliteHeader", name: str, version: str) -> None:
    """Check that tflite-runtime has all operators of a model.

    Args:
        header: What the model says of itself.
        name: The file's name, for messages.
        version: Of the installed tflite-runtime.

    Raises:
        IncompatibleArtifactError: It lacks one; names it, what is needed and the remedy.
    """
    if to_version_key(version) > _NEWEST_TFLITE_RUNTIME:
        return
    words = _OPERATORS_OF_TFLITE_RUNTIME.split()
    names, latest = words[::2], words[1::2]
    lacking = [
        f"{names[number]} version {asked} (it has {latest[number]})"
        if number < len(names)
        else f"operator {number}"
        for number, asked in header.operators
        if number >= len(names) or asked > int(latest[number])
    ]
    if lacking:
        raise IncompatibleArtifactError(
            f"{name} {_describe_need(header)}, which tflite-runtime {version} lacks: "
            f"{', '.join(lacking)}. {TFLITE_REMEDY}"
        )


def _describe_need(header: "TfliteHeader") -> str:
    least = header.least_runtime
    if least and to_version_key(least) > _NEWEST_TFLITE_RUNTIME:
        return f"needs the operators of TensorFlow {least}"
    # The converter's note is missing, or more hopeful than the operators are.
    return "needs newer operators"


def check_onnx_versions(header: "OnnxHeader", name: str, version: str) -> None:
    """Check that onnxruntime knows the opset and the IR version of a model.

    Args:
        header: What the model says of itself.
        name: The file's name, for messages.
        version: Of the installed onnxruntime.

    Raises:
        IncompatibleArtifactError: It does not; names what is needed, what it has and the remedy.
    """
    installed = to_version_key(version)[:2]
    if not _ONNX_VERSIONS[0][0] <= installed <= _NEWEST_KNOWN_ONNXRUNTIME:
        return
    _, opset, ir_version = max(row for row in _ONNX_VERSIONS if row[0] <= installed)
    if header.opset <= opset and header.ir_version <= ir_version:
        return
    fitting = [
        ".".join(map(str, first))
        for first, *limits in _ONNX_VERSIONS
        if header.opset <= limits[0] and header.ir_version <= limits[1]
    ]
    newer = f"onnxruntime {fitting[0]} or newer" if fitting else "a newer onnxruntime"
    raise IncompatibleArtifactError(
        f"{name} has opset {header.opset} and IR version {header.ir_version}, which needs {newer}; "
        f"onnxruntime {version} knows up to opset {opset} and IR version {ir_version}. "
        f"{ONNX_REMEDY}"
    )

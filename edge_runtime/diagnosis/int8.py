"""What int8 means on a processor: how fast it is, by the SIMD instructions that are there.

Measured: two-block CNN, LiteRT, static int8 against fp32: 125 against 87 µs on an AMD Zen 3
(AVX2, no VNNI; dynamic int8: 73), 28 against 67 µs on a Zen 4 (VNNI). On emulated Raspberry Pi 3
and 4, whose processors lack dot product instructions, int8 executes as many instructions as fp32
or more; on a Raspberry Pi 5, well under half (docs/raspberry-pi.md). Of other models it is likely,
not certain.
"""

from dataclasses import dataclass

from edge_runtime.contract import Precision
from edge_runtime.formats.model_file import Format
from edge_runtime.measurement.host import Host, simd_of
from edge_runtime.measurement.simd import is_x86

INT8_PRECISIONS: tuple[Precision, ...] = ("dynamic_int8", "static_int8", "qat_int8")
_MEASURE = "measure it, with the float file beside the int8 file: edge-runtime tune FOLDER"


@dataclass(frozen=True, slots=True)
class Int8Outlook:
    """What to expect of int8 files of one format.

    Attributes:
        code: Stable name: ``int8-slow``, ``int8-similar`` (to float), ``int8-exact`` (ONNX Runtime
            takes slower, exact kernels), ``int8-fast`` or ``int8-unknown``.
        message: What to expect and why.
        remedy: What to do about it.
    """

    code: str
    message: str
    remedy: str


def judge_int8(
    host: Host, model_format: Format, precision: Precision = "static_int8"
) -> Int8Outlook:
    """Say what int8 files of a format mean on a machine.

    Args:
        host: The machine.
        model_format: Of the files.
        precision: One of `INT8_PRECISIONS`.
    """
    simd = simd_of(host)
    if simd.int8_dot_product is None:
        return Int8Outlook(
            "int8-unknown",
            "how fast int8 is here is not known: the processor's instructions are not told",
            _MEASURE,
        )
    if simd.int8_dot_product:
        name = "VNNI" if is_x86(host.machine) else "dot product instructions (asimddp)"
        return Int8Outlook(
            "int8-fast",
            f"int8 is likely faster than float here: the processor has {name}",
            _MEASURE,
        )
    if not is_x86(host.machine):
        return Int8Outlook(
            "int8-similar",
            "int8 is likely no faster than float here, only smaller: the processor has no dot "
            "product instructions (asimddp)",
            _MEASURE,
        )
    if model_format == "onnx" and simd.level not in ("x86-64-v3", "x86-64-v4"):
        # Their kernels do not saturate, so nothing is traded, and nobody has measured them.
        return Int8Outlook(
            "int8-unknown",
            "how fast int8 ONNX files are on a processor without AVX2 has not been measured",
            _MEASURE,
        )
    if model_format == "onnx":
        return Int8Outlook(
            "int8-exact",
            "int8 ONNX files run on exact kernels here (session.x64quantprecision), which take up "
            "to 1.4 times as long as saturating ones: the processor has no VNNI",
            "--fast-int8 gives up accuracy for that time; measure both with: edge-runtime evaluate",
        )
    if precision == "dynamic_int8":
        return Int8Outlook(
            "int8-similar",
            "dynamic int8 is likely little faster than float here: the processor has no VNNI",
            _MEASURE,
        )
    return Int8Outlook(
        "int8-slow",
        "int8 with static ranges is likely slower than float here, on LiteRT and tflite-runtime: "
        "the processor has no VNNI",
        _MEASURE,
    )

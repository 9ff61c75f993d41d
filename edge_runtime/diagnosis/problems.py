"""From facts to problems, each with its remedy; pure, so that any board can be thought up."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edge_runtime import __version__
from edge_runtime.diagnosis.facts import Facts
from edge_runtime.diagnosis.int8 import judge_int8
from edge_runtime.diagnosis.known_failures import find_known_failures
from edge_runtime.measurement.steadiness import judge_sensors

# What the wheels on the package index cover.
LITERT_GLIBC = (2, 34)
ONNX_GLIBC = (2, 28)
NEWEST_PYTHON = (3, 14)
NEWEST_TFLITE_PYTHON = (3, 11)
# A runtime with a small model holds about 60 MiB; installing one unpacks up to 150.
_LEAST_MEMORY = 128 * 2**20
_LEAST_FREE = 200 * 2**20
_SENSOR_CODES = ("throttled", "temperature")
_ONTO_64_BIT = "install the 64-bit Raspberry Pi OS (Imager: Raspberry Pi OS (64-bit))"

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that stands in the way.

    Attributes:
        severity: ``error`` keeps models from running, ``warning`` may spoil it, ``note`` is good
            to know.
        code: Stable name, such as ``no-runtime``.
        message: What was found against what is needed.
        remedy: What to type or do.
    """

    severity: Severity
    code: str
    message: str
    remedy: str


def find_problems(facts: Facts) -> tuple[Problem, ...]:
    """Judge a machine, the worst first."""
    found = (
        *_judge_runtimes(facts),
        *_judge_system(facts),
        *_judge_python(facts),
        *_judge_packages(facts),
        *_judge_room(facts),
        *_judge_sensors(facts),
        *_judge_processor(facts),
    )
    order = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda problem: order[problem.severity]))


def recommend_extra(facts: Facts) -> str | None:
    """Name the extra whose runtime has wheels for this machine, the best first; None: none has."""
    if facts.libc == "musl" or facts.implementation != "CPython" or facts.is_free_threaded:
        return None
    is_64_bit = facts.pointer_bits == 64
    if is_64_bit and facts.python <= NEWEST_PYTHON and facts.libc_version >= LITERT_GLIBC:
        return "litert"
    if is_64_bit and facts.python <= NEWEST_PYTHON and facts.libc_version >= ONNX_GLIBC:
        return "onnx"
    if facts.python <= NEWEST_TFLITE_PYTHON and facts.kernel_machine != "armv6l":
        return "tflite"
    return None


def format_install(facts: Facts, what: str) -> str:
    """Build the command that installs something, in an environment where pip may not do it here."""
    if facts.is_environment or not facts.is_externally_managed:
        return f"{facts.executable} -m pip install '{what}'"
    # A new environment does not have the package yet, and it comes as a file.
    what = what.replace("edge-runtime", f"./edge_runtime-{__version__}-py3-none-any.whl")
    if facts.pointer_bits == 32:
        # No numpy and no Pillow have wheels for it: Debian's own stand in.
        return (
            "sudo apt install python3-numpy python3-pil && python3 -m venv --system-site-packages "
            f"~/edge && ~/edge/bin/pip install '{what}'"
        )
    return f"python3 -m venv ~/edge && ~/edge/bin/pip install '{what}'"


def _judge_runtimes(facts: Facts) -> Iterator[Problem]:
    extra = recommend_extra(facts)
    if not facts.is_usable:
        yield Problem(
            "error",
            "no-runtime",
            "no runtime works here",
            format_install(facts, f"edge-runtime[{extra},image]")
            if extra
            else "no runtime has wheels for this machine; see below",
        )
    installed = {package.name for package in facts.host.packages}
    if "tflite-runtime" in installed and facts.numpy_version.split(".")[0] not in ("0", "1"):
        yield Problem(
            "warning",
            "numpy-2",
            f"tflite-runtime was built for numpy 1 and finds numpy {facts.numpy_version}",
            format_install(facts, "numpy<2"),
        )
        installed -= {"tflite-runtime"}
    # Said whatever came of trying it, which shows no more than that it crashed.
    for failure in find_known_failures(facts.host):
        found = next(p.version for p in facts.host.packages if p.name == failure.package)
        yield Problem(
            "warning",
            "known-failure",
            f"{failure.package} {found} fails on {failure.where}: {failure.what}",
            format_install(facts, failure.install),
        )
        installed -= {failure.package}
    for status in facts.runtimes:
        if status.version is None and status.package in installed:
            yield Problem(
                "warning",
                "broken-runtime",
                f"{status.package} is installed but does not work: {status.reason}",
                f"{facts.executable} -m pip uninstall {status.package}",
            )


def _judge_system(facts: Facts) -> Iterator[Problem]:
    severity: Severity = "note" if facts.is_usable else "error"
    if facts.kernel_machine == "armv6l":
        yield Problem(
            severity,
            "armv6",
            "the processor is an ARMv6 (Raspberry Pi 1, Zero, Zero W), for which no runtime has "
            "wheels",
            "use a Raspberry Pi 3, Zero 2 W or newer",
        )
    elif facts.pointer_bits == 32:
        kernel = "64-bit" if facts.kernel_machine in ("aarch64", "x86_64") else "32-bit"
        yield Problem(
            severity,
            "32-bit",
            f"this is a 32-bit system under a {kernel} kernel ({facts.kernel_machine}): only "
            "tflite-runtime has wheels for it, up to Python 3.11",
            format_install(facts, "edge-runtime[tflite]")
            if recommend_extra(facts) == "tflite" and not facts.is_usable
            else _ONTO_64_BIT,
        )
    if facts.libc == "musl":
        yield Problem(
            severity,
            "musl",
            "the C library is musl (Alpine Linux); the runtimes' wheels need glibc",
            "use a system with glibc, such as Raspberry Pi OS or Debian",
        )
    elif facts.libc == "glibc" and facts.libc_version < LITERT_GLIBC:
        found = ".".join(map(str, facts.libc_version))
        extra = recommend_extra(facts)
        yield Problem(
            severity,
            "old-glibc",
            f"ai-edge-litert, the fastest runtime, needs glibc 2.34 or newer, found {found}",
            "install Raspberry Pi OS 12 or newer"
            + (f", or: {format_install(facts, f'edge-runtime[{extra}]')}" if extra else ""),
        )


def _judge_python(facts: Facts) -> Iterator[Problem]:
    found = f"{facts.implementation} {'.'.join(map(str, facts.python))}"
    no_wheels = None
    if facts.implementation != "CPython":
        no_wheels = f"this is {found}; the runtimes' wheels are for CPython"
    elif facts.is_free_threaded:
        no_wheels = f"this is the free-threaded {found}, for which the runtimes have no wheels"
    elif facts.python > NEWEST_PYTHON:
        newest = ".".join(map(str, NEWEST_PYTHON))
        no_wheels = f"this is {found}; the runtimes have wheels up to Python {newest}"
    if no_wheels:
        yield Problem(
            "note" if facts.is_usable else "error",
            "python",
            no_wheels,
            "make the environment with the system's own Python: /usr/bin/python3 -m venv ~/edge",
        )
    if facts.is_externally_managed and not facts.is_environment:
        yield Problem(
            "note",
            "externally-managed",
            "this Python belongs to the system: pip ends with externally-managed-environment",
            format_install(facts, f"edge-runtime[{recommend_extra(facts) or 'litert'},image]"),
        )


def _judge_packages(facts: Facts) -> Iterator[Problem]:
    if facts.pillow_version is None:
        yield Problem(
            "warning",
            "no-pillow",
            "Pillow is missing: picture files cannot be opened, only arrays",
            format_install(facts, "edge-runtime[image]"),
        )


def _judge_room(facts: Facts) -> Iterator[Problem]:
    memory = facts.available_memory_bytes
    if memory is not None and memory < _LEAST_MEMORY:
        yield Problem(
            "warning",
            "memory",
            f"only {memory // 2**20} MiB of memory are available; a small model needs about 60",
            "close other programs (see: free -h; top -o %MEM)",
        )
    if facts.free_bytes < _LEAST_FREE:
        yield Problem(
            "warning",
            "free-space",
            f"only {facts.free_bytes // 2**20} MiB are free in {facts.packages_folder}; installing "
            "a runtime needs up to 200",
            "sudo apt clean; what fills the card: sudo du -xh / | sort -h | tail",
        )


def _judge_sensors(facts: Facts) -> Iterator[Problem]:
    for finding in judge_sensors(facts.sensors, facts.sensors):
        if finding.code in _SENSOR_CODES:
            yield Problem("warning", finding.code, finding.message, finding.next_step)


def _judge_processor(facts: Facts) -> Iterator[Problem]:
    formats = dict.fromkeys(
        model_format
        for status in facts.runtimes
        if status.version is not None
        for model_format in status.formats
    )
    outlooks = dict.fromkeys(judge_int8(facts.host, model_format) for model_format in formats)
    for outlook in outlooks:
        if outlook.code in ("int8-slow", "int8-similar", "int8-exact"):
            yield Problem("note", outlook.code, outlook.message, outlook.remedy)

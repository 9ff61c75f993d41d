"""Which SIMD instructions this process may use: how fast int8 is depends on them.

``/proc/cpuinfo`` describes the machine, and under user-mode emulation that is another processor.
So the instructions come from what this process was given: on x86 the CPUID that the C library
read at start (glibc 2.33 or newer), on Arm the kernel's auxiliary vector. Where neither is known,
``/proc/cpuinfo`` has the word.
"""

import ctypes
import struct
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Level = Literal["x86-64-v1", "x86-64-v2", "x86-64-v3", "x86-64-v4", "neon"]

# What each level of the x86-64 psABI adds, by the names in /proc/cpuinfo. `abm` is LZCNT there,
# `pni` is SSE3.
_LEVELS: tuple[tuple[Level, frozenset[str]], ...] = (
    ("x86-64-v1", frozenset({"sse", "sse2"})),
    (
        "x86-64-v2",
        frozenset({"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"}),
    ),
    (
        "x86-64-v3",
        frozenset({"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"}),
    ),
    ("x86-64-v4", frozenset({"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"})),
)
# Beyond the levels, what int8 and float16 kernels use, in the order in which it is shown.
_EXTENSIONS = {
    "x86": ("avx512_vnni", "avx_vnni"),
    "arm": ("asimddp", "i8mm", "fphp"),
}
_DOT_PRODUCTS = ("avx512_vnni", "avx_vnni", "asimddp")
_X86 = ("x86_64", "amd64", "i386", "i486", "i586", "i686")

# Flag → leaf as glibc counts them, register (eax, ebx, ecx, edx) and bit (Intel SDM, CPUID).
_EAX, _EBX, _ECX, _EDX = range(4)
_LEAF_1, _LEAF_7, _LEAF_80000001, _LEAF_7_1 = 0, 1, 2, 6
_CPUID_BITS = {
    "sse": (_LEAF_1, _EDX, 25),
    "sse2": (_LEAF_1, _EDX, 26),
    "pni": (_LEAF_1, _ECX, 0),
    "ssse3": (_LEAF_1, _ECX, 9),
    "fma": (_LEAF_1, _ECX, 12),
    "cx16": (_LEAF_1, _ECX, 13),
    "sse4_1": (_LEAF_1, _ECX, 19),
    "sse4_2": (_LEAF_1, _ECX, 20),
    "movbe": (_LEAF_1, _ECX, 22),
    "popcnt": (_LEAF_1, _ECX, 23),
    "xsave": (_LEAF_1, _ECX, 26),
    "avx": (_LEAF_1, _ECX, 28),
    "f16c": (_LEAF_1, _ECX, 29),
    "bmi1": (_LEAF_7, _EBX, 3),
    "avx2": (_LEAF_7, _EBX, 5),
    "bmi2": (_LEAF_7, _EBX, 8),
    "avx512f": (_LEAF_7, _EBX, 16),
    "avx512dq": (_LEAF_7, _EBX, 17),
    "avx512cd": (_LEAF_7, _EBX, 28),
    "avx512bw": (_LEAF_7, _EBX, 30),
    "avx512vl": (_LEAF_7, _EBX, 31),
    "avx512_vnni": (_LEAF_7, _ECX, 11),
    "lahf_lm": (_LEAF_80000001, _ECX, 0),
    "abm": (_LEAF_80000001, _ECX, 5),
    "avx_vnni": (_LEAF_7_1, _EAX, 4),
}
_LEAVES = 7
# Flag → entry of the auxiliary vector (16: AT_HWCAP, 26: AT_HWCAP2) and bit (Linux, uapi/hwcap.h).
_HWCAP_BITS = {
    "aarch64": {
        "asimd": (16, 1),
        "fphp": (16, 9),
        "asimdhp": (16, 10),
        "asimddp": (16, 20),
        "i8mm": (26, 13),
    },
    "arm": {
        "neon": (16, 12),
        "fphp": (16, 22),
        "asimdhp": (16, 23),
        "asimddp": (16, 24),
        "i8mm": (16, 27),
    },
}


@dataclass(frozen=True, slots=True)
class Simd:
    """The SIMD instructions that decide how fast int8 is.

    Attributes:
        level: Level of the x86-64 psABI, or ``neon`` on Arm; None where there is none or it is
            not known.
        extensions: ``avx512_vnni`` and ``avx_vnni``, or ``asimddp`` (dot product), ``i8mm`` (int8
            matrix products) and ``fphp`` (float16), as far as they are there.
        int8_dot_product: Whether one instruction multiplies int8 values and adds the products
            (VNNI, or Arm's dot product); None where it is not known.
    """

    level: Level | None = None
    extensions: tuple[str, ...] = ()
    int8_dot_product: bool | None = None


@dataclass(frozen=True, slots=True)
class ProcessView:
    """What the process itself was told of its processor.

    Attributes:
        known: Flags that the source of this view tells of.
        flags: Those of them that are usable.
        model: CPU family, model and stepping of an x86 processor; None on Arm.
    """

    known: frozenset[str]
    flags: frozenset[str]
    model: tuple[int, int, int] | None = None


def is_x86(machine: str) -> bool:
    """Whether `machine`, as ``uname -m`` says it, has the x86 instruction set."""
    return machine.lower() in _X86


def find_simd(machine: str, flags: Iterable[str]) -> Simd:
    """Derive the SIMD level from a processor's flags, as Linux names them.

    Args:
        machine: Instruction set, such as ``aarch64``.
        flags: From ``/proc/cpuinfo``; none of them means that nothing is known.
    """
    there = frozenset(flags)
    if not there:
        return Simd()
    extensions = tuple(
        name for name in _EXTENSIONS["x86" if is_x86(machine) else "arm"] if name in there
    )
    return Simd(
        _find_level(machine, there), extensions, any(name in there for name in _DOT_PRODUCTS)
    )


def format_simd(simd: Simd) -> str | None:
    """Name the SIMD level, such as ``x86-64-v3 without VNNI``; None where it is not known."""
    if simd.level is None:
        return None
    if simd.level != "neon":
        return f"{simd.level} {'with' if simd.int8_dot_product else 'without'} VNNI"
    more = {"i8mm": "int8 matrix products", "fphp": "float16"}
    parts = [more[name] for name in simd.extensions if name in more]
    if not simd.int8_dot_product:
        return " and ".join(["NEON without dot product", *parts])
    return f"NEON with {', '.join(['dot product', *parts])}"


def read_process_view(machine: str) -> ProcessView | None:
    """Ask what this process sees of its processor; None where nothing tells it."""
    if is_x86(machine):
        leaves = _read_cpuid()
        return None if leaves is None else decode_cpuid(leaves[0], leaves[1])
    family = _name_arm(machine)
    if family is None:
        return None
    try:
        auxiliary = Path("/proc/self/auxv").read_bytes()
    except OSError:
        return None
    return decode_auxiliary(family, auxiliary)


def decode_cpuid(signature: int, usable: Sequence[Sequence[int]]) -> ProcessView:
    """Name the bits of CPUID.

    Args:
        signature: eax of leaf 1: family, model and stepping.
        usable: Per leaf the four registers, with only those bits set that the system lets
            programs use.
    """
    flags = (
        name
        for name, (leaf, register, bit) in _CPUID_BITS.items()
        if usable[leaf][register] >> bit & 1
    )
    family, model = signature >> 8 & 0xF, signature >> 4 & 0xF
    if family in (6, 15):
        model += (signature >> 16 & 0xF) << 4
    if family == 15:
        family += signature >> 20 & 0xFF
    return ProcessView(frozenset(_CPUID_BITS), frozenset(flags), (family, model, signature & 0xF))


def decode_auxiliary(family: str, auxiliary: bytes) -> ProcessView | None:
    """Name the capabilities in an Arm process's auxiliary vector; None where it tells none.

    Args:
        family: ``aarch64`` or ``arm``, of this program, not of the kernel.
        auxiliary: Pairs of numbers of the program's word size, as in ``/proc/self/auxv``.
    """
    word = "=QQ" if family == "aarch64" else "=II"
    whole = len(auxiliary) - len(auxiliary) % struct.calcsize(word)
    entries: Mapping[int, int] = dict(struct.iter_unpack(word, auxiliary[:whole]))
    if 16 not in entries:
        return None
    bits = _HWCAP_BITS[family]
    flags = (name for name, (entry, bit) in bits.items() if entries.get(entry, 0) >> bit & 1)
    return ProcessView(frozenset(bits), frozenset(flags))


def _find_level(machine: str, flags: frozenset[str]) -> Level | None:
    if not is_x86(machine):
        # 64-bit kernels name NEON asimd.
        return "neon" if flags & {"asimd", "neon"} else None
    level: Level | None = None
    if machine.lower() not in ("x86_64", "amd64"):
        return level
    for name, needed in _LEVELS:
        if not needed <= flags:
            break
        level = name
    return level


def _name_arm(machine: str) -> str | None:
    """Instruction set of this program, which may be 32-bit under a 64-bit kernel."""
    if machine.startswith(("aarch64", "arm")):
        return "aarch64" if sys.maxsize > 2**32 else "arm"
    return None


class _CpuidFeature(ctypes.Structure):
    """glibc's ``struct cpuid_feature`` (sys/platform/x86.h): four registers, and what is usable."""

    _fields_ = (("cpuid", ctypes.c_uint32 * 4), ("active", ctypes.c_uint32 * 4))


def _read_cpuid() -> tuple[int, list[list[int]]] | None:
    """Signature and usable bits per leaf, from glibc 2.33 or newer; None without it."""
    try:
        ask = ctypes.CDLL(None).__x86_get_cpuid_feature_leaf
    except (OSError, AttributeError, TypeError):
        return None
    ask.argtypes, ask.restype = [ctypes.c_uint], ctypes.POINTER(_CpuidFeature)
    leaves = [ask(leaf).contents for leaf in range(_LEAVES)]
    return leaves[_LEAF_1].cpuid[_EAX], [list(leaf.active) for leaf in leaves]

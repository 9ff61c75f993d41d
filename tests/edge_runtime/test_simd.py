"""SIMD level, name and clock of processors that are not here, from what their kernels show."""

import dataclasses
import json
import os
import platform
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from edge_runtime.cli.main import run_command_line
from edge_runtime.document import from_document, to_document
from edge_runtime.measurement.host import (
    Host,
    choose_clock_mhz,
    choose_flags,
    choose_processor,
    describe_cores,
    describe_host,
    simd_of,
)
from edge_runtime.measurement.simd import (
    ProcessView,
    Simd,
    decode_auxiliary,
    decode_cpuid,
    find_simd,
    format_simd,
)

ROOT = Path(__file__).parents[2]
EMULATOR = shutil.which("qemu-x86_64-static")
V1 = "fpu sse sse2 syscall nx lm"
V2 = f"{V1} cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
V3 = f"{V2} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"
V4 = f"{V3} avx512bw avx512cd avx512dq avx512f avx512vl"
PI_3_AND_4 = "fp asimd evtstrm crc32 cpuid"
PI_5 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop"
PI_5 += " asimddp"
PI_32_BIT = (
    "half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm crc32"
)
ARMV6 = "half thumb fastmult vfp edsp java tls"

HASWELL_IN_QEMU = ProcessView(
    frozenset({*V4.split(), "avx512_vnni", "avx_vnni"}) - {"fpu", "syscall", "nx", "lm"},
    frozenset(V3.split()) - {"fpu", "syscall", "nx", "lm"},
    (6, 60, 4),
)
ZEN_4 = f"""\
processor	: 0
vendor_id	: AuthenticAMD
cpu family	: 25
model		: 17
model name	: AMD EPYC
stepping	: 1
cpu MHz		: 2596.146
flags		: {V4} avx512_vnni hypervisor
"""
PI_4 = f"""\
processor	: 0
BogoMIPS	: 108.00
Features	: {PI_3_AND_4}
CPU implementer	: 0x41
CPU architecture: 8
CPU part	: 0xd08

Model		: Raspberry Pi 4 Model B Rev 1.4
"""


@pytest.mark.parametrize(
    ("machine", "flags", "simd", "text"),
    [
        ("x86_64", V1, Simd("x86-64-v1", (), False), "x86-64-v1 without VNNI"),
        ("x86_64", V2, Simd("x86-64-v2", (), False), "x86-64-v2 without VNNI"),
        ("x86_64", V3, Simd("x86-64-v3", (), False), "x86-64-v3 without VNNI"),
        ("x86_64", V4, Simd("x86-64-v4", (), False), "x86-64-v4 without VNNI"),
        (
            "x86_64",
            f"{V4} avx512_vnni",
            Simd("x86-64-v4", ("avx512_vnni",), True),
            "x86-64-v4 with VNNI",
        ),
        (
            "x86_64",
            f"{V3} avx_vnni",
            Simd("x86-64-v3", ("avx_vnni",), True),
            "x86-64-v3 with VNNI",
        ),
        # AVX2 without one of the others is no level 3.
        (
            "x86_64",
            V3.replace(" movbe", ""),
            Simd("x86-64-v2", (), False),
            "x86-64-v2 without VNNI",
        ),
        # A gap below counts, whatever is above.
        ("x86_64", V4.replace(" fma", ""), Simd("x86-64-v2", (), False), "x86-64-v2 without VNNI"),
        ("i686", V1, Simd(None, (), False), None),
        ("aarch64", PI_3_AND_4, Simd("neon", (), False), "NEON without dot product"),
        (
            "aarch64",
            PI_5,
            Simd("neon", ("asimddp", "fphp"), True),
            "NEON with dot product, float16",
        ),
        (
            "aarch64",
            f"{PI_5} i8mm",
            Simd("neon", ("asimddp", "i8mm", "fphp"), True),
            "NEON with dot product, int8 matrix products, float16",
        ),
        ("armv7l", PI_32_BIT, Simd("neon", (), False), "NEON without dot product"),
        ("armv6l", ARMV6, Simd(None, (), False), None),
        ("x86_64", "", Simd(None, (), None), None),
        ("riscv64", "", Simd(None, (), None), None),
    ],
)
def test_a_level_follows_from_the_flags(
    machine: str, flags: str, simd: Simd, text: str | None
) -> None:
    assert find_simd(machine, flags.split()) == simd
    assert format_simd(simd) == text


def test_the_registers_of_cpuid_are_named() -> None:
    # As QEMU's Haswell and a Zen 4 server give them: ecx and edx of leaf 1, and so on.
    haswell = [[0] * 4 for _ in range(7)]
    haswell[0] = [0, 0, 0x7ED83203, 0x07888110]
    haswell[1] = [0, 0x328, 0, 0]
    haswell[2] = [0, 0, 0x21, 0x08000000]
    view = decode_cpuid(0x306C4, haswell)
    assert view.model == (6, 60, 4)
    assert find_simd("x86_64", view.flags) == Simd("x86-64-v3", (), False)
    server = [list(leaf) for leaf in haswell]
    server[1] = [0, 0xF1AF0328, 0x00405F42, 0x10]
    view = decode_cpuid(0xA10F11, server)
    assert view.model == (25, 17, 1)
    assert find_simd("x86_64", view.flags) == Simd("x86-64-v4", ("avx512_vnni",), True)
    laptop = [list(leaf) for leaf in haswell]
    laptop[6] = [0x10, 0, 0, 0]
    view = decode_cpuid(0x90672, laptop)
    assert find_simd("x86_64", view.flags) == Simd("x86-64-v3", ("avx_vnni",), True)


def build_auxiliary(word: str, entries: Iterable[tuple[int, int]]) -> bytes:
    return b"".join(struct.pack(f"={word}{word}", *entry) for entry in (*entries, (0, 0)))


def test_the_auxiliary_vector_of_an_arm_process_is_named() -> None:
    board_5 = build_auxiliary("Q", [(6, 4096), (16, 1 << 1 | 1 << 9 | 1 << 10 | 1 << 20)])
    view = decode_auxiliary("aarch64", board_5)
    assert view is not None
    assert find_simd("aarch64", view.flags) == Simd("neon", ("asimddp", "fphp"), True)
    newer = decode_auxiliary("aarch64", build_auxiliary("Q", [(16, 1 << 1), (26, 1 << 13)]))
    assert newer is not None
    assert newer.flags == {"asimd", "i8mm"}
    narrow = decode_auxiliary("arm", build_auxiliary("I", [(16, 1 << 12)]))
    assert narrow is not None
    assert narrow.flags == {"neon"}
    assert decode_auxiliary("aarch64", build_auxiliary("Q", [(6, 4096)])) is None
    assert decode_auxiliary("aarch64", b"cut short") is None


def test_an_emulated_processor_is_described_and_not_its_host() -> None:
    flags = choose_flags("x86_64", ZEN_4, HASWELL_IN_QEMU)
    assert find_simd("x86_64", flags) == Simd("x86-64-v3", (), False)
    assert "hypervisor" not in flags
    name = choose_processor("x86_64", ZEN_4, HASWELL_IN_QEMU)
    assert name == "x86 family 6 model 60 stepping 4"
    assert choose_clock_mhz("x86_64", ZEN_4, HASWELL_IN_QEMU, 3700.0) is None


def test_an_emulated_board_that_shows_its_host_s_file_is_not_described_by_it() -> None:
    view = ProcessView(frozenset({"asimd", "asimddp"}), frozenset({"asimd"}))
    assert choose_flags("aarch64", ZEN_4, view) == ("asimd",)
    assert choose_flags("aarch64", ZEN_4, None) == ()
    assert choose_processor("aarch64", ZEN_4, view) is None
    assert choose_clock_mhz("aarch64", ZEN_4, view, None) is None


def test_a_processor_that_agrees_with_its_file_keeps_all_that_stands_there() -> None:
    here = dataclasses.replace(HASWELL_IN_QEMU, model=(25, 17, 1))
    assert "hypervisor" in choose_flags("x86_64", ZEN_4, here)
    assert "avx512f" not in choose_flags("x86_64", ZEN_4, here)
    assert choose_flags("x86_64", ZEN_4, None) == tuple(
        sorted(f"{V4} avx512_vnni hypervisor".split())
    )
    assert choose_processor("x86_64", ZEN_4, None) == "AMD EPYC"
    assert choose_clock_mhz("x86_64", ZEN_4, None, None) == 2596.146
    assert choose_clock_mhz("x86_64", ZEN_4, None, 3700.0) == 3700.0
    assert choose_processor("aarch64", PI_4, None) == "Cortex-A72"
    assert choose_flags("aarch64", PI_4, None) == tuple(sorted(PI_3_AND_4.split()))
    assert choose_clock_mhz("aarch64", PI_4, None, 1800.0) == 1800.0
    assert choose_clock_mhz("aarch64", PI_4, None, None) is None
    assert choose_processor("aarch64", "", None) is None


def test_documents_of_older_toolkits_are_read_and_their_flags_tell_the_level() -> None:
    host = dataclasses.replace(
        describe_host(),
        machine="x86_64",
        cores=2,
        flags=tuple(f"{V4} avx512_vnni".split()),
        simd=None,
        clock_mhz=None,
    )
    document = to_document(host)
    del document["simd"], document["clock_mhz"]
    read = from_document(Host, document, "old.json")
    assert read.simd is None
    assert simd_of(read) == Simd("x86-64-v4", ("avx512_vnni",), True)
    assert describe_cores(read) == "2 cores, x86-64-v4 with VNNI"
    newer = dataclasses.replace(read, cores=1, simd=simd_of(read), clock_mhz=3650.0)
    assert from_document(Host, to_document(newer), "new.json") == newer
    assert describe_cores(newer) == "1 core, x86-64-v4 with VNNI, 3.65 GHz"
    assert describe_cores(dataclasses.replace(read, flags=())) == "2 cores"


@pytest.mark.workstation
@pytest.mark.skipif(
    EMULATOR is None or platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc",
    reason="needs qemu-x86_64-static (apt: qemu-user-static) on an x86-64 machine with glibc",
)
@pytest.mark.parametrize(
    ("processor", "level", "name"),
    [
        ("Haswell", "x86-64-v3", "x86 family 6 model 60 stepping 4"),
        ("Nehalem", "x86-64-v2", "x86 family 6 model 26 stepping 3"),
    ],
)
def test_a_process_under_an_emulator_sees_the_emulated_processor(
    processor: str, level: str, name: str
) -> None:
    script = (
        "from edge_runtime.document import to_ascii_json;"
        "from edge_runtime.measurement.host import describe_host;"
        "print(to_ascii_json(describe_host()))"
    )
    command = [str(EMULATOR), "-cpu", processor, sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    host = json.loads(done.stdout)
    assert host["simd"] == {"level": level, "extensions": [], "int8_dot_product": False}
    assert host["processor"] == name
    assert host["clock_mhz"] is None


def test_this_machine_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["doctor", "--json"]) == 0
    host = json.loads(capsys.readouterr().out)["host"]
    assert host["simd"] == to_document(find_simd(os.uname().machine, host["flags"]))

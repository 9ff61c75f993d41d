"""QEMU's user-mode emulators, taken out of Debian's packages without installing them.

Two versions are needed. The one of Debian 13 (10.0, linked statically) runs programs: it shows an
Arm ``/proc/cpuinfo`` and is two to three times as fast on int8 models. It cannot load plugins,
being static; counting instructions takes the dynamic one of Debian 12 (7.2).
"""

from dataclasses import dataclass
from pathlib import Path

from .debian import download_packages, unpack_package
from .storage import building, cache_folder, run_tool

_PROGRAMS = ("qemu-aarch64", "qemu-arm", "qemu-x86_64")
# One of the unused bytes in the header of a program (e_ident[EI_PAD:]), 0 everywhere else.
_MARKED_BYTE = 15


def load_arm_emulator(bits: int) -> Path:
    """Path of the static QEMU 10 for 64 or 32 bits, downloaded at the first call."""
    return _load_programs() / ("qemu-aarch64" if bits == 64 else "qemu-arm")


def load_x86_emulator() -> Path:
    """Path of the static QEMU 10 for x86-64 programs.

    Its header is marked, so that a kernel that is told to emulate x86-64 programs can tell the
    emulator, which is one too, from all others.
    """
    return _load_programs() / "qemu-x86_64"


def _load_programs() -> Path:
    folder = cache_folder() / "qemu-run"
    with building(folder, f"qemu-user of trixie: {' '.join(_PROGRAMS)}") as fresh:
        if fresh:
            (package,) = download_packages("trixie", "amd64", ["qemu-user"], fresh, alone=True)
            unpack_package(package, fresh, *(f"./usr/bin/{name}" for name in _PROGRAMS))
            package.unlink()
            with (fresh / "usr" / "bin" / "qemu-x86_64").open("r+b") as program:
                program.seek(_MARKED_BYTE)
                program.write(b"\x01")
    return folder / "usr" / "bin"


@dataclass(frozen=True, slots=True)
class CountingEmulator:
    """The dynamic QEMU 7.2: how to start it, its version, and where its libraries lie."""

    program: Path
    libraries: Path
    version: str


def load_counting_emulator() -> CountingEmulator:
    """The QEMU that loads plugins, downloaded with its libraries at the first call."""
    folder = cache_folder() / "qemu-count"
    with building(folder, "qemu-user of bookworm with its libraries") as fresh:
        if fresh:
            wanted = ["qemu-user", "libcapstone4", "liburing2"]
            for package in download_packages("bookworm", "amd64", wanted, fresh, alone=True):
                unpack_package(package, fresh)
    libraries = folder / "usr" / "lib" / "x86_64-linux-gnu"
    program = folder / "usr" / "bin" / "qemu-aarch64"
    printed = run_tool([program, "--version"], env={"LD_LIBRARY_PATH": str(libraries)})
    return CountingEmulator(program, libraries, printed.split()[2])

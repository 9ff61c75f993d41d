"""QEMU's user-mode emulators, taken out of Debian's packages without installing them.

Two are needed. The one of Debian 13 (10.0, linked statically) runs programs: it shows an Arm
``/proc/cpuinfo`` and is two to three times as fast on int8 models. It cannot load plugins, being
static; counting instructions takes the dynamic one of Debian 12 (7.2).
"""

from dataclasses import dataclass
from pathlib import Path

from .debian import download_packages, unpack_package
from .storage import building, cache_folder, run_tool


def load_static_emulator(bits: int) -> Path:
    """Path of the static QEMU 10 for 64 or 32 bits, downloaded at the first call."""
    folder = cache_folder() / "qemu-run"
    with building(folder, "qemu-user of trixie") as fresh:
        if fresh:
            (package,) = download_packages("trixie", "amd64", ["qemu-user"], fresh, alone=True)
            unpack_package(package, fresh, "./usr/bin/qemu-aarch64", "./usr/bin/qemu-arm")
    return folder / "usr" / "bin" / ("qemu-aarch64" if bits == 64 else "qemu-arm")


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
    said = run_tool([program, "--version"], env={"LD_LIBRARY_PATH": str(libraries)})
    return CountingEmulator(program, libraries, said.split()[2])

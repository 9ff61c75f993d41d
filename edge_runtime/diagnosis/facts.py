"""What is true of this machine and this Python; gathered here, judged elsewhere."""

import os
import platform
import re
import shutil
import struct
import sys
import sysconfig
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edge_runtime.backends.probe import probe_backends
from edge_runtime.backends.registry import BackendStatus
from edge_runtime.measurement.host import (
    Host,
    Sensors,
    describe_host,
    read_available_memory_bytes,
    read_sensors,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What matters to running models here.

    Attributes:
        host: The machine and its packages.
        sensors: Heat, power and clock now.
        runtimes: Every runtime, with the reason where it does not work.
        kernel_machine: Instruction set of the kernel; a 32-bit Python may run under a 64-bit one.
        pointer_bits: 32 or 64, of this Python.
        python: Version, such as (3, 11).
        implementation: ``CPython`` or another one.
        is_free_threaded: This Python has no global lock; few wheels are built for it.
        executable: This Python's path.
        is_environment: It is a virtual environment.
        is_externally_managed: The system's package manager owns it, so pip refuses to install.
        libc: ``glibc``, ``musl`` or empty where it cannot be told.
        libc_version: Such as (2, 36); empty where it cannot be told.
        numpy_version: Such as ``1.26.4``.
        pillow_version: None where Pillow is not installed.
        available_memory_bytes: What programs may still take; None where it is not told.
        free_bytes: Free space where packages are installed.
        packages_folder: That place.
    """

    host: Host
    sensors: Sensors
    runtimes: tuple[BackendStatus, ...]
    kernel_machine: str
    pointer_bits: int
    python: tuple[int, int]
    implementation: str
    is_free_threaded: bool
    executable: str
    is_environment: bool
    is_externally_managed: bool
    libc: str
    libc_version: tuple[int, ...]
    numpy_version: str
    pillow_version: str | None
    available_memory_bytes: int | None
    free_bytes: int
    packages_folder: str

    @property
    def is_usable(self) -> bool:
        """Whether any runtime works."""
        return any(status.version is not None for status in self.runtimes)


def gather_facts() -> Facts:
    """Look at this machine; each runtime is tried in a child process, which takes a second."""
    libc, libc_version = _find_libc()
    folder = Path(sysconfig.get_path("purelib"))
    # Where nothing was ever installed, pip makes it.
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return Facts(
        host=describe_host(),
        sensors=read_sensors(),
        runtimes=probe_backends(),
        kernel_machine=os.uname().machine,
        pointer_bits=struct.calcsize("P") * 8,
        python=sys.version_info[:2],
        implementation=platform.python_implementation(),
        is_free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        executable=sys.executable,
        is_environment=sys.prefix != sys.base_prefix,
        # PEP 668: this file in the standard library's folder marks it.
        is_externally_managed=Path(
            sysconfig.get_path("stdlib", sysconfig.get_default_scheme()), "EXTERNALLY-MANAGED"
        ).is_file(),
        libc=libc,
        libc_version=libc_version,
        numpy_version=_find_version("numpy") or "",
        pillow_version=_find_version("pillow"),
        available_memory_bytes=read_available_memory_bytes(),
        free_bytes=shutil.disk_usage(existing).free,
        packages_folder=str(folder),
    )


def _find_libc() -> tuple[str, tuple[int, ...]]:
    # musl names itself only in the suffix of extension modules.
    if "musl" in (sysconfig.get_config_var("SOABI") or ""):
        return "musl", ()
    name, text = platform.libc_ver()
    return name, tuple(map(int, re.findall(r"\d+", text)))


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

"""What machine this is, and what its sensors say now.

Everything is read from files of the Linux kernel or asked of ``vcgencmd`` on a Raspberry Pi; what
a machine does not tell is None, never a guess.
"""

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edge_runtime.cores import count_usable_cores
from edge_runtime.measurement.simd import (
    ProcessView,
    Simd,
    find_simd,
    format_simd,
    is_x86,
    read_process_view,
)

# What can change an answer or a duration; others are of no interest here.
_PACKAGES = (
    "edge-runtime",
    "numpy",
    "pillow",
    "ai-edge-litert",
    "tflite-runtime",
    "onnxruntime",
    "openvino",
    "tensorflow",
    "keras",
)
_CPUFREQ = Path("/sys/devices/system/cpu/cpu0/cpufreq")
_TELL_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Package:
    """An installed distribution."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Host:
    """What does not change while a program runs.

    Attributes:
        board: Name of the board or of the computer model.
        machine: Instruction set, such as ``aarch64``.
        processor: Model name of the processor.
        cores: Logical processors that this process may use.
        flags: What the processor says it can do, sorted.
        memory_bytes: Physical memory.
        system: Operating system with its version.
        kernel: Release of the kernel.
        libc: C library with its version.
        python: Implementation and version.
        packages: Installed distributions that matter to results.
        simd: SIMD level of the processor; None in documents of older toolkits, see `simd_of`.
        clock_mhz: The most that the first core may reach, or else what the kernel calls its clock.
    """

    board: str | None
    machine: str
    processor: str | None
    cores: int
    flags: tuple[str, ...]
    memory_bytes: int | None
    system: str
    kernel: str
    libc: str
    python: str
    packages: tuple[Package, ...]
    simd: Simd | None = None
    clock_mhz: float | None = None


@dataclass(frozen=True, slots=True)
class Sensors:
    """What changes: clock, heat, power and how busy the machine is.

    Attributes:
        governor: How the kernel chooses the clock; ``performance`` is steady.
        clock_mhz: Of the first core, as the kernel's cpufreq tells it.
        max_clock_mhz: The most that this core may reach.
        temperature_c: The hottest thermal zone.
        throttled: Bits of ``vcgencmd get_throttled``: 0–3 are true now, 16–19 were since boot.
        power_w: Sum of the rails that a Raspberry Pi 5 measures.
        load_1min: Processes waiting for a processor, mean over a minute.
        busy_cpu_s: Processor time that all processes have used since boot.
        stolen_cpu_s: Time that a virtual machine's host gave to others.
    """

    governor: str | None
    clock_mhz: float | None
    max_clock_mhz: float | None
    temperature_c: float | None
    throttled: int | None
    power_w: float | None
    load_1min: float | None
    busy_cpu_s: float | None
    stolen_cpu_s: float | None


def describe_host() -> Host:
    """Describe this machine; takes a few milliseconds and imports no runtime."""
    cpuinfo, machine = _cpuinfo(), platform.machine()
    view = read_process_view(machine)
    flags = choose_flags(machine, cpuinfo, view)
    libc_name, libc_version = platform.libc_ver()
    return Host(
        board=find_board(),
        machine=machine,
        processor=choose_processor(machine, cpuinfo, view),
        cores=count_usable_cores(),
        flags=flags,
        memory_bytes=_memory_bytes(),
        system=_system_name(),
        kernel=platform.release(),
        libc=f"{libc_name} {libc_version}".strip() or "unknown",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages=_installed_packages(),
        simd=find_simd(machine, flags),
        clock_mhz=choose_clock_mhz(
            machine, cpuinfo, view, _kilo(_read_number(_CPUFREQ / "cpuinfo_max_freq"))
        ),
    )


def simd_of(host: Host) -> Simd:
    """SIMD level of a machine; of a document from before there was one, by its flags."""
    return host.simd or find_simd(host.machine, host.flags)


def describe_cores(host: Host) -> str:
    """What stands beside a processor's name: cores, and SIMD level and clock where known.

    One name may stand for many processors: clouds call all of a maker's alike.
    """
    parts = [
        "1 core" if host.cores == 1 else f"{host.cores} cores",
        format_simd(simd_of(host)),
        None if host.clock_mhz is None else f"{host.clock_mhz / 1000:.2f} GHz",
    ]
    return ", ".join(part for part in parts if part)


def choose_flags(machine: str, cpuinfo: str, view: ProcessView | None) -> tuple[str, ...]:
    """What the processor can do, sorted: what the process was told counts over ``/proc/cpuinfo``.

    Args:
        machine: Instruction set of this program.
        cpuinfo: Text of ``/proc/cpuinfo``.
        view: What this process sees; None where nothing tells it.
    """
    told = frozenset(
        (_cpuinfo_value(cpuinfo, "flags" if is_x86(machine) else "Features") or "").split()
    )
    if view is None:
        return tuple(sorted(told))
    if _is_of_another(machine, cpuinfo, view):
        return tuple(sorted(view.flags))
    return tuple(sorted(told - view.known | view.flags))


def choose_processor(machine: str, cpuinfo: str, view: ProcessView | None) -> str | None:
    """Model name of the processor that this process sees; see `choose_flags`."""
    if _is_of_another(machine, cpuinfo, view):
        if view is None or view.model is None:
            return None
        family, model, stepping = view.model
        return f"x86 family {family} model {model} stepping {stepping}"
    name = _cpuinfo_value(cpuinfo, "model name", "Processor")
    if name:
        return name
    part = _cpuinfo_value(cpuinfo, "CPU part")
    return _ARM_PARTS.get(part.lower(), f"Arm part {part}") if part else None


def choose_clock_mhz(
    machine: str, cpuinfo: str, view: ProcessView | None, max_clock_mhz: float | None
) -> float | None:
    """Clock of the processor that this process sees; None where it is not told.

    Args:
        machine: See `choose_flags`, and
        cpuinfo: so are this
        view: and this.
        max_clock_mhz: The most that the kernel's cpufreq tells of.
    """
    if _is_of_another(machine, cpuinfo, view):
        return None
    if max_clock_mhz is not None:
        return max_clock_mhz
    try:
        return float(_cpuinfo_value(cpuinfo, "cpu MHz") or "")
    except ValueError:
        return None


def _is_of_another(machine: str, cpuinfo: str, view: ProcessView | None) -> bool:
    """Whether ``/proc/cpuinfo`` describes another processor: an emulator's host shows through."""
    if not is_x86(machine):
        # Only x86 kernels write who made the processor like this.
        return _cpuinfo_value(cpuinfo, "vendor_id") is not None and machine.startswith(
            ("arm", "aarch64")
        )
    told = [_cpuinfo_value(cpuinfo, name) for name in ("cpu family", "model", "stepping")]
    if view is None or view.model is None or None in told:
        return False
    return told != [str(number) for number in view.model]


def read_sensors() -> Sensors:
    """Read clock, temperature, throttling, power and load; what is not told is None."""
    busy, stolen = _processor_times()
    temperatures = [
        value / 1000
        for zone in sorted(Path("/sys/class/thermal").glob("thermal_zone*/temp"))
        if (value := _read_number(zone)) is not None
    ]
    governor = _read(_CPUFREQ / "scaling_governor")
    load = _read(Path("/proc/loadavg"))
    throttled = _ask("vcgencmd", "get_throttled")
    return Sensors(
        governor=governor.strip() if governor else None,
        clock_mhz=_kilo(_read_number(_CPUFREQ / "scaling_cur_freq")),
        max_clock_mhz=_kilo(_read_number(_CPUFREQ / "scaling_max_freq")),
        temperature_c=max(temperatures, default=None),
        throttled=parse_throttled(throttled) if throttled else None,
        power_w=parse_pmic_power(_ask("vcgencmd", "pmic_read_adc") or ""),
        load_1min=float(load.split()[0]) if load else None,
        busy_cpu_s=busy,
        stolen_cpu_s=stolen,
    )


def parse_throttled(text: str) -> int | None:
    """Read the answer of ``vcgencmd get_throttled``, such as ``throttled=0x50005``."""
    found = re.search(r"throttled=(0x[0-9a-fA-F]+)", text)
    return int(found.group(1), 16) if found else None


def parse_pmic_power(text: str) -> float | None:
    """Sum current × voltage over the rails in the answer of ``vcgencmd pmic_read_adc``, in watts.

    The rails do not cover what hangs on USB, and conversion losses are not in it.
    """
    amperes = dict(re.findall(r"(\S+)_A current\(\d+\)=([\d.]+)A", text))
    volts = dict(re.findall(r"(\S+)_V volt\(\d+\)=([\d.]+)V", text))
    rails = amperes.keys() & volts.keys()
    return sum(float(amperes[rail]) * float(volts[rail]) for rail in rails) if rails else None


def read_peak_memory_bytes() -> int | None:
    """Most physical memory that this process ever held.

    Not from ``getrusage``: Linux hands its maximum on through exec, so a child of a large process
    would show its parent's.
    """
    found = re.search(r"^VmHWM:\s+(\d+) kB", _read(Path("/proc/self/status")) or "", re.MULTILINE)
    return int(found.group(1)) * 1024 if found else None


def find_board() -> str | None:
    """Name of the board or of the computer model; None where it is not told."""
    # The first is a link to the second, but not where /proc is another machine's.
    tree = _read(Path("/proc/device-tree/model")) or _read(
        Path("/sys/firmware/devicetree/base/model")
    )
    if tree:
        return tree.rstrip("\0\n")
    # 32-bit kernels of old say it here.
    model = _cpuinfo_value(_cpuinfo(), "Model")
    if model:
        return model
    parts = [_read(Path("/sys/class/dmi/id") / name) for name in ("sys_vendor", "product_name")]
    return " ".join(part.strip() for part in parts if part and part.strip()) or None


def find_processor() -> str | None:
    """Model name of the processor; None where it is not told."""
    machine = platform.machine()
    return choose_processor(machine, _cpuinfo(), read_process_view(machine))


# Arm Ltd.'s part numbers (Main ID Register) of the processors on Raspberry Pi boards.
_ARM_PARTS = {
    "0xb76": "ARM1176",
    "0xc07": "Cortex-A7",
    "0xd03": "Cortex-A53",
    "0xd08": "Cortex-A72",
    "0xd0b": "Cortex-A76",
}


def read_available_memory_bytes() -> int | None:
    """Memory that programs may still take without swapping."""
    return _memory_bytes("MemAvailable")


def _cpuinfo() -> str:
    return _read(Path("/proc/cpuinfo")) or ""


def _cpuinfo_value(cpuinfo: str, *names: str) -> str | None:
    for name in names:
        found = re.search(rf"^{re.escape(name)}\s*:[ \t]*(.+)$", cpuinfo, re.MULTILINE)
        if found:
            return found.group(1).strip()
    return None


def _system_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        return platform.system()


def _memory_bytes(name: str = "MemTotal") -> int | None:
    found = re.search(rf"^{name}:\s+(\d+) kB", _read(Path("/proc/meminfo")) or "", re.MULTILINE)
    return int(found.group(1)) * 1024 if found else None


def _installed_packages() -> tuple[Package, ...]:
    found = []
    for name in _PACKAGES:
        try:
            found.append(Package(name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def _processor_times() -> tuple[float | None, float | None]:
    """Busy and stolen time since boot, from the first line of /proc/stat."""
    fields = (_read(Path("/proc/stat")) or "").partition("\n")[0].split()
    if len(fields) < 9 or fields[0] != "cpu":
        return None, None
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[1:9])
    ticks_per_s = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / ticks_per_s, steal / ticks_per_s


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _read_number(path: Path) -> float | None:
    text = _read(path)
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _kilo(value: float | None) -> float | None:
    return None if value is None else value / 1000


def _ask(*command: str) -> str | None:
    """Run a small program that tells something; None where it is missing or fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TELL_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None

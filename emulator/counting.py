"""Counting executed instructions: a cost that needs no clock and no quiet machine.

The guest program calls ``os.getsid(MARK)`` where it wants the count (the call fails, harmlessly);
a plugin for QEMU, compiled from ``counter.c`` at the first call, writes it down.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import EmulationUnavailableError, SetupError
from .machine import forbid_core_files, load_root
from .processors import Board, format_cpuinfo
from .qemu import CountingEmulator, load_counting_emulator
from .storage import building, cache_folder, run_tool
from .systems import System

MARK = 2147480311  # as in counter.c
_SOURCE = Path(__file__).with_name("counter.c")


def load_plugin() -> Path:
    """Compile the plugin, once.

    Raises:
        EmulationUnavailableError: There is no C compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        raise EmulationUnavailableError("a C compiler is missing: apt install gcc libc6-dev")
    folder = cache_folder() / "counter"
    with building(folder, _SOURCE.read_text()) as fresh:
        if fresh:
            flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
            run_tool([compiler, *flags, "-o", fresh / "counter.so", _SOURCE])
    return folder / "counter.so"


def build_view(board: Board, system: System) -> Path:
    """A folder that shows the system with this board's ``/proc/cpuinfo``, for ``qemu -L``."""
    root = load_root(system)
    view = cache_folder() / system.name / f"view-{board.name}"
    with building(view, f"{system} {board} {os.cpu_count()}") as fresh:
        if fresh:
            for name in ("bin", "etc", "lib", "sbin", "usr", "var"):
                (fresh / name).symlink_to(root / name)
            (fresh / "proc").mkdir()
            cpuinfo = format_cpuinfo(board, os.cpu_count() or 1)
            (fresh / "proc" / "cpuinfo").write_text(cpuinfo)
    return view


def count_instructions(
    board: Board,
    system: System,
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    timeout_s: float = 600,
) -> tuple[list[int], str]:
    """Run the board's Python with `arguments`; returns the count at each mark, and its output.

    Unlike on an `EmulatedPi`, files of the host show through and no child process can be started.

    Raises:
        SetupError: The program failed; the message ends with what it said.
    """
    emulator = load_counting_emulator()
    view = build_view(board, system)
    plugin = load_plugin()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "counts"
        done = subprocess.run(
            [
                emulator.program,
                *("-L", view, "-cpu", board.cpu),
                *("-plugin", f"{plugin},report={report}"),
                *_with_environment(environment),
                view / "usr" / "bin" / f"python{system.python}",
                *arguments,
            ],
            env={"PATH": os.environ.get("PATH", ""), **_libraries(emulator)},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            preexec_fn=forbid_core_files,
        )
        if done.returncode:
            said = "\n".join(done.stderr.splitlines()[-15:])
            raise SetupError(f"the counted program ended with {done.returncode}:\n{said}")
        return [int(line) for line in report.read_text().split()], done.stdout


def _libraries(emulator: CountingEmulator) -> dict[str, str]:
    return {"LD_LIBRARY_PATH": str(emulator.libraries)}


def _with_environment(environment: Mapping[str, str]) -> list[str]:
    """QEMU's flags: the guest gets these variables and not the emulator's own library path."""
    flags = ["-U", "LD_LIBRARY_PATH"]
    # A fixed seed, or the order of sets changes the path that Python takes.
    for name, value in {"PYTHONHASHSEED": "0", **environment}.items():
        flags += ["-E", f"{name}={value}"]
    return flags

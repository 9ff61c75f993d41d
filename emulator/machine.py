"""Machines with an emulated processor: a Raspberry Pi, an x86-64 computer."""

import functools
import json
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .debian import build_root
from .errors import EmulationUnavailableError, SetupError
from .processors import Board, X86Level
from .qemu import load_arm_emulator, load_x86_emulator
from .storage import building, cache_folder
from .systems import System

_ENTER = Path(__file__).with_name("namespace.py")
# QEMU knows the boards' own processors in 64-bit form only. This one is the strictest that Debian's
# 32-bit packages run on: it has none of the later instructions that a Pi 3's processor has.
_CPU_32_BIT = "cortex-a15"
_FOLDERS = ("dev", "home/pi", "local", "opt", "proc", "root", "run", "sys", "tmp", "usr")
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def check_host() -> None:
    """Check that this machine is one that the emulators are fetched for.

    Raises:
        EmulationUnavailableError: It is not.
    """
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        raise EmulationUnavailableError("processors are emulated on x86-64 Linux only")


@functools.cache
def check_emulation() -> None:
    """Find out once whether this machine can emulate boards, and programs with their children.

    Raises:
        EmulationUnavailableError: It cannot; the message says why.
    """
    check_host()
    probe = {"root": "/", "emulator": "/bin/true", "machine": "aarch64", "command": []}
    done = subprocess.run(
        [sys.executable, "-I", _ENTER, json.dumps(probe)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise EmulationUnavailableError(
            f"no user namespace with a binfmt_misc of its own (Linux 6.7 or newer): {last}"
        )


def load_root(system: System) -> Path:
    """The system's file tree, put together at the first call."""
    folder = cache_folder() / system.name / "root"
    with building(folder, f"{system}") as fresh:
        if fresh:
            build_root(system, fresh)
    return folder


def build_firmware(board: Board, folder: Path) -> Path:
    """Write the board's device tree, as far as programs ask for it, into `folder`."""
    model = folder / "devicetree" / "base" / "model"
    model.parent.mkdir(parents=True, exist_ok=True)
    model.write_text(board.model + "\0")
    return folder


@dataclass(frozen=True, slots=True)
class EmulatedPi:
    """An emulated board.

    Attributes:
        board: Which processor and model.
        system: Which operating system.
        disk: The folder that is its root, less ``/usr``; what a program writes stays there.
        shared: Folders of the host that show at the same path.
    """

    board: Board
    system: System
    disk: Path
    shared: tuple[Path, ...] = ()

    @classmethod
    def create(
        cls, board: Board, system: System, disk: Path, shared: Sequence[Path] = ()
    ) -> "EmulatedPi":
        """Lay out the disk (kept if it is there already) and return the board.

        Raises:
            EmulationUnavailableError: This machine cannot emulate.
            SetupError: A download failed.
        """
        check_emulation()
        root = load_root(system)
        for folder in _FOLDERS:
            (disk / folder).mkdir(parents=True, exist_ok=True)
        if not (disk / "etc").is_dir():
            for name in ("bin", "sbin", "lib"):
                (disk / name).symlink_to(f"usr/{name}")
            for name in ("etc", "var"):
                shutil.copytree(root / name, disk / name, symlinks=True)
        return cls(board, system, disk, tuple(path.resolve() for path in shared))

    @property
    def processor(self) -> str:
        """QEMU's name of the processor that is emulated."""
        return self.board.cpu if self.system.bits == 64 else _CPU_32_BIT

    def command(
        self,
        arguments: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | str = "/",
        uid: int = 0,
    ) -> list[str]:
        """The host's command line that runs `arguments` on the board."""
        root = load_root(self.system)
        mounts = [(root / "usr", "/usr"), (self.disk / "local", "/usr/local")]
        mounts += [(Path(name), name) for name in ("/proc", "/dev", "/sys")]
        if Path("/sys/firmware").is_dir():
            firmware = self.disk.with_name(f".{self.disk.name}-{self.board.name}")
            mounts.append((build_firmware(self.board, firmware), "/sys/firmware"))
        mounts += [(path, str(path)) for path in self.shared]
        if Path("/etc/resolv.conf").is_file():
            mounts.append((Path("/etc/resolv.conf"), "/etc/resolv.conf"))
        plan = {
            "root": str(self.disk.resolve()),
            "emulator": str(load_arm_emulator(self.system.bits)),
            "machine": "aarch64" if self.system.bits == 64 else "arm",
            "uid": uid,
            "folder": str(folder),
            "command": [str(part) for part in arguments],
            "mounts": [(str(source), target) for source, target in mounts],
            "environment": {
                "PATH": _PATH,
                "HOME": "/root" if uid == 0 else "/home/pi",
                "LANG": "C.UTF-8",
                "QEMU_CPU": self.processor,
                **(environment or {}),
            },
        }
        return [sys.executable, "-I", str(_ENTER), json.dumps(plan)]

    def run(
        self,
        arguments: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | str = "/",
        timeout_s: float = 600,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on the board to its end; standard output and error are captured."""
        return subprocess.run(
            self.command(arguments, environment=environment, folder=folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            preexec_fn=forbid_core_files,
        )


@dataclass(frozen=True, slots=True)
class X86Computer:
    """This computer with another x86-64 processor: the same files, the same Python environment.

    Attributes:
        level: Which instructions its processor has.
    """

    level: X86Level

    def run(self, arguments: Sequence[str | Path]) -> int:
        """Run a program with this process's files and terminal; returns its exit status.

        Its child processes are emulated too. The programs of this Python environment (``python``,
        ``edge-runtime``) come first in its PATH.

        Raises:
            EmulationUnavailableError: This machine cannot emulate child processes.
            SetupError: A download failed, or there is no such program.
        """
        searched = f"{sysconfig.get_path('scripts')}:{os.environ.get('PATH', _PATH)}"
        environment = {**os.environ, "PATH": searched}
        command = [str(part) for part in arguments]
        if not shutil.which(command[0], path=searched):
            raise SetupError(f"the program {command[0]} was not found in {searched}")
        if self.level.cpu is not None:
            check_emulation()
            environment["QEMU_CPU"] = self.level.cpu
            plan = {
                "root": None,
                "emulator": str(load_x86_emulator()),
                "machine": "x86_64",
                "folder": str(Path.cwd()),
                "command": command,
                "environment": environment,
            }
            command = [sys.executable, "-I", str(_ENTER), json.dumps(plan)]
        done = subprocess.run(command, env=environment, check=False, preexec_fn=forbid_core_files)
        return done.returncode

    def run_python(
        self,
        arguments: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        timeout_s: float = 600,
    ) -> subprocess.CompletedProcess[str]:
        """Run this Python environment alone, to its end; output is captured.

        Needs no namespace, so it works in containers and on older kernels as well; but child
        processes would run on the host's processor.

        Raises:
            EmulationUnavailableError: This machine cannot emulate.
            SetupError: A download failed.
        """
        check_host()
        emulator: list[str | Path] = []
        if self.level.cpu is not None:
            emulator = [load_x86_emulator(), "-cpu", self.level.cpu]
        return subprocess.run(
            [*emulator, sys.executable, *arguments],
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            preexec_fn=forbid_core_files,
        )


def forbid_core_files() -> None:
    """A crashing guest must not leave a core file of the whole emulator."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

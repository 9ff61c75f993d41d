"""Collect, on a workstation, all wheels that a board needs, so that the board needs no internet.

uv resolves for the board: it judges environment markers such as ``python_version`` for the target,
where pip would judge them for the workstation. pip then downloads exactly those versions, checked
against their hashes.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Runs on the board straight out of its own wheel: Debian's Python comes without pip.
PIP = "pip==25.3"
# The index holds no numpy for 32-bit Arm: there the board's own (python3-numpy) is used.
_ARMV7L_WHEELS = {"tflite": "tflite-runtime==2.14.0"}


class WheelhouseError(RuntimeError):
    """The wheels for a board could not be collected; the message says which step failed."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a board's wheels must fit.

    Attributes:
        machine: ``aarch64``, ``armv7l`` (a 32-bit system) or ``x86_64``.
        glibc: Version of its C library, as in ``2.36``.
        python: Version of its Python, as in ``3.11``.
        runtime: The extra to install: ``litert``, ``tflite`` or ``onnx``.
    """

    machine: str
    glibc: str
    python: str
    runtime: str

    @property
    def name(self) -> str:
        """Folder name of its wheelhouse."""
        return f"{self.machine}-glibc{self.glibc}-py{self.python}-{self.runtime}"

    @property
    def glibc_minor(self) -> int:
        """The part of the version that counts: glibc has been 2.something since 1997."""
        return int(self.glibc.split(".")[1])


@dataclass(frozen=True, slots=True)
class Wheelhouse:
    """One archive with all wheels and the locked list of them.

    Attributes:
        archive: A tar file: ``requirements.txt`` with hashes, ``SHA256SUMS`` and the wheels.
        digest: SHA-256 of the locked list and the wheels' sums; names the archive.
    """

    archive: Path
    digest: str


def build_wheelhouse(target: Target, wheel: Path, folder: Path) -> Wheelhouse:
    """Lock, download and pack; what is there already is used again.

    Args:
        target: The kind of board.
        wheel: Our own wheel.
        folder: Where wheelhouses are kept. Removing one's folder lets it resolve anew.

    Raises:
        WheelhouseError: No fitting wheel exists, or the index cannot be reached.
    """
    house = folder / target.name
    house.mkdir(parents=True, exist_ok=True)
    # Several boards of one kind ask at the same time.
    with (house / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        packed = house / f"{hash_file(wheel)[:16]}.json"
        if (known := _read_packed(packed)) is not None:
            return known
        wheels = house / "wheels"
        shutil.rmtree(wheels, ignore_errors=True)
        wheels.mkdir()
        _collect(target, wheel, wheels)
        found = _pack(wheels, house)
        beside = packed.with_suffix(".new")
        beside.write_text(json.dumps({"archive": found.archive.name, "digest": found.digest}))
        beside.rename(packed)
        shutil.rmtree(wheels)
        return found


def _read_packed(packed: Path) -> Wheelhouse | None:
    """What was packed earlier; None where it is not there, or its note cannot be read."""
    try:
        known = json.loads(packed.read_text())
        found = Wheelhouse(packed.with_name(known["archive"]), str(known["digest"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.archive.is_file() else None


def _collect(target: Target, wheel: Path, wheels: Path) -> None:
    """Put every wheel and ``requirements.txt`` into `wheels`."""
    if target.machine == "armv7l":
        if target.runtime not in _ARMV7L_WHEELS:
            raise WheelhouseError(
                f"there is no {target.runtime} for 32-bit Arm: use a .tflite artifact with "
                "tflite-runtime, or install the 64-bit system"
            )
        pinned = [_ARMV7L_WHEELS[target.runtime], PIP]
        _download(target, pinned, wheels)
    else:
        wanted = [f"edge-runtime[{target.runtime},image] @ {wheel.resolve().as_uri()}", PIP]
        if target.python == "3.11":
            # Debian 12's own packages, picamera2's among them, are built for numpy 1.
            wanted.append("numpy<2")
        locked = _lock(target, wanted, wheels)
        _download(target, ["--require-hashes", "--requirement", str(locked)], wheels)
        locked.unlink()
    shutil.copy(wheel, wheels)
    lines = [
        f"./{path.name} --hash=sha256:{hash_file(path)}"
        for path in sorted(wheels.glob("*.whl"))
        if not path.name.startswith("pip-")
    ]
    (wheels / "requirements.txt").write_text("\n".join(lines) + "\n")


def _lock(target: Target, requirements: Sequence[str], wheels: Path) -> Path:
    """Resolve for the board; returns the locked list, less our own wheel."""
    # uv names platforms up to a certain glibc; a newer one runs the older ones' wheels.
    platform = f"{target.machine}-manylinux_2_{min(target.glibc_minor, 40)}"
    locked = wheels / "locked.txt"
    command = [find_tool("uv"), "pip", "compile", "--quiet", "--generate-hashes", "--no-annotate"]
    command += ["--no-header", "--only-binary", ":all:", "--python-version", target.python]
    command += ["--python-platform", platform, "--no-emit-package", "edge-runtime"]
    _run([*command, "--output-file", str(locked), "-"], "\n".join(requirements))
    return locked


def _download(target: Target, arguments: Sequence[str], wheels: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    if subprocess.run([*command[:3], "--version"], capture_output=True, check=False).returncode:
        command[:3] = [find_tool("uv"), "tool", "run", "pip"]
    command += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", str(wheels)]
    # uv follows lower bounds on Python only (an upper one is a guess about the future); pip would
    # refuse what uv has chosen.
    command += ["--python-version", target.python, "--ignore-requires-python"]
    for minor in range(target.glibc_minor, 4, -1):
        command += ["--platform", f"manylinux_2_{minor}_{target.machine}"]
    command += ["--platform", f"manylinux2014_{target.machine}"]
    _run([*command, *arguments])


def _pack(wheels: Path, house: Path) -> Wheelhouse:
    files = sorted(path for path in wheels.iterdir() if path.suffix in (".whl", ".txt"))
    sums = "".join(f"{hash_file(path)}  {path.name}\n" for path in files)
    (wheels / "SHA256SUMS").write_text(sums)
    digest = hashlib.sha256(sums.encode()).hexdigest()
    archive = house / f"wheels-{digest[:16]}.tar"
    beside = archive.with_suffix(".new")
    with tarfile.open(beside, "w") as tar:
        for path in (*files, wheels / "SHA256SUMS"):
            tar.add(path, arcname=path.name, filter=_without_owner)
    beside.rename(archive)
    return Wheelhouse(archive, digest)


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member


def find_tool(name: str) -> str:
    """Path of a tool of this environment, else of the system.

    Raises:
        WheelhouseError: It is not installed.
    """
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if not found:
        raise WheelhouseError(f"{name} is missing: pip install -e '.[deploy]'")
    return found


def hash_file(path: Path) -> str:
    """SHA-256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(command: Sequence[str], stdin: str = "") -> None:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
        raise WheelhouseError(f"{' '.join(command[:3])} failed:\n{said}")

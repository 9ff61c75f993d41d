"""Packages from the index, installed for an emulated system from outside it.

uv, not ``pip --platform``: pip judges environment markers such as ``python_version`` for the
machine it runs on, uv for the target.
"""

import hashlib
import shutil
import sys
import sysconfig
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from .errors import EmulationUnavailableError
from .storage import building, cache_folder, run_tool
from .systems import PINS, System

DISTRIBUTIONS = {"litert": "ai-edge-litert", "tflite": "tflite-runtime", "onnx": "onnxruntime"}
_KEEP_S = 24 * 3600
_TEST_TOOLS = ("pytest==9.0.3", "pytest-timeout==2.4.0", "hypothesis==6.148.0")


def find_uv() -> str:
    """Path of uv: of this environment, else of the system.

    Raises:
        EmulationUnavailableError: There is none.
    """
    found = shutil.which("uv", path=sysconfig.get_path("scripts")) or shutil.which("uv")
    if not found:
        raise EmulationUnavailableError("uv is missing: pip install '.[deploy]'")
    return found


def build_wheel(folder: Path) -> Path:
    """Build our wheel from the checkout into `folder`."""
    checkout = Path(__file__).resolve().parents[1]
    run_tool([find_uv(), "build", "--wheel", "--quiet", "--out-dir", folder, checkout])
    (wheel,) = folder.glob("edge_runtime-*.whl")
    return wheel


def install_wheel(system: System, runtime: str, wheel: Path) -> Path:
    """Install our wheel with a runtime (or several: ``litert,onnx``); the folder for PYTHONPATH."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    recipe = f"{digest} {runtime} {sorted(PINS.items())} {system.numpy}"
    # A folder per wheel: another checkout's wheel must not replace it under a running board.
    folder = cache_folder() / system.name / f"site-{runtime}-{digest[:12]}"
    with building(folder, recipe) as fresh:
        if fresh and system.bits == 64:
            requirement = f"edge-runtime[{runtime},image] @ {wheel.resolve().as_uri()}"
            _install(system, fresh, [requirement])
        elif fresh:
            _unpack_armv7l(system, runtime, wheel, fresh)
        if fresh:
            _remove_old(folder.parent, f"site-{runtime}-")
    return folder


def _remove_old(parent: Path, start: str) -> None:
    """Remove folders of wheels that nobody has asked for since yesterday."""
    for path in parent.glob(f"{start}*"):
        if path.is_dir() and time.time() - path.stat().st_mtime > _KEEP_S:
            shutil.rmtree(path, ignore_errors=True)


def install_test_tools(system: System) -> Path:
    """Install pytest and its companions; returns the folder for PYTHONPATH."""
    folder = cache_folder() / system.name / "site-tools"
    with building(folder, " ".join(_TEST_TOOLS)) as fresh:
        if fresh:
            _install(system, fresh, _TEST_TOOLS)
    return folder


def _install(system: System, site: Path, requirements: Sequence[str]) -> None:
    constraints = [f"{name}=={version}" for name, version in PINS.items()]
    if system.numpy:
        constraints.append(f"numpy=={system.numpy}")
    listed = site.with_name(site.name + ".constraints")
    listed.write_text("\n".join(constraints) + "\n")
    command: list[str | Path] = [find_uv(), "pip", "install", "--quiet", "--target", site]
    command += ["--python", sys.executable, "--python-version", system.python]
    command += ["--python-platform", system.platform, "--only-binary", ":all:"]
    run_tool([*command, "--constraints", listed, *requirements])
    listed.unlink()


def _unpack_armv7l(system: System, runtime: str, wheel: Path, site: Path) -> None:
    """Neither uv nor the index knows this platform well: one wheel is fetched and unpacked."""
    name = DISTRIBUTIONS[runtime]
    downloads = site / "downloads"
    command: list[str | Path] = [
        find_uv(),
        "tool",
        "run",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
    ]
    command += ["--dest", downloads, "--only-binary", ":all:"]
    command += ["--python-version", system.python, "--platform", "manylinux_2_34_armv7l"]
    run_tool([*command, f"{name}=={PINS[name]}"])
    for package in (*downloads.glob("*.whl"), wheel):
        with zipfile.ZipFile(package) as archive:
            archive.extractall(site)
    shutil.rmtree(downloads)

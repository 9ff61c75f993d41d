"""Run the runtime's tests from the built wheel, in an empty environment of another Python.

    python -m tests.try_wheel [--python 3.13]

What a device gets is the wheel on its own Python, with numpy 2 and without TensorFlow; the checkout
and its environment must not help. So the tests are copied out of the checkout, and the environment
holds the wheel with its extras and what the tests themselves need, nothing else.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = "litert,onnx,image"
TEST_PACKAGES = ("pytest", "pytest-timeout", "hypothesis")
# What the runtime's tests share with others.
SHARED = Path("tests", "benchmarks", "scripted.py")


class NoInterpreterError(Exception):
    """The Python asked for is not on this machine and cannot be fetched."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 all tests pass, 1 one fails, 2 there is no such Python."""
    parser = argparse.ArgumentParser(prog="python -m tests.try_wheel", description=__doc__)
    parser.add_argument(
        "--python", default="3.13", help="version, or path of an interpreter (default: 3.13)"
    )
    arguments = parser.parse_args(argv)
    try:
        interpreter = find_interpreter(arguments.python)
    except NoInterpreterError as error:
        print(error, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="edge-wheel-") as name:
        return try_wheel(interpreter, Path(name))


def find_interpreter(wanted: str) -> Path:
    """Find the interpreter of a version: on the path, of pyenv, or fetched by uv.

    Raises:
        NoInterpreterError: There is none.
    """
    for candidate in _list_candidates(wanted):
        # A pyenv shim is there for versions that it then refuses to run.
        if _is_working(candidate):
            return candidate
    if (uv := _find_uv()) is not None:
        subprocess.run([uv, "python", "install", "--quiet", wanted], check=False)
        found = subprocess.run(
            [uv, "python", "find", "--managed-python", wanted],
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode == 0:
            return Path(found.stdout.strip())
    raise NoInterpreterError(
        f"no Python {wanted} was found on the path or in ~/.pyenv/versions, and uv could not fetch "
        f"one. Install it (Debian 13: apt install python3-venv; or: pyenv install {wanted}), or "
        "name an interpreter: --python /path/to/python"
    )


def try_wheel(interpreter: Path, folder: Path) -> int:
    """Build, install and test in `folder`; the exit code of pytest, 1 for any failure before."""
    python = folder / "environment" / "bin" / "python"
    tests = copy_tests(folder / "away")
    try:
        wheel = _build_wheel(folder / "dist")
        _run([interpreter, "-m", "venv", folder / "environment"])
        install: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        install += ["--constraint", ROOT / "constraints.txt", f"{wheel}[{EXTRAS}]"]
        _run([*install, *TEST_PACKAGES])
        _check_origin(python, tests)
    except subprocess.CalledProcessError as error:
        print(f"{error}\n{error.stderr or ''}", file=sys.stderr)
        return 1
    return subprocess.run(
        [python, "-m", "pytest", "-p", "no:cacheprovider", "tests/edge_runtime"],
        cwd=tests,
        env=_build_environment(),
        check=False,
    ).returncode


def copy_tests(folder: Path) -> Path:
    """Copy the runtime's tests and what they need out of the checkout into `folder`."""
    for part in ("edge_runtime", "fixtures"):
        shutil.copytree(
            ROOT / "tests" / part,
            folder / "tests" / part,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    (folder / SHARED).parent.mkdir()
    shutil.copyfile(ROOT / SHARED, folder / SHARED)
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    return folder


def _list_candidates(wanted: str) -> Iterator[Path]:
    if "/" in wanted:
        yield Path(wanted)
        return
    if (on_path := shutil.which(f"python{wanted}")) is not None:
        yield Path(on_path)
    versions = Path.home() / ".pyenv" / "versions"
    for folder in sorted(versions.glob(f"{wanted}*"), reverse=True):
        yield folder / "bin" / "python"


def _is_working(interpreter: Path) -> bool:
    try:
        return not subprocess.run(
            [interpreter, "-c", "import venv"], capture_output=True, check=False
        ).returncode
    except OSError:
        return False


def _find_uv() -> str | None:
    return shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")


def _build_wheel(folder: Path) -> Path:
    # No isolation: the build backend is part of the development environment.
    build: list[str | Path] = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder,
        ROOT,
    ]
    _run(build)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _check_origin(python: Path, folder: Path) -> None:
    script = "import edge_runtime, numpy, sys; print(edge_runtime.__file__, numpy.__version__)"
    origin = _run([python, "-c", script], cwd=folder).stdout.strip()
    print(f"testing {origin}", flush=True)
    if "site-packages" not in origin:
        raise subprocess.CalledProcessError(1, "import edge_runtime", stderr=f"found {origin}")


def _run(
    command: Sequence[str | Path], cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=cwd, env=_build_environment(), capture_output=True, text=True, check=True
    )


def _build_environment() -> dict[str, str]:
    # A checkout on PYTHONPATH would be imported instead of the wheel.
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


if __name__ == "__main__":
    sys.exit(main())

"""The failures that the documentation names, brought about on emulated boards."""

import sys
from pathlib import Path

import pytest

from tests.raspberry_pi.emulated_pi.boards import BOARDS
from tests.raspberry_pi.emulated_pi.machine import EmulatedPi
from tests.raspberry_pi.emulated_pi.storage import run_tool
from tests.raspberry_pi.emulated_pi.systems import SYSTEMS
from tests.raspberry_pi.emulated_pi.wheels import find_uv, install_wheel

pytestmark = [pytest.mark.pi, pytest.mark.timeout(600)]

_LOAD = """
import sys
from edge_runtime import Classifier
from edge_runtime.errors import EdgeRuntimeError
try:
    Classifier.load(sys.argv[1], backend="tflite")
except EdgeRuntimeError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def test_tflite_runtime_under_numpy_2_is_named_with_its_remedy(
    wheel: Path, artifacts: Path, tmp_path: Path
) -> None:
    system = SYSTEMS["bookworm"]
    site = install_wheel(system, "tflite", wheel)
    newer = tmp_path / "numpy2"
    command: list[str | Path] = [find_uv(), "pip", "install", "--quiet", "--target", newer]
    command += ["--python", sys.executable, "--python-version", system.python, "--no-deps"]
    command += ["--python-platform", system.platform, "--only-binary", ":all:", "numpy==2.3.5"]
    run_tool(command)
    pi = EmulatedPi.create(BOARDS["pi4"], system, tmp_path / "disk", [site, newer, artifacts])
    model = next(iter(sorted(artifacts.resolve().glob("*.tflite"))))
    done = pi.run(["python3", "-c", _LOAD, model], environment={"PYTHONPATH": f"{newer}:{site}"})
    assert "needs numpy older than 2, found numpy 2.3.5" in done.stderr
    assert "pip install 'numpy<2'" in done.stderr


def test_a_32_bit_system_is_told_what_litert_needs(
    wheel: Path, artifacts: Path, tmp_path: Path
) -> None:
    system = SYSTEMS["bookworm32"]
    site = install_wheel(system, "tflite", wheel)
    pi = EmulatedPi.create(BOARDS["pi3"], system, tmp_path / "disk", [site, artifacts])
    model = next(iter(sorted(artifacts.resolve().glob("*.tflite"))))
    script = _LOAD.replace('"tflite"', '"litert"')
    done = pi.run(["python3", "-c", script, model], environment={"PYTHONPATH": str(site)})
    assert "64-bit system" in done.stderr

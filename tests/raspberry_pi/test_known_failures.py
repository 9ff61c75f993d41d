"""The failures that the documentation names, brought about on emulated boards."""

import sys
from pathlib import Path

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from emulator.machine import EmulatedPi
from emulator.processors import BOARDS
from emulator.storage import run_tool
from emulator.systems import SYSTEMS
from emulator.wheels import find_uv, install_wheel

pytestmark = [pytest.mark.emulated, pytest.mark.timeout(600)]

_MODEL = Path(__file__).resolve().parents[1] / "fixtures" / "tiny_static_int8.tflite"
_SUBNORMAL = """
import numpy as np
small = np.array([1e-310])
print((small * 1).any())
import tflite_runtime.interpreter
print((small * 1).any())
"""
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


def write_newer_version(model: Path, newer: Path) -> None:
    """Copy a model, without its description, its dense layers now of operator version 12."""
    content = model.read_bytes()
    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    for code in tree.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.FULLY_CONNECTED:
            code.version = 12
    builder = flatbuffers.Builder(len(content))
    builder.Finish(tree.Pack(builder), b"TFL3")
    newer.write_bytes(bytes(builder.Output()))


def test_an_operator_version_that_is_too_new_is_named(wheel: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.tflite"
    write_newer_version(_MODEL, newer)
    system = SYSTEMS["bookworm"]
    site = install_wheel(system, "tflite", wheel)
    pi = EmulatedPi.create(BOARDS["pi4"], system, tmp_path / "disk", [site, tmp_path])
    script = _LOAD.replace('"tflite")', '"tflite", labels=list("0123456789"))')
    done = pi.run(["python3", "-c", script, newer], environment={"PYTHONPATH": str(site)})
    assert "IncompatibleArtifactError" in done.stderr
    assert "FULLY_CONNECTED" in done.stderr


def test_subnormal_numbers_vanish_where_tflite_runtime_is_imported(
    wheel: Path, tmp_path: Path
) -> None:
    system = SYSTEMS["bookworm"]
    site = install_wheel(system, "tflite", wheel)
    pi = EmulatedPi.create(BOARDS["pi4"], system, tmp_path / "disk", [site])
    done = pi.run(["python3", "-c", _SUBNORMAL], environment={"PYTHONPATH": str(site)})
    assert done.stdout.split() == ["True", "False"], done.stderr

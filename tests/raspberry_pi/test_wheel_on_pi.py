"""Our wheel on emulated boards: it installs, names the board, and verifies every artifact."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.machine import EmulatedPi
from emulator.processors import BOARDS
from emulator.systems import SYSTEMS
from emulator.wheels import install_wheel
from tests.raspberry_pi.pairs import PAIRS, RUNTIMES

pytestmark = [pytest.mark.emulated, pytest.mark.timeout(600)]


def create(system: str, board: str, disk: Path, *shared: Path) -> EmulatedPi:
    return EmulatedPi.create(BOARDS[board], SYSTEMS[system], disk, shared)


@pytest.mark.parametrize(("system", "board", "runtime"), RUNTIMES)
def test_doctor_names_board_and_runtime(
    wheel: Path, tmp_path: Path, system: str, board: str, runtime: str
) -> None:
    site = install_wheel(SYSTEMS[system], runtime, wheel)
    pi = create(system, board, tmp_path / "disk", site)
    done = pi.run(
        ["python3", "-m", "edge_runtime", "doctor", "--json"], environment={"PYTHONPATH": str(site)}
    )
    told = json.loads(done.stdout)
    assert BOARDS[board].model in json.dumps(told)
    assert SYSTEMS[system].python in json.dumps(told)


@pytest.mark.parametrize(("system", "board", "runtime"), RUNTIMES)
def test_every_artifact_is_verified_there(
    wheel: Path, artifacts: Path, tmp_path: Path, system: str, board: str, runtime: str
) -> None:
    site = install_wheel(SYSTEMS[system], runtime, wheel)
    pi = create(system, board, tmp_path / "disk", site, artifacts)
    ending = "*.onnx" if runtime == "onnx" else "*.tflite"
    for path in sorted(artifacts.resolve().glob(ending)):
        done = pi.run(
            ["python3", "-m", "edge_runtime", "verify", path, "--backend", runtime],
            environment={"PYTHONPATH": str(site)},
        )
        assert done.returncode == 0, f"{path.name}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize(("system", "board"), PAIRS)
def test_evaluate_finds_there_what_it_finds_here(
    wheel: Path, samples: Path, tmp_path: Path, system: str, board: str
) -> None:
    runtime = SYSTEMS[system].runtimes[0]
    site = install_wheel(SYSTEMS[system], runtime, wheel)
    pi = create(system, board, tmp_path / "disk", site, samples.parent)
    command = ["-m", "edge_runtime", "evaluate", str(samples), "--limit", "200", "--json"]
    command += ["--backend", runtime]
    there = pi.run(["python3", *command], environment={"PYTHONPATH": str(site)})
    here = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    assert there.returncode == 0, there.stderr
    found, expected = json.loads(there.stdout), json.loads(here.stdout)
    assert found["total"] == 200
    assert found["confusion"] == expected["confusion"]

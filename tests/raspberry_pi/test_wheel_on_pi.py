"""Our wheel on emulated boards: it installs, finds its way, and answers as it does on x86."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.raspberry_pi.emulated_pi.boards import BOARDS
from tests.raspberry_pi.emulated_pi.machine import EmulatedPi
from tests.raspberry_pi.emulated_pi.matrix import Outcome, list_cases, measure_matrix
from tests.raspberry_pi.emulated_pi.systems import SYSTEMS
from tests.raspberry_pi.emulated_pi.wheels import install_test_tools, install_wheel

pytestmark = [pytest.mark.pi, pytest.mark.timeout(1200)]

_CHECKOUT = Path(__file__).resolve().parents[2]
_IMAGES = 1000
# A float answer may differ in its last bits: other processors, other order of additions.
_FLOAT_STEPS = 0.01
# An int8 answer may differ by a step where a float would be rounded the other way.
_INT8_STEPS = 1.0
# Every system with one board, so that each board comes once.
_PAIRS = [("bookworm", "pi4"), ("trixie", "pi5"), ("bookworm32", "pi3")]
_RUNTIMES = [(system, board, name) for system, board in _PAIRS for name in SYSTEMS[system].runtimes]


def create(system: str, board: str, disk: Path, *shared: Path) -> EmulatedPi:
    return EmulatedPi.create(BOARDS[board], SYSTEMS[system], disk, shared)


# tflite-runtime's import makes an Arm process flush subnormal numbers to zero, at which hypothesis
# refuses to work: the files with laws run in a process of their own.
@pytest.mark.parametrize("kind", ["laws", "examples"])
@pytest.mark.parametrize(("system", "board"), _PAIRS)
def test_the_runtime_tests_pass_there(
    wheel: Path, tmp_path: Path, system: str, board: str, kind: str
) -> None:
    known = SYSTEMS[system]
    tools, site = install_test_tools(known), install_wheel(known, ",".join(known.runtimes), wheel)
    plugins = _CHECKOUT / "tests" / "raspberry_pi" / "on_board"
    pi = create(system, board, tmp_path / "disk", _CHECKOUT / "tests", site, tools)
    # Without the project's own settings: they name plugins and folders of a workstation.
    options = ["-q", "-c", "/dev/null", "--rootdir=/tmp", "-p", "no:cacheprovider", "-r", "s"]
    options += ["-o", "markers=slow", "-m", "not slow", "-p", "board_plugin"]
    files = sorted((_CHECKOUT / "tests" / "edge_runtime").glob("test_*.py"))
    done = pi.run(
        ["python3", "-m", "pytest", *options]
        + [str(path) for path in files if ("hypothesis" in path.read_text()) is (kind == "laws")],
        environment={
            "PYTHONPATH": f"{site}:{tools}:{plugins}:{_CHECKOUT}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "LACKING_RUNTIMES": " ".join({"litert", "onnx"} - set(known.runtimes)),
        },
        folder="/tmp",
        timeout_s=1100,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize(("system", "board", "runtime"), _RUNTIMES)
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


@pytest.mark.parametrize(("system", "board", "runtime"), _RUNTIMES)
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


@pytest.mark.parametrize(("system", "board"), _PAIRS)
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


@pytest.mark.parametrize(("system", "board"), _PAIRS)
def test_answers_agree_with_x86(
    wheel: Path, artifacts: Path, samples: Path, tmp_path: Path, system: str, board: str
) -> None:
    models = sorted((*artifacts.glob("*.tflite"), *artifacts.glob("*.onnx")))
    outcomes: list[Outcome] = measure_matrix(
        list_cases(models, [system], [board]),
        samples,
        _IMAGES,
        wheel,
        tmp_path,
        report=lambda _: None,
    )
    assert outcomes
    for outcome in outcomes:
        name = f"{outcome.case.artifact.name} on {outcome.case.runtime}"
        assert outcome.refused is None, name
        assert outcome.agreeing >= outcome.images - 1, name
        tolerated = _INT8_STEPS if "int" in outcome.case.artifact.stem else _FLOAT_STEPS
        assert outcome.steps <= tolerated, name

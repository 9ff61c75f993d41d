"""The processors: what they say of themselves, and released models on those of x86-64."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.machine import X86Computer
from emulator.processors import BOARDS, X86_LEVELS, format_cpuinfo
from emulator.systems import SYSTEMS

_CHECKOUT = Path(__file__).resolve().parents[2]
_NANO = _CHECKOUT / "models" / "nano"
# The instructions that numpy finds, of those by which the levels differ.
_PRINT_FEATURES = """
import json
try:
    from numpy._core._multiarray_umath import __cpu_features__ as found
except ImportError:
    from numpy.core._multiarray_umath import __cpu_features__ as found
print(json.dumps([name for name in ("SSE42", "AVX2", "AVX512F") if found[name]]))
"""
_PRINT_FEATURES_OF_A_CHILD = f"""
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "-c", {_PRINT_FEATURES!r}]).returncode)
"""
# In one process: starting Python under emulation takes longer than the models do.
_VERIFY = """
import sys
from edge_runtime.__main__ import main
for path, backend in zip(sys.argv[1::2], sys.argv[2::2]):
    if main(["verify", path, "--backend", backend]):
        sys.exit(1)
"""
_FEATURES = {"x86-64-v2": ["SSE42"], "x86-64-v3": ["SSE42", "AVX2"]}


@pytest.mark.parametrize("name", BOARDS)
def test_every_processor_is_listed_with_its_part(name: str) -> None:
    text = format_cpuinfo(BOARDS[name], 4)
    assert text.count("processor\t:") == 4
    assert text.count(f"CPU part\t: {BOARDS[name].part}") == 4
    assert text.endswith(f"Model\t\t: {BOARDS[name].model}\n")


def test_only_the_pi_5_has_the_dot_product() -> None:
    assert [name for name, board in BOARDS.items() if "asimddp" in board.features] == ["pi5"]


def test_wheels_are_asked_for_by_the_system_they_fit() -> None:
    assert SYSTEMS["bookworm"].platform == "aarch64-manylinux_2_36"
    assert "tflite" not in SYSTEMS["trixie"].runtimes


@pytest.mark.usefixtures("x86_emulation")
@pytest.mark.parametrize("name", _FEATURES)
def test_the_released_nano_verifies_with_the_instructions_of_a_level_alone(name: str) -> None:
    files: list[str | Path] = [_NANO / "fashion-nano_qat_int8.onnx", "onnx"]
    files += [_NANO / "fashion-nano_qat_int8.tflite", "litert"]
    computer = X86Computer(X86_LEVELS[name])
    done = computer.run_python(["-c", _PRINT_FEATURES + _VERIFY, *files])
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[0]) == _FEATURES[name]
    assert done.stdout.count("passed: ") == 2


@pytest.mark.emulated
@pytest.mark.usefixtures("emulation", "x86_emulation")
def test_child_processes_are_emulated_too() -> None:
    done = run("x86-64-v2", "python", "-c", _PRINT_FEATURES_OF_A_CHILD)
    assert json.loads(done.stdout) == ["SSE42"], done.stderr


@pytest.mark.emulated
@pytest.mark.usefixtures("emulation", "x86_emulation")
def test_programs_of_the_environment_run_and_their_exit_status_counts() -> None:
    assert "usage: edge-runtime" in run("x86-64-v3", "edge-runtime", "--help").stdout
    assert run("x86-64-v3", "sh", "-c", "exit 7").returncode == 7


def test_the_host_runs_programs_too() -> None:
    assert run("host", "python", "-c", "import sys; print(sys.executable)").stdout
    assert run("host", "sh", "-c", "exit 7").returncode == 7


def test_what_only_boards_have_is_refused_for_others() -> None:
    done = run_emulator("run", "--processor", "host", "--user", "--", "true")
    assert done.returncode == 2
    assert "are for boards" in done.stderr


@pytest.mark.parametrize("processor", ["host", "x86-64-v2"])
def test_a_program_that_is_not_there_is_told(processor: str) -> None:
    done = run(processor, "no-such-program")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the program no-such-program was not found in ")


def run(processor: str, *program: str) -> subprocess.CompletedProcess[str]:
    return run_emulator("run", "--processor", processor, "--", *program)


def run_emulator(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emulator", *arguments],
        cwd=_CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

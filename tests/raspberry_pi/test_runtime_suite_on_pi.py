"""The runtime's own tests, from our wheel, on emulated boards."""

from pathlib import Path

import pytest

from emulator.machine import EmulatedPi
from emulator.processors import BOARDS
from emulator.systems import SYSTEMS
from emulator.wheels import install_test_tools, install_wheel
from tests.raspberry_pi.pairs import PAIRS
from tests.try_wheel import copy_tests

pytestmark = [pytest.mark.emulated, pytest.mark.timeout(1200)]

_PLUGINS = Path(__file__).parent / "on_board"


def install(pi: EmulatedPi, *packages: Path) -> None:
    """Let every Python on the board import what lies in these folders, as if it were installed.

    PYTHONPATH would not do: some tests start programs with a PYTHONPATH of their own.
    """
    site = pi.disk / "local" / "lib" / f"python{pi.system.python}" / "dist-packages"
    site.mkdir(parents=True)
    (site / "edge.pth").write_text("".join(f"{path}\n" for path in packages))


# tflite-runtime's import makes an Arm process flush subnormal numbers to zero, at which hypothesis
# refuses to work: the files with laws run in a process of their own.
@pytest.mark.parametrize("kind", ["laws", "examples"])
@pytest.mark.parametrize(("system", "board"), PAIRS)
def test_the_runtime_tests_pass_there(
    wheel: Path, tmp_path: Path, system: str, board: str, kind: str
) -> None:
    known = SYSTEMS[system]
    packages = [install_wheel(known, ",".join(known.runtimes), wheel), install_test_tools(known)]
    packages.append(_PLUGINS)
    pi = EmulatedPi.create(BOARDS[board], known, tmp_path / "disk", packages)
    install(pi, *packages)
    tests = copy_tests(pi.disk / "home" / "pi" / "away")
    files = sorted((tests / "tests" / "edge_runtime").glob("test_*.py"))
    chosen = [path for path in files if ("hypothesis" in path.read_text()) is (kind == "laws")]
    options = ["-q", "-p", "no:cacheprovider", "-p", "board_plugin", "--durations", "15"]
    done = pi.run(
        ["python3", "-m", "pytest", *options, "-m", "not slow and not workstation"]
        + [path.relative_to(tests) for path in chosen],
        environment={"LACKING_RUNTIMES": " ".join({"litert", "onnx"} - set(known.runtimes))},
        folder="/home/pi/away",
        timeout_s=1100,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

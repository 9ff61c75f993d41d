"""The emulated boards are what they claim to be."""

import json
import os
from pathlib import Path

import pytest

from edge_runtime.document import from_json
from edge_runtime.measurement.host import Host
from edge_runtime.measurement.simd import Simd
from emulator.counting import MARK, count_instructions
from emulator.machine import EmulatedPi
from emulator.processors import BOARDS
from emulator.ssh import serving
from emulator.systems import SYSTEMS

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.emulated, pytest.mark.timeout(600), pytest.mark.usefixtures("emulation")]

_DESCRIBE = """
import json, os, platform, struct, subprocess, sys
child = subprocess.run([sys.executable, "-c", "print('child')"], capture_output=True, text=True)
print(json.dumps({
    "machine": platform.machine(), "bits": struct.calcsize("P") * 8,
    "python": platform.python_version(), "libc": platform.libc_ver()[1],
    "model": open("/sys/firmware/devicetree/base/model").read().rstrip("\\0"),
    "cpuinfo": open("/proc/cpuinfo").read(), "child": child.stdout.strip(),
}))
"""
# Runs one instruction, the dot product of bytes (sdot v0.4s, v1.16b, v2.16b), and returns.
_DOT_PRODUCT = """
import ctypes, mmap
code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("2094824e" "c0035fd6"))
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
"""


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_board_describes_itself(tmp_path: Path, system: str, board: str) -> None:
    pi = EmulatedPi.create(BOARDS[board], SYSTEMS[system], tmp_path / "disk")
    done = pi.run(["python3", "-c", _DESCRIBE])
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["model"] == BOARDS[board].model
    assert told["python"].startswith(SYSTEMS[system].python + ".")
    assert told["bits"] == SYSTEMS[system].bits
    assert told["machine"] == ("aarch64" if told["bits"] == 64 else "armv7l")
    assert told["child"] == "child"
    if told["bits"] == 64:
        assert told["cpuinfo"].count(BOARDS[board].part) == os.cpu_count()


@pytest.mark.parametrize(
    ("system", "board", "simd"),
    [
        ("bookworm", "pi3", Simd("neon", (), False)),
        ("bookworm", "pi4", Simd("neon", (), False)),
        ("bookworm", "pi5", Simd("neon", ("asimddp", "fphp"), True)),
        ("bookworm32", "pi4", Simd("neon", (), False)),
    ],
)
def test_the_toolkit_sees_the_boards_processor(
    tmp_path: Path, system: str, board: str, simd: Simd
) -> None:
    pi = EmulatedPi.create(BOARDS[board], SYSTEMS[system], tmp_path / "disk", [ROOT])
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r});"
        "from edge_runtime.document import to_json;"
        "from edge_runtime.measurement.host import describe_host;"
        "print(to_json(describe_host()))"
    )
    done = pi.run(["python3", "-c", script])
    assert done.returncode == 0, done.stderr
    host = from_json(Host, done.stdout, board)
    assert host.simd == simd
    assert host.board == BOARDS[board].model


@pytest.mark.parametrize(("board", "runs"), [("pi3", False), ("pi4", False), ("pi5", True)])
def test_a_processor_refuses_what_it_lacks(tmp_path: Path, board: str, runs: bool) -> None:
    pi = EmulatedPi.create(BOARDS[board], SYSTEMS["bookworm"], tmp_path / "disk")
    done = pi.run(["python3", "-c", _DOT_PRODUCT])
    assert (done.returncode == 0) is runs
    assert ("Illegal instruction" in done.stderr or done.returncode == -4) is not runs


def test_the_processor_is_the_boards_over_ssh_too(tmp_path: Path) -> None:
    pi = EmulatedPi.create(BOARDS["pi4"], SYSTEMS["bookworm"], tmp_path / "disk")
    with serving(pi) as board:
        cpuinfo = board.run("grep part /proc/cpuinfo").stdout
    assert set(cpuinfo.split()[3::4]) == {BOARDS["pi4"].part}


def test_what_a_program_writes_stays_on_its_disk(tmp_path: Path) -> None:
    for name in ("one", "two"):
        pi = EmulatedPi.create(BOARDS["pi4"], SYSTEMS["bookworm"], tmp_path / name)
        assert pi.run(["sh", "-c", f"echo {name} > /opt/note"]).returncode == 0
    assert [(tmp_path / name / "opt" / "note").read_text() for name in ("one", "two")] == [
        "one\n",
        "two\n",
    ]


def test_the_same_program_costs_the_same_instructions() -> None:
    program = f"""
import os
def mark():
    try: os.getsid({MARK})
    except OSError: pass
for _ in range(4):
    mark()
    sum(range(1000))
mark()
"""
    runs = [
        count_instructions(BOARDS["pi4"], SYSTEMS["bookworm"], ["-c", program], environment={})[0]
        for _ in range(2)
    ]
    costs = [[later - earlier for earlier, later in zip(m, m[1:])] for m in runs]  # noqa: B905, RUF007
    assert len(costs[0]) == 4
    # The first and last round touch code that the others do not.
    assert costs[0][1] == pytest.approx(costs[1][1], rel=0.002)
    assert costs[0][1] == pytest.approx(costs[0][2], rel=0.002)

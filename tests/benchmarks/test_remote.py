"""Trials over SSH, against an ``ssh`` that runs what it is told on this machine."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from subprocess import CompletedProcess, TimeoutExpired

import numpy as np
import pytest

from benchmarks.cli.hosts import name_folder
from benchmarks.cli.main import main
from benchmarks.errors import HostError
from benchmarks.remote import SshLauncher, _read_times, connect
from benchmarks.results import load_results
from edge_runtime.measurement.records import TrialRequest

# Options come first, then the host, then one command for the shell there.
_LOCAL_SSH = """#!/bin/sh
while [ "$1" = -o ] || [ "$1" = -O ]; do [ "$1" = -O ] && exit 0; shift 2; done
[ "$1" = pi@nowhere ] && { echo "ssh: connect to host nowhere port 22: No route" >&2; exit 255; }
shift
exec sh -c "$1"
"""


@pytest.fixture
def local_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(_LOCAL_SSH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def board(local_ssh: None) -> Iterator[SshLauncher]:
    with connect("pi@board", python=sys.executable) as launcher:
        yield launcher


def test_the_board_describes_itself(board: SshLauncher) -> None:
    assert board.describe_host().python.startswith("CPython")
    assert board.read_sensors().busy_cpu_s is not None
    assert (board.bare_memory_bytes() or 0) > 2**20


def test_a_file_is_sent_once(board: SshLauncher, tmp_path: Path) -> None:
    file = tmp_path / "a file.npy"
    file.write_bytes(b"\x00\xffdata")
    place = board.put(file)
    assert Path(place).read_bytes() == b"\x00\xffdata"
    assert board.put(file) == place


def test_a_link_is_sent_by_its_own_name(board: SshLauncher, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"model")
    (tmp_path / "m.tflite").symlink_to("blob")
    place = board.put(tmp_path / "m.tflite")
    assert place.endswith("m.tflite")
    assert Path(place).read_bytes() == b"model"


def test_scores_come_back(board: SshLauncher) -> None:
    scores = np.arange(20, dtype=np.float32).reshape(2, 10)
    np.save(board.scores_path("s"), scores)
    np.testing.assert_array_equal(board.take_scores("s"), scores)


def test_scores_that_are_not_there_are_an_error(board: SshLauncher) -> None:
    with pytest.raises(HostError, match="scores s did not arrive"):
        board.take_scores("s")


def test_scores_whose_header_was_cut_are_an_error(board: SshLauncher) -> None:
    np.save(board.scores_path("s"), np.zeros((2, 10), np.float32))
    path = Path(board.scores_path("s"))
    path.write_bytes(path.read_bytes().replace(b"}", b" "))
    with pytest.raises(HostError, match="scores s did not arrive"):
        board.take_scores("s")


def test_a_refused_artifact_is_an_outcome(board: SshLauncher, tmp_path: Path) -> None:
    images = tmp_path / "images.npy"
    np.save(images, np.zeros((1, 28, 28, 1), np.uint8))
    request = TrialRequest(
        "latency", "/nowhere.tflite", "litert", 1, board.put(images), spawned_ns=1
    )
    outcome = board.run(request)
    assert outcome.result is None
    assert outcome.refusal is not None
    assert (board.own_cpu_s() or 0) > 0


def test_a_module_that_the_board_lacks_is_refused(board: SshLauncher) -> None:
    request = TrialRequest("latency", "m.onnx", "openvino", 1, "x.npy")
    refusal = board.run(request, "benchmarks.peers").refusal
    assert refusal is not None
    assert "workstation only" in refusal.message


def test_a_long_soak_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []

    def answer(command: list[str], *, timeout: float, **_: object) -> CompletedProcess[bytes]:
        limits.append(timeout)
        return CompletedProcess(command, 1, b"", b"")

    monkeypatch.setattr("benchmarks.remote.subprocess.run", answer)
    two_hours_s = 7200
    board = SshLauncher("pi@board", "python3", ("ssh",), PurePosixPath("/tmp"))
    board.run(TrialRequest("soak", "m", "litert", 1, "x", soak_ns=two_hours_s * 1_000_000_000))
    assert limits[0] > two_hours_s


def test_the_folder_on_the_board_is_removed(local_ssh: None) -> None:
    with connect("pi@board", python=sys.executable) as launcher:
        folder = Path(launcher.folder)
        assert folder.is_dir()
    assert not folder.exists()


def test_an_unreachable_board_is_named(local_ssh: None) -> None:
    with (
        pytest.raises(HostError, match=r"pi@nowhere cannot be reached: .*No route"),
        connect("pi@nowhere"),
    ):
        pass


def test_a_board_that_falls_silent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def stay_silent(command: list[str], *, timeout: float, **_: object) -> None:
        raise TimeoutExpired(command, timeout)

    monkeypatch.setattr("benchmarks.remote.subprocess.run", stay_silent)
    board = SshLauncher("pi@board", "python3", ("ssh",), PurePosixPath("/tmp"))
    with pytest.raises(HostError, match="pi@board gave no answer within 300 s"):
        board.read_sensors()
    refusal = board.run(TrialRequest("latency", "m", "litert", 1, "x")).refusal
    assert refusal is not None
    assert refusal.kind == "TimedOut"


def test_a_board_without_edge_runtime_is_named(local_ssh: None) -> None:
    with (
        pytest.raises(HostError, match="pi@board's description"),
        connect("pi@board", "/no/python"),
    ):
        pass


def test_the_shells_times_are_added_up() -> None:
    assert _read_times("noise\n0m0.5s 0m0.25s\n1m2.00s 0m1.00s\n") == pytest.approx(63.75)
    assert _read_times("") == 0.0


def test_every_machine_has_a_folder_and_one_shows_all(
    local_ssh: None, toy_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--artifacts", str(toy_folder), "--quick", "--runtimes", "litert", "--rounds", "1"]
    arguments += ["--evaluation-images", "20", "--out", str(tmp_path / "out")]
    arguments += ["--host-python", sys.executable]
    code = main([*arguments, "--host", "pi@one", "--host", "pi@nowhere", "--host", "pi@two"])
    assert code == 1  # toy artifacts cannot be run, and one machine is not there
    assert "pi@nowhere cannot be reached" in capsys.readouterr().err
    for name in ("pi-one", "pi-two"):
        assert load_results(tmp_path / "out" / name / "results.json").cases
    assert (tmp_path / "out" / "side-by-side" / "report.html").is_file()
    main([*arguments, "--host", "pi@one", "--host", "pi@two", "--json", "--force"])
    assert [len(document["cases"]) > 0 for document in json.loads(capsys.readouterr().out)] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("host", "folder"),
    [("pi@raspberrypi.local", "pi-raspberrypi.local"), ("ssh://pi@10.0.0.7:22", "pi-10.0.0.7-22")],
)
def test_a_machines_folder_is_named_after_it(host: str, folder: str) -> None:
    assert name_folder(host) == folder

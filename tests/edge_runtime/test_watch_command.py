"""`edge-runtime watch`: on a folder, on the fake camera, and as a service manager runs it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from edge_runtime.cli.main import run_command_line
from edge_runtime.cli.watched import watch_folder
from edge_runtime.pictures.picture_files import FolderWatcher
from edge_runtime.results import Classification, Timings

ROOT = Path(__file__).parents[2]
# Only a broken command ever waits this long.
WAIT_S = 30


@pytest.fixture
def model(write_artifact: Callable[..., Path]) -> list[str]:
    return ["--model", str(write_artifact()), "--backend", "fake", "--polarity", "light-on-dark"]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def draw(path: Path, level: int) -> Path:
    Image.new("L", (28, 28), level).save(path)
    return path


def watch(*arguments: object) -> int:
    often = [] if "--camera" in arguments else ["--interval", "0.001"]
    return run_command_line(["watch", *map(str, arguments), *often])


def test_pictures_of_a_folder_are_answered_and_bad_ones_survived(
    inbox: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    draw(inbox / "white.png", 255)
    (inbox / "bad.png").write_text("no picture")
    assert watch(inbox, "--existing", "--count", 2, *model) == 0
    captured = capsys.readouterr()
    assert captured.out.split()[:2] == [str(inbox / "white.png"), "white"]
    assert "bad.png: cannot be read" in captured.err
    assert captured.err.endswith("edge-runtime: 1 answered, 1 unusable, 0 dropped\n")


def test_one_that_is_being_written_at_the_start_is_answered_once_it_is_whole(inbox: Path) -> None:
    growing = inbox / "growing.png"
    growing.write_bytes(b"half")
    contents = [b"half of it", b"the whole", b"the whole"]

    def wait() -> None:
        growing.write_bytes(contents.pop(0))
        os.utime(growing, (1_000_000, 1_000_000))

    def classify(_: object) -> Classification:
        assert growing.read_bytes() == b"the whole"
        return Classification((), Timings(0, 0, 0, 0))

    watched = watch_folder(FolderWatcher(inbox, existing=True), classify, wait)
    assert [next(watched), next(watched), next(watched)] == [None, None, None]
    assert next(watched) is not None
    assert contents == []


def test_pictures_that_are_there_already_are_left_alone(
    inbox: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    draw(inbox / "old.png", 255)
    assert watch(inbox, "--seconds", "0.05", *model) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_every_frame_of_a_camera_is_answered_or_counted(
    model: list[str], capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    camera = ["--camera", "--camera-backend", "fake", "--frame-size", "40x30"]
    assert watch(*camera, "--count", 4, *model, *form) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert len(lines) == 4
    if not form:
        assert all(line.startswith("frame ") for line in lines)
        return
    answers = [json.loads(line) for line in lines]
    missed = 0
    for place, answer in enumerate(answers):
        missed += answer["dropped"]
        assert answer["frame"] == place + missed
    assert f"4 answered, 0 unusable, {missed} dropped" in captured.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "name a folder to watch, or --camera"),
        (["inbox", "--camera", "3"], 2, "name a folder to watch or --camera, not both"),
        (["inbox", "--frame-size", "10x10"], 2, "are for --camera"),
        (["--camera", "--camera-backend", "fake", "--existing"], 2, "are for a folder"),
        ([""], 2, "found an empty text"),
        (["no-such-folder"], 1, "no-such-folder cannot be watched"),
        (["--camera", "x"], 2, "number of a camera"),
        (["--camera", "9" * 5000], 2, "number of a camera"),
        (["--camera", "7", "--camera-backend", "fake"], 1, "only camera 0"),
        (["--camera", "--frame-size", "big"], 2, "320x240"),
        (["--camera", "--frame-size", "99999999x99999999"], 2, "at most 16384 a side"),
        (["inbox", "--seconds", "0"], 2, "more than 0"),
        (["inbox", "--interval", "1e30"], 2, "at most a year"),
        (["inbox", "--count", "0"], 2, "1 or more"),
    ],
)
def test_wrong_use_and_failures_say_what_to_do(
    model: list[str],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    assert run_command_line(["watch", *arguments, *model]) == code
    assert says in capsys.readouterr().err


class Service:
    """The command in a process of its own, with a service manager of ours."""

    def __init__(self, folder: Path, arguments: list[str]) -> None:
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(folder / "notify"))
        self._manager.settimeout(WAIT_S)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge_runtime", "watch", *arguments],
            cwd=ROOT,
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> str:
        return self._manager.recv(64).decode()

    def hear_until(self, message: str) -> None:
        while self.hear() != message:
            pass

    def read_line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def end(self) -> None:
        self._manager.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


Start = Callable[[list[str]], Service]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started = []

    def start_service(arguments: list[str]) -> Service:
        started.append(Service(tmp_path, arguments))
        return started[-1]

    yield start_service
    for service in started:
        service.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_is_ready_alive_answers_at_once_and_ends_well(
    inbox: Path, model: list[str], start: Start, number: signal.Signals
) -> None:
    draw(inbox / "old.png", 0)
    service = start([str(inbox), "--json", "--interval", "0.01", *model])
    assert service.hear() == "READY=1"
    assert service.hear() == "WATCHDOG=1"
    Image.new("L", (28, 28), 255).save(inbox / "new.part", "PNG")
    (inbox / "new.part").rename(inbox / "new.png")
    answer = json.loads(service.read_line())  # flushed: it comes while the command goes on
    assert (answer["file"], answer["predictions"][0]["label"]) == (str(inbox / "new.png"), "white")
    service.process.send_signal(number)
    service.hear_until("STOPPING=1")
    assert service.process.wait(WAIT_S) == 0
    assert service.process.stderr is not None
    told = service.process.stderr.read()
    assert told.splitlines()[-1] == "edge-runtime: 1 answered, 0 unusable, 0 dropped"
    assert "Traceback" not in told


def test_a_service_with_a_camera_ends_well(model: list[str], start: Start) -> None:
    service = start(["--camera", "--camera-backend", "fake", *model])
    assert service.hear() == "READY=1"
    assert service.read_line().startswith("frame ")
    service.process.send_signal(signal.SIGTERM)
    service.hear_until("STOPPING=1")
    assert service.process.wait(WAIT_S) == 0


def test_a_folder_that_goes_and_comes_back_is_survived(
    inbox: Path, model: list[str], start: Start
) -> None:
    service = start([str(inbox), "--interval", "0.01", *model])
    assert service.hear() == "READY=1"
    inbox.rename(inbox.with_name("unplugged"))
    assert service.process.stderr is not None
    assert "invented" in service.process.stderr.readline()
    assert "watching" in service.process.stderr.readline()
    assert "waiting for it" in service.process.stderr.readline()
    inbox.mkdir()
    draw(inbox / "new.png", 255)
    assert "white" in service.read_line()

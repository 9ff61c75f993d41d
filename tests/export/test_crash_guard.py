"""A process that dies while converting is a finding; one that is interrupted ends at once."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export import crash_guard
from export.children import Children
from export.verification import replay_all, replay_in_child

FIXTURES = Path(__file__).parents[1] / "fixtures"
# Stands in for an export: it dies in the steps that it is told to, unless it knows that they crash.
DYING = """
import os, sys
from export.steps import Steps
steps = Steps.from_environment()
plan = [part.split(":") for part in sys.argv[1:]]
for kind, step, number in plan:
    if steps.find_crash(step) is None:
        steps.begin(step, kind)
        if number != "0":
            os.kill(os.getpid(), int(number))
print("done without", *[step for _, step, _ in plan if steps.find_crash(step)])
"""


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "dying.py"
    script.write_text(DYING)
    monkeypatch.setattr(crash_guard, "_PROGRAM", (str(script),))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.mark.usefixtures("dying")
def test_the_export_goes_on_without_what_crashes(capfd: Any) -> None:
    assert crash_guard.main(["needed:load:0", "optional:a:11", "optional:b:0", "optional:c:6"]) == 0
    said = capfd.readouterr()
    assert said.out == "done without a c\n"
    assert "crashed (SIGSEGV) while a" in said.err
    assert "crashed (SIGABRT) while c" in said.err


@pytest.mark.usefixtures("dying")
def test_a_crash_of_what_is_needed_is_the_end(capfd: Any) -> None:
    assert crash_guard.main(["needed:load:11"]) == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert "crashed (SIGSEGV) while load" in said.err
    assert "Nothing was written" in said.err


@pytest.mark.usefixtures("dying")
def test_a_signal_without_a_name_has_a_number(capfd: Any) -> None:
    number = signal.SIGRTMIN + 1
    assert crash_guard.main([f"needed:load:{number}"]) == 1
    assert f"crashed (signal {number}) while load" in capfd.readouterr().err


def test_a_runtime_that_dies_is_told_with_its_signal(tmp_path: Path) -> None:
    for number, name in ((11, "SIGSEGV"), (signal.SIGRTMIN + 1, f"signal {signal.SIGRTMIN + 1}")):
        python = tmp_path / f"python-{number}"
        python.write_text(f"#!/bin/sh\nkill -{number} $$\n")
        python.chmod(0o755)
        file = FIXTURES / "tiny_fp32.tflite"
        replay = replay_in_child(file, "litert", tmp_path / "x", tmp_path, python=str(python))
        assert replay.reason == f"the runtime crashed the process ({name})"


@pytest.mark.usefixtures("dying")
def test_a_kill_from_outside_is_not_tried_again(capfd: Any) -> None:
    assert crash_guard.main(["optional:a:9"]) == 1
    assert "while a; was memory short? Nothing was written" in capfd.readouterr().err
    assert crash_guard.main(["optional:a:15"]) == 1
    assert "(SIGTERM) while a. Nothing was written" in capfd.readouterr().err


def test_exit_codes_and_help_pass_through() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "export", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert "--max-accuracy-drop" in run("--help").stdout
    assert run("--run", "nowhere", "--target", "toaster").returncode == 2


def test_an_interruption_ends_running_children(tmp_path: Path) -> None:
    is_up = tmp_path / "is-up"
    os.mkfifo(is_up)
    endless = f"import signal; open({str(is_up)!r}, 'w').close(); signal.pause()"
    children = Children()
    with ThreadPoolExecutor(1) as pool:
        child = pool.submit(children.run, [sys.executable, "-c", endless], {}, 100)
        is_up.open().close()  # waits for the child to open it
        children.stop()
        assert child.result().returncode == -signal.SIGKILL


def test_an_interruption_among_many_files_ends_all(tmp_path: Path) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    images = np.zeros((1, 28, 28, 1), np.uint8)
    files = [FIXTURES / "tiny_fp32.tflite", FIXTURES / "tiny_static_int8.tflite"]
    with pytest.raises(KeyboardInterrupt):
        replay_all(files, images, tmp_path, lambda _: ("litert",), interrupt, workers=1)


def test_no_child_starts_after_the_stop() -> None:
    children = Children()
    children.stop()
    with pytest.raises(KeyboardInterrupt):
        children.run([sys.executable, "-c", ""], {}, 10)


def test_scores_that_cannot_be_written_say_nothing_of_the_file(tmp_path: Path) -> None:
    target = tmp_path / "tiny_fp32.tflite.litert.npy"
    target.mkdir()  # stands in for a disk without room
    with pytest.raises(OSError, match="directory"):
        replay_all(
            [FIXTURES / "tiny_fp32.tflite"],
            np.zeros((4, 28, 28, 1), np.uint8),
            tmp_path,
            lambda _: ("litert",),
        )


LOOPING = """
import keras
@keras.saving.register_keras_serializable("mine")
class Halve(keras.layers.Layer):
    def call(self, x):
        return keras.ops.while_loop(
            lambda y: keras.ops.max(y) > 1.0, lambda y: (y / 2.0,), (x,)
        )[0]
    def compute_output_shape(self, shape):
        return shape
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "said"),
    [("lstm", "loops over time (lstm)"), ("while", "branches or loops (WHILE)")],
)
def test_a_network_that_loops_is_refused_and_nothing_is_written(
    keras: Any, run_folder: Path, tmp_path: Path, layer: str, said: str
) -> None:
    layers = keras.layers
    code = tmp_path / "halving.py"
    code.write_text(LOOPING)
    scope: dict[str, Any] = {}
    exec(LOOPING, scope)
    looping = layers.LSTM(8) if layer == "lstm" else scope["Halve"]()
    stack = [layers.Rescaling(1 / 255), layers.Reshape((28, 28)), looping, layers.Flatten()]
    model = keras.Sequential([keras.Input((28, 28, 1)), *stack, layers.Dense(10)])
    model.save(tmp_path / "looping.keras")
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(f"class {i}" for i in range(10)))
    command = [sys.executable, "-m", "export", "--model", str(tmp_path / "looping.keras")]
    command += ["--labels", str(labels), "--calibration", str(run_folder / "calibration.npz")]
    command += ["--custom-code", str(code), "--recipes", "fp32.tflite,static_int8.tflite"]
    command += ["--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # A device could not check such a file before a runtime follows it, so none is made.
    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert not (tmp_path / "out").exists()

"""The runtime's own cost: what rounds say, what keeps a bound, and the command."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.errors import InputError
from benchmarks.runtime_cost import __main__ as command
from benchmarks.runtime_cost.bare.loops import build_litert_loop
from benchmarks.runtime_cost.bounds import BOUNDS, BOUNDS_BY_KEY, Bound, Finding, judge
from benchmarks.runtime_cost.commands import check_same_answer
from benchmarks.runtime_cost.pictures import draw_photo, load_pictures
from benchmarks.runtime_cost.processes import run_in_turns
from benchmarks.runtime_cost.table import format_findings
from benchmarks.runtime_cost.turns import Estimate, Turns, estimate, measure_in_turns
from edge_runtime import Classifier
from edge_runtime.measurement.host import describe_host

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "fixtures" / "fashion_mnist_sample.npz"
MODEL = ROOT / "edge_runtime" / "models" / "default.tflite"
CNN = ROOT / "tests" / "fixtures" / "cnn_static_int8.tflite"
# The CNN for ONNX Runtime is made by `make demo` alone; another model serves the same purpose here.
FILES = ["--tflite", str(CNN), "--onnx", str(MODEL.with_suffix(".onnx"))]


class FakeClock:
    """Time passes only where a test says so."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def test_contestants_take_turns_and_the_first_round_is_left_out() -> None:
    clock, order = FakeClock(), []

    def taking(name: str, times_ns: list[int]) -> object:
        def contestant() -> None:
            order.append(name)
            clock.now_ns += times_ns.pop(0)

        return contestant

    contestants = {"a": taking("a", [99, 1, 2]), "b": taking("b", [99, 10, 20])}
    taken = measure_in_turns(contestants, 2, clock)  # type: ignore[arg-type]
    assert taken == {"a": (1, 2), "b": (10, 20)}
    assert order == ["a", "b", "b", "a", "a", "b"]
    with pytest.raises(ValueError, match="contestant"):
        measure_in_turns({}, 1, clock)


def test_a_disturbed_round_decides_nothing() -> None:
    calm = Turns(bare=(10.0, 10.0, 10.0, 10.0, 90.0), ours=(12.0, 12.0, 72.0, 12.0, 92.0))
    found = estimate([calm], "difference")
    assert (found.value, found.by_least, found.count) == (2.0, 2.0, 5)
    assert estimate([calm], "ratio").value == pytest.approx(1.2)


def test_several_processes_are_one_sample_each() -> None:
    children = [Turns((10.0,) * 9, (10.0 + extra,) * 9) for extra in (1.0, 2.0, 3.0, 4.0, 50.0)]
    found = estimate(children, "difference")
    assert (found.low, found.value, found.high) == (2.0, 3.0, 4.0)
    assert found.by_least == 3.0
    assert found.count == 5


def test_a_round_needs_both_sides() -> None:
    with pytest.raises(ValueError, match="both sides"):
        Turns((1.0, 2.0), (1.0,))
    with pytest.raises(ValueError, match="nothing was measured"):
        estimate([], "ratio")


@pytest.mark.parametrize(
    ("key", "bare", "ours", "met"),
    [
        ("scores-litert", 30.0, 33.0, True),
        ("scores-litert", 30.0, 33.1, False),
        ("scores-litert-nano", 10.0, 11.1, False),
        ("scores-onnx-nano", 20.0, 22.0, True),
        ("classify-litert", 30.0, 45.0, True),
        ("classify-litert", 30.0, 45.1, False),
        ("classify-litert-nano", 10.0, 20.0, True),
        ("classify-litert-nano", 10.0, 20.1, False),
        ("batch", 10.0, 18.0, True),
        ("batch", 10.0, 17.9, False),
    ],
)
def test_a_bound_is_a_limit_from_its_own_side(
    key: str, bare: float, ours: float, met: bool
) -> None:
    finding = judge(key, [Turns((bare,), (ours,))])
    assert finding.is_met is met
    row = format_findings([finding], describe_host()).splitlines()[2]
    assert finding.bound.what in row
    assert ("| met |" in row) is met


def test_a_missed_bound_is_told_with_its_spread() -> None:
    bound = Bound("x", "a thing", "difference", "at most", 1.0, "MB")
    table = format_findings([Finding(bound, Estimate(2.0, 1.5, 2.5, 1.9, 7))], describe_host())
    assert "| a thing | at most 1.00 MB | 2.00 MB (1.50 to 2.50) | 1.90 MB | **missed** |" in table


def test_processes_run_in_turns_and_tell_what_they_wrote() -> None:
    clock = FakeClock()
    commands = {name: [sys.executable, "-c", f"print({name!r})"] for name in ("a", "b")}
    runs = run_in_turns(commands, 2, os.environ, clock)
    assert [run.output for run in (*runs["a"], *runs["b"])] == ["a\n", "a\n", "b\n", "b\n"]
    assert {run.wall_ns for run in runs["a"]} == {0}
    assert all(run.processor_ns > 0 for run in runs["a"])


def test_a_failing_process_is_told_with_its_last_words() -> None:
    failing = "import sys; print('bad luck', file=sys.stderr); sys.exit(3)"
    with pytest.raises(RuntimeError, match="ended with 3: bad luck"):
        run_in_turns({"x": [sys.executable, "-c", failing]}, 1, os.environ, FakeClock())


@pytest.mark.parametrize(("own_kib", "is_told"), [(1, True), (2**40, False)])
def test_memory_is_told_only_of_what_is_larger_than_this_process(
    own_kib: int, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A child begins as a copy of this process, and its peak begins with that.
    usage = SimpleNamespace(ru_maxrss=own_kib)
    monkeypatch.setattr("resource.getrusage", lambda _: usage)
    (run,) = run_in_turns({"x": [sys.executable, "-c", ""]}, 1, os.environ)["x"]
    assert (run.peak_bytes is not None) is is_told


def test_both_sides_must_give_the_same_answer() -> None:
    bare = json.dumps({"predictions": [{"index": 3, "score": 0.91}]})
    check_same_answer(bare, bare)
    for index, score in ((4, 0.91), (3, 0.5)):
        ours = json.dumps({"predictions": [{"index": index, "score": score}]})
        with pytest.raises(RuntimeError, match="answer differently"):
            check_same_answer(bare, ours)


def test_the_photo_shows_what_its_garment_shows(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    pictures = load_pictures(SAMPLE)
    draw_photo(pictures[0, ..., 0], tmp_path / "photo.png")
    with Classifier.load(MODEL) as classifier:
        expected = classifier.classify(pictures[0]).top
        assert classifier.classify(tmp_path / "photo.png").top.label == expected.label
    build_litert_loop(MODEL, [pictures[:1]])()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros(3)}, r"expected images or test_images, found \['x'\]"),
        ({"images": np.zeros((2, 8, 8))}, r"images must be uint8 .* found float64 \(2, 8, 8\)"),
        ({"images": np.zeros((0, 8, 8), np.uint8)}, r"found uint8 \(0, 8, 8\)"),
    ],
)
def test_pictures_that_are_none_are_refused(
    tmp_path: Path, arrays: dict[str, npt.NDArray[np.generic]], message: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=message):
        load_pictures(tmp_path / "a.npz")


def test_damaged_pictures_are_refused(tmp_path: Path) -> None:
    whole = SAMPLE.read_bytes()
    for data in (b"", whole[: len(whole) // 2], whole.replace(b"PK\x01\x02", b"PK\x01\x03")):
        (tmp_path / "a.npz").write_bytes(data)
        with pytest.raises(InputError, match=r"is no \.npz file that can be read"):
            load_pictures(tmp_path / "a.npz")


def test_the_command_measures_and_judges(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = [judge(bound.key, [Turns((1.0,), (1.0,))]) for bound in BOUNDS]
    monkeypatch.setattr(command, "measure", lambda *_: iter(findings))
    assert command.main(["--quick", "--json", *FILES]) == 1  # A ratio of 1 is no gain on two cores.
    document = json.loads(capsys.readouterr().out)
    assert [each["key"] for each in document["findings"] if not each["met"]] == ["batch"]
    findings.remove(next(each for each in findings if each.bound.key == "batch"))
    assert command.main(FILES) == 0
    assert BOUNDS_BY_KEY["memory"].what in capsys.readouterr().out


def test_wrong_use_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--tflite", "missing.tflite"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_cnn_that_was_not_made_yet_is_told_with_the_command_that_makes_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "_CNN", tmp_path / "fashion-cnn_static_int8")
    assert command.main(["--only", "scores-litert"]) == 2
    assert "make demo" in capsys.readouterr().err


def test_only_files_that_are_measured_with_must_be_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = [judge("scores-litert-nano", [Turns((1.0,), (1.0,))])]
    monkeypatch.setattr(command, "measure", lambda *_: iter(findings))
    missing = ["--tflite", "missing.tflite", "--onnx", "missing.onnx"]
    assert command.main([*missing, "--only", "scores-litert-nano"]) == 0
    assert command.main([*missing, "--only", "scores-litert"]) == 2
    capsys.readouterr()


@pytest.mark.slow
def test_everything_is_measured_in_processes_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keys = ["scores-litert", "classify-litert-nano", "scores-onnx", "command", "import"]
    code = command.main(["--quick", "--json", *FILES, "--only", *keys])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [each["key"] for each in found] == keys
    assert code == (0 if all(each["met"] for each in found) else 1)


def test_an_interrupted_measurement_ends_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "measure", interrupt)
    assert command.main(["--quick", *FILES]) == 130
    assert capsys.readouterr().err == f"runtime_cost: interrupted; 0 of {len(BOUNDS)} measured\n"

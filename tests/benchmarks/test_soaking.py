"""Long runs: what counts as drift, what is told, and the command."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.artifacts import load_artifacts
from benchmarks.cli import soak
from benchmarks.cli.main import main
from benchmarks.cli.soak import choose_artifact
from benchmarks.plan import PLANS
from benchmarks.runtimes import Runtime
from benchmarks.soaking import SoakRecord, draw_soak, find_drift, format_soak
from edge_runtime.measurement.host import describe_host, read_sensors
from edge_runtime.measurement.records import SoakPoint
from edge_runtime.measurement.timing import SoakWindow


def build_points(medians: list[int]) -> tuple[SoakPoint, ...]:
    return tuple(
        SoakPoint(
            SoakWindow(5_000_000_000 * place, 1000, median, median * 2, median * 9),
            read_sensors(),
            50 * 2**20,
        )
        for place, median in enumerate(medians, 1)
    )


def test_drift_is_the_last_tenth_against_the_first() -> None:
    assert find_drift(build_points([100] * 18 + [150, 150])) == pytest.approx(0.5)
    assert find_drift(build_points([100])) == 0.0
    with pytest.raises(ValueError, match="without windows"):
        find_drift(())


def test_a_soak_is_told_and_drawn(tmp_path: Path) -> None:
    points = build_points([100] * 20 + [120] * 10)
    # Between dollar signs matplotlib would read a formula.
    record = SoakRecord(1, "now", describe_host(), "a $x^$.tflite", "litert", 1, points, 0.2)
    told = "\n".join(format_soak(record))
    assert "30,000 calls in 2.5 minutes" in told
    assert "held itself back" not in told
    assert "quote the sustained figure" in told
    draw_soak(record, tmp_path / "soak.png")
    assert (tmp_path / "soak.png").read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command writes; only the fake runtime is there."""
    monkeypatch.setattr(soak, "list_runtimes", lambda: [Runtime("fake", ("tflite",))])
    return tmp_path / "soak"


def test_the_command_soaks(toy_folder: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--artifacts", str(toy_folder), "--soak", "1s", "--out", str(out)]
    assert main(words) == 0
    document = json.loads((out / "soak.json").read_text())
    assert document["artifact"] == "toy-cnn_static_int8.tflite"
    assert len(document["points"]) >= 5
    assert (out / "soak.png").exists()
    assert "calls in" in capsys.readouterr().out
    assert main(words) == 2
    assert main([*words, "--force"]) == 0
    (out / "soak.json").write_text('{"duration": "1s"}')
    assert main([*words, "--force"]) == 2
    assert "no soak.json of one" in capsys.readouterr().err


def test_a_board_that_holds_itself_back_is_named_with_the_moment(tmp_path: Path) -> None:
    cool, *rest = build_points([100, 100, 130, 130])
    hot = [replace(p, sensors=replace(p.sensors, throttled=0xE0008)) for p in rest]
    # What happened before the soak, since boot, is not its own.
    cool = replace(cool, sensors=replace(cool.sensors, throttled=0x50000))
    record = SoakRecord(1, "now", describe_host(), "a", "litert", 1, (cool, *hot), 0.3)
    assert "held itself back from 10.0 seconds on (throttled=0xe0008)" in "".join(
        format_soak(record)
    )
    draw_soak(record, tmp_path / "soak.png")
    assert (tmp_path / "soak.png").exists()


def test_the_artifact_and_runtime_to_soak_can_be_named(
    toy_folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--artifacts", str(toy_folder), "--soak", "1s", "--out", str(out)]
    assert main([*words, "--only", "*_fp64.*"]) == 2
    assert "there are: toy-cnn_fp32.tflite" in capsys.readouterr().err
    assert main([*words, "--runtimes", "litre"]) == 2
    assert "can be soaked on fake" in capsys.readouterr().err
    assert main([*words, "--only", "*_fp32.*"]) == 0
    assert json.loads((out / "soak.json").read_text())["artifact"] == "toy-cnn_fp32.tflite"


def test_any_artifact_that_is_named_can_be_soaked(tmp_path: Path) -> None:
    names = ["my.tflite", "toy_fp32.tflite", "toy_int16x8.tflite", "toy_static_int8.onnx"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    artifacts = load_artifacts(tmp_path)
    assert choose_artifact(artifacts, PLANS["quick"]).file == "toy_static_int8.onnx"
    for name in names:
        assert choose_artifact(artifacts, replace(PLANS["quick"], artifacts=(name,))).file == name


@pytest.mark.parametrize("text", ["10", "0s", "m", "5d", "-1s"])
def test_a_time_needs_a_number_and_a_unit(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--artifacts", "x", f"--soak={text}"])
    assert "90s, 10m or 2h" in capsys.readouterr().err

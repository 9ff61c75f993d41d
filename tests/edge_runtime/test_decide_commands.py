"""bench, tune and info as a board's owner types them, on real processes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge_runtime.cli.main import run_command_line
from edge_runtime.cli.tune import parse_latency, parse_percent
from edge_runtime.document import from_json
from edge_runtime.measurement.records import TrialOutcome, TrialRequest
from edge_runtime.measurement.trial_process import refuse
from edge_runtime.profile import load_profile
from tests.edge_runtime.installed import needs

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
TINY = FIXTURES / "tiny_static_int8.tflite"
SHORT = ["--seconds", "0.02"]


def run_program(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_runtime", *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    for name in (TINY.name, "tiny_fp32.onnx"):
        shutil.copyfile(FIXTURES / name, folder / name)
    return folder


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("tiny_*.*")), ids=lambda file: file.name)
def test_bench_shows_every_part(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["bench", "--model", str(file), *SHORT]) == 0
    out = capsys.readouterr().out
    for part in ("p50", "p90", "p99", "first call", "throughput", "decode", "peak", "machine:"):
        assert part in out


def test_bench_json_is_the_outcome_of_a_trial(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["bench", "--json", "--backend", "fake", *SHORT]) == 0
    outcome = from_json(TrialOutcome, capsys.readouterr().out, "bench")
    assert outcome.result is not None
    assert outcome.result.stream is not None
    assert len(outcome.result.stream.samples_ns) >= 64


def test_bench_takes_the_time_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[TrialRequest] = []

    def refuse_all(request: str, *_: object) -> TrialOutcome:
        asked.append(from_json(TrialRequest, request, "the request"))
        return refuse("Refused", "for this test")

    monkeypatch.setattr("edge_runtime.cli.bench.answer_request", refuse_all)
    assert run_command_line(["bench", "--backend", "fake", "--seconds", "60"]) == 1
    effort = asked[0].effort
    assert effort.steady_ns == effort.max_ns == 60_000_000_000


@needs("onnx")
def test_bench_says_why_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["bench", "--model", str(TINY), "--backend", "onnx", "--json"]) == 1
    outcome = from_json(TrialOutcome, capsys.readouterr().out, "bench")
    assert outcome.refusal is not None
    assert outcome.refusal.kind == "IncompatibleArtifactError"
    assert run_command_line(["bench", "--model", str(tmp_path / "no.tflite")]) == 1
    assert "no such file" in capsys.readouterr().err
    assert run_command_line(["bench", "--seconds", "never"]) == 2


@needs("litert")
@needs("onnx")
@pytest.mark.workstation  # Each candidate is a process of its own, or several.
def test_tune_saves_a_profile_that_every_command_takes(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pi.profile.json"
    command = ["tune", str(models), "--threads", "1", "--rounds", "1", "--out", str(out)]
    command += ["--backend", "litert", "--backend", "onnx"]
    with np.load(FIXTURES / "fashion_mnist_sample.npz") as sample:
        data = tmp_path / "data.npz"
        np.savez(data, images=sample["test_images"], labels=sample["test_labels"])
    assert run_command_line([*command, "--data", str(data), "--limit", "50"]) == 0
    told = capsys.readouterr()
    assert told.out.count("tiny_") >= 2
    assert "→" in told.out
    assert "50/50" not in told.out  # Progress is none of the results.
    assert "timing, fresh processes" in told.err
    profile = load_profile(out)
    assert profile.artifact.startswith("models/tiny_")
    assert len(profile.candidates) == 2
    assert {one.accuracy.total for one in profile.candidates if one.accuracy} == {50}
    chosen = profile.backend
    assert run_command_line(["bench", "--model", str(out), *SHORT]) == 0
    assert f"on {chosen}" in capsys.readouterr().out
    assert run_command_line(["evaluate", str(data), "--model", str(out), "--limit", "10"]) == 0
    assert f"on {chosen}" in capsys.readouterr().out
    assert run_command_line(["info", str(out)]) == 0
    assert f"chosen       {chosen}" in capsys.readouterr().out
    assert run_command_line(command) == 1
    assert "--force" in capsys.readouterr().err


@needs("litert")
@pytest.mark.workstation  # Each candidate is a process of its own, or several.
def test_tune_without_a_fitting_candidate_names_the_nearest_and_writes_nothing(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "none.json"
    command = ["tune", str(models / TINY.name), "--backend", "litert", "--threads", "1"]
    command += ["--rounds", "1", "--max-latency", "0.001us", "--out", str(out)]
    assert run_command_line(command) == 1
    told = capsys.readouterr().out
    assert "none of 1 candidates keeps to p90 at most 0.001 µs" in told
    assert f"nearest: {TINY.name} on litert" in told
    assert not out.exists()
    assert run_command_line([*command, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["profile"] is None
    assert document["nearest"]["standing"] == "too slow"


def test_runtimes_in_this_process_leave_both_streams_clean(tmp_path: Path) -> None:
    for command in (["bench", "--seconds", "0.02", "--json"], ["verify", "default", "--json"]):
        done = run_program(*command, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), command
        json.loads(done.stdout)


@pytest.mark.slow
def test_runtimes_in_children_leave_both_streams_clean(models: Path, tmp_path: Path) -> None:
    tune = ["tune", f"models/{TINY.name}", "--threads", "1", "--rounds", "1", "--json"]
    done = run_program(*tune, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["profile"] == "board.profile.json"
    told = [line for line in done.stderr.splitlines() if "fresh processes" not in line]
    assert told == []
    for command in (
        ["bench", "--model", "board.profile.json", "--seconds", "0.02", "--json"],
        ["info", f"models/{TINY.name}", "--json"],
        ["doctor", "--json"],
    ):
        done = run_program(*command, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), command
        json.loads(done.stdout)


def test_wrong_use_of_tune_ends_with_2(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (
        ["--max-latency", "5"],
        ["--max-latency", "9" * 400 + "s"],
        ["--min-accuracy", "0.92"],
        ["--limit", "5"],
        ["--out", "profile.txt"],
        ["--threads", "0"],
        ["--backend", "fake"],  # Its answers are invented, so there is nothing to choose.
    ):
        assert run_command_line(["tune", str(models), *wrong]) == 2, wrong
    assert run_command_line(["tune"]) == 2


def test_times_and_percents_are_read_with_their_units() -> None:
    assert [parse_latency(text) for text in ("500us", "500 µs", "2ms", "0.5s")] == [
        500.0,
        500.0,
        2000.0,
        500_000.0,
    ]
    assert [parse_percent(text) for text in ("92.5", "92.5%", "100")] == [0.925, 0.925, 1.0]


@needs("litert")
def test_info_shows_what_the_artifact_says_and_what_loads_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command_line(["info", "default"]) == 0
    out = capsys.readouterr().out
    for part in ("qat_int8", "28 × 28", "logits", "Ankle boot", "MIT", "float model"):
        assert part in out
    assert "litert: yes, ai-edge-litert" in out
    assert run_command_line(["info", "default", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["golden"] == 10
    assert document["accuracy"]["total"] == 10_000
    assert {one["name"] for one in document["runtimes"]} == {"litert", "tflite"}


@needs("litert")
def test_info_of_a_file_without_description_tells_the_rest_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "bare.tflite"
    whole = TINY.read_bytes()
    bare.write_bytes(whole[: whole.index(b"PK\x03\x04")])
    assert run_command_line(["info", str(bare)]) == 1
    told = capsys.readouterr()
    assert "litert: yes" in told.out
    assert "carries no description" in told.err

"""The runner with scripted processes: order, refusals, crashes, and what it writes down."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.artifacts import EvaluationSet, load_artifacts
from benchmarks.plan import PLANS, build_cases
from benchmarks.runner import Job, Slowdown, run_job
from edge_runtime.measurement.records import Refusal, TrialRequest
from tests.benchmarks.scripted import ScriptedLauncher

RUNTIMES = (("litert", ("tflite",)), ("tflite", ("tflite",)))


def latency_of(request: TrialRequest) -> int:
    return 30_000 if request.backend == "litert" else 200_000


@pytest.fixture
def launcher(tmp_path: Path) -> ScriptedLauncher:
    (tmp_path / "scratch").mkdir()
    return ScriptedLauncher(tmp_path / "scratch", latency_of)


@pytest.fixture
def job(toy_folder: Path, evaluation: EvaluationSet) -> Job:
    plan = replace(PLANS["standard"], rounds=4)
    cases = build_cases(load_artifacts(toy_folder), plan, RUNTIMES)
    return Job(toy_folder, cases, plan, evaluation, modules={})


def silent(stage: str, done: int, total: int) -> None:
    assert 0 <= done <= total, stage


def test_every_round_runs_every_case_once(
    job: Job, launcher: ScriptedLauncher, tmp_path: Path
) -> None:
    record = run_job(job, launcher, tmp_path / "scratch", silent)
    assert len(record.accuracies) == 4
    timed = [request for request in launcher.requests if request.what == "latency"]
    size = len(job.cases)
    rounds = [timed[start : start + size] for start in range(0, len(timed), size)]
    keys = [
        [(Path(r.artifact).name, r.backend, r.threads) for r in one_round] for one_round in rounds
    ]
    assert len(rounds) == 4
    assert all(sorted(one) == sorted(keys[0]) for one in keys)
    assert any(one != keys[0] for one in keys[1:]), "the order is drawn anew in each round"
    assert all(r.images and r.images.endswith("stream.npy") for r in timed)
    for case in record.cases:
        assert case.status == "measured"
        assert [process.round for process in case.processes] == [1, 2, 3, 4]
        assert case.summary is not None
        assert case.summary.p99_ns is not None
        assert case.summary.memory_over_bare_bytes == 41 * 2**20
        assert case.summary.images_per_s is not None
        assert case.summary.images_per_s.value == pytest.approx(51_200)


def test_files_reach_the_board_before_anything_runs_there(
    job: Job, launcher: ScriptedLauncher, tmp_path: Path
) -> None:
    run_job(job, launcher, tmp_path / "scratch", silent)
    first = launcher.calls.index("run")
    artifacts = [call for call in launcher.calls[:first] if call.startswith("put toy-cnn")]
    assert len(artifacts) == 4


def test_a_refused_pair_stands_with_its_reason_and_is_not_timed(
    job: Job, launcher: ScriptedLauncher, tmp_path: Path
) -> None:
    refused = ("toy-cnn_fp32.tflite", "tflite")
    launcher.refusals[refused] = Refusal("IncompatibleArtifactError", "operator too new")
    record = run_job(job, launcher, tmp_path / "scratch", silent)
    cases = [case for case in record.cases if (case.artifact, case.runtime) == refused]
    assert len(cases) == 2
    assert all(case.status == "refused" and case.summary is None for case in cases)
    assert all(case.reason == "IncompatibleArtifactError: operator too new" for case in cases)
    asked = [Path(r.artifact).name for r in launcher.requests if r.backend == "tflite"]
    assert asked.count("toy-cnn_fp32.tflite") == 1


def test_a_crash_is_a_failed_case_not_the_end(
    job: Job, launcher: ScriptedLauncher, tmp_path: Path
) -> None:
    launcher.refusals["toy-cnn_static_int8.tflite", "litert"] = Refusal("Crashed", "died of SIGILL")
    record = run_job(job, launcher, tmp_path / "scratch", silent)
    statuses = [case.status for case in record.cases]
    assert statuses.count("failed") == 2
    assert statuses.count("measured") == 6


def test_a_slowdown_reaches_only_its_runtime(
    job: Job, launcher: ScriptedLauncher, tmp_path: Path
) -> None:
    run_job(replace(job, slowdown=Slowdown("tflite", 1.1)), launcher, tmp_path / "scratch", silent)
    assert {r.slowdown for r in launcher.requests if r.backend == "tflite"} == {1.1}
    assert {r.slowdown for r in launcher.requests if r.backend == "litert"} == {1.0}

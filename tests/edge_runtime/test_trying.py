"""Trying candidates, with trials that answer from a script instead of from processes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_runtime.errors import ArtifactError
from edge_runtime.evaluation.labelled_set import LabelledSet
from edge_runtime.measurement.records import (
    SCHEMA_VERSION,
    Refusal,
    TrialOutcome,
    TrialRequest,
    TrialResult,
)
from edge_runtime.measurement.trial_process import refuse
from edge_runtime.tuning.candidates import Candidate, find_artifacts, list_candidates
from edge_runtime.tuning.search import Search
from edge_runtime.tuning.trying import try_candidates
from tests.benchmarks.scripted import build_trial_result
from tests.edge_runtime.conftest import WriteArtifact

Latency = Callable[[TrialRequest], int]


class ScriptedTrials:
    """Stands in for processes; remembers what was asked."""

    def __init__(self, latency_ns: Latency, refusals: dict[str, Refusal] | None = None) -> None:
        self.asked: list[TrialRequest] = []
        self._latency_ns = latency_ns
        self._refusals = refusals or {}

    def __call__(self, request: TrialRequest) -> TrialOutcome:
        self.asked.append(request)
        refusal = self._refusals.get(request.backend)
        if refusal is not None:
            return refuse(refusal.kind, refusal.message)
        if request.what == "scores":
            assert request.images is not None
            assert request.scores_to is not None
            images = np.load(request.images)
            # As bright as the class: what the fake backend answers.
            scores = np.eye(4, dtype=np.float32)[images.reshape(len(images), -1).max(axis=1) // 64]
            np.save(request.scores_to, scores)
            result = TrialResult("1.0", None, 0, 0, None, answered=len(images))
            return TrialOutcome(SCHEMA_VERSION, result, None)
        result = build_trial_result((self._latency_ns(request),) * 100)
        return TrialOutcome(SCHEMA_VERSION, result, None)


def silent(stage: str, done: int, total: int) -> None:
    assert done <= total, stage


def build_search(trials: ScriptedTrials, tmp_path: Path, rounds: int = 3) -> Search:
    return Search(trials, silent, tmp_path, tmp_path, rounds)


def test_candidates_are_what_reads_the_format(tmp_path: Path) -> None:
    candidates = list_candidates(
        [Path("/a.tflite"), Path("/B.ONNX")], ["litert", "onnx", "fake"], [1, 2]
    )
    assert [(one.artifact.name, one.backend, one.threads) for one in candidates] == [
        ("a.tflite", "litert", 1),
        ("a.tflite", "litert", 2),
        ("a.tflite", "fake", 1),
        ("a.tflite", "fake", 2),
        ("B.ONNX", "onnx", 1),
        ("B.ONNX", "onnx", 2),
        ("B.ONNX", "fake", 1),
        ("B.ONNX", "fake", 2),
    ]


def test_artifacts_are_files_folders_and_the_default(
    tmp_path: Path, write_artifact: WriteArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_artifact()
    (tmp_path / "notes.txt").write_text("")
    assert find_artifacts([tmp_path, file]) == [file]
    in_capitals = file.rename(file.with_suffix(".TFLITE"))
    assert find_artifacts([tmp_path, in_capitals]) == [in_capitals]
    assert {path.name for path in find_artifacts([Path("default")])} == {
        "default.tflite",
        "default.onnx",
    }
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("none of them")
    (tmp_path / "model.keras").write_bytes(b"PK")
    for place, complaint in (
        (tmp_path / "empty", "holds no"),
        (tmp_path / "no.tflite", "no such file or folder"),
        (tmp_path / "nosuch", "no such file or folder"),
        (tmp_path / "model.keras", r"python -m export --model .*/model\.keras"),
        (tmp_path / "notes.txt", r"expected a \.tflite"),
    ):
        with pytest.raises(ArtifactError, match=complaint):
            find_artifacts([place])


def test_every_candidate_is_measured_round_by_round(
    tmp_path: Path, write_artifact: WriteArtifact
) -> None:
    artifact = write_artifact()
    trials = ScriptedTrials(lambda request: 30_000 * request.threads)
    candidates = [Candidate(artifact, "fake", threads) for threads in (1, 2)]
    one, two = try_candidates(candidates, build_search(trials, tmp_path))
    assert [request.threads for request in trials.asked[:2]] in ([1, 2], [2, 1])
    assert len(trials.asked) == 6
    assert (one.p50_us, two.p50_us) == (30.0, 60.0)
    assert (one.p90_us, one.processes, one.samples) == (30.0, 3, 300)
    assert one.artifact == artifact.name
    assert one.accuracy is None  # The artifact states none.


def test_what_crashes_is_a_line_with_its_reason_and_not_asked_twice(
    tmp_path: Path, write_artifact: WriteArtifact
) -> None:
    crash = Refusal("Crashed", "the process died of SIGILL")
    trials = ScriptedTrials(lambda _: 30_000, {"litert": crash})
    candidates = [Candidate(write_artifact(), name, 1) for name in ("fake", "litert")]
    good, bad = try_candidates(candidates, build_search(trials, tmp_path))
    assert good.standing == "possible"
    assert (bad.standing, bad.reason) == ("refused", "Crashed: the process died of SIGILL")
    assert [request.backend for request in trials.asked].count("litert") == 1


def test_what_is_far_slower_and_no_more_accurate_gets_one_round(
    tmp_path: Path, write_artifact: WriteArtifact
) -> None:
    times = {"fake": 30_000, "litert": 80_000, "tflite": 100_000}
    trials = ScriptedTrials(lambda request: times[request.backend])
    artifact = write_artifact()
    candidates = [Candidate(artifact, name, 1) for name in times]
    records = try_candidates(candidates, build_search(trials, tmp_path))
    assert [record.processes for record in records] == [3, 3, 1]


def test_accuracy_is_measured_once_per_artifact_and_runtime(
    tmp_path: Path, write_artifact: WriteArtifact
) -> None:
    levels = np.array([10, 70, 140, 200], np.uint8)
    images = np.tile(levels[:, None, None, None], (1, 28, 28, 1))
    data = LabelledSet(images, np.array([0, 1, 2, 0], np.int64), ("0", "1", "2", "3"))
    trials = ScriptedTrials(lambda _: 30_000)
    search = Search(trials, silent, tmp_path, tmp_path, 1, load_labelled=lambda _: data)
    candidates = [Candidate(write_artifact(), "fake", threads) for threads in (1, 2)]
    records = try_candidates(candidates, search)
    assert [request.what for request in trials.asked].count("scores") == 1
    for record in records:
        assert record.accuracy is not None
        assert (record.accuracy.correct, record.accuracy.total) == (3, 4)
        assert record.accuracy.source == "measured"


def test_a_damaged_artifact_is_refused_and_the_rest_is_tried(
    tmp_path: Path, write_artifact: WriteArtifact
) -> None:
    damaged = write_artifact("{}", name="damaged.tflite")
    data = LabelledSet(np.zeros((1, 28, 28, 1), np.uint8), np.zeros(1, np.int64), ("0",))
    search = Search(
        ScriptedTrials(lambda _: 30_000),
        silent,
        tmp_path,
        tmp_path,
        1,
        load_labelled=lambda _: data,
    )
    candidates = [Candidate(path, "fake", 1) for path in (damaged, write_artifact())]
    bad, good = try_candidates(candidates, search)
    assert (bad.standing, good.standing) == ("refused", "possible")
    assert "schema_version" in (bad.reason or "")

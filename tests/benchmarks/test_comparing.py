"""What changed between two runs, what must not be compared, gates, merging and the schema."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from benchmarks.accuracy import judge_scores, pack_predictions
from benchmarks.artifacts import EvaluationSet, load_artifacts
from benchmarks.cli.main import main
from benchmarks.comparing import Change, compare_results
from benchmarks.errors import ResultsError
from benchmarks.gates import Gates, check_gates
from benchmarks.measurement import measure
from benchmarks.plan import PLANS, build_cases
from benchmarks.report.earlier_report import MERGED
from benchmarks.results import Results, load_results, save_results
from benchmarks.runner import Job
from benchmarks.schema import PUBLISHED, build_schema
from edge_runtime.document import to_document
from edge_runtime.measurement.records import TrialRequest
from tests.benchmarks.scripted import ScriptedLauncher

REFERENCES = sorted(PUBLISHED.with_name("reference").glob("*/results.json"))
RUNTIMES = (("litert", ("tflite",)), ("tflite", ("tflite",)))
Latency = Callable[[TrialRequest], int]
Measure = Callable[[Latency], Results]


def noisy(seed: int, slower: float = 1.0) -> Latency:
    """30 µs and 200 µs with 1.5 % between processes; tflite slowed by a factor."""
    generator = np.random.default_rng(seed)

    def latency(request: TrialRequest) -> int:
        base = 30_000 if request.backend == "litert" else 200_000 * slower
        return int(base * np.exp(generator.normal(0, 0.015)))

    return latency


@pytest.fixture
def measure_with(toy_folder: Path, evaluation: EvaluationSet, tmp_path: Path) -> Measure:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    plan = replace(PLANS["standard"], retries=0.0)
    cases = build_cases(load_artifacts(toy_folder), plan, RUNTIMES)
    job = Job(toy_folder, cases, plan, evaluation, modules={})

    def run(latency: Latency) -> Results:
        return measure(job, ScriptedLauncher(scratch, latency), scratch, 200, lambda *_: None)

    return run


def worse(changes: list[Change]) -> set[tuple[str, str]]:
    return {(c.subject, c.quantity) for c in changes if c.direction == "worse"}


def test_ten_percent_slower_is_found_and_nothing_else(measure_with: Measure) -> None:
    changes = compare_results(measure_with(noisy(1)), measure_with(noisy(2, slower=1.1)))
    found = worse(changes)
    assert {quantity for _, quantity in found} == {"latency"}
    assert {subject.split(" on ")[1].split(",")[0] for subject, _ in found} == {"tflite"}
    assert len(found) == 4


def test_the_same_code_is_not_reported_as_different(measure_with: Measure) -> None:
    alarms = 0
    for seed in range(10):
        old, new = measure_with(noisy(100 + seed)), measure_with(noisy(200 + seed))
        alarms += any(change.direction != "same" for change in compare_results(old, new))
    assert alarms <= 1


def test_lost_accuracy_and_larger_files_are_found(
    measure_with: Measure, evaluation: EvaluationSet
) -> None:
    old = measure_with(noisy(1))
    assert evaluation.reference_scores is not None
    perfect = judge_scores(
        old.accuracies[0].artifact, "litert", evaluation.reference_scores, evaluation
    )
    before = replace(old, accuracies=(perfect, *old.accuracies[1:]))
    heavier = replace(old.artifacts[0], size_bytes=old.artifacts[0].size_bytes + 1)
    after = replace(old, artifacts=(heavier, *old.artifacts[1:]))
    found = {quantity for _, quantity in worse(compare_results(before, after))}
    assert found == {"accuracy", "size"}


def test_a_case_that_stopped_working_is_worse(measure_with: Measure) -> None:
    old = measure_with(noisy(1))
    broken = replace(old.cases[0], status="failed", reason="Crashed: SIGILL", summary=None)
    changes = compare_results(old, replace(old, cases=(broken, *old.cases[1:])))
    assert any(c.quantity == "status" and "SIGILL" in c.text for c in changes)


def test_other_boards_and_pictures_are_refused_by_name(measure_with: Measure) -> None:
    old = measure_with(noisy(1))
    other = replace(
        old,
        host=replace(old.host, board="Raspberry Pi 5"),
        evaluation=replace(old.evaluation, sha256="0" * 64),
    )
    with pytest.raises(ResultsError, match=r"(?s)host\.board.*evaluation\.sha256"):
        compare_results(old, other)


def test_one_name_for_two_processors_is_refused_by_their_instructions(
    measure_with: Measure,
) -> None:
    old = measure_with(noisy(1))
    before = replace(old, host=replace(old.host, flags=("avx2", "avx512_vnni", "smep")))
    after = replace(old, host=replace(old.host, flags=("avx2", "cpuid_fault")))
    with pytest.raises(ResultsError, match=r"host\.flags: \['avx512_vnni'\] against \[\]"):
        compare_results(before, after)


def test_another_kernel_s_share_of_the_memory_is_the_same_board(measure_with: Measure) -> None:
    old = replace(results := measure_with(noisy(1)), host=replace(results.host, memory_bytes=4_000))
    compare_results(old, replace(old, host=replace(old.host, memory_bytes=3_950)))
    with pytest.raises(ResultsError, match=r"host\.memory_bytes: 4000 against 8000"):
        compare_results(old, replace(old, host=replace(old.host, memory_bytes=8_000)))


def test_an_artifact_that_is_gone_is_worse_unless_nobody_asked(measure_with: Measure) -> None:
    old = measure_with(noisy(1))
    kept = old.artifacts[1].file
    fewer = replace(
        old,
        artifacts=old.artifacts[1:],
        cases=tuple(case for case in old.cases if case.artifact == kept),
    )
    gone = {c.subject for c in compare_results(old, fewer) if c.quantity == "status"}
    assert len(gone) == 4
    assert all(old.artifacts[0].file in subject for subject in gone)
    narrowed = replace(fewer, plan=replace(fewer.plan, artifacts=(kept,)))
    assert worse(compare_results(old, narrowed)) == set()


def test_the_command_ends_with_1_on_a_finding(
    measure_with: Measure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    save_results(measure_with(noisy(1)), old)
    save_results(measure_with(noisy(2, slower=1.2)), new)
    assert main(["compare", str(old), str(new)]) == 1
    shown = capsys.readouterr().out
    assert "WORSE" in shown
    assert "4 worse" in shown
    assert main(["compare", str(old), str(old), "--all"]) == 0
    capsys.readouterr()
    assert main(["compare", str(old), str(new), "--json"]) == 1
    assert json.loads(capsys.readouterr().out), "warnings must not reach standard output"


def test_what_cannot_be_compared_is_wrong_use(
    measure_with: Measure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    results = measure_with(noisy(1))
    save_results(results, old)
    assert main(["compare", str(old), str(tmp_path / "none.json")]) == 2
    assert "cannot read" in capsys.readouterr().err
    save_results(replace(results, host=replace(results.host, board="Raspberry Pi 5")), new)
    assert main(["compare", str(old), str(new)]) == 2
    assert "host.board" in capsys.readouterr().err
    other = replace(results.evaluation, images=100, sha256="0" * 64)
    fewer = replace(results, evaluation=other, accuracies=())
    save_results(fewer, new)
    assert main(["compare", str(old), str(new)]) == 2
    refusal = capsys.readouterr().err
    assert "evaluation.images: 200 against 100" in refusal
    assert "same pictures and the same plan" in refusal
    strangers = replace(results, cases=tuple(replace(c, runtime="onnx") for c in results.cases))
    save_results(strangers, new)
    assert main(["compare", str(old), str(new)]) == 2
    assert "nothing to compare" in capsys.readouterr().err


def test_results_come_back_as_they_were_and_fit_the_published_schema(
    measure_with: Measure, tmp_path: Path
) -> None:
    results = measure_with(noisy(1))
    save_results(results, tmp_path / "results.json")
    assert load_results(tmp_path / "results.json") == results
    document = json.loads((tmp_path / "results.json").read_text())
    published = json.loads(PUBLISHED.read_text())
    assert published == build_schema(), "run: python -m benchmarks schema > the published file"
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(document, published)
    samples = published["$defs"]["Summary"]["properties"]["samples"]
    assert samples == {"type": "integer", "description": "How many there are."}
    document["verdict"]["valid"] = "yes"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, published)


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.parent.name)
def test_the_committed_results_fit_the_published_schema(path: Path) -> None:
    jsonschema.validate(json.loads(path.read_text()), json.loads(PUBLISHED.read_text()))
    assert load_results(path).verdict.valid
    assert path.stat().st_size < 2_000_000


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 1}'])
def test_a_malformed_results_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(ResultsError, match=r"results\.json"):
        load_results(path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda whole: whole.update(artifacts=[]), "not among its artifacts"),
        (lambda whole: whole.update(created="yesterday"), "created is no time"),
        (lambda whole: whole["accuracies"][0].update(total=0), "of 0 right"),
        (lambda whole: whole["accuracies"][0].update(total=5), "of 5 right"),
        (lambda whole: whole["cases"][0].update(processes=[]), "a summary of no process"),
        (lambda whole: whole["cases"][0]["summary"].update(cpu_ns=10**400), "a finite number"),
        (
            lambda whole: whole["cases"][0]["processes"][0]["result"].update(stream=None),
            "without times above 0",
        ),
    ],
)
def test_a_results_file_that_contradicts_itself_is_refused(
    measure_with: Measure, tmp_path: Path, spoil: Callable[[Any], object], message: str
) -> None:
    document = to_document(measure_with(noisy(1)))
    spoil(document)
    path = tmp_path / "results.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ResultsError, match=message):
        load_results(path)


def test_gates_name_what_misses_them(measure_with: Measure) -> None:
    results = measure_with(noisy(1))
    results = replace(results, verdict=replace(results.verdict, valid=True))
    assert check_gates(results, Gates()) == []
    generous = Gates(max_p90_ns=1e9, max_size_bytes=1e6, max_memory_bytes=1e9)
    assert check_gates(results, generous) == []
    assert len(check_gates(results, Gates(max_p90_ns=100_000))) == 4
    assert all("tflite" in miss for miss in check_gates(results, Gates(max_p90_ns=100_000)))
    assert len(check_gates(results, Gates(min_accuracy=0.9))) == 8
    assert len(check_gates(results, Gates(max_size_bytes=10))) == 8
    assert len(check_gates(results, Gates(max_memory_bytes=10))) == 8


def test_what_misses_a_gate_narrowly_does_not_look_as_if_it_met_it(measure_with: Measure) -> None:
    results = measure_with(noisy(1))
    results = replace(
        results, artifacts=tuple(replace(one, size_bytes=307_201) for one in results.artifacts)
    )
    misses = check_gates(results, Gates(max_size_bytes=300 * 1024))
    assert misses[0].endswith("size 300.001 KiB, at most 300 KiB wanted")


def test_a_crash_passes_no_gate_and_a_refusal_is_no_miss(measure_with: Measure) -> None:
    results = measure_with(noisy(1))
    crashed = replace(results.cases[0], status="failed", reason="Crashed: SIGILL", summary=None)
    refused = replace(results.cases[1], status="refused", reason="too new", summary=None)
    both = replace(results, cases=(crashed, refused, *results.cases[2:]))
    misses = check_gates(both, Gates(max_size_bytes=1e6))
    assert len(misses) == 1
    assert "SIGILL" in misses[0]
    assert check_gates(both, Gates()) == []


def test_an_invalid_run_passes_no_latency_gate(measure_with: Measure) -> None:
    results = measure_with(noisy(1))
    results = replace(results, verdict=replace(results.verdict, valid=False))
    assert "INVALID" in check_gates(results, Gates(max_p90_ns=1e9))[0]


def test_boards_stand_side_by_side(
    measure_with: Measure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = measure_with(noisy(1))
    second = replace(first, host=replace(first.host, board="Raspberry Pi 5 Model B"))
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, results in zip(paths, (first, second), strict=True):
        save_results(results, path)
    out = tmp_path / "merged"
    assert main(["merge", *map(str, paths), "--out", str(out)]) == 0
    assert "p50 µs, Raspberry Pi 5 Model B" in capsys.readouterr().out
    assert "Raspberry Pi 5 Model B" in (out / "report.html").read_text()
    changed = replace(second.artifacts[0], sha256="f" * 64)
    other = replace(second, artifacts=(changed, *second.artifacts[1:]))
    save_results(other, paths[1])
    assert main(["merge", *map(str, paths), "--out", str(out), "--force"]) == 2
    assert "is not the same file" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["# My diary\n", "", None])
def test_a_page_of_something_else_is_not_replaced_by_a_merged_one(
    measure_with: Measure, tmp_path: Path, text: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    save_results(measure_with(noisy(1)), tmp_path / "a.json")
    out = tmp_path / "site"
    out.mkdir()
    (out / "report.html").write_text("<h1>A site</h1>")
    if text is not None:
        (out / "report.md").write_text(text)
    assert main(["merge", str(tmp_path / "a.json"), "--out", str(out), "--force"]) == 2
    assert "no report.md of one" in capsys.readouterr().err
    assert (out / "report.html").read_text() == "<h1>A site</h1>"


def test_a_merged_page_is_replaced_and_notes_beside_it_stay(
    measure_with: Measure, tmp_path: Path
) -> None:
    save_results(measure_with(noisy(1)), tmp_path / "a.json")
    words = ["merge", str(tmp_path / "a.json"), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(MERGED.written)
    (tmp_path / "out" / "notes.md").write_text("two boards")
    assert main([*words, "--force"]) == 0
    assert (tmp_path / "out" / "notes.md").read_text() == "two boards"


def test_documents_hold_plain_values(measure_with: Measure) -> None:
    json.dumps(to_document(measure_with(noisy(1))), allow_nan=False)
    assert pack_predictions(np.array([], np.int64))


def test_who_has_read_enough_is_no_failure() -> None:
    compare = [sys.executable, "-m", "benchmarks", "compare", "--all"]
    readable, written = os.pipe()
    os.close(readable)
    done = subprocess.run(
        [*compare, str(REFERENCES[0]), str(REFERENCES[0])],
        stdout=written,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(written)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_may_not_be_read_is_told_without_the_number_of_the_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: Path) -> Results:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "locked/results.json")

    monkeypatch.setattr("benchmarks.cli.compare.load_results", refuse)
    assert main(["compare", "locked/results.json", "new.json"]) == 1
    told = capsys.readouterr().err
    assert told == "error: locked/results.json cannot be read: Permission denied\n"

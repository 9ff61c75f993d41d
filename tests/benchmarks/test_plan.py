"""Plans as data: what ships, what a file may say, and what it may not."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.artifacts import load_artifacts
from benchmarks.errors import PlanError
from benchmarks.plan import PLANS, build_cases, load_plan


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_changes_only_what_it_names(tmp_path: Path) -> None:
    plan = load_plan(
        write(
            tmp_path / "mine.toml",
            'based_on = "quick"\nthreads = [1, 4]\n[effort]\nsteady_ns = 2000000000\n',
        )
    )
    assert plan.name == "mine"
    assert plan.threads == (1, 4)
    assert plan.rounds == PLANS["quick"].rounds
    assert plan.effort.steady_ns == 2_000_000_000
    assert plan.effort.warmup_ns == PLANS["quick"].effort.warmup_ns


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("round = 3", "unknown key 'round'"),
        ("rounds = 0", "rounds must be at least 1"),
        ("threads = [0]", "threads must be"),
        ("threads = [1, 1]", "twice"),
        ('threads = ["two"]', "expected a whole number"),
        ('based_on = "fast"', "based_on must be one of"),
        ('based_on = ["quick"]', "based_on must be one of"),
        ("[effort]\nsteady_s = 1", "unknown key 'steady_s'"),
        ("[effort]\nsteady_ns = -1", r"wrong\.toml: .*negative"),
        ("effort = 3", "must be a table"),
        ('artifacts = "*_fp32.*"', "expected a list"),
        ("rounds = ", "cannot read the plan"),
        (f"rounds = {'9' * 5000}", "cannot read the plan"),
        (f"threads = {'[' * 5000}", "cannot read the plan"),
        (f"based_on = 0x{'f' * 5000}", "based_on must be one of .*; found int"),
        (f"retries = 0x{'f' * 5000}", r"wrong\.toml"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        load_plan(write(tmp_path / "wrong.toml", text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"no plan .*nowhere\.toml; name one of quick, standard"):
        load_plan(tmp_path / "nowhere.toml")


def test_cases_cross_artifacts_runtimes_and_threads(toy_folder: Path) -> None:
    runtimes = (("litert", ("tflite",)), ("tflite", ("tflite",)), ("onnx", ("onnx",)))
    cases = build_cases(load_artifacts(toy_folder), PLANS["standard"], runtimes)
    assert len(cases) == 2 * 2 * 2
    assert {case.runtime for case in cases} == {"litert", "tflite"}
    with pytest.raises(PlanError, match="unknown runtimes: litre"):
        build_cases([], replace(PLANS["quick"], runtimes=("litre",)), runtimes)


def test_a_plan_names_artifacts_by_patterns(toy_folder: Path) -> None:
    runtimes = (("litert", ("tflite",)),)
    artifacts = load_artifacts(toy_folder)
    plan = replace(PLANS["quick"], artifacts=("*_static_int8.*",))
    cases = build_cases(artifacts, plan, runtimes)
    assert [case.artifact.file for case in cases] == ["toy-cnn_static_int8.tflite"]
    with pytest.raises(PlanError, match=r"named like \*_fp64.*toy-cnn_fp32\.tflite"):
        build_cases(artifacts, replace(plan, artifacts=("*_fp64.*",)), runtimes)


def test_artifacts_that_no_chosen_runtime_reads_are_refused(toy_folder: Path) -> None:
    runtimes = (("litert", ("tflite",)), ("onnx", ("onnx",)))
    plan = replace(PLANS["quick"], artifacts=("*_fp32.*",), runtimes=("onnx",))
    message = (
        r"runtimes onnx reads toy-cnn_fp32.tflite; there are: litert \(tflite\), onnx \(onnx\)"
    )
    with pytest.raises(PlanError, match=message):
        build_cases(load_artifacts(toy_folder), plan, runtimes)

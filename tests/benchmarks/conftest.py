"""A folder as export leaves it, results of a run on it, and a browser for their page."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.artifacts import EvaluationSet, load_artifacts, load_evaluation
from benchmarks.measurement import measure
from benchmarks.plan import PLANS, build_cases
from benchmarks.results import Results
from benchmarks.runner import Job
from edge_runtime.document import to_document, to_json
from edge_runtime.measurement.records import Refusal, TrialRequest
from tests.benchmarks.browsing import CHROMIUM, DRIVER
from tests.benchmarks.scripted import SPEC, ScriptedLauncher, write_toy_tflite

FIXTURE = Path(__file__).parents[1] / "fixtures" / "fashion_mnist_sample.npz"


@pytest.fixture(scope="session")
def pictures() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    with np.load(FIXTURE) as arrays:
        images, labels = arrays["test_images"], arrays["test_labels"]
        return images[:200], labels[:200]


@pytest.fixture
def toy_folder(
    tmp_path: Path, pictures: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
) -> Path:
    """What export leaves: artifacts, evaluation.npz, manifest.json."""
    folder = tmp_path / "artifacts" / "toy-cnn"
    folder.mkdir(parents=True)
    write_toy_tflite(folder / "toy-cnn_fp32.tflite", "fp32")
    write_toy_tflite(folder / "toy-cnn_static_int8.tflite", "static_int8")
    images, labels = pictures
    reference = np.random.default_rng(0).dirichlet(np.ones(10), len(labels)).astype(np.float32)
    reference[np.arange(len(labels)), labels] += 1.0  # right on every picture
    np.savez(folder / "evaluation.npz", images=images, labels=labels, reference_scores=reference)
    manifest = to_json({"schema_version": 1, "model": to_document(SPEC)})
    (folder / "manifest.json").write_text(manifest, encoding="utf-8")
    return folder


@pytest.fixture
def evaluation(toy_folder: Path) -> EvaluationSet:
    return load_evaluation(toy_folder)


@pytest.fixture
def results(toy_folder: Path, evaluation: EvaluationSet, tmp_path: Path) -> Results:
    generator = np.random.default_rng(1)

    def latency(request: TrialRequest) -> int:
        return int(
            (30_000 if request.backend == "litert" else 200_000) * generator.lognormal(0, 0.02)
        )

    (tmp_path / "scratch").mkdir()
    launcher = ScriptedLauncher(tmp_path / "scratch", latency)
    hostile = "</script><script>document.title='broken in'</script><b>operator</b> too new"
    launcher.refusals["toy-cnn_fp32.tflite", "tflite"] = Refusal(
        "IncompatibleArtifactError", hostile
    )
    plan = replace(PLANS["standard"], retries=0.0)
    cases = build_cases(
        load_artifacts(toy_folder), plan, (("litert", ("tflite",)), ("tflite", ("tflite",)))
    )
    job = Job(toy_folder, cases, plan, evaluation, modules={})
    return measure(job, launcher, tmp_path / "scratch", 200, lambda *_: None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None or DRIVER is None:
        missing = "no chromium with chromedriver is installed (apt: chromium chromium-driver)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)  # Continuous integration must see the page, not pass it over.
        pytest.skip(missing)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()

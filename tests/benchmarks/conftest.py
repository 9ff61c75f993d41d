"""A folder as export leaves it, made of toy artifacts and real pictures."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.artifacts import EvaluationSet, load_evaluation
from edge_runtime.document import to_document, to_json
from tests.benchmarks.scripted import SPEC, write_toy_tflite

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

"""Damaged by the hundred: each file is refused with one of our errors or works, never a crash."""

from pathlib import Path

import numpy as np
import pytest

from edge_runtime import Classifier
from edge_runtime.errors import ArtifactError
from edge_runtime.formats.description import find_description
from edge_runtime.formats.model_file import load_model_file
from tests.edge_runtime.fuzzing import find_bad, try_files
from tests.edge_runtime.installed import INSTALLED
from tests.edge_runtime.mutations import draw_mutations, strip_description

# The checks are of Python alone: what they let through does not depend on the processor.
pytestmark = pytest.mark.workstation

FIXTURES = Path(__file__).parents[1] / "fixtures"
INT8, FLOAT, ONNX = (
    FIXTURES / name for name in ("tiny_static_int8.tflite", "tiny_fp32.tflite", "tiny_fp32.onnx")
)
CASES = [
    (backend, path)
    for backend, path in (
        ("litert", INT8), ("litert", FLOAT), ("tflite", INT8), ("tflite", FLOAT), ("onnx", ONNX),
    )
    if backend in INSTALLED
]  # fmt: skip
each_case = pytest.mark.parametrize(
    ("backend", "path"), CASES, ids=[f"{backend}-{path.name}" for backend, path in CASES]
)
each_artifact = pytest.mark.parametrize("path", [INT8, ONNX], ids=lambda path: path.name)


def fuzz(backend: str, path: Path, folder: Path, count: int, seed: int) -> None:
    bare = strip_description(path)
    mutations = list(draw_mutations(len(bare), count, seed))
    files = {f"{n}{path.suffix}": m.apply(bare) for n, m in enumerate(mutations)}
    bad = find_bad(try_files(files, backend, folder))
    assert not {str(mutations[int(name.split(".")[0])]): end for name, end in bad.items()}


@each_case
def test_no_damage_gets_past_the_checks(backend: str, path: Path, tmp_path: Path) -> None:
    fuzz(backend, path, tmp_path, count=300, seed=20)


@pytest.mark.slow
@each_case
def test_no_damage_of_thousands_gets_past(backend: str, path: Path, tmp_path: Path) -> None:
    fuzz(backend, path, tmp_path, count=4000, seed=21)


@each_artifact
def test_every_truncation_is_refused(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    cut = tmp_path / path.name
    for size in range(0, len(data), 211):
        cut.write_bytes(data[:size])
        with pytest.raises(ArtifactError, match=path.stem):
            Classifier.load(cut)


@each_artifact
def test_a_flipped_bit_in_an_artifact_of_ours_is_refused(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    found = find_description(load_model_file(path))
    assert found is not None
    random = np.random.default_rng(22)
    damaged = tmp_path / path.name
    # The model itself, and for ONNX the description too, which no checksum of a zip covers.
    size = len(found.model[0]) if path.suffix == ".tflite" else len(data)
    for place in random.integers(size, size=150).tolist():
        flipped = bytearray(data)
        flipped[place] ^= 1 << int(random.integers(8))
        damaged.write_bytes(flipped)
        with pytest.raises(ArtifactError):
            Classifier.load(damaged)

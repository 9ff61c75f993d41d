"""What `models/` holds: every released file answers, and its card says what the results say."""

from pathlib import Path

import pytest

from edge_runtime.classifier import Classifier
from edge_runtime.formats.metadata import read_metadata
from edge_runtime.verification import verify_classifier
from train.files import sha256_of
from train.release.card import format_card
from train.release.document import RunResult, load_results
from train.release.plan import find_tier
from train.release.summary import find_release

MODELS = Path(__file__).parents[1] / "models"
TIERS = sorted(folder.name for folder in MODELS.iterdir() if (folder / "README.md").is_file())
FILES = sorted(path for path in MODELS.glob("*/*") if path.suffix in (".tflite", ".onnx"))
# The gate's default, in points.
MAX_DROP = 0.5
BACKENDS = {".tflite": ("litert", "tflite"), ".onnx": ("onnx",)}


def _find_result(tier: str) -> RunResult:
    return find_release(load_results(MODELS / "results"), find_tier(tier))[0]


@pytest.mark.parametrize(
    ("path", "backend"),
    [(path, backend) for path in FILES for backend in BACKENDS[path.suffix]],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_a_released_file_answers_as_it_did_where_it_was_exported(path: Path, backend: str) -> None:
    with Classifier.load(path, backend=backend) as classifier:
        checks = verify_classifier(classifier)
    assert len(checks) == 10
    assert all(check.verdict != "different" for check in checks)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_released_file_is_the_one_measured_and_passes_the_gate(path: Path) -> None:
    result = _find_result(path.parent.name)
    (file,) = (entry for entry in result.files if entry.file == path.name)
    assert sha256_of(path) == file.sha256
    metadata = read_metadata(path)
    assert metadata is not None
    assert metadata.accuracy is not None
    assert metadata.accuracy.correct == file.correct
    assert result.float_correct - file.correct <= MAX_DROP / 100 * result.test_count


@pytest.mark.parametrize("tier", TIERS)
def test_a_card_says_what_the_results_say(tier: str) -> None:
    card = (MODELS / tier / "README.md").read_text(encoding="utf-8")
    assert card == format_card(_find_result(tier), load_results(MODELS / "results"))

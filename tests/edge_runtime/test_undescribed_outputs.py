"""What a model that says nothing of itself answers is told from its answers."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edge_runtime import Classifier
from edge_runtime.backends.protocol import TensorInfo
from edge_runtime.backends.registry import load_backend
from edge_runtime.errors import ArtifactError
from tests.edge_runtime.mutations import strip_description

INT8 = Path(__file__).parents[1] / "fixtures" / "tiny_static_int8.tflite"
CLASSES = 1000


class ManyClasses:
    """Unsure among a thousand classes: one has a tenth, no other reaches half a step of 1/256."""

    def __init__(self, scale: float) -> None:
        self.input = TensorInfo("image", np.dtype(np.uint8), (1, 28, 28, 1), 1.0, 0)
        self.output = TensorInfo("scores", np.dtype(np.uint8), (1, CLASSES), scale, 0)

    def invoke(self, batch: npt.NDArray[Any], /) -> npt.NDArray[Any]:
        scores = np.zeros((len(batch), CLASSES), np.uint8)
        scores[:, 7] = 26
        return scores

    def close(self) -> None: ...


def load_undescribed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session: ManyClasses
) -> Classifier:
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(strip_description(INT8))
    opened = load_backend("fake"), session
    monkeypatch.setattr("edge_runtime.loading.choose_backend", lambda *_, **__: opened)
    return Classifier.load(bare, labels=[str(number) for number in range(CLASSES)])


def test_probabilities_of_many_classes_in_eight_bits_are_answered_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # They sum to 0.1 only: the rest was rounded away.
    with load_undescribed(tmp_path, monkeypatch, ManyClasses(1 / 256)) as classifier:
        assert classifier.output.kind == "probabilities"
        top = classifier.classify(np.zeros((28, 28), np.uint8)).top
        assert (top.label, top.score) == ("7", 26 / 256)


def test_scores_that_are_no_numbers_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoNumbers(ManyClasses):
        def __init__(self) -> None:
            super().__init__(0.0)
            self.output = TensorInfo("scores", np.dtype(np.float32), (1, CLASSES))

        def invoke(self, batch: npt.NDArray[Any], /) -> npt.NDArray[Any]:
            return np.full((len(batch), CLASSES), np.nan, np.float32)

    with pytest.raises(ArtifactError, match="no finite numbers"):
        load_undescribed(tmp_path, monkeypatch, NoNumbers())


def test_values_above_one_are_logits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with load_undescribed(tmp_path, monkeypatch, ManyClasses(0.1)) as classifier:
        assert classifier.output.kind == "logits"

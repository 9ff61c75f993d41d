import math
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edge_runtime import (
    ArtifactError,
    BackendUnavailableError,
    Classifier,
    ClosedError,
    ImageError,
    IncompatibleArtifactError,
    MetadataError,
    SchemaVersionError,
)
from edge_runtime.cli.model_options import load_labels

WriteArtifact = Callable[..., Path]


@pytest.fixture
def shades(write_artifact: WriteArtifact) -> Classifier:
    return Classifier.load(write_artifact(), backend="fake")


def grey(level: int, count: int = 1) -> npt.NDArray[np.uint8]:
    return np.full((count, 28, 28, 1), level, np.uint8)


def test_scores_and_classify_agree(shades: Classifier) -> None:
    assert shades.scores(grey(255)).argmax() == 3
    answer = shades.classify(grey(255)[0], top_k=2)
    assert answer.top.label == "white"
    assert len(answer.predictions) == 2
    assert shades.classify(grey(0)[0, ..., 0]).top.label == "black"


def test_large_batches_equal_single_pictures(shades: Classifier) -> None:
    batch = np.concatenate([grey(level) for level in range(256)] * 2)
    singles = np.concatenate([shades.scores(batch[i : i + 1]) for i in range(len(batch))])
    np.testing.assert_array_equal(shades.scores(batch), singles)


@pytest.mark.parametrize(
    ("batch", "says"),
    [
        (np.zeros((0, 28, 28, 1), np.uint8), "empty batch"),
        (np.zeros((1, 28, 28, 1), np.float32), "float32"),
        (np.zeros((1, 28, 27, 1), np.uint8), "28, 27"),
        ([1, 2], "list"),
    ],
)
def test_bad_batches_are_named_and_do_no_harm(
    shades: Classifier, batch: npt.NDArray[np.uint8], says: str
) -> None:
    with pytest.raises(ImageError, match=says):
        shades.scores(batch)
    assert shades.scores(grey(0)).argmax() == 0


def test_float_pictures_need_their_range(shades: Classifier) -> None:
    image = np.ones((28, 28), np.float32)
    with pytest.raises(ImageError, match="range"):
        shades.classify(image)
    assert shades.classify(image, value_range=(0.0, 1.0)).top.label == "white"
    for bad in (np.nan, 1.5):
        image[3, 3] = bad
        with pytest.raises(ImageError, match="expected values"):
            shades.classify(image, value_range=(0.0, 1.0))


@pytest.mark.parametrize(
    "value_range", [(0.0, math.inf), (-math.inf, 1.0), (-1e308, 1e308), (0.0, 1e-307)]
)
def test_a_range_without_end_or_width_is_refused(
    shades: Classifier, value_range: tuple[float, float]
) -> None:
    with pytest.raises(ImageError, match="finite and of some width"):
        shades.classify(np.zeros((28, 28)), value_range=value_range)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # matrices are old
def test_arrays_of_other_kinds_are_read_like_any(shades: Classifier) -> None:
    level = grey(255)[0, ..., 0]
    assert shades.classify(np.asmatrix(level)).top.label == "white"
    (answer,) = shades.classify_batch([level / 255.0], value_range=(0.0, 1.0))
    assert answer.top.label == "white"
    with pytest.raises(ImageError, match="more than the 50 million"):
        shades.classify(np.broadcast_to(np.uint8(1), (8_000, 8_000)))


def test_each_class_needs_a_name(write_artifact: WriteArtifact, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="label 3 of 4 is empty"):
        Classifier.load(write_artifact(), backend="fake", labels=["a", "b", " ", "d"])
    listed = tmp_path / "labels.txt"
    listed.write_text("a\r\nb\u2028c\n\nd\n\n", encoding="utf-8")
    assert load_labels(listed) == ["a", "b\u2028c", "", "d"]
    with pytest.raises(ArtifactError, match="more than 4 MiB"):
        load_labels(Path("/dev/zero"))


def test_threads_share_one_classifier(shades: Classifier) -> None:
    wrong: list[int] = []

    def ask(level: int, expected: int) -> None:
        for _ in range(200):
            if shades.scores(grey(level)).argmax() != expected:
                wrong.append(level)

    threads = [threading.Thread(target=ask, args=(i * 64, i)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_forked_child_opens_its_own_session(shades: Classifier) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0 if shades.scores(grey(255)).argmax() == 3 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_closing_is_final(shades: Classifier) -> None:
    shades.close()
    shades.close()
    with pytest.raises(ClosedError):
        shades.scores(grey(0))


def test_files_that_are_no_model(tmp_path: Path) -> None:
    for content, says in ((b"", "empty"), (b"hello world", "not a TFLite model")):
        path = tmp_path / "bad.tflite"
        path.write_bytes(content)
        with pytest.raises(ArtifactError, match=says):
            Classifier.load(path)
    onnx = tmp_path / "bad.onnx"
    onnx.write_bytes(b"\xff\xff\xff")
    with pytest.raises(ArtifactError, match="damaged or no ONNX"):
        Classifier.load(onnx)
    with pytest.raises(ArtifactError, match="no such file"):
        Classifier.load(tmp_path / "missing.tflite")


@pytest.mark.parametrize("threads", [0, True, "2", 10**11])
def test_threads_that_there_cannot_be_are_refused(
    write_artifact: WriteArtifact, threads: Any
) -> None:
    with pytest.raises(ValueError, match=f"'auto' or 1 to 1024, found {threads!r}"):
        Classifier.load(write_artifact(), backend="fake", threads=threads)


@pytest.mark.parametrize(
    "labels", ["four", [0, 1, 2, 3], set("abcd"), dict.fromkeys("abcd", 1), iter("abcd")]
)
def test_labels_are_names_in_a_list(write_artifact: WriteArtifact, labels: Any) -> None:
    with pytest.raises(TypeError, match="a list of names, one per class, found"):
        Classifier.load(write_artifact(), backend="fake", labels=labels)


def test_bad_descriptions(write_artifact: WriteArtifact) -> None:
    with pytest.raises(SchemaVersionError, match="schema version 9"):
        Classifier.load(write_artifact('{"schema_version": 9}', "a.tflite"), backend="fake")
    with pytest.raises(MetadataError, match="not valid JSON"):
        Classifier.load(write_artifact("{", "b.tflite"), backend="fake")
    with pytest.raises(MetadataError, match="larger than"):
        Classifier.load(write_artifact(" " * (17 * 2**20), "bomb.tflite"), backend="fake")


def test_backends_by_name_fail_loudly(write_artifact: WriteArtifact) -> None:
    with pytest.raises(BackendUnavailableError, match="no backend 'tpu'"):
        Classifier.load(write_artifact(), backend="tpu")
    with pytest.raises(IncompatibleArtifactError, match="does not load"):
        Classifier.load(write_artifact(), backend="onnx")

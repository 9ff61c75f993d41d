"""The classifier through its public door, on real pictures and real runtimes."""

import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edge_runtime import Classifier
from edge_runtime.errors import (
    ArtifactError,
    ClosedError,
    EdgeRuntimeError,
    ImageError,
    MetadataError,
)

FIXTURES = Path(__file__).parents[1] / "fixtures"
FLOAT, INT8 = FIXTURES / "tiny_fp32.tflite", FIXTURES / "tiny_static_int8.tflite"
# The tiny model learned from 400 pictures; blind guessing would be 10 %.
LEAST_ACCURACY = 0.6


@pytest.fixture(scope="module")
def pictures() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    with np.load(FIXTURES / "fashion_mnist_sample.npz") as sample:
        return sample["test_images"], sample["test_labels"]


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("tiny_*.*")), ids=lambda path: path.name)
def test_every_artifact_recognizes_real_pictures(
    path: Path, pictures: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
) -> None:
    images, labels = pictures
    with Classifier.load(path) as classifier:
        scores = classifier.scores(images)
        assert scores.shape == (len(images), 10)
        assert (scores.argmax(axis=1) == labels).mean() > LEAST_ACCURACY
        one = classifier.classify(images[0])
        assert one.predictions[0].index == scores[0].argmax()
        assert len(one.predictions) == 3
        assert one.predictions[0].score >= one.predictions[1].score


def test_a_batch_and_single_pictures_get_the_same_answers(
    pictures: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]],
) -> None:
    images = pictures[0][:40]
    with Classifier.load(INT8, threads=2) as classifier:
        together = classifier.scores(images)
        alone = np.concatenate([classifier.scores(image[np.newaxis]) for image in images])
    np.testing.assert_array_equal(together, alone)


def test_threads_may_share_one_classifier(
    pictures: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]],
) -> None:
    images = pictures[0][:50]
    with Classifier.load(INT8) as classifier:
        expected = classifier.scores(images)
        wrong: list[int] = []

        def ask() -> None:
            for i, image in enumerate(images):
                if not np.array_equal(classifier.scores(image[np.newaxis])[0], expected[i]):
                    wrong.append(i)

        workers = [threading.Thread(target=ask) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert not wrong


def test_golden_samples_are_reproduced() -> None:
    with Classifier.load(INT8, backend="litert") as classifier:
        assert classifier.metadata is not None
        golden = classifier.metadata.golden
        assert golden
        for sample in golden:
            scores = classifier.scores(sample.to_image(classifier.input)[np.newaxis])[0]
            # One step of the output scale.
            np.testing.assert_allclose(scores, sample.scores, atol=1 / 256 + 1e-6)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((0, 28, 28, 1), np.uint8),
        np.zeros((1, 27, 28, 1), np.uint8),
        np.zeros((1, 28, 28, 1), np.float32),
        np.zeros(784, np.uint8),
        None,
    ],
    ids=["empty", "size", "dtype", "rank", "none"],
)
def test_a_bad_batch_is_refused_and_the_classifier_stays_usable(bad: object) -> None:
    with Classifier.load(FLOAT) as classifier:
        with pytest.raises(ImageError):
            classifier.scores(bad)  # type: ignore[arg-type]
        assert classifier.scores(np.zeros((1, 28, 28, 1), np.uint8)).shape == (1, 10)


def test_floats_need_their_range_stated() -> None:
    with Classifier.load(FLOAT) as classifier:
        image = np.full((28, 28), 0.5, np.float32)
        with pytest.raises(ImageError, match="range"):
            classifier.classify(image)
        classifier.classify(image, value_range=(0.0, 1.0))
        image[3, 3] = np.nan
        with pytest.raises(ImageError):
            classifier.classify(image, value_range=(0.0, 1.0))


@pytest.mark.parametrize(
    "content", [b"", b"just text", b"\x89PNG\r\n\x1a\n cut"], ids=["empty", "text", "truncated"]
)
def test_a_bad_picture_file_names_itself(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with Classifier.load(FLOAT) as classifier, pytest.raises(ImageError, match="picture"):
        classifier.classify(path)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    for name, content in (("a.tflite", b""), ("b.tflite", b"nonsense"), ("c.txt", b"x")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ArtifactError, match=name):
            Classifier.load(tmp_path / name)
    with pytest.raises(ArtifactError, match="no such file"):
        Classifier.load(tmp_path / "missing.tflite")


def test_a_model_without_description_asks_for_labels(tmp_path: Path) -> None:
    import zipfile

    data = FLOAT.read_bytes()
    with zipfile.ZipFile(FLOAT) as archive:
        start = min(info.header_offset for info in archive.infolist())
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(data[:start])
    with pytest.raises(MetadataError, match="labels"):
        Classifier.load(bare)
    with Classifier.load(bare, labels=[str(i) for i in range(10)]) as classifier:
        assert classifier.metadata is None
        assert classifier.output.kind == "probabilities"


def test_after_close_every_call_says_so() -> None:
    classifier = Classifier.load(FLOAT)
    classifier.close()
    with pytest.raises(ClosedError):
        classifier.scores(np.zeros((1, 28, 28, 1), np.uint8))
    assert issubclass(ClosedError, EdgeRuntimeError)

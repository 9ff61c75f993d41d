"""Small real data for the tests of training."""

from pathlib import Path

import numpy as np
import pytest

from tests.train.miniature import Miniature, write_miniature
from train.data.fashion_mnist import CLASS_NAMES, INPUT
from train.samples import ImageDataset, LabelledImages

SAMPLE = Path(__file__).parents[1] / "fixtures" / "fashion_mnist_sample.npz"


@pytest.fixture(scope="session")
def dataset() -> ImageDataset:
    """400 training and 400 test pictures of Fashion-MNIST, 40 of each class."""
    with np.load(SAMPLE, allow_pickle=False) as stored:
        return ImageDataset(
            name="fashion",
            class_names=CLASS_NAMES,
            train=LabelledImages(stored["train_images"], stored["train_labels"]),
            test=LabelledImages(stored["test_images"], stored["test_labels"]),
            input=INPUT,
            licence="MIT",
            description="a sample of Fashion-MNIST",
        )


@pytest.fixture
def miniature(tmp_path: Path, dataset: ImageDataset) -> Miniature:
    """The sample as a folder of four gzipped IDX files, with the sums that prove them."""
    return write_miniature(tmp_path / "miniature", dataset)


@pytest.fixture(autouse=True)
def _own_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the tests away from the caches of whoever runs them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))

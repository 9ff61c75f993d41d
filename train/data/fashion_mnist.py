"""Fashion-MNIST (arXiv 1708.07747), as corrected on 31 August 2017.

Every file is checked by the SHA-256 of its decompressed content, so it does not matter who packed
it or how.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_runtime.contract import InputSpec
from train.data.idx import parse_idx, read_idx_bytes
from train.errors import DataError
from train.samples import ImageDataset, LabelledImages

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
# A picture from elsewhere goes the way of section 2 of the paper: trimmed, longest edge to 28,
# sharpened, and turned to a light item on a black ground.
INPUT = InputSpec(
    height=28,
    width=28,
    channels=1,
    resize="fit",
    polarity="light-on-dark",
    trim=True,
    sharpen=True,
)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One of the four files: its name without ``.gz``, and its decompressed content."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class KnownSet:
    """The four files that make up a set in the form of MNIST."""

    train_images: KnownFile
    train_labels: KnownFile
    test_images: KnownFile
    test_labels: KnownFile

    @property
    def files(self) -> tuple[KnownFile, ...]:
        """All four."""
        return self.train_images, self.train_labels, self.test_images, self.test_labels


FASHION_MNIST = KnownSet(
    KnownFile(
        "train-images-idx3-ubyte",
        47_040_016,
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    KnownFile(
        "train-labels-idx1-ubyte",
        60_008,
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    KnownFile(
        "t10k-images-idx3-ubyte",
        7_840_016,
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    KnownFile(
        "t10k-labels-idx1-ubyte",
        10_008,
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
)


def find_file(folder: Path, name: str) -> Path | None:
    """Return the path of one of the files in a folder, gzipped or not; None where it is not."""
    for candidate in (folder / f"{name}.gz", folder / name):
        if candidate.is_file():
            return candidate
    return None


def load_checked(path: Path, known: KnownFile, whole: KnownSet = FASHION_MNIST) -> bytes:
    """Read one file's decompressed content and verify it.

    Args:
        path: The file, gzipped or not.
        known: What it should hold.
        whole: The set that it belongs to; tells which file a swapped one really is.

    Raises:
        DataError: It is truncated, damaged, swapped with another, or of another data set.
    """
    largest = max(file.size_bytes for file in whole.files)
    content = read_idx_bytes(path, largest)
    digest = hashlib.sha256(content).hexdigest()
    if digest == known.sha256:
        return content
    other = next((file for file in whole.files if file.sha256 == digest), None)
    if other is not None:
        raise DataError(f"{path} holds the content of {other.name}: the files are swapped")
    if len(content) < known.size_bytes:
        raise DataError(
            f"{path} is truncated: {len(content)} bytes decompressed, {known.size_bytes} expected"
        )
    if len(content) > known.size_bytes:
        raise DataError(
            f"{path} is another file: {len(content)} bytes decompressed, "
            f"{known.size_bytes} expected"
        )
    raise DataError(
        f"{path} is damaged or of another data set: the SHA-256 of its content is "
        f"{digest[:12]}…, {known.sha256[:12]}… expected"
    )


def load_folder(folder: Path, whole: KnownSet = FASHION_MNIST) -> ImageDataset:
    """Load and verify the four files in a folder, gzipped or not.

    Raises:
        DataError: A file is missing or is not what its name says.
    """
    contents = {}
    for known in whole.files:
        path = find_file(folder, known.name)
        if path is None:
            raise DataError(f"{known.name}.gz is not in {folder}")
        contents[known] = parse_idx(load_checked(path, known, whole), str(path))
    return ImageDataset(
        name="fashion",
        class_names=CLASS_NAMES,
        train=LabelledImages(
            contents[whole.train_images][..., np.newaxis],  # (60000, 28, 28, 1)
            contents[whole.train_labels].astype(np.int64),
        ),
        test=LabelledImages(
            contents[whole.test_images][..., np.newaxis],  # (10000, 28, 28, 1)
            contents[whole.test_labels].astype(np.int64),
        ),
        input=INPUT,
        licence="MIT",
        description="Fashion-MNIST, 60,000 training and 10,000 test pictures (Zalando SE, MIT)",
    )

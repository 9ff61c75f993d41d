"""From what a user names to a data set."""

from pathlib import Path

from train.data.fashion_mnist import FASHION_MNIST, find_file
from train.data.sources import load_fashion_mnist
from train.errors import DataError
from train.progress import Progress
from train.samples import ImageDataset


def open_dataset(named: Path | None, progress: Progress) -> ImageDataset:
    """Load the data set in a folder, or Fashion-MNIST from wherever it can be had.

    Raises:
        DataError: The folder is not there or holds nothing to train on.
    """
    if named is None:
        return load_fashion_mnist(progress=progress).dataset
    if not named.is_dir():
        raise DataError(f"there is no folder {named}")
    if any(find_file(named, known.name) for known in FASHION_MNIST.files):
        return load_fashion_mnist(named, progress).dataset
    raise DataError(
        f"{named} holds none of the files of Fashion-MNIST "
        f"({FASHION_MNIST.train_images.name}.gz and three more)"
    )

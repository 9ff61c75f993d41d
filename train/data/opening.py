"""From what a user names to a data set."""

from pathlib import Path

from edge_runtime.contract import InputSpec
from train.data.fashion_mnist import FASHION_MNIST, find_file
from train.data.image_folder import InputWishes, is_image_folder, load_image_folder
from train.data.sources import load_fashion_mnist
from train.errors import DataError
from train.progress import Progress
from train.samples import ImageDataset


def open_dataset(
    named: Path | None,
    progress: Progress,
    wishes: InputWishes | InputSpec | None = None,
    test_fraction: float | None = None,
    seed: int = 0,
) -> ImageDataset:
    """Load the data set in a folder, or Fashion-MNIST from wherever it can be had.

    Args:
        named: A folder with the four files of Fashion-MNIST, or with a folder of pictures for
            each class; None for Fashion-MNIST.
        progress: Where progress is shown.
        wishes: What is said of the model's input; for pictures alone.
        test_fraction: Share that becomes the test split; for pictures alone. None for the usual.
        seed: Decides that split.

    Raises:
        DataError: The folder is not there or holds nothing to train on, or something is wished for
            that Fashion-MNIST does not leave open.
    """
    if named is not None and not named.is_dir():
        raise DataError(f"there is no folder {named}")
    if named is None or any(find_file(named, known.name) for known in FASHION_MNIST.files):
        if test_fraction is not None:
            raise DataError(
                "--test-fraction is for a folder of pictures (--data); "
                "Fashion-MNIST has a test split of its own"
            )
        if wishes in (None, InputWishes()) or isinstance(wishes, InputSpec):
            return load_fashion_mnist(named, progress).dataset
        raise DataError(
            "--input-size, --channels, --resize and --polarity are for a folder of pictures "
            "(--data); Fashion-MNIST is 28×28, gray, light on dark"
        )
    if is_image_folder(named):
        chosen = wishes if wishes is not None else InputWishes()
        return load_image_folder(named, chosen, test_fraction, seed, progress)
    raise DataError(
        f"{named} holds nothing to train on: neither a folder of pictures for each class, nor the "
        f"files of Fashion-MNIST ({FASHION_MNIST.train_images.name}.gz and three more)"
    )

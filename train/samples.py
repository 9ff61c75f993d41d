"""Pictures with their classes: the form in which every data set passes through training."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import InputSpec
from train.errors import DataError

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledImages:
    """Pictures and their classes, in the same order.

    Attributes:
        images: uint8 (N, height, width, channels), raw pixels 0–255.
        labels: int64 (N,), class indices.
    """

    images: Images
    labels: Labels

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 4:
            raise DataError(
                "pictures must be uint8 (N, height, width, channels), found "
                f"{self.images.dtype} {self.images.shape}"
            )
        if self.labels.dtype != np.int64 or self.labels.shape != self.images.shape[:1]:
            raise DataError(
                f"labels must be int64 ({len(self.images)},), one for each picture, found "
                f"{self.labels.dtype} {self.labels.shape}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: npt.NDArray[np.intp]) -> "LabelledImages":
        """Choose pictures by their places, in the order given."""
        return LabelledImages(self.images[indices], self.labels[indices])


@dataclass(frozen=True, slots=True, eq=False)
class ImageDataset:
    """A data set to train and test a classifier on.

    Attributes:
        name: Short name in file-name form, such as ``fashion``.
        class_names: One per class, in the order of the class indices.
        train: The training split; validation and calibration pictures come out of it.
        test: Touched once, when training is over.
        input: How a picture from elsewhere is brought to the form of these.
        licence: SPDX identifier, or ``unknown``.
        description: The data set in words.
    """

    name: str
    class_names: tuple[str, ...]
    train: LabelledImages
    test: LabelledImages
    input: InputSpec
    licence: str
    description: str

    def __post_init__(self) -> None:
        classes = len(self.class_names)
        for part, samples in (("training", self.train), ("test", self.test)):
            if samples.images.shape[1:] != self.input.shape:
                raise DataError(
                    f"the {part} pictures of {self.name} are {samples.images.shape[1:]}, "
                    f"its input is {self.input.shape}"
                )
            found = np.unique(samples.labels)
            if len(samples) == 0 or found[0] < 0 or found[-1] >= classes:
                raise DataError(
                    f"the {part} part of {self.name} needs labels 0 to {classes - 1}, "
                    f"found {found.tolist()}"
                )

    def fingerprint(self) -> str:
        """SHA-256 over all pictures, labels and class names: tells whether data changed."""
        digest = hashlib.sha256("\0".join(self.class_names).encode())
        for part in (self.train, self.test):
            digest.update(np.ascontiguousarray(part.images).data)
            digest.update(np.ascontiguousarray(part.labels).data)
        return digest.hexdigest()

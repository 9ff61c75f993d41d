"""Calibration and evaluation pictures: loading them, and checking that they can be trusted."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import ModelSpec
from export.errors import SampleError

FEWEST_CALIBRATION = 10
ADVISED_CALIBRATION = 100
_MOST_BYTES = 8 * 2**30


@dataclass(frozen=True, slots=True)
class Samples:
    """Labelled pictures.

    Attributes:
        images: uint8 (N, height, width, channels), raw pixels 0–255.
        labels: int64 (N,), class indices.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.images)

    def first(self, count: int) -> "Samples":
        """The first `count` of them; calibration files are stratified in every prefix."""
        return Samples(self.images[:count], self.labels[:count])

    def spread(self, count: int) -> "Samples":
        """At most `count` of them, in their order, each class by its share."""
        if len(self) <= count:
            return self
        by_class = np.argsort(self.labels, kind="stable")
        chosen = np.sort(by_class[np.linspace(0, len(self) - 1, count).round().astype(np.intp)])
        return Samples(self.images[chosen], self.labels[chosen])

    def interleaved(self) -> "Samples":
        """The same, class after class in turn, so that any first part holds all classes alike."""
        by_class = np.argsort(self.labels, kind="stable")
        ordered = self.labels[by_class]
        # A picture's place within its class: the distance from the class's first.
        turn = np.arange(len(self)) - np.searchsorted(ordered, ordered)
        order = by_class[np.argsort(turn, kind="stable")]
        return Samples(self.images[order], self.labels[order])

    @property
    def sha256(self) -> str:
        """Of the pictures' raw bytes, in their order."""
        return hashlib.sha256(np.ascontiguousarray(self.images).data).hexdigest()


def load_samples_npz(path: Path, spec: ModelSpec, what: str) -> Samples:
    """Load ``images`` and ``labels`` from an .npz file and check them against the model.

    Args:
        path: The file.
        spec: The model that the pictures are for.
        what: What they are for, in messages, such as ``"calibration"``.

    Raises:
        SampleError: The file or an array is not as the contract says.
    """
    try:
        # Object arrays would execute code on loading; numpy refuses them with allow_pickle=False.
        with path.open("rb") as file:
            _check_size(file)
            archive = np.load(file, allow_pickle=False)
            arrays = {name: archive[name] for name in ("images", "labels")}
    except FileNotFoundError as error:
        raise SampleError(f"there is no {what} file {path}") from error
    except KeyError as error:
        raise SampleError(
            f"{path} must hold the arrays 'images' and 'labels': {error.args[0]}"
        ) from error
    # A damaged archive raises whatever the part that meets it raises: zipfile, zlib, lzma, struct,
    # or the tokenizer that numpy reads an array's header with.
    except Exception as error:
        raise SampleError(f"{path} is not a readable .npz file: {error}") from error
    return check_samples(arrays["images"], arrays["labels"], spec, f"{what} file {path}")


def _check_size(file: BinaryIO) -> None:
    """Refuse an archive that unpacks to more than any set of small pictures holds."""
    with zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > _MOST_BYTES:
        raise ValueError(f"it unpacks to {size:,} bytes, more than {_MOST_BYTES:,}")
    file.seek(0)


def check_samples(
    images: npt.NDArray[np.generic], labels: npt.NDArray[np.generic], spec: ModelSpec, what: str
) -> Samples:
    """Check shapes, types and ranges, and give the arrays their exact types.

    Raises:
        SampleError: Something does not fit; the message says what was found.
    """
    images = _to_pixels(images, what)
    if images.ndim == 3 and spec.input.channels == 1:
        images = images[..., np.newaxis]  # (N, H, W) -> (N, H, W, 1)
    if images.ndim != 4 or images.shape[1:] != spec.input.shape:
        raise SampleError(
            f"{what}: the model takes pictures of shape {spec.input.shape} "
            f"(height, width, channels), found {images.shape[1:]}"
        )
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise SampleError(
            f"{what}: 'labels' must be {len(images)} whole numbers, one per picture, "
            f"found {labels.dtype} {labels.shape}"
        )
    if len(images) == 0:
        raise SampleError(f"{what}: holds no pictures")
    classes = len(spec.labels)
    if labels.min() < 0 or labels.max() >= classes:
        raise SampleError(
            f"{what}: labels must lie between 0 and {classes - 1}, "
            f"found {labels.min()} to {labels.max()}"
        )
    return Samples(np.ascontiguousarray(images), labels.astype(np.int64))


def check_calibration(samples: Samples) -> list[str]:
    """Check that the pictures can stand for what the model will see.

    Returns:
        Warnings for people; empty where all is well.

    Raises:
        SampleError: There are too few to find any range from.
    """
    if len(samples) < FEWEST_CALIBRATION:
        raise SampleError(
            f"calibration needs at least {FEWEST_CALIBRATION} pictures "
            f"(better {ADVISED_CALIBRATION} or more), found {len(samples)}"
        )
    classes = len(np.unique(samples.labels))
    if classes == 1:
        raise SampleError(
            f"all {len(samples)} calibration pictures are of one class; "
            "take some of every class, or the ranges will not fit the others"
        )
    if len(samples) < ADVISED_CALIBRATION:
        return [
            f"only {len(samples)} calibration pictures; with {ADVISED_CALIBRATION} or more, "
            "spread over all classes, the ranges are safer"
        ]
    return []


def check_disjoint(calibration: Samples, evaluation: Samples) -> None:
    """Check by content that no calibration picture is also an evaluation picture.

    Raises:
        SampleError: Some are; measured accuracy would flatter the model.
    """
    seen = set(map(_hash_pixels, calibration.images))
    shared = [i for i, image in enumerate(evaluation.images) if _hash_pixels(image) in seen]
    if shared:
        raise SampleError(
            f"{len(shared)} of {len(evaluation)} evaluation pictures are calibration pictures too "
            f"(the first is number {shared[0]}); accuracy measured on them would flatter the "
            "model. Take calibration pictures from the training data"
        )


def _hash_pixels(image: npt.NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(image).data).digest()


def _to_pixels(images: npt.NDArray[np.generic], what: str) -> npt.NDArray[np.uint8]:
    if images.dtype == np.uint8:
        return images.astype(np.uint8, copy=False)
    if not np.issubdtype(images.dtype, np.number) or np.issubdtype(
        images.dtype, np.complexfloating
    ):
        raise SampleError(f"{what}: 'images' must be numbers, found {images.dtype}")
    if not np.isfinite(images).all():
        raise SampleError(f"{what}: 'images' holds NaN or infinity")
    low, high = images.min(initial=0), images.max(initial=0)
    if low < 0 or high > 255 or (images != np.rint(images)).any():
        raise SampleError(
            f"{what}: 'images' must hold raw pixels, whole numbers 0 to 255, found {images.dtype} "
            f"values from {low:g} to {high:g}. Undo any scaling: the model's own input layer "
            "(or --pixel-scaling) does it"
        )
    return images.astype(np.uint8)

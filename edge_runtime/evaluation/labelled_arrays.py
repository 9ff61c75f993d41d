"""Labelled pictures in an .npz file: ``images`` and ``labels``, read whole and checked."""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from edge_runtime.errors import DataError
from edge_runtime.measurement.host import read_available_memory_bytes

# An .npz file is a zip archive; each of its members begins so, and the end of an empty one.
_ARCHIVE_MARK = b"PK"


def is_npz_file(file: Path) -> bool:
    """Whether a file begins as an .npz does, damaged or not.

    Raises:
        DataError: It cannot be read.
    """
    with _open(file) as opened:
        return opened.read(len(_ARCHIVE_MARK)) == _ARCHIVE_MARK


def load_labelled_arrays(file: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Read the arrays ``images`` and ``labels`` of an .npz file.

    Returns:
        Pictures, uint8 (N, height, width, 1 or 3), and their class numbers, int64 (N,), none of
        them negative. Images stored as (N, height, width) get the last axis.

    Raises:
        DataError: The file cannot be read, is damaged, unpacks to more than this machine's free
            memory, or holds no such arrays.
    """
    if not is_npz_file(file):
        raise DataError(f"{file.name} is no .npz file; hand in one with images and labels")
    try:
        # Given a path, numpy leaves a file open that it finds damaged.
        with _open(file) as opened, np.load(opened, allow_pickle=False) as arrays:
            _check_size(file, arrays)
            _check_names(file.name, arrays.files)
            # A member that is no array at all comes as its bytes.
            images, labels = np.asarray(arrays["images"]), np.asarray(arrays["labels"])
    except DataError:
        raise
    except MemoryError as error:
        raise DataError(f"{file.name} holds more than this machine's memory: {error}") from error
    # A damaged archive raises whatever the part that meets it raises: zipfile, zlib, lzma, struct,
    # or the tokenizer and ast that numpy reads an array's header with.
    except Exception as error:
        raise DataError(
            f"{file.name} is no .npz file with images and labels that can be read: it is damaged, "
            "or holds objects instead of numbers; copy or make it again"
        ) from error
    if images.ndim == 3:
        images = images[..., np.newaxis]  # (N, H, W) -> (N, H, W, 1)
    _check_arrays(file.name, images, labels)
    return images, labels.astype(np.int64)


def _open(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}") from error


def _check_names(where: str, names: list[str]) -> None:
    if not {"images", "labels"} <= set(names):
        raise DataError(
            f"{where}: expected the arrays 'images' and 'labels', found "
            f"{', '.join(map(repr, names)) or 'none'}"
        )


def _check_arrays(where: str, images: Any, labels: Any) -> None:
    """Check that arrays are pictures, uint8 (N, height, width, 1 or 3), and their class numbers."""
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] not in (1, 3):
        raise DataError(
            f"{where}: images must be uint8 (N, height, width, 1 or 3), 0–255, "
            f"found {images.dtype} {images.shape}"
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu" or not len(labels):
        raise DataError(
            f"{where}: labels must be one whole number per picture, found {labels.dtype} "
            f"{labels.shape} for {len(images)} pictures"
        )
    if labels.min() < 0:
        raise DataError(f"{where}: labels must not be negative, found {labels.min()}")
    # As Python's own numbers: numpy before 2 compares these two as floats.
    if int(labels.max()) > np.iinfo(np.int64).max:
        raise DataError(f"{where}: labels must be class numbers, found {labels.max()}")


def _check_size(file: Path, arrays: Any) -> None:
    """Refuse what would crowd out everything else once unpacked; a few kB can become many GB."""
    size = sum(entry.file_size for entry in arrays.zip.infolist())
    free = read_available_memory_bytes()
    if free is not None and size > free:
        raise DataError(
            f"{file.name} unpacks to {size / 1e9:.1f} GB, and this machine has {free / 1e9:.1f} GB "
            "of memory free; give fewer pictures, or a folder of them, which is read in batches"
        )

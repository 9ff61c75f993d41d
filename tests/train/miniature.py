"""Writes a small set in the form of Fashion-MNIST's files."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from train.data.fashion_mnist import KnownFile, KnownSet
from train.samples import ImageDataset


@dataclass(frozen=True)
class Miniature:
    folder: Path
    known: KnownSet


def to_idx(array: npt.NDArray[Any]) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype("uint8").tobytes()


def write_miniature(folder: Path, dataset: ImageDataset) -> Miniature:
    folder.mkdir()
    arrays: dict[str, npt.NDArray[Any]] = {
        "train-images-idx3-ubyte": dataset.train.images[..., 0],
        "train-labels-idx1-ubyte": dataset.train.labels,
        "t10k-images-idx3-ubyte": dataset.test.images[..., 0],
        "t10k-labels-idx1-ubyte": dataset.test.labels,
    }
    files = []
    for name, array in arrays.items():
        content = to_idx(array)
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1))
        files.append(KnownFile(name, len(content), hashlib.sha256(content).hexdigest()))
    return Miniature(folder, KnownSet(*files))

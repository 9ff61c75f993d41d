"""Labelled pictures: a folder with a sub-folder per class, or an .npz file."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import InputSpec, Polarity
from edge_runtime.cores import count_usable_cores
from edge_runtime.errors import DataError, ImageError
from edge_runtime.evaluation.labelled_arrays import is_npz_file, load_labelled_arrays
from edge_runtime.pictures.photo import (
    PICTURE_SUFFIXES,
    decode_picture,
    import_pillow,
    to_model_pixels,
)
from edge_runtime.pictures.preprocessing import is_picture_file, to_channels

Pixels = npt.NDArray[np.uint8]
# Enough to make a batch worth its threads, little enough for a small board's memory.
_BATCH = 256


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Pictures with their true classes.

    Attributes:
        pictures: Paths of picture files, or one array (N, H, W, channels) uint8.
        labels: (N,) int64, class indices of the model.
        names: One per picture: its path below the folder, or its number in the file.
        passed_over: Files beside them that are no pictures by their names.
    """

    pictures: Sequence[Path] | Pixels
    labels: npt.NDArray[np.int64]
    names: tuple[str, ...]
    passed_over: int = 0

    def take_stratified(self, limit: int | None) -> "LabelledSet":
        """Keep `limit` pictures, from every class its share, evenly spaced; None keeps all."""
        total = len(self.labels)
        if limit is None or limit >= total:
            return self
        by_class = np.argsort(self.labels, kind="stable")
        kept = np.sort(by_class[((np.arange(limit) + 0.5) * total / limit).astype(np.int64)])
        return LabelledSet(
            self.pictures[kept]
            if isinstance(self.pictures, np.ndarray)
            else [self.pictures[i] for i in kept],
            self.labels[kept],
            tuple(self.names[i] for i in kept),
            self.passed_over,
        )


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture that was left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some pictures of a set, ready for the model.

    Attributes:
        places: (n,) int64, their places in the set.
        pixels: (n, height, width, channels) uint8.
        unreadable: Those that had to be left out.
        seen: Pictures of the set that have been looked at so far.
    """

    places: npt.NDArray[np.int64]
    pixels: Pixels
    unreadable: tuple[Unreadable, ...]
    seen: int


def load_labelled_set(source: Path, class_names: Sequence[str]) -> LabelledSet:
    """Open a folder of class folders, or an .npz with ``images`` and ``labels``.

    A folder stands for the class of its name; case, and signs that file names cannot hold, do not
    matter (``T-shirt_top`` is ``T-shirt/top``). Picture files are not read yet.

    Raises:
        DataError: It is missing, empty or malformed, or holds classes that the model lacks.
    """
    if source.is_dir():
        return _list_folder(source, class_names)
    if not source.exists():
        raise DataError(f"{source}: there is no such file or folder")
    if not is_npz_file(source):
        raise DataError(
            f"{source} is no .npz file; hand in a folder with one sub-folder of pictures per "
            "class, or an .npz with images and labels"
        )
    return _load_arrays(source, len(class_names))


def read_batches(
    data: LabelledSet, spec: InputSpec, polarity: Polarity | None = None
) -> Iterator[Batch]:
    """Read the pictures and bring them to the model's size, as `Classifier.classify` does."""
    with ThreadPoolExecutor(count_usable_cores()) as pool:
        for start in range(0, len(data.labels), _BATCH):
            end = min(start + _BATCH, len(data.labels))
            readings = list(
                pool.map(lambda picture: _read(picture, spec, polarity), data.pictures[start:end])
            )
            good = [place for place, one in enumerate(readings) if isinstance(one, np.ndarray)]
            yield Batch(
                np.asarray([start + place for place in good], np.int64),
                np.stack([readings[place] for place in good])  # (n, H, W, C) uint8
                if good
                else np.empty((0, *spec.shape), np.uint8),
                tuple(
                    Unreadable(data.names[start + place], str(one))
                    for place, one in enumerate(readings)
                    if isinstance(one, Exception)
                ),
                end,
            )


def _read(picture: Any, spec: InputSpec, polarity: Polarity | None) -> Any:
    """Raw pixels (height, width, channels) uint8, or the error that was met."""
    try:
        if is_picture_file(picture):
            return to_model_pixels(decode_picture(picture, spec), spec, polarity)
        if picture.shape[:2] == spec.shape[:2] and polarity is None:
            return to_channels(picture, spec.channels)
        return to_model_pixels(import_pillow().fromarray(to_channels(picture, 3)), spec, polarity)
    except ImageError as error:
        return error


def _list_folder(folder: Path, class_names: Sequence[str]) -> LabelledSet:
    inner = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not inner:
        raise DataError(f"{folder} holds no folders: expected one folder of pictures per class")
    places = _match_names([path.name for path in inner], class_names, folder)
    files = [
        (file, place)
        for path, place in zip(inner, places, strict=True)
        for file in sorted(path.rglob("*"))
        # File managers and notebooks leave copies in hidden folders.
        if file.is_file() and not any(p.startswith(".") for p in file.relative_to(path).parts)
    ]
    pictures = [one for one in files if one[0].suffix.lower() in PICTURE_SUFFIXES]
    if not pictures:
        raise DataError(
            f"the folders in {folder} hold no pictures ({', '.join(sorted(PICTURE_SUFFIXES))})"
        )
    return LabelledSet(
        [file for file, _ in pictures],
        np.asarray([place for _, place in pictures], np.int64),
        tuple(file.relative_to(folder).as_posix() for file, _ in pictures),
        len(files) - len(pictures),
    )


def _match_names(folders: Sequence[str], class_names: Sequence[str], where: Path) -> list[int]:
    doubtful = [name for name in folders if class_names.count(name) > 1]
    if doubtful:
        raise DataError(
            f"more than one class of this model is called {_shorten(doubtful)}, so the folder of "
            f"that name in {where} could be either's; give an .npz file with class numbers"
        )
    exact = {name: place for place, name in enumerate(class_names)}
    plain = {_plain(name): place for place, name in enumerate(class_names)}
    if len(plain) < len(class_names):  # Two classes that differ in signs alone: no guessing.
        plain = {}
    found = [exact.get(name, plain.get(_plain(name))) for name in folders]
    unknown = [name for name, place in zip(folders, found, strict=True) if place is None]
    if unknown:
        hint = next((f" Did you mean {where / n}?" for n in ("test", "val") if n in unknown), "")
        raise DataError(
            f"{len(unknown)} of {len(folders)} folders in {where} are no class of this model: "
            f"{_shorten(unknown)}.{hint} Its classes are: {_shorten(class_names)}. Rename or "
            "remove the folders."
        )
    return [place for place in found if place is not None]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold()) or name


def _shorten(names: Sequence[str], most: int = 30) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _load_arrays(file: Path, classes: int) -> LabelledSet:
    images, labels = load_labelled_arrays(file)
    if labels.max() >= classes:
        raise DataError(
            f"{file.name}: labels run from {labels.min()} to {labels.max()}, but the model's "
            f"{classes} classes are numbered 0 to {classes - 1}"
        )
    return LabelledSet(images, labels, tuple(map(str, range(len(labels)))))

"""Pictures from a folder with one sub-folder per class."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edge_runtime.contract import ModelSpec
from edge_runtime.errors import ImageError
from edge_runtime.pictures.photo import PICTURE_SUFFIXES, decode_picture, to_model_pixels
from export.errors import SampleError
from export.samples import Samples, check_samples, load_samples_npz


def load_samples(
    path: Path, spec: ModelSpec, what: str, most: int, tell: Callable[[str], None]
) -> Samples:
    """Load pictures from an .npz file, or from a folder with a sub-folder per label.

    Pictures of another size are resized as the spec's input says, exactly as a device does it.

    Args:
        path: The file or folder.
        spec: The model that the pictures are for.
        what: What they are for, in messages.
        most: At most so many are taken, spread over the classes.
        tell: Told how far it is.

    Raises:
        SampleError: There are none, or they do not fit the model.
    """
    if path.is_dir():
        return _load_folder(path, spec, what, most, tell)
    if path.suffix != ".npz":
        raise SampleError(
            f"{what}: expected a folder with one sub-folder per class, or an .npz file with the "
            f"arrays 'images' and 'labels', found {path}"
        )
    return load_samples_npz(path, spec, what).spread(most)


def find_label_folders(folder: Path) -> tuple[str, ...]:
    """Names of the sub-folders, sorted as Keras's ``image_dataset_from_directory`` does.

    Hidden ones, such as those that notebooks and file managers leave, are no classes.
    """
    if not folder.is_dir():
        return ()
    names = (entry.name for entry in folder.iterdir() if entry.is_dir())
    return tuple(sorted(name for name in names if not name.startswith(".")))


def _load_folder(
    folder: Path, spec: ModelSpec, what: str, most: int, tell: Callable[[str], None]
) -> Samples:
    found = find_label_folders(folder)
    strangers = sorted(set(found) - set(spec.labels))
    if not found or strangers:
        detail = f"no label is called {strangers[0]!r}" if strangers else "it has none"
        raise SampleError(
            f"{what} folder {folder} needs one sub-folder per label, named as in the labels: "
            f"{detail}; labels are {', '.join(spec.labels[:10])}"
        )
    by_class = [
        [(file, index) for file in _find_pictures(folder / label)]
        for index, label in enumerate(spec.labels)
    ]
    rounds = itertools.chain.from_iterable(itertools.zip_longest(*by_class))
    chosen = [entry for entry in rounds if entry is not None][:most]
    if not chosen:
        raise SampleError(
            f"{what} folder {folder} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))})"
        )
    images = np.empty((len(chosen), *spec.input.shape), np.uint8)
    for place, (file, _) in enumerate(chosen):
        tell(f"read {place:,} of {len(chosen):,} {what} pictures")
        try:
            images[place] = to_model_pixels(decode_picture(file, spec.input), spec.input)
        except ImageError as error:
            raise SampleError(f"{what}: {error}") from error
    labels = np.array([index for _, index in chosen], np.int64)
    return check_samples(images, labels, spec, f"{what} folder {folder}")


def _find_pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file()
        and file.suffix.lower() in PICTURE_SUFFIXES
        # Notebooks and file managers leave copies and notes that are named like pictures.
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )

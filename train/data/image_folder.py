"""Somebody's own pictures: a folder for each class, pictures of any size, gray or colour.

They pass through the very preprocessing that runs on the device, so what the model learns from is
what it will be shown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edge_runtime.contract import InputSpec, Polarity, Resize
from edge_runtime.errors import ImageError
from edge_runtime.pictures.photo import PICTURE_SUFFIXES, decode_picture, to_model_pixels
from train.errors import DataError
from train.progress import Progress
from train.samples import ImageDataset, LabelledImages
from train.split import split_stratified

# Input side, in pixels, where the pictures themselves do not settle it.
DEFAULT_SIDE = 96
# One for training, one for validation, one for the test.
_LEAST_PER_CLASS = 3
_LARGEST_BYTES = 4 * 1024**3
_SPLITS = ("train", "test")
# Of each class, where neither the folder nor the user says what to test on.
_TEST_FRACTION = 0.2
# What others call theirs; two of these and nothing else are no classes.
_SPLIT_NAMES = {*_SPLITS, "training", "testing", "val", "valid", "validation", "eval"}


@dataclass(frozen=True, slots=True)
class InputWishes:
    """What the user says of the model's input; None is settled from the pictures.

    Attributes:
        size: (height, width) in pixels.
        channels: 1 or 3.
        resize: How a picture of another ratio is brought to the input's.
        polarity: What the pictures are, and what a device may turn its own into.
    """

    size: tuple[int, int] | None = None
    channels: Literal[1, 3] | None = None
    resize: Resize = "crop"
    polarity: Polarity = "any"


@dataclass(frozen=True, slots=True)
class _Listed:
    """Picture files of one split with their class indices."""

    paths: tuple[Path, ...]
    labels: tuple[int, ...]


def is_image_folder(folder: Path) -> bool:
    """Whether a folder holds folders of pictures."""
    return any(_find_pictures(inner) for inner in _subfolders(_train_part(folder)))


def load_image_folder(
    folder: Path,
    wishes: InputWishes | InputSpec,
    test_fraction: float | None,
    seed: int,
    progress: Progress,
) -> ImageDataset:
    """Load ``FOLDER/<class>/*.png`` and its like; a class is named as its folder.

    Where the folder holds ``train`` and ``test``, each with the classes' folders, that split is
    kept; otherwise a stratified share of every class becomes the test split. A picture that is in
    the test split is left out of the training split, by its pixels: folders hold copies.

    Args:
        folder: The folder.
        wishes: What is said of the model's input, or all of it.
        test_fraction: Share of each class that becomes the test split, 0–1; None for the usual
            fifth, or for the split that the folder has.
        seed: Decides that split.
        progress: Where progress is shown.

    Raises:
        DataError: Fewer than two classes, a class with too few pictures or nothing but copies, a
            file that is no picture, a name that cannot be shown, more than fits in memory, or a
            share asked of a folder that has its own split.
    """
    names = [inner.name for inner in _subfolders(_train_part(folder))]
    parts = _list_parts(folder, names)
    if len(parts) > 1 and test_fraction is not None:
        raise DataError(f"--test-fraction is of no use here: {folder} has its own train and test")
    spec = wishes if isinstance(wishes, InputSpec) else _settle_input(wishes, parts[0].paths)
    total = sum(len(part.paths) for part in parts)
    if total * spec.height * spec.width * spec.channels > _LARGEST_BYTES:
        raise DataError(
            f"{total:,} pictures of {spec.shape} take more than {_LARGEST_BYTES // 2**30} GiB; "
            "choose a smaller --input-size"
        )
    if len(parts) > 1:
        _say_what_is_not_used(folder, progress)
    loaded = [_load(part, spec, progress) for part in parts]
    if len(loaded) == 1:
        share = _TEST_FRACTION if test_fraction is None else test_fraction
        loaded = list(split_stratified(loaded[0], share, seed))
    loaded[0] = _leave_out_shared(loaded[0], loaded[1], names, progress)
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "pictures"
    progress.say(
        f"{total:,} pictures of {len(names)} classes from {folder}, brought to {spec.height}×"
        f"{spec.width}, {'gray' if spec.channels == 1 else 'colour'}"
    )
    return ImageDataset(
        name=name,
        class_names=tuple(names),
        train=loaded[0],
        test=loaded[1],
        input=spec,
        licence="unknown",
        description=f"the folder {folder.resolve().name}, {len(loaded[0]):,} training and "
        f"{len(loaded[1]):,} test pictures",
    )


def _say_what_is_not_used(folder: Path, progress: Progress) -> None:
    others = [inner.name for inner in _subfolders(folder) if inner.name not in _SPLITS]
    if others:
        progress.say(
            f"Not used: {', '.join(f'{folder / name}' for name in others)}. Pictures for "
            "validation are held out of 'train'"
        )


def _train_part(folder: Path) -> Path:
    inner = [folder / split for split in _SPLITS]
    return inner[0] if all(part.is_dir() for part in inner) else folder


def _subfolders(folder: Path) -> list[Path]:
    return sorted(
        inner for inner in folder.iterdir() if inner.is_dir() and not inner.name.startswith(".")
    )


def _find_pictures(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES
        and path.is_file()
        # Such as a notebook's .ipynb_checkpoints, which holds copies.
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _list_parts(folder: Path, names: Sequence[str]) -> list[_Listed]:
    if len(names) < 2:
        raise DataError(
            f"{folder} needs a folder for each class, at least two; found {list(names) or 'none'}"
        )
    for name in names:
        if not name.isprintable():
            raise DataError(
                f"the folder {name!r} in {folder} cannot name a class: its name holds signs that "
                "cannot be shown; rename it"
            )
    train = _train_part(folder)
    if train == folder and _SPLIT_NAMES.issuperset(name.lower() for name in names):
        raise DataError(
            f"{folder} holds the splits {list(names)}, not classes; call what is trained on "
            "'train' and what is tested on 'test', or name one of them with --data"
        )
    if train == folder:
        return [_list_split(folder, names, _LEAST_PER_CLASS)]
    extra = sorted({inner.name for inner in _subfolders(folder / "test")} - set(names))
    if extra:
        raise DataError(f"{folder / 'test'} holds classes that {train} does not: {extra}")
    return [_list_split(train, names, 2), _list_split(folder / "test", names, 1)]


def _list_split(folder: Path, names: Sequence[str], least: int) -> _Listed:
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(names):
        found = _find_pictures(folder / name) if (folder / name).is_dir() else []
        if len(found) < least:
            raise DataError(
                f"{folder / name} holds {len(found)} pictures; each class needs at least {least} "
                f"there ({', '.join(sorted(PICTURE_SUFFIXES))})"
            )
        paths += found
        labels += [label] * len(found)
    return _Listed(tuple(paths), tuple(labels))


def _settle_input(wishes: InputWishes, paths: Sequence[Path]) -> InputSpec:
    """Choose size and channels: the pictures' own where they agree and are small."""
    size, channels = wishes.size, wishes.channels
    if size is None or channels is None:
        # A few hundred tell enough of the rest.
        looked_at = [_look_at(path) for path in paths[:: max(1, len(paths) // 200)]]
        if size is None:
            sizes = {own for own, _ in looked_at}
            own = next(iter(sizes))
            small = len(sizes) == 1 and max(own) <= DEFAULT_SIDE
            size = own if small else (DEFAULT_SIDE, DEFAULT_SIDE)
        if channels is None:
            channels = 3 if any(colour for _, colour in looked_at) else 1
    return InputSpec(size[0], size[1], channels, resize=wishes.resize, polarity=wishes.polarity)


def _look_at(path: Path) -> tuple[tuple[int, int], bool]:
    """Return a picture's (height, width) and whether it has colour; the pixels are let go."""
    picture = _open(path)
    return (picture.height, picture.width), _is_colour(picture)


def _is_colour(picture: Any) -> bool:
    if picture.mode in ("1", "L", "LA", "I", "I;16", "F"):
        return False
    red, green, blue = (np.asarray(band, np.int16) for band in picture.convert("RGB").split())
    # Gray pictures stored as JPEG in colour differ by rounding alone.
    return bool(np.abs(red - green).max() > 8 or np.abs(green - blue).max() > 8)


def _open(path: Path) -> Any:
    try:
        return decode_picture(path)
    except ImageError as error:
        raise DataError(f"{error}. Remove the file, or repair it.") from error


def _read(path: Path, spec: InputSpec) -> Any:
    """Return a picture as the device would see it, uint8 (height, width, channels)."""
    try:
        picture = decode_picture(path, spec)
    except ImageError as error:
        raise DataError(f"{error}. Remove the file, or repair it.") from error
    try:
        return to_model_pixels(picture, spec)
    except ImageError as error:
        raise DataError(f"{path}: {error}. Remove the file, or convert it.") from error


def _load(listed: _Listed, spec: InputSpec, progress: Progress) -> LabelledImages:
    images = np.empty((len(listed.paths), *spec.shape), np.uint8)
    tracked = progress.track(listed.paths, len(listed.paths), "Reading pictures")
    for place, path in enumerate(tracked):
        images[place] = _read(path, spec)
    return LabelledImages(images, np.array(listed.labels, np.int64))


def _leave_out_shared(
    train: LabelledImages, test: LabelledImages, names: Sequence[str], progress: Progress
) -> LabelledImages:
    """Keep what is tested on from being trained on; otherwise the test would flatter the model."""
    tested = {image.tobytes() for image in test.images}
    own = np.array([image.tobytes() not in tested for image in train.images])
    kept = train.take(np.flatnonzero(own))
    emptied = set(train.labels.tolist()) - set(kept.labels.tolist())
    if emptied:
        raise DataError(
            f"all training pictures of the class {names[min(emptied)]!r} are test pictures too; "
            "add others, or take the copies out"
        )
    if len(kept) < len(train):
        progress.say(
            f"{len(train) - len(kept):,} training pictures are left out: the test split holds "
            "the same"
        )
    return kept

"""Finding Fashion-MNIST: six places, asked in order until one serves.

A folder the user names; our cache; the system package's folder; Keras's cache; download from the
public mirrors; the Debian package, unpacked without root.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from train.cache import cache_folder
from train.data.debian_package import INSTALLED, PACKAGE, unpack_package
from train.data.download import download_files
from train.data.fashion_mnist import FASHION_MNIST, KnownSet, find_file, load_folder
from train.errors import DataError
from train.files import replace_file
from train.progress import Progress
from train.samples import ImageDataset


@dataclass(frozen=True, slots=True)
class Found:
    """A verified data set and where it came from, in words."""

    dataset: ImageDataset
    source: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Source:
    """One place to look.

    Attributes:
        name: What it is, for messages.
        folder: Where its files lie; None for one that has to be fetched.
        fetch: Brings the files into a work folder and returns where they are.
    """

    name: str
    folder: Path | None = None
    fetch: Callable[[Path], Path] | None = None


def keras_folder() -> Path:
    """Return where Keras's own loader keeps the set."""
    base = os.environ.get("KERAS_HOME", "")
    root = Path(base) if base else Path.home() / ".keras"
    return root / "datasets" / "fashion-mnist"


def standard_sources(progress: Progress) -> tuple[Source, ...]:
    """Return the places that are asked where the user names none, in order."""
    return (
        Source("our cache", cache_folder("fashion-mnist")),
        Source(f"the system package {PACKAGE}", INSTALLED),
        Source("Keras's cache", keras_folder()),
        Source("the public mirrors", fetch=lambda work: download_files(work, progress)),
        Source(f"apt-get download {PACKAGE}", fetch=unpack_package),
    )


def load_fashion_mnist(
    named: Path | None = None,
    progress: Progress | None = None,
    sources: tuple[Source, ...] | None = None,
    whole: KnownSet = FASHION_MNIST,
) -> Found:
    """Load the whole verified set: 60,000 training and 10,000 test pictures.

    What has to be fetched is placed in our cache, each file whole or not at all.

    Args:
        named: A folder that holds the four files, gzipped or not. Where it is given, only it
            is asked.
        progress: Where progress, and the source that served, are shown.
        sources: Where to look instead of the standard places.
        whole: What the four files must hold.

    Raises:
        DataError: The named folder is not right, or no place serves; says why for each.
    """
    progress = progress if progress is not None else Progress()
    if named is not None:
        return _load_named(named, progress, whole)
    reasons = []
    for source in sources if sources is not None else standard_sources(progress):
        try:
            found = _try_source(source, progress, whole)
        except DataError as error:
            reasons.append(f"{source.name}: {error}")
            if source.folder is not None and any(source.folder.glob("*-ubyte*")):
                # Files are there and yet unusable: worth a word even where another place serves.
                progress.say(f"Passed over {source.name}: {error}")
            continue
        progress.say(f"Fashion-MNIST from {found.source} ({found.folder})")
        return found
    raise DataError(
        "Fashion-MNIST was not found anywhere:\n  "
        + "\n  ".join(reasons)
        + f"\nInstall the package {PACKAGE}, or put its four files ("
        + ", ".join(f"{known.name}.gz" for known in whole.files)
        + ") into a folder and name it with --data FOLDER."
    )


def _load_named(named: Path, progress: Progress, whole: KnownSet) -> Found:
    try:
        dataset = load_folder(named, whole)
    except DataError as error:
        raise DataError(
            f"{error}. Get the file again, or leave out --data to have the whole set fetched."
        ) from error
    progress.say(f"Fashion-MNIST from the folder you named ({named})")
    return Found(dataset, "the folder you named", named)


def _try_source(source: Source, progress: Progress, whole: KnownSet) -> Found:
    if source.folder is not None:
        if not source.folder.is_dir():
            raise DataError(f"there is no {source.folder}")
        return Found(load_folder(source.folder, whole), source.name, source.folder)
    if source.fetch is None:
        raise DataError("names neither a folder nor a way to fetch")
    progress.say(f"Fetching Fashion-MNIST (31 MB): {source.name}")
    cache = cache_folder("fashion-mnist")
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        # Beside the cache, so that placing a file is a rename within one file system.
        with tempfile.TemporaryDirectory(dir=cache.parent, prefix=".fetch-") as work:
            fetched = source.fetch(Path(work))
            dataset = load_folder(fetched, whole)
            _place(fetched, cache, whole)
    except OSError as error:
        raise DataError(
            f"{cache.parent} cannot be written ({error.strerror or error}); set XDG_CACHE_HOME to "
            "a folder that can"
        ) from error
    return Found(dataset, source.name, cache)


def _place(fetched: Path, cache: Path, whole: KnownSet) -> None:
    for known in whole.files:
        path = find_file(fetched, known.name)
        if path is not None:
            with replace_file(cache / path.name) as beside:
                beside.write_bytes(path.read_bytes())

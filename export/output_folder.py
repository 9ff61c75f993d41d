"""An artifact folder appears whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge_runtime.folder_exchange import carry_over, check_can_be_made, swap_in
from export.earlier_export import find_written
from export.errors import OutputFolderError, OutputFolderInUseError
from export.manifest import FILE_NAME


def check_output_folder(folder: Path, *, force: bool) -> None:
    """Check early, before any work, that the folder may be written.

    Raises:
        OutputFolderInUseError: It holds something that is no earlier export, or one and `force` is
            not set; or it is no folder, or the one that the command was started in.
        OutputFolderError: Nothing can be written there.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputFolderInUseError(f"{folder} is a file; name a folder with --out")
    if Path.cwd().is_relative_to(folder.resolve()):
        # Another folder takes its place: who stands in it would go on looking at the old one.
        raise OutputFolderInUseError(f"{folder} is the folder you are in; name another with --out")
    try:
        check_can_be_made(folder.resolve())
    except OSError as error:
        raise OutputFolderError(f"{error}; name another place with --out") from error
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not find_written(folder):
        raise OutputFolderInUseError(
            f"{folder} holds files that no export wrote (no {FILE_NAME} of one), and only earlier "
            "exports are replaced; choose another --out"
        )
    if not force:
        raise OutputFolderInUseError(
            f"{folder} already holds an earlier export; choose another --out, or replace it with "
            "--force"
        )


@contextlib.contextmanager
def fill_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill; it takes its place when the block ends without an error.

    What is there already and no export wrote is carried over.

    Raises:
        OutputFolderError: The disk is full or the place cannot be written.
    """
    # A link leads to where files shall lie: it stays, and they are put together beside their place.
    folder = folder.resolve()
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        partial.mkdir()
        yield partial
        if folder.is_dir():
            carry_over(folder, partial, find_written(folder))
        swap_in(partial, folder)
    except OSError as error:
        raise OutputFolderError(
            f"cannot write {folder}: {error.strerror or error}. Nothing was changed there"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextlib.contextmanager
def open_work_folder() -> Iterator[Path]:
    """Give a temporary folder, gone when the block ends.

    Raises:
        OutputFolderError: Its disk is full, or it cannot be made.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="edge-export-") as name:
            yield Path(name)
    except OSError as error:
        raise OutputFolderError(
            f"cannot write to the temporary folder {tempfile.gettempdir()}: "
            f"{error.strerror or error}. Make room, or name another in the environment variable "
            "TMPDIR"
        ) from error


def _remove_leftovers(folder: Path) -> None:
    """Remove what an export that was killed left beside the folder."""
    for leftover in folder.parent.glob(f".{folder.name}.partial-*"):
        owner = leftover.name.rpartition("-")[2]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            shutil.rmtree(leftover, ignore_errors=True)
